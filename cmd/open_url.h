/* Shows a URL in the browser of the desktop. */
#ifndef CMD_OPEN_URL_H
#define CMD_OPEN_URL_H

#include "base/attributes.h"

/* Has xdg-open(1) open the URL and returns at once; what goes wrong is logged as a
 * warning, at once or later. */
void open_url(const char *url) NK_NONNULL(1);

/* Before the log goes: nothing is logged any more about what was opened. */
void open_url_forget(void);

#endif
