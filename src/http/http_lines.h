/* An answer of many lines, each a chunk of its own (RFC 9112 7.1). */
#ifndef HTTP_HTTP_LINES_H
#define HTTP_HTTP_LINES_H

#include "http/http_server.h"

/* "1 of 3", "2 of 3", "3 of 3". */
void http_lines_respond(struct http_exchange *exchange, uint64_t count);

#endif
