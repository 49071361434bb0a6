/* What a file is answered with: from memory or from the file system, as it is, in a
 * coding that lies beside it (page.html.br beside page.html), or in one that the server
 * makes (http_coded.h).
 *
 * What is in memory was true at most one second ago: after that the file is opened
 * again, which applies every rule about what may be served, and its state is compared
 * with what is kept. A large file is kept open for as long, so that what was asked for
 * is there again; but what it says of itself is asked for each time, so that one that
 * was changed, removed or replaced is not taken for what it was. That there is no such
 * file is never kept. A coding beside a file
 * counts when the client takes it, the file is of a type that gets smaller, and the
 * coded file is not older than the file itself. It has a state and an entity tag of
 * its own. Loop thread only.
 */
#ifndef HTTP_HTTP_CONTENT_H
#define HTTP_HTTP_CONTENT_H

#include <sys/stat.h>

#include "http/http_server.h"

/* A loop's own part, once. Its timer may be pending when the event loop is freed. */
void http_content_init(struct http_loop *loop);

/* Answers with the regular file of that name if memory is enough for it; returns
 * whether it did. */
bool http_content_respond_known(struct http_exchange *exchange, struct nk_slice name);

/* Answers with the regular file of that name, which has been opened. Takes the
 * descriptor. */
void http_content_respond(struct http_exchange *exchange, int fd, const struct stat *status,
                          const char *name);

#endif
