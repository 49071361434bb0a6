/* A datagram server that keeps to its first peer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "udp_fixture.h"

static int restricted; /* what nk_udp_endpoint_restrict returned */
static bool pauses;    /* the server is paused when it meets its peer */

/* Echoes, and keeps to the first that says something. */
static void keep_to_first(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                          struct nk_slice datagram)
{
    echo_datagram(endpoint, peer, datagram);
    if (record.datagrams > 1)
        return;
    restricted = nk_udp_endpoint_restrict(endpoint, peer);
    if (pauses)
        nk_udp_endpoint_pause(endpoint);
}

static const struct nk_udp_handlers first_only = {
    .on_datagram = keep_to_first,
    .on_error = note_error,
    .on_peer_new = note_new,
    .on_peer_expired = note_expired,
};

static int setup(void **state)
{
    restricted = 1;
    pauses = false;
    return udp_setup(state);
}

static struct nk_udp_endpoint *first_server(const struct nk_sockaddr *local)
{
    return udp_server(local, (struct nk_udp_options){.handlers = &first_only});
}

/* A client that is told, by ICMP or by the kernel, that nobody listens to it. */
static void expect_refusal(int client)
{
    struct nk_sockaddr local;
    ssize_t sent = -EAGAIN;

    assert_int_equal(nk_socket_local(client, &local), 0);
    int refusal = local.any.sa_family == AF_UNIX ? -EPERM : -ECONNREFUSED;
    for (int i = 0; i < 100 && sent != refusal; i++) {
        sent = nk_socket_send(client, "x", 1, false);
        turn_idle(loop, 1);
    }
    assert_int_equal(sent, refusal);
}

/* A second client would believe that somebody listens to it. */
static void others_are_refused(void **state)
{
    const struct nk_sockaddr kinds[] = {loopback(AF_INET), loopback(AF_INET6), unix_path("server")};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(kinds); i++) {
        struct nk_udp_endpoint *server = first_server(&kinds[i]);
        int first = udp_socket(nk_udp_endpoint_address(server));
        int second = udp_socket(nk_udp_endpoint_address(server));

        memset(&record, 0, sizeof record);
        udp_say(first, "one");
        udp_expect(first, "one");
        assert_int_equal(restricted, 0);
        expect_refusal(second);
        udp_say(first, "two");
        udp_expect(first, "two");
        nk_udp_endpoint_close(server);
        nk_socket_close(first);
        nk_socket_close(second);
    }
}

/* What stood in the queue when the peer was chosen would be lost, or what others
 * had sent by then be taken for the peer's. */
static void the_queue_is_sorted(void **state)
{
    const struct nk_sockaddr kinds[] = {loopback(AF_INET), loopback(AF_INET6), unix_path("server")};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(kinds); i++) {
        struct nk_udp_endpoint *server = first_server(&kinds[i]);
        int first = udp_socket(nk_udp_endpoint_address(server));
        int second = udp_socket(nk_udp_endpoint_address(server));

        memset(&record, 0, sizeof record);
        udp_say(first, "one");
        udp_say(second, "not me");
        udp_say(first, "");
        udp_say(second, "nor now");
        udp_say(first, "three");
        udp_expect(first, "one");
        udp_expect(first, "");
        udp_expect(first, "three");
        assert_int_equal(record.datagrams, 3);
        assert_int_equal(record.peers_new, 1);
        assert_int_equal(udp_statistics(server).strangers, 2);
        nk_udp_endpoint_close(server);
        nk_socket_close(first);
        nk_socket_close(second);
    }
}

/* Connecting would bind a wildcard to an address that the peer does not talk to:
 * the rest of what it says would be refused, and answers come from elsewhere. */
