/* The answer to a request for a directory: a redirect to its name with a slash,
 * its index.html, or a listing, which a worker thread makes.
 */
#ifndef HTTP_HTTP_DIRECTORY_H
#define HTTP_HTTP_DIRECTORY_H

#include "http/http_server.h"

/* `name` is decoded and relative to the root ("" is the root itself). Takes the
 * descriptor. */
void http_directory_respond(struct http_exchange *exchange, int directory, const char *name);

#endif
