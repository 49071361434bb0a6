/* `--endpoints`: pages below /_/ that answer in the ways in which servers answer, for
 * whoever tests a client. None of them reads or writes a file.
 */
#ifndef HTTP_HTTP_ENDPOINTS_H
#define HTTP_HTTP_ENDPOINTS_H

#include "http/http_site.h"

void http_endpoints_add(struct http_site *site);

#endif
