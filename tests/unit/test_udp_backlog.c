/* What the kernel does not take at once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sys/syscall.h>

#include "udp_fixture.h"

static int accepted; /* messages that are taken before -EAGAIN; below 0: all */

/* In place of the C library's. */
int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (accepted == 0) {
        errno = EAGAIN;
        return -1;
    }
    if (accepted > 0 && count > (unsigned)accepted)
        count = (unsigned)accepted;
    int sent = (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
    if (accepted > 0 && sent > 0)
        accepted -= sent;
    return sent;
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, __CONST_SOCKADDR_ARG name,
               socklen_t name_len)
{
    if (accepted == 0) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t sent = syscall(SYS_sendto, fd, data, len, flags, name.__sockaddr__, name_len);
    if (accepted > 0 && sent >= 0)
        accepted--;
    return sent;
}

static int reset(void **state)
{
    accepted = -1;
    return udp_setup(state);
}

/* A full send buffer would lose datagrams or change their order. */
static void what_does_not_fit_is_sent_later_in_order(void **state)
{
    static const char *const texts[] = {"a", "bb", "ccc", "", "eeeee"};
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    accepted = 2;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(texts); i++)
        udp_say(client, texts[i]);
    TURN_UNTIL(loop, record.datagrams == NK_ARRAY_LENGTH(texts));
    udp_say(client, "last");
    TURN_UNTIL(loop, record.datagrams == NK_ARRAY_LENGTH(texts) + 1);
    assert_int_equal(udp_statistics(server).sent, 2);
    accepted = -1;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(texts); i++)
        udp_expect(client, texts[i]);
    udp_expect(client, "last");
    assert_int_equal(udp_statistics(server).dropped, 0);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

/* The backlog would grow without end, or lose without counting. */
static void the_backlog_has_a_limit(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_endpoint *server =
        udp_server(&local, (struct nk_udp_options){.max_backlog = 4096});
    int client = udp_socket(nk_udp_endpoint_address(server));
    static char bytes[1000];

    (void)state;
    accepted = 0;
    for (int i = 0; i < 10; i++)
        assert_int_equal(nk_socket_send(client, bytes, sizeof bytes, false), sizeof bytes);
    TURN_UNTIL(loop, record.datagrams == 10);
    assert_int_equal(udp_statistics(server).dropped, 7); /* each needs some more room */
    accepted = -1;
    TURN_UNTIL(loop, udp_statistics(server).sent == 3);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

/* Closing would leak what waits, or not count it as lost. */
static void closing_drops_what_waits(void **state)
{
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    accepted = 0;
    udp_say(client, "hello");
    TURN_UNTIL(loop, record.datagrams == 1);
    assert_true(nk_udp_endpoint_backlog(server) > 5); /* or nobody would know */
    nk_udp_endpoint_close(server);
    assert_int_equal(nk_udp_endpoint_backlog(server), 0);
    assert_int_equal(udp_statistics(server).dropped, 1); /* it lives until the turn ends */
    nk_socket_close(client);
}

/* From a socket that is not connected: only then the kernel limits how much may
 * wait for it, and not just how much the server may have sent. */
static void say_to(int fd, const struct nk_sockaddr *server, const char *text)
{
    assert_int_equal(sendto(fd, text, strlen(text), 0, &server->any, server->len), strlen(text));
}

/* One unix client that does not read would stop the answers to all others, or
 * keep the processor busy. */
static void a_frozen_unix_peer_stops_only_itself(void **state)
{
    struct nk_sockaddr local = unix_path("server");
    struct nk_udp_endpoint *server = udp_server(&local, (struct nk_udp_options){0});
    struct nk_sockaddr name = {.any.sa_family = AF_UNIX, .len = sizeof(sa_family_t)};
    int frozen = nk_socket_open(AF_UNIX, SOCK_DGRAM);
    int other = udp_socket(&local);
    char text[32];
    int count = 0;

    (void)state;
    assert_int_equal(nk_socket_bind(frozen, &name), 0);
    for (; count < 2000 && udp_statistics(server).sent == (uint64_t)count; count++) {
        snprintf(text, sizeof text, "%d", count);
        say_to(frozen, &local, text);
        TURN_UNTIL(loop, record.datagrams == (size_t)count + 1);
    }
    assert_true(udp_statistics(server).sent < (uint64_t)count); /* one has to wait */
    say_to(frozen, &local, "last");
    udp_say(other, "hello");
    udp_expect(other, "hello");
    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%d", i);
        udp_expect(frozen, text);
    }
    udp_expect(frozen, "last");
    assert_int_equal(udp_statistics(server).dropped, 0);
    nk_udp_endpoint_close(server);
    nk_socket_close(frozen);
    nk_socket_close(other);
}

/* A forgotten peer would be written to through freed memory. */
static void forgetting_a_peer_drops_what_waits_for_it(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_endpoint *server = udp_server(&local, (struct nk_udp_options){.max_peers = 1});
    int first = udp_socket(nk_udp_endpoint_address(server));
    int second = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    accepted = 0;
    udp_say(first, "one");
    TURN_UNTIL(loop, record.datagrams == 1);
    udp_say(second, "two");
    TURN_UNTIL(loop, record.datagrams == 2);
    assert_int_equal(udp_statistics(server).dropped, 1);
    accepted = -1;
    udp_expect(second, "two");
    nk_udp_endpoint_close(server);
    nk_socket_close(first);
    nk_socket_close(second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, udp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_does_not_fit_is_sent_later_in_order),
        TEST(the_backlog_has_a_limit),
        TEST(closing_drops_what_waits),
        TEST(a_frozen_unix_peer_stops_only_itself),
        TEST(forgetting_a_peer_drops_what_waits_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
