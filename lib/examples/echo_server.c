/* A complete echo server on two sub-loops, and a client that talks to it: the
 * program greets itself over loopback, prints the echo and ends.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "net/connector.h"
#include "net/tcp_server.h"

static const struct nk_slice greeting = NK_SLICE("hello, reactor\n");

/* ---- the server: one callback ---- */

static size_t echo(struct nk_tcp_connection *connection, struct nk_slice input)
{
    (void)nk_tcp_connection_send(connection, input);
    return input.len;
}

static const struct nk_connection_handlers server_handlers = {.on_message = echo};

/* ---- the client: greets, prints what comes back, hangs up ---- */

struct client {
    struct nk_event_loop *loop;
    struct nk_connection_group *group;
};

static void greet(struct nk_tcp_connection *connection)
{
    (void)nk_tcp_connection_send(connection, greeting);
}

static size_t print(struct nk_tcp_connection *connection, struct nk_slice input)
{
    if (input.len < greeting.len)
        return 0; /* TCP is a stream: the rest comes in the next piece */
    printf("%.*s", (int)input.len, input.data);
    nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    return input.len;
}

static const struct nk_connection_handlers client_handlers = {
    .on_connection_completed = greet,
    .on_message = print,
};

static void on_client_closed(void *owner, size_t remaining)
{
    const struct client *client = owner;
    if (remaining == 0)
        nk_event_loop_stop(client->loop);
}

static void on_connected(void *context, int fd)
{
    struct client *client = context;
    if (fd < 0 || nk_connection_group_add(client->group, fd) < 0)
        nk_event_loop_stop(client->loop);
}

/* ---- both on one main loop ---- */

static void stop_loop(void *loop)
{
    nk_event_loop_stop(loop);
}

static int serve_and_greet(struct nk_event_loop *loop, struct nk_thread_pool *pool,
                           struct client *client, struct nk_tcp_server **server)
{
    const struct nk_tcp_server_options options = {
        .handlers = &server_handlers,
        .backlog = 16,
        .on_drained = stop_loop,
        .context = loop,
    };
    struct nk_sockaddr address;
    struct nk_connector *connector;
    int error = nk_sockaddr_from_numeric(&address, "127.0.0.1", 0);
    if (!error)
        error = nk_tcp_server_new(server, loop, pool, &options);
    if (!error)
        error = nk_tcp_server_listen(*server, &address, false, NULL, &address);
    if (error)
        return error;
    nk_tcp_server_start(*server);
    error = nk_connector_start(&connector, loop, &address, NK_NEVER, on_connected, client);
    return error ? error : nk_event_loop_run(loop);
}

int main(void)
{
    struct client client = {0};
    struct nk_thread_pool *pool = NULL;
    struct nk_tcp_server *server = NULL;
    if (nk_event_loop_new(&client.loop, NULL) < 0)
        return 1;
    const struct nk_connection_group_options options = {.handlers = &client_handlers,
                                                        .on_closed = on_client_closed,
                                                        .owner = &client};
    int error = nk_connection_group_new(&client.group, client.loop, &options);
    if (!error)
        error = nk_thread_pool_start(&pool, client.loop, 2, NULL);
    if (!error)
        error = serve_and_greet(client.loop, pool, &client, &server);
    if (server) {
        nk_tcp_server_drain(server);
        int unfinished = nk_event_loop_run(client.loop);
        error = error ? error : unfinished;
    }
    nk_thread_pool_stop(pool);
    nk_event_loop_turn(client.loop, 0);
    nk_tcp_server_free(server);
    nk_connection_group_free(client.group);
    nk_event_loop_free(client.loop);
    return error ? 1 : 0;
}
