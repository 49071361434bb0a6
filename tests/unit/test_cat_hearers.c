/* Standard input for every peer that was heard from. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "cat/cat_hearers.h"
#include "udp_fixture.h"

static struct cat_hearers hearers;
static struct nk_manual_clock manual_clock;

static void add_hearer(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    record.peers_new++;
    cat_hearers_add(&hearers, endpoint, peer);
}

static void remove_hearer(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    (void)endpoint;
    record.peers_expired++;
    cat_hearers_remove(&hearers, peer);
}

static const struct nk_udp_handlers handlers = {
    .on_datagram = note_datagram,
    .on_peer_new = add_hearer,
    .on_peer_expired = remove_hearer,
    .session_size = sizeof(struct cat_hearer),
};

static struct nk_udp_endpoint *start(const struct nk_sockaddr *local)
{
    nk_event_loop_free(loop);
    loop = new_loop_with_clock(&manual_clock);
    cat_hearers_init(&hearers, loop);
    return udp_server(local,
                      (struct nk_udp_options){.handlers = &handlers, .peer_idle = 3600 * SECOND});
}

static int send_all(const char *text, struct cat_hearers_sent *sent)
{
    return cat_hearers_send(&hearers, nk_slice_of_string(text), sent);
}

/* Somebody would get nothing, or get it twice. */
static void everybody_gets_it_once(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_endpoint *server = start(&local);
    struct cat_hearers_sent sent;
    int clients[3];

    (void)state;
    assert_true(cat_hearers_are_none(&hearers));
    for (size_t i = 0; i < 3; i++) {
        clients[i] = udp_socket(nk_udp_endpoint_address(server));
        udp_say(clients[i], "x");
    }
    TURN_UNTIL(loop, record.peers_new == 3);
    assert_int_equal(send_all("one", &sent), 0);
    assert_int_equal(sent.count, 3);
    assert_int_equal(sent.dropped, 0);
    assert_int_equal(send_all("two", &sent), 0);
    for (size_t i = 0; i < 3; i++) {
        udp_expect(clients[i], "one");
        udp_expect(clients[i], "two");
        nk_socket_close(clients[i]);
    }
    nk_udp_endpoint_close(server);
    assert_true(cat_hearers_are_none(&hearers));
}

static void expect_nothing(int fd)
{
    char byte;

    turn_idle(loop, 1);
    assert_int_equal(nk_socket_recv(fd, &byte, 1), -EAGAIN);
}

/* One that does not read would get everybody's datagrams lost, or hold them up for
 * ever. */
static void one_that_does_not_read_is_waited_for_but_not_for_ever(void **state)
{
    struct nk_sockaddr local = unix_path("server");
    struct nk_udp_endpoint *server = start(&local);
    struct nk_sockaddr name = {.any.sa_family = AF_UNIX, .len = sizeof(sa_family_t)};
    struct cat_hearers_sent sent;
    static char big[1000]; /* so many are never in the kernel that it stops everybody */
    int frozen = nk_socket_open(AF_UNIX, SOCK_DGRAM);
    int other = nk_socket_open(AF_UNIX, SOCK_DGRAM);

    (void)state;
    assert_int_equal(nk_socket_bind(frozen, &name), 0);
    assert_int_equal(nk_socket_bind(other, &name), 0);
    assert_int_equal(sendto(frozen, "x", 1, 0, &local.any, local.len), 1);
    assert_int_equal(sendto(other, "x", 1, 0, &local.any, local.len), 1);
    TURN_UNTIL(loop, record.peers_new == 2);

    int error = 0;
    for (int i = 0; i < 1000 && error == 0; i++) {
        error = cat_hearers_send(&hearers, nk_slice_make(big, sizeof big), &sent);
        if (error == 0)
            assert_int_equal(sent.count, 2);
        assert_int_equal(nk_socket_recv(other, big, sizeof big), sizeof big);
    }
    assert_int_equal(error, -ENOBUFS);
    assert_int_equal(sent.count, 1); /* the other one has it ... */
    error = cat_hearers_send(&hearers, nk_slice_make(big, sizeof big), &sent);
    assert_int_equal(error, -ENOBUFS);
    assert_int_equal(sent.count, 0); /* ... and does not get it again */
    expect_nothing(other);

    nk_manual_clock_advance(&manual_clock, CAT_HEARERS_PATIENCE);
    turn_idle(loop, 1);
    assert_int_equal(cat_hearers_send(&hearers, nk_slice_make(big, sizeof big), &sent), 0);
    assert_int_equal(sent.dropped, 1);
    assert_int_equal(send_all("next", &sent), 0); /* it is not waited for again */
    assert_int_equal(sent.count + sent.dropped, 2);
    udp_expect(other, "next");
    nk_udp_endpoint_close(server);
    nk_socket_close(frozen);
    nk_socket_close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, udp_setup, udp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everybody_gets_it_once),
        TEST(one_that_does_not_read_is_waited_for_but_not_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
