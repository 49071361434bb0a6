/* Receiving datagrams in batches, and the peers that sent them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sys/syscall.h>

#include "udp_fixture.h"

static int receive_error; /* what the next recvmmsg fails with; 0 = nothing */

/* In place of the C library's. */
int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    if (receive_error != 0) {
        errno = receive_error;
        receive_error = 0;
        return -1;
    }
    return (int)syscall(SYS_recvmmsg, fd, messages, count, flags, timeout);
}

/* A burst would cost a call for each datagram, or be handed over incompletely. */
static void a_burst_arrives_in_batches(void **state)
{
    enum { COUNT = 130 };
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    for (int i = 0; i < COUNT; i++)
        udp_say(client, "x");
    TURN_UNTIL(loop, record.datagrams == COUNT);
    assert_int_equal(record.batches, 3);
    assert_int_equal(record.last_peer->datagrams_received, COUNT);
    assert_int_equal(record.last_peer->bytes_received, COUNT);
    assert_int_equal(record.peers_new, 1);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

/* A burst that its sender gave to the kernel in one piece, which it is handed
 * over in, too, would be taken for one datagram. */
static void a_run_is_taken_apart(void **state)
{
    struct nk_udp_endpoint *server = udp_echo_server();
    struct nk_udp_options options = {.handlers = &udp_listen};
    struct nk_udp_endpoint *client;

    (void)state;
    assert_int_equal(
        nk_udp_endpoint_connect(&client, loop, NULL, nk_udp_endpoint_address(server), &options), 0);
    nk_udp_endpoint_resume(client);
    nk_udp_endpoint_cork(client);
    for (int i = 0; i < 60; i++)
        nk_udp_endpoint_send(client, nk_udp_endpoint_remote(client), nk_slice_of_string("abc"));
    nk_udp_endpoint_send(client, nk_udp_endpoint_remote(client), nk_slice_of_string("z"));
    nk_udp_endpoint_uncork(client);
    TURN_UNTIL(loop, record.datagrams == 2 * 61); /* there and back */
    assert_int_equal(record.bytes, 2 * (60 * 3 + 1));
    assert_string_equal(record.text, "z");
    assert_int_equal(udp_statistics(server).received, 61);
    assert_int_equal(udp_statistics(server).send_calls, 1);
    nk_udp_endpoint_close(client);
    nk_udp_endpoint_close(server);
}

/* Datagrams would be lost, doubled or answered to the wrong peer although nobody
 * sends more than the buffers hold. */
static void many_peers_lose_nothing(void **state)
{
    enum { PEERS = 200, ROUNDS = 50, WINDOW = 100 };
    struct nk_udp_endpoint *server = udp_echo_server();
    int clients[PEERS];
    uint32_t got[PEERS] = {0};

    (void)state;
    for (int i = 0; i < PEERS; i++)
        clients[i] = udp_socket(nk_udp_endpoint_address(server));
    for (uint32_t sent = 0; sent < PEERS * ROUNDS; sent += WINDOW) {
        for (uint32_t i = sent; i < sent + WINDOW; i++) {
            uint32_t mail[2] = {i % PEERS, i / PEERS};
            assert_int_equal(nk_socket_send(clients[i % PEERS], mail, sizeof mail, false),
                             sizeof mail);
        }
        TURN_UNTIL(loop, record.datagrams == sent + WINDOW);
        for (uint32_t i = sent; i < sent + WINDOW; i++) {
            uint32_t mail[2];
            await(clients[i % PEERS], POLLIN);
            assert_int_equal(nk_socket_recv(clients[i % PEERS], mail, sizeof mail), sizeof mail);
            assert_int_equal(mail[0], i % PEERS);
            assert_int_equal(mail[1], got[i % PEERS]++);
        }
    }
    assert_int_equal(record.peers_new, PEERS);
    assert_int_equal(udp_statistics(server).sent, PEERS * ROUNDS);
    nk_udp_endpoint_close(server);
    assert_int_equal(record.peers_expired, PEERS);
    for (int i = 0; i < PEERS; i++)
        nk_socket_close(clients[i]);
}

/* The table would fill with forged addresses, or throw out who is talking. */
static void a_full_table_forgets_the_oldest(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_endpoint *server = udp_server(&local, (struct nk_udp_options){.max_peers = 2});
    int clients[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        clients[i] = udp_socket(nk_udp_endpoint_address(server));
    for (int i = 0; i < 4; i++) /* all in one batch: answers of those forgotten, too */
        udp_say(clients[i], "hello");
    for (int i = 0; i < 4; i++)
        udp_expect(clients[i], "hello");
    assert_int_equal(record.peers_new, 4);
    assert_int_equal(record.peers_expired, 2);
    udp_say(clients[2], "still here");
    udp_expect(clients[2], "still here");
    udp_say(clients[0], "again");
    udp_expect(clients[0], "again");
    udp_say(clients[2], "not forgotten");
    udp_expect(clients[2], "not forgotten");
    assert_int_equal(record.peers_new, 5);
    nk_udp_endpoint_close(server);
    for (int i = 0; i < 4; i++)
        nk_socket_close(clients[i]);
}

/* Peers that have gone would be kept for ever, or those that talk forgotten. */
static void silent_peers_expire(void **state)
{
    static struct nk_manual_clock clock; /* the loop has it until the teardown */
    struct nk_sockaddr local = loopback(AF_INET);

    (void)state;
    nk_event_loop_free(loop);
    loop = new_loop_with_clock(&clock);
    struct nk_udp_endpoint *server =
        udp_server(&local, (struct nk_udp_options){.peer_idle = 60 * SECOND});
    int silent = udp_socket(nk_udp_endpoint_address(server));
    int talking = udp_socket(nk_udp_endpoint_address(server));
    udp_say(silent, "hello");
    udp_expect(silent, "hello");
    for (int i = 0; i < 5; i++) {
        udp_say(talking, "hello");
        udp_expect(talking, "hello");
        assert_int_equal(record.peers_expired, 0);
        if (i < 4)
            nk_manual_clock_advance(&clock, 14 * SECOND);
        turn_idle(loop, 2);
    }
    nk_manual_clock_advance(&clock, 14 * SECOND);
    turn_idle(loop, 2);
    assert_int_equal(record.peers_expired, 1);
    nk_manual_clock_advance(&clock, 60 * SECOND);
    turn_idle(loop, 2);
    assert_int_equal(record.peers_expired, 2);
    assert_int_equal(record.peers_new, 2);
    nk_udp_endpoint_close(server);
    nk_socket_close(silent);
    nk_socket_close(talking);
}

static void close_on_expiry(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    note_expired(endpoint, peer);
    nk_udp_endpoint_close(endpoint);
}

/* Closing while peers are forgotten would forget one twice. */
static void a_handler_may_close_when_a_peer_expires(void **state)
{
    static const struct nk_udp_handlers handlers = {
        .on_datagram = echo_datagram,
        .on_peer_expired = close_on_expiry,
    };
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_endpoint *server =
        udp_server(&local, (struct nk_udp_options){.handlers = &handlers, .max_peers = 2});
    int clients[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        clients[i] = udp_socket(nk_udp_endpoint_address(server));
        udp_say(clients[i], "hello");
        turn_idle(loop, 2);
    }
    assert_int_equal(record.peers_expired, 2);
    for (int i = 0; i < 3; i++)
        nk_socket_close(clients[i]);
}

static void say_goodbye(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    note_expired(endpoint, peer);
    assert_int_equal(nk_udp_endpoint_send(endpoint, peer, nk_slice_of_string("bye")), 0);
}

static void close_on_error(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error)
{
    note_error(endpoint, peer, error);
    nk_udp_endpoint_close(endpoint);
}

/* The same when that is found out only by what was said to it last: the peer would be
 * forgotten by both, and used when it is gone. */
static void a_handler_may_close_when_a_farewell_fails(void **state)
{
    static const struct nk_udp_handlers handlers = {
        .on_datagram = note_datagram,
        .on_error = close_on_error,
        .on_peer_expired = say_goodbye,
    };
    struct nk_sockaddr local = unix_path("server");

    (void)state;
    udp_server(&local, (struct nk_udp_options){.handlers = &handlers, .max_peers = 1});
    int first = udp_socket(&local);
    int second = udp_socket(&local);
    udp_say(first, "hello");
    TURN_UNTIL(loop, record.datagrams == 1);
    nk_socket_close(first);
    udp_say(second, "hello"); /* there is no room for both */
    TURN_UNTIL(loop, record.errors == 1);
    turn_idle(loop, 2);
    assert_int_equal(record.peers_expired, 1);
    assert_int_equal(record.datagrams, 1);
    nk_socket_close(second);
}

/* The rest of a long datagram would be missing without anybody knowing. */
static void a_datagram_that_is_too_long_is_not_cut(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_endpoint *server = udp_server(&local, (struct nk_udp_options){.max_datagram = 4});
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    udp_say(client, "abcde");
    udp_say(client, "abcd");
    udp_expect(client, "abcd");
    assert_int_equal(record.errors, 1);
    assert_int_equal(record.last_error, -EMSGSIZE);
    assert_int_equal(udp_statistics(server).truncated, 1);
    assert_int_equal(udp_statistics(server).received, 1);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

/* In a run each is looked at: they would count as one, and those that are short enough
 * would be lost with the others. */
static void datagrams_of_a_run_may_be_too_long(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_options listening = {.handlers = &udp_listen, .max_datagram = 2};
    struct nk_udp_endpoint *server = udp_server(&local, listening);
    struct nk_udp_endpoint *client;

    (void)state;
    assert_int_equal(nk_udp_endpoint_connect(&client, loop, NULL, nk_udp_endpoint_address(server),
                                             &listening),
                     0);
    nk_udp_endpoint_cork(client);
    for (int i = 0; i < 30; i++)
        nk_udp_endpoint_send(client, nk_udp_endpoint_remote(client), nk_slice_of_string("abc"));
    nk_udp_endpoint_send(client, nk_udp_endpoint_remote(client), nk_slice_of_string("z"));
    nk_udp_endpoint_uncork(client);
    TURN_UNTIL(loop, record.datagrams == 1);
    assert_string_equal(record.text, "z");
    assert_int_equal(udp_statistics(server).truncated, 30);
    assert_int_equal(record.errors, 30);
    nk_udp_endpoint_close(client);
    nk_udp_endpoint_close(server);
}

/* Whoever has no name cannot be answered, but it is heard and counted. */
static void a_unix_client_without_a_name_is_heard(void **state)
{
    struct nk_sockaddr local = unix_path("server");
    struct nk_udp_endpoint *server = udp_server(&local, (struct nk_udp_options){0});
    int nameless = nk_socket_open(AF_UNIX, SOCK_DGRAM);

    (void)state;
    assert_int_equal(nk_socket_connect(nameless, &local), 0);
    udp_say(nameless, "psst");
    TURN_UNTIL(loop, record.datagrams == 1);
    assert_string_equal(record.text, "psst");
    assert_int_equal(udp_statistics(server).nameless, 1);
    nk_udp_endpoint_close(server);
    nk_socket_close(nameless);
}

/* A moment without memory would end the server, or go unnoticed. */
static void an_error_does_not_end_the_server(void **state)
{
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    receive_error = ENOMEM;
    udp_say(client, "hello");
    udp_expect(client, "hello");
    assert_int_equal(record.errors, 1);
    assert_int_equal(record.last_error, -ENOMEM);
    receive_error = EINTR; /* nobody is told of this one */
    udp_say(client, "again");
    udp_expect(client, "again");
    assert_int_equal(record.errors, 1);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

/* What has arrived behind it would be lost when the server ends. */
static void an_error_does_not_end_the_draining(void **state)
{
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    receive_error = ENOMEM;
    udp_say(client, "hello");
    nk_udp_endpoint_drain(server);
    assert_int_equal(record.errors, 1);
    assert_int_equal(record.datagrams, 1);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

static bool admit_but_port(void *admit_context, const struct nk_sockaddr *peer)
{
    const uint16_t *port = admit_context;

    return nk_sockaddr_port(peer) != *port;
}

/* A stranger who may not be heard would be answered, take a place in the table of
 * peers, or go uncounted; or with him others in the same batch. */
static void who_is_not_admitted_is_not_heard(void **state)
{
    uint16_t port = 0;
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_options options = {.admit = admit_but_port, .admit_context = &port};
    struct nk_udp_endpoint *server = udp_server(&local, options);
    int denied = udp_socket(nk_udp_endpoint_address(server));
    int friend = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    assert_int_equal(nk_socket_local(denied, &local), 0);
    port = nk_sockaddr_port(&local);
    udp_say(denied, "one");
    udp_say(denied, "");
    udp_say(friend, "two");
    udp_say(denied, "three");
    udp_expect(friend, "two");
    TURN_UNTIL(loop, udp_statistics(server).denied == 3);
    assert_int_equal(record.datagrams, 1);
    assert_int_equal(record.peers_new, 1);
    assert_int_equal(udp_statistics(server).received, 1);

    port = 0; /* from now on he may */
    udp_say(denied, "four");
    udp_expect(denied, "four");
    nk_udp_endpoint_close(server);
    nk_socket_close(denied);
    nk_socket_close(friend);
}

/* A run that comes in one piece would count as one. */
static void a_run_that_is_not_admitted_counts_in_full(void **state)
{
    uint16_t port = 0;
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_options options = {.admit = admit_but_port, .admit_context = &port};
    struct nk_udp_endpoint *server = udp_server(&local, options);
    struct nk_udp_options listening = {.handlers = &udp_listen};
    struct nk_udp_endpoint *client;

    (void)state;
    assert_int_equal(nk_udp_endpoint_connect(&client, loop, NULL, nk_udp_endpoint_address(server),
                                             &listening),
                     0);
    port = nk_sockaddr_port(nk_udp_endpoint_address(client));
    nk_udp_endpoint_cork(client);
    for (int i = 0; i < 30; i++)
        nk_udp_endpoint_send(client, nk_udp_endpoint_remote(client), nk_slice_of_string("abc"));
    nk_udp_endpoint_send(client, nk_udp_endpoint_remote(client), nk_slice_of_string("z"));
    nk_udp_endpoint_uncork(client);
    TURN_UNTIL(loop, udp_statistics(server).denied == 31);
    assert_int_equal(record.datagrams, 0);
    nk_udp_endpoint_close(client);
    nk_udp_endpoint_close(server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, udp_setup, udp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_burst_arrives_in_batches),
        TEST(a_run_is_taken_apart),
        TEST(many_peers_lose_nothing),
        TEST(a_full_table_forgets_the_oldest),
        TEST(silent_peers_expire),
        TEST(a_handler_may_close_when_a_peer_expires),
        TEST(a_handler_may_close_when_a_farewell_fails),
        TEST(a_datagram_that_is_too_long_is_not_cut),
        TEST(datagrams_of_a_run_may_be_too_long),
        TEST(a_unix_client_without_a_name_is_heard),
        TEST(an_error_does_not_end_the_server),
        TEST(an_error_does_not_end_the_draining),
        TEST(who_is_not_admitted_is_not_heard),
        TEST(a_run_that_is_not_admitted_counts_in_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