static void a_wildcard_keeps_the_address_it_was_asked_on(void **state)
{
    enum { BURST = 100 };
    static const struct {
        int family;
        const char *asked;
    } cases[] = {{AF_INET, "127.0.0.2"}, {AF_INET6, "127.0.0.3"}, {AF_INET6, "::1"}};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_sockaddr local;
        struct nk_sockaddr asked;

        nk_sockaddr_wildcard(&local, cases[i].family, 0);
        memset(&record, 0, sizeof record);
        struct nk_udp_endpoint *server = first_server(&local);
        uint16_t port = nk_sockaddr_port(nk_udp_endpoint_address(server));
        assert_int_equal(nk_sockaddr_from_numeric(&asked, cases[i].asked, port), 0);
        int first = udp_socket(&asked); /* takes nothing from other addresses */
        int second = udp_socket(&asked);
        for (int j = 0; j < BURST; j++)
            udp_say(first, "one");
        udp_say(second, "not me");
        for (int j = 0; j < BURST; j++)
            udp_expect(first, "one");
        assert_int_equal(restricted, 0);
        turn_idle(loop, 2);
        assert_int_equal(udp_statistics(server).strangers, 1);
        udp_say(first, "two");
        udp_expect(first, "two");
        expect_refusal(second);
        assert_int_equal(record.datagrams, BURST + 1);
        nk_udp_endpoint_close(server);
        nk_socket_close(first);
        nk_socket_close(second);
    }
}

/* A reader that stops at the wrong moment would leave the first socket's queue
 * behind, or never get to the second one's. */
static void a_paused_wildcard_loses_nothing(void **state)
{
    struct nk_sockaddr local;
    struct nk_sockaddr asked;

    (void)state;
    pauses = true;
    nk_sockaddr_wildcard(&local, AF_INET, 0);
    struct nk_udp_endpoint *server = first_server(&local);
    uint16_t port = nk_sockaddr_port(nk_udp_endpoint_address(server));
    assert_int_equal(nk_sockaddr_from_numeric(&asked, "127.0.0.1", port), 0);
    int first = udp_socket(&asked);
    for (int i = 0; i < 130; i++) /* more than two batches */
        udp_say(first, "queued");
    TURN_UNTIL(loop, restricted == 0);
    size_t before = record.datagrams;
    udp_say(first, "later");
    turn_idle(loop, 3);
    assert_int_equal(record.datagrams, before);
    nk_udp_endpoint_resume(server);
    TURN_UNTIL(loop, record.datagrams == 131);
    assert_string_equal(record.text, "later");
    nk_udp_endpoint_close(server);
    nk_socket_close(first);
}

/* What a signal finds in the queues of both sockets would be lost. */
static void draining_receives_from_both_sockets(void **state)
{
    struct nk_sockaddr local;
    struct nk_sockaddr asked;

    (void)state;
    pauses = true;
    nk_sockaddr_wildcard(&local, AF_INET, 0);
    struct nk_udp_endpoint *server = first_server(&local);
    uint16_t port = nk_sockaddr_port(nk_udp_endpoint_address(server));
    assert_int_equal(nk_sockaddr_from_numeric(&asked, "127.0.0.1", port), 0);
    int first = udp_socket(&asked);
    for (int i = 0; i < 130; i++)
        udp_say(first, "queued");
    TURN_UNTIL(loop, restricted == 0);
    udp_say(first, "later");
    nk_udp_endpoint_drain(server);
    assert_int_equal(record.datagrams, 131);
    assert_string_equal(record.text, "later");
    nk_udp_endpoint_close(server);
    nk_socket_close(first);
}

/* A wildcard that was asked by broadcast would be bound to where no other
 * broadcast arrives. */
static void a_group_keeps_the_socket(void **state)
{
    struct nk_sockaddr local;
    struct nk_sockaddr everybody;
    const int on = 1;

    (void)state;
    nk_sockaddr_wildcard(&local, AF_INET, 0);
    struct nk_udp_endpoint *server = first_server(&local);
    uint16_t port = nk_sockaddr_port(nk_udp_endpoint_address(server));
    assert_int_equal(nk_sockaddr_from_numeric(&everybody, "127.255.255.255", port), 0);
    int clients[2];
    for (int i = 0; i < 2; i++) {
        clients[i] = nk_socket_open(AF_INET, SOCK_DGRAM);
        assert_int_equal(nk_socket_set_option(clients[i], SOL_SOCKET, SO_BROADCAST, &on, sizeof on),
                         0);
        assert_int_equal(nk_socket_connect(clients[i], &everybody), 0);
    }
    udp_say(clients[0], "one");
    TURN_UNTIL(loop, record.datagrams == 1);
    assert_int_equal(restricted, -EADDRNOTAVAIL);
    udp_say(clients[1], "not me");
    udp_say(clients[0], "two");
    TURN_UNTIL(loop, record.datagrams == 2);
    assert_string_equal(record.text, "two");
    assert_int_equal(udp_statistics(server).strangers, 1);
    nk_udp_endpoint_close(server);
    nk_socket_close(clients[0]);
    nk_socket_close(clients[1]);
}

