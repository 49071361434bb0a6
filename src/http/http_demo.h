/* The request callback of `--demo`: three fixed answers and no files.
 *
 * "/" is a page, "/network" a line of text, "/photo" an image; the query is
 * ignored.
 */
#ifndef HTTP_HTTP_DEMO_H
#define HTTP_HTTP_DEMO_H

#include "http/http_server.h"

void http_demo_handle(struct http_exchange *exchange);

#endif
