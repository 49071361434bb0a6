/* Which of several media types a client would rather have (RFC 9110 12.5.1). Pure. */
#ifndef HTTP_HTTP_ACCEPT_H
#define HTTP_HTTP_ACCEPT_H

#include "base/slice.h"

/* The weight, 0 to 1000, that the value of an Accept field gives to the type, as
 * in "text/html": that of the range that names it most exactly. Ranges that are
 * not well-formed, and parameters other than q, do not count. An empty value
 * accepts everything. */
unsigned http_accept_weight(struct nk_slice accept, const char *type);

#endif
