/* Who may ask: names and passwords (HTTP's Basic scheme, RFC 7617) against a file
 * (http_users.h).
 *
 * A password is checked on a worker thread, because that takes long on purpose;
 * one that was right is remembered (http_verified.h). A name that is not in the
 * file takes as long as one that is.
 */
#ifndef HTTP_HTTP_AUTH_H
#define HTTP_HTTP_AUTH_H

#include "http/http_server.h"
#include "http/http_users.h"

struct http_auth;

/* Reads the file; what is dangerous about it (others may read it, it lies inside
 * of `root`) is logged as a warning. `path` must outlive the result. Returns 0 or
 * -errno, with *problem as http_users_read. */
int http_auth_new(struct http_auth **out, const char *path, const char *root,
                  struct http_users_problem *problem);

/* Nobody may ask any more. NULL is fine. */
void http_auth_free(struct http_auth *auth);

/* Reads the file again and forgets which passwords were right. When the file is
 * wrong everything stays as it is, and the log says why. NULL is fine. Main
 * thread. */
void http_auth_reload(struct http_auth *auth);

/* Whether the client of the exchange may go on; if not, it was answered, or will
 * be: then http_site_enter is called later, when the password is right. */
bool http_auth_admit(struct http_auth *auth, struct http_exchange *exchange);

#endif
