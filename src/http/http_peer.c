#include "http/http_peer.h"

#include <stdio.h>
#include <string.h>

char *http_peer_print(const struct nk_tcp_connection *connection,
                      char text[static NK_SOCKADDR_TEXT_MAX])
{
    struct nk_sockaddr peer;
    if (nk_tcp_connection_peer(connection, &peer) < 0 || nk_sockaddr_port(&peer) == 0) {
        snprintf(text, NK_SOCKADDR_TEXT_MAX, "unix");
        return text;
    }
    nk_sockaddr_print(&peer, text);
    char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : strlen(text);
    bool is_bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
    if (is_bracketed) {
        len -= 2;
        memmove(text, text + 1, len);
    }
    text[len] = '\0';
    return text;
}