/* The one peer would be forgotten while it is silent, and be refused after that. */
static void the_peer_never_expires(void **state)
{
    static struct nk_manual_clock clock; /* the loop has it until the teardown */
    struct nk_sockaddr local = loopback(AF_INET);

    (void)state;
    nk_event_loop_free(loop);
    loop = new_loop_with_clock(&clock);
    struct nk_udp_endpoint *server =
        udp_server(&local,
                   (struct nk_udp_options){.handlers = &first_only, .peer_idle = 60 * SECOND});
    int first = udp_socket(nk_udp_endpoint_address(server));
    udp_say(first, "one");
    udp_expect(first, "one");
    nk_manual_clock_advance(&clock, 3600 * SECOND);
    turn_idle(loop, 2);
    assert_int_equal(record.peers_expired, 0);
    udp_say(first, "two");
    udp_expect(first, "two");
    nk_udp_endpoint_close(server);
    assert_int_equal(record.peers_expired, 1);
    nk_socket_close(first);
}

/* The peers from before would stay in the table, and get what is for the only one. */
static void others_are_forgotten(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_endpoint *server = first_server(&local);
    int first = udp_socket(nk_udp_endpoint_address(server));
    int second = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    record.datagrams = 1; /* not yet */
    udp_say(first, "one");
    udp_expect(first, "one");
    record.datagrams = 0;
    udp_say(second, "two");
    udp_expect(second, "two");
    assert_int_equal(record.peers_new, 2);
    assert_int_equal(record.peers_expired, 1);
    expect_refusal(first);
    nk_udp_endpoint_close(server);
    nk_socket_close(first);
    nk_socket_close(second);
}

/* It would look as if the peer were still there. */
static void the_peers_refusal_is_reported(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_endpoint *server = first_server(&local);
    int first = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    udp_say(first, "one");
    udp_expect(first, "one");
    nk_socket_close(first);
    nk_udp_endpoint_send(server, record.last_peer, nk_slice_of_string("still there?"));
    TURN_UNTIL(loop, record.errors > 0);
    assert_int_equal(record.last_error, -ECONNREFUSED);
    assert_string_equal(record.text, "one");
    assert_non_null(record.last_peer);
    nk_udp_endpoint_close(server);
}

/* A peer that cannot be answered, or not any more, would be lost with what it has
 * said. */
static void peers_that_cannot_be_reached_are_served(void **state)
{
    const struct nk_sockaddr local = unix_path("server");
    struct nk_udp_endpoint *server = first_server(&local);
    int nameless = nk_socket_open(AF_UNIX, SOCK_DGRAM);

    (void)state;
    assert_int_equal(nk_socket_connect(nameless, &local), 0);
    udp_say(nameless, "one");
    udp_say(nameless, "two");
    TURN_UNTIL(loop, record.datagrams == 2);
    assert_int_equal(restricted, -EDESTADDRREQ);
    nk_udp_endpoint_close(server);
    nk_socket_close(nameless);

    memset(&record, 0, sizeof record);
    server = first_server(&local);
    int gone = udp_socket(&local);
    udp_say(gone, "one");
    udp_say(gone, "two");
    nk_socket_close(gone);
    TURN_UNTIL(loop, record.datagrams == 2);
    assert_int_equal(restricted, -ECONNREFUSED);
    nk_udp_endpoint_close(server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, udp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(others_are_refused),
        TEST(the_queue_is_sorted),
        TEST(a_wildcard_keeps_the_address_it_was_asked_on),
        TEST(a_paused_wildcard_loses_nothing),
        TEST(draining_receives_from_both_sockets),
        TEST(a_group_keeps_the_socket),
        TEST(the_peer_never_expires),
        TEST(others_are_forgotten),
        TEST(the_peers_refusal_is_reported),
        TEST(peers_that_cannot_be_reached_are_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
