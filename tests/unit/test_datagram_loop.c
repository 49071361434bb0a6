/* Which datagrams would set two servers on each other. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "echo/datagram_loop.h"

static struct nk_sockaddr address_of(const char *host, uint16_t port)
{
    struct nk_sockaddr address;

    assert_int_equal(nk_sockaddr_from_numeric(&address, host, port), 0);
    return address;
}

/* What the kernel says about a datagram that came to a wildcard socket. */
static struct nk_local_address asked_as(const char *host)
{
    struct nk_sockaddr address = address_of(host, 0);
    struct nk_local_address asked = {.family = address.any.sa_family};

    if (asked.family == AF_INET)
        asked.v4 = address.v4.sin_addr;
    else
        asked.v6 = address.v6.sin6_addr;
    return asked;
}

static const struct nk_local_address nowhere = {.family = 0};

/* Echo and chargen of two machines would keep each other busy; a client would not
 * be answered. */
static void servers_that_answer_are_known_by_their_port(void **state)
{
    struct nk_sockaddr bound = address_of("10.0.0.1", 43211);
    static const uint16_t answering[] = {7, 13, 17, 19, 37};
    static const uint16_t others[] = {1, 9, 20, 53, 1024, 43211, 65535};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(answering); i++) {
        struct nk_sockaddr v4 = address_of("10.0.0.2", answering[i]);
        struct nk_sockaddr v6 = address_of("2001:db8::2", answering[i]);
        assert_true(datagram_loops(&v4, &nowhere, &bound));
        assert_true(datagram_loops(&v6, &nowhere, &bound));
    }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(others); i++) {
        struct nk_sockaddr peer = address_of("10.0.0.2", others[i]);
        assert_false(datagram_loops(&peer, &nowhere, &bound));
    }
}

/* The server would answer its own answers. */
static void a_server_does_not_answer_itself(void **state)
{
    struct nk_sockaddr bound = address_of("10.0.0.1", 43211);
    struct nk_sockaddr bound_v6 = address_of("2001:db8::1", 43211);
    struct nk_sockaddr other_port = address_of("10.0.0.1", 43212);

    (void)state;
    assert_true(datagram_loops(&bound, &nowhere, &bound));
    assert_true(datagram_loops(&bound_v6, &nowhere, &bound_v6));
    assert_false(datagram_loops(&other_port, &nowhere, &bound));
}

/* The same where the socket is bound to no address, and over IPv4 on a socket for
 * both families. */
static void a_wildcard_server_does_not_answer_itself(void **state)
{
    static const char *const hosts[] = {"10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(hosts); i++) {
        struct nk_sockaddr bound = address_of(hosts[i][0] == '1' ? "0.0.0.0" : "::", 43211);
        struct nk_sockaddr self = address_of(hosts[i], 43211);
        struct nk_local_address asked = asked_as(hosts[i]);
        struct nk_local_address other = asked_as("10.0.0.9");
        assert_true(datagram_loops(&self, &asked, &bound));
        assert_false(datagram_loops(&self, &other, &bound));
        assert_false(datagram_loops(&self, &nowhere, &bound));
    }
}

/* A unix client, of which nobody can lie, would not be answered. */
static void unix_peers_never_loop(void **state)
{
    struct nk_sockaddr peer;
    struct nk_sockaddr nameless = {.any.sa_family = AF_UNIX, .len = 0};

    (void)state;
    assert_int_equal(nk_sockaddr_from_unix_path(&peer, "/tmp/x"), 0);
    assert_false(datagram_loops(&peer, &nowhere, &peer));
    assert_false(datagram_loops(&nameless, &nowhere, &peer));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_that_answer_are_known_by_their_port),
        cmocka_unit_test(a_server_does_not_answer_itself),
        cmocka_unit_test(a_wildcard_server_does_not_answer_itself),
        cmocka_unit_test(unix_peers_never_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
