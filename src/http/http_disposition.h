/* Values with parameters, `type; name=value; name="value"` (RFC 9110 5.6.6), as in
 * Content-Type and Content-Disposition. Pure.
 */
#ifndef HTTP_HTTP_DISPOSITION_H
#define HTTP_HTTP_DISPOSITION_H

#include <stdbool.h>

#include "base/slice.h"

/* The part in front of the first semicolon; *rest is what the next function wants. */
struct nk_slice http_disposition_type(struct nk_slice value, struct nk_slice *rest);

/* The next parameter. Its value is without quotes but still escaped, *is_quoted says
 * whether it had them. Returns 1, 0 behind the last one, or -EBADMSG. */
int http_disposition_next(struct nk_slice *rest, struct nk_slice *name, struct nk_slice *value,
                          bool *is_quoted);

#endif
