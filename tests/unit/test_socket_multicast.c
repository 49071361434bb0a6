/* Groups over the loopback interface: whoever has joined gets the datagrams, and
 * nobody else does. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "loopback.h"
#include "os/socket_multicast.h"

/* A socket on the wildcard; *port 0 becomes the one it got. Several share it. */
static int on_port(int family, uint16_t *port)
{
    struct nk_sockaddr address;
    int fd = nk_socket_open(family, SOCK_DGRAM);

    nk_sockaddr_wildcard(&address, family, *port);
    assert_int_equal(nk_socket_set_reuse_port(fd, true), 0);
    assert_int_equal(nk_socket_bind(fd, &address), 0);
    assert_int_equal(nk_socket_local(fd, &address), 0);
    *port = nk_sockaddr_port(&address);
    return fd;
}

static int join(int fd, const char *text)
{
    struct nk_multicast_group group;

    assert_int_equal(nk_multicast_group_parse(&group, nk_slice_of_string(text)), 0);
    return nk_socket_join(fd, &group);
}

static void say(const char *group, uint16_t port, const char *text)
{
    struct nk_sockaddr to;
    int fd = nk_socket_open(AF_INET, SOCK_DGRAM);

    assert_int_equal(nk_sockaddr_from_numeric(&to, group, port), 0);
    assert_int_equal(nk_socket_set_multicast_interface(fd, AF_INET, "lo"), 0);
    assert_int_equal(nk_socket_connect(fd, &to), 0);
    assert_int_equal(nk_socket_send(fd, text, strlen(text), false), strlen(text));
    nk_socket_close(fd);
}

static void expect(int fd, const char *text)
{
    char received[16] = "";

    await(fd, POLLIN);
    assert_int_equal(nk_socket_recv(fd, received, sizeof received - 1), strlen(text));
    assert_string_equal(received, text);
}

static void expect_nothing(int fd)
{
    char byte;

    assert_int_equal(nk_socket_recv(fd, &byte, 1), -EAGAIN);
}

/* The network's news reach a server that has joined, IPv4 and dual stack; one that
 * has joined another group is not disturbed by it. */
static void who_has_joined_receives(void **state)
{
    static const int families[] = {AF_INET, AF_INET6};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(families); i++) {
        uint16_t port = 0;
        int member = on_port(families[i], &port);
        int other = on_port(families[i], &port);

        assert_int_equal(join(member, "239.77.1.1@lo"), 0);
        assert_int_equal(join(other, "239.77.1.2@lo"), 0);
        say("239.77.1.1", port, "first");
        expect(member, "first");
        say("239.77.1.2", port, "second");
        expect(other, "second");
        assert_int_equal(join(member, "239.77.1.2@lo"), 0); /* several groups */
        say("239.77.1.2", port, "both");
        expect(member, "both");
        expect(other, "both");
        expect_nothing(member);
        expect_nothing(other);
        nk_socket_close(member);
        nk_socket_close(other);
    }
}

static void refusals_of_the_kernel(void **state)
{
    uint16_t port = 0;
    int v4 = on_port(AF_INET, &port);
    int v6 = on_port(AF_INET6, &port);

    (void)state;
    assert_int_equal(join(v4, "239.77.1.1@no-such-dev"), -ENODEV);
    assert_int_equal(join(v4, "ff15::77@lo"), -ENOPROTOOPT);
    assert_int_equal(join(v4, "239.77.1.1@lo"), 0);
    assert_int_equal(join(v4, "239.77.1.1@lo"), -EADDRINUSE);
    assert_int_equal(join(v6, "ff15::77@lo"), 0);
    assert_int_equal(join(-1, "239.77.1.1"), -EBADF);
    assert_int_equal(nk_socket_set_multicast_interface(v4, AF_INET, "no-such-dev"), -ENODEV);
    assert_int_equal(nk_socket_set_multicast_interface(v6, AF_INET6, "1000000"), -ENODEV);
    nk_socket_close(v4);
    nk_socket_close(v6);
}

static void groups_are_parsed(void **state)
{
    struct nk_multicast_group group;
    char text[NK_SOCKADDR_TEXT_MAX];

    (void)state;
    assert_int_equal(nk_multicast_group_parse(&group, nk_slice_of_string("239.1.2.3")), 0);
    assert_string_equal(nk_sockaddr_print(&group.address, text), "239.1.2.3:0");
    assert_string_equal(group.interface, "");
    assert_int_equal(nk_multicast_group_parse(&group, nk_slice_of_string("ff15::1@eth0")), 0);
    assert_string_equal(nk_sockaddr_print(&group.address, text), "[ff15::1]:0");
    assert_string_equal(group.interface, "eth0");
    assert_int_equal(nk_multicast_group_parse(&group, nk_slice_of_string("127.0.0.1")), -EINVAL);
    assert_int_equal(nk_multicast_group_parse(&group, nk_slice_of_string("")), -EINVAL);
    assert_string_equal(group.interface, "eth0");
}

static void interfaces_are_parsed(void **state)
{
    static const char *const bad[] = {"", "a b", "a/b", "a\tb", "0123456789abcdef"};
    char interface[IF_NAMESIZE] = "before";

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(bad); i++)
        assert_int_equal(nk_interface_parse(interface, nk_slice_of_string(bad[i])), -EINVAL);
    assert_string_equal(interface, "before");
    assert_int_equal(nk_interface_parse(interface, nk_slice_of_string("0123456789abcde")), 0);
    assert_string_equal(interface, "0123456789abcde");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_joined_receives),
        cmocka_unit_test(refusals_of_the_kernel),
        cmocka_unit_test(groups_are_parsed),
        cmocka_unit_test(interfaces_are_parsed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
