/* Requests that a browser makes before a page of another site may ask (the Fetch
 * standard's CORS preflight). What every response says of it is in
 * http_common_fields.c.
 */
#ifndef HTTP_HTTP_CORS_H
#define HTTP_HTTP_CORS_H

#include "http/http_server.h"

/* Answers a preflight; returns whether the request was one. */
bool http_cors_respond_preflight(struct http_exchange *exchange);

#endif
