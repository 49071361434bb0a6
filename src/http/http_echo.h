/* /_/echo: answers with the body of the request, whatever its method, while it
 * arrives: no faster than the client takes it.
 */
#ifndef HTTP_HTTP_ECHO_H
#define HTTP_HTTP_ECHO_H

#include "http/http_server.h"

/* For http_site_add_receiver. */
void http_echo_handle(struct http_exchange *exchange);

#endif
