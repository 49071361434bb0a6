/* A server of several loops whose clients are of all kinds: each is served as what
 * it is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <unistd.h>

#include "net/tcp_server.h"
#include "reactor_fixture.h"

enum { CLIENTS = 8 };

static atomic_int with_records;
static atomic_int without_records;
static int drained;

static void on_completed(struct nk_tcp_connection *connection)
{
    atomic_fetch_add(nk_tcp_connection_keeps_records(connection) ? &with_records : &without_records,
                     1);
}

static size_t echo(struct nk_tcp_connection *connection, struct nk_slice input)
{
    if (!nk_tcp_connection_input_ended(connection))
        (void)nk_tcp_connection_send(connection, input);
    return input.len;
}

static void on_drained(void *context)
{
    (void)context;
    drained++;
}

static struct nk_sockaddr abstract(const char *name)
{
    struct nk_sockaddr address;
    char text[64];

    snprintf(text, sizeof text, "@netkit-test-%ld-%s", (long)getpid(), name);
    assert_int_equal(nk_sockaddr_from_unix_path(&address, text), 0);
    return address;
}

static void expect(struct nk_event_loop *loop, int client, const char *text)
{
    char received[64];
    ssize_t got = -EAGAIN;

    TURN_UNTIL(loop, (got = nk_socket_recv(client, received, sizeof received)) != -EAGAIN);
    assert_int_equal(got, strlen(text));
    assert_memory_equal(received, text, strlen(text));
}

/* Records that are merged, or a stream that is cut, because the kinds are mixed up. */
static void every_client_is_served_as_what_it_is(void **state)
{
    static const struct nk_connection_handlers handlers = {
        .on_connection_completed = on_completed,
        .on_message = echo,
    };
    static const size_t thread_counts[] = {0, 2};
    struct nk_tcp_server_options options = {
        .handlers = &handlers,
        .backlog = CLIENTS,
        .on_drained = on_drained,
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(thread_counts); i++) {
        struct nk_event_loop *loop = new_loop();
        struct nk_thread_pool *pool;
        struct nk_tcp_server *server;
        struct nk_sockaddr places[] = {abstract("records"), abstract("stream"), loopback(AF_INET)};
        const int types[] = {SOCK_SEQPACKET, SOCK_STREAM, SOCK_STREAM};
        int clients[3][CLIENTS];

        drained = 0;
        with_records = 0;
        without_records = 0;
        options.reuse_port = i > 0; /* so that one is accepted by the loops themselves */
        assert_int_equal(nk_thread_pool_start(&pool, loop, thread_counts[i], NULL), 0);
        assert_int_equal(nk_tcp_server_new(&server, loop, pool, &options), 0);
        assert_int_equal(nk_tcp_server_listen_seqpacket(server, &places[0], NULL, NULL), 0);
        assert_int_equal(nk_tcp_server_listen(server, &places[1], false, NULL, NULL), 0);
        assert_int_equal(nk_tcp_server_listen(server, &places[2], false, NULL, &places[2]), 0);
        assert_int_equal(nk_tcp_server_listen_seqpacket(server, &places[0], NULL, NULL),
                         -EADDRINUSE);
        nk_tcp_server_start(server);
        for (size_t j = 0; j < 3 * CLIENTS; j++)
            clients[j % 3][j / 3] = connect_to(&places[j % 3], types[j % 3]);
        for (size_t j = 0; j < 3 * CLIENTS; j++) {
            write_text(clients[j % 3][j / 3], "one");
            if (types[j % 3] == SOCK_SEQPACKET)
                write_text(clients[j % 3][j / 3], "two");
        }
        for (size_t j = 0; j < 3 * CLIENTS; j++) {
            expect(loop, clients[j % 3][j / 3], "one");
            if (types[j % 3] == SOCK_SEQPACKET)
                expect(loop, clients[j % 3][j / 3], "two");
            nk_socket_close(clients[j % 3][j / 3]);
        }
        assert_int_equal(atomic_load(&with_records), CLIENTS);
        assert_int_equal(atomic_load(&without_records), 2 * CLIENTS);
        nk_tcp_server_drain(server);
        TURN_UNTIL(loop, drained);
        nk_thread_pool_stop(pool);
        turn_idle(loop, 2);
        nk_tcp_server_free(server);
        nk_event_loop_free(loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_client_is_served_as_what_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
