/* Datagrams that are held back: when they are sent, and how many at most. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "service/peer_replies.h"
#include "udp_fixture.h"

static struct peer_replies_total total;

static struct peer_replies *replies_of(struct nk_peer *peer)
{
    return (struct peer_replies *)(void *)peer->session;
}

static void on_peer_new(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    peer_replies_init(replies_of(peer), endpoint, peer, &total);
}

/* The datagram comes back a millisecond later. */
static void on_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                        struct nk_slice datagram)
{
    note_datagram(endpoint, peer, datagram);
    char *room = peer_replies_add(replies_of(peer), datagram.len, MILLISECOND);
    assert_non_null(room);
    memcpy(room, datagram.data, datagram.len);
}

static void on_peer_expired(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    (void)endpoint;
    record.peers_expired += peer_replies_clear(replies_of(peer));
}

static const struct nk_udp_handlers handlers = {
    .on_datagram = on_datagram,
    .on_peer_new = on_peer_new,
    .on_peer_expired = on_peer_expired,
    .session_size = sizeof(struct peer_replies),
};

static struct nk_udp_endpoint *endpoint;
static int client;

static int set_up(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    const struct nk_udp_options options = {.handlers = &handlers};
    if (udp_setup(state) != 0)
        return -1;
    total = (struct peer_replies_total){0};
    assert_int_equal(nk_udp_endpoint_bind(&endpoint, loop, &local, &options), 0);
    nk_udp_endpoint_resume(endpoint);
    client = connect_to(nk_udp_endpoint_address(endpoint), SOCK_DGRAM);
    return 0;
}

static int tear_down(void **state)
{
    nk_udp_endpoint_close(endpoint);
    turn_idle(loop, 2);
    nk_socket_close(client);
    assert_int_equal(total.bytes, 0);
    return udp_teardown(state);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Otherwise an answer would go to nobody, or its bytes be counted for ever. */
static void replies_are_sent_to_their_peer(void **state)
{
    char byte = 0;
    (void)state;
    assert_int_equal(nk_socket_send(client, "x", 1, false), 1);
    TURN_UNTIL(loop, nk_socket_recv(client, &byte, 1) == 1);
    assert_int_equal(byte, 'x');
    assert_int_equal(total.bytes, 0);
}

/* Otherwise one client could fill the memory with answers that are held back. */
static void a_peer_may_have_so_much_held_back(void **state)
{
    size_t held = 0;
    (void)state;
    assert_int_equal(nk_socket_send(client, "x", 1, false), 1);
    TURN_UNTIL(loop, record.datagrams == 1);
    while (peer_replies_add(replies_of(record.last_peer), 1024, 3600 * SECOND))
        held += 1024;
    assert_in_range(held, 200 * 1024, 256 * 1024);
    total.bytes += 16 * 1024 * 1024; /* of others */
    assert_null(peer_replies_add(replies_of(record.last_peer), 1, 3600 * SECOND));
    total.bytes -= 16 * 1024 * 1024;
}

/* Otherwise empty datagrams of many peers, whose addresses cost nothing to forge, would fill
 * the memory. */
static void empty_replies_count(void **state)
{
    (void)state;
    assert_int_equal(nk_socket_send(client, "x", 1, false), 1);
    TURN_UNTIL(loop, record.datagrams == 1);
    size_t before = total.bytes;
    assert_non_null(peer_replies_add(replies_of(record.last_peer), 0, 3600 * SECOND));
    assert_true(total.bytes > before);
}

/* Otherwise answers to a client that is forgotten would leak, or not be counted as lost. */
static void what_a_forgotten_peer_is_owed_is_dropped(void **state)
{
    (void)state;
    assert_int_equal(nk_socket_send(client, "x", 1, false), 1);
    TURN_UNTIL(loop, record.datagrams == 1);
    assert_non_null(peer_replies_add(replies_of(record.last_peer), 10, 3600 * SECOND));
    assert_non_null(peer_replies_add(replies_of(record.last_peer), 0, 3600 * SECOND));
    nk_udp_endpoint_close(endpoint);
    assert_in_range(record.peers_expired, 2, 3);
    endpoint = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(replies_are_sent_to_their_peer),
        CASE(a_peer_may_have_so_much_held_back),
        CASE(empty_replies_count),
        CASE(what_a_forgotten_peer_is_owed_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
