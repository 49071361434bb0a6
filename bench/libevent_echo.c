/* TCP echo on libevent, as the peer of `serve echo`: bufferevents, whose input is
 * moved to their output without a copy.
 *
 * Listens on a free port of 127.0.0.1 and prints its number.
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdio.h>

enum { LISTEN_BACKLOG = 4096 };

static void on_read(struct bufferevent *connection, void *context)
{
    (void)context;
    (void)evbuffer_add_buffer(bufferevent_get_output(connection),
                              bufferevent_get_input(connection));
}

static void on_event(struct bufferevent *connection, short what, void *context)
{
    (void)context;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(connection);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int length, void *context)
{
    struct event_base *base = evconnlistener_get_base(listener);
    int on = 1;
    (void)address;
    (void)length;
    (void)context;
    struct bufferevent *connection = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (connection == NULL) {
        evutil_closesocket(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bufferevent_setcb(connection, on_read, NULL, on_event, NULL);
    (void)bufferevent_enable(connection, EV_READ | EV_WRITE);
}

static int print_port(struct evconnlistener *listener)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    if (getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &length) != 0)
        return -1;
    return printf("%u\n", (unsigned)ntohs(address.sin_port)) < 0 ? -1 : fflush(stdout);
}

int main(void)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct event_base *base = event_base_new();
    struct evconnlistener *listener = NULL;
    if (base != NULL)
        listener =
            evconnlistener_new_bind(base, on_accept, NULL,
                                    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, LISTEN_BACKLOG,
                                    (const struct sockaddr *)&address, sizeof address);
    if (listener == NULL || print_port(listener) != 0) {
        perror("bench_libevent");
        return 1;
    }
    return event_base_dispatch(base) == 0 ? 0 : 1;
}
