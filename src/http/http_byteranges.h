/* Several ranges of a file in one response: multipart/byteranges (RFC 9110 14.6). */
#ifndef HTTP_HTTP_BYTERANGES_H
#define HTTP_HTTP_BYTERANGES_H

#include "http/http_file.h"
#include "http/http_range.h"
#include "http/http_server.h"

/* Answers with 206 and at least two ranges, in the order asked for, piece by piece as
 * the client takes them. Takes the descriptor. */
void http_byteranges_respond(struct http_exchange *exchange, const struct http_file *file,
                             int content, const struct http_ranges *ranges);

#endif
