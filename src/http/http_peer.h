/* Who the client is, as logs and people want to see it. Loop thread only. */
#ifndef HTTP_HTTP_PEER_H
#define HTTP_HTTP_PEER_H

#include "net/tcp_connection.h"

/* Its address without the port and without brackets, "::1"; "unix" when it has none.
 * Returns `text`. */
char *http_peer_print(const struct nk_tcp_connection *connection,
                      char text[static NK_SOCKADDR_TEXT_MAX]);

#endif
