/* `?key=value` behind an address: every key must reach the kernel with the right
 * level, unit and size, and nothing may be ignored in silence. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "os/socket.h"
#include "os/socket_options.h"

static int get(int fd, int level, int option)
{
    int value = -1;

    assert_int_equal(nk_socket_get_option(fd, level, option, &value), 0);
    return value;
}

static int apply(int family, int type, const char *text, const char **failed_key)
{
    int fd = nk_socket_open(family, type);
    int result = nk_socket_options_apply(fd, text, failed_key);

    nk_socket_close(fd);
    return result;
}

static void good_texts_are_accepted(void **state)
{
    static const char *const texts[] = {
        "",
        "nodelay=1",
        "nodelay=on&keepalive=yes&reuseport=true&v6only=off",
        "nodelay=0&keepalive=no&reuseport=false",
        "rcvbuf=1&sndbuf=2147483647",
        "rcvbuf=64k&sndbuf=64K",
        "rcvbuf=1m&sndbuf=1G",
        "ttl=1&tos=0",
        "ttl=255&tos=255",
        "tos=0xb8",
        "tos=0xB8",
        "keepidle=60&keepintvl=10s&keepcnt=9",
        "keepidle=5m&keepintvl=1h",
        "keepidle=2000ms&keepintvl=32767",
        "user-timeout=500ms",
        "user-timeout=0",
        "user-timeout=30",
        "congestion=reno",
        "ttl=1&ttl=2",
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(texts); i++) {
        const char *reason = NULL;

        if (nk_socket_options_check(texts[i], &reason) != 0)
            fail_msg("'%s' is refused: %s", texts[i], reason);
        assert_null(reason);
    }
}

static const struct {
    const char *text;
    const char *reason;
} bad_texts[] = {
    {"ttl2=1", "unknown socket option"},
    {"TTL=1", "unknown socket option"},
    {"tt=1", "unknown socket option"},
    {"=1", "unknown socket option"},
    {" ttl=1", "unknown socket option"},
    {"mark=1", "unknown socket option"},
    {"&", "missing beside '&'"},
    {"ttl=1&", "missing beside '&'"},
    {"&ttl=1", "missing beside '&'"},
    {"ttl=1&&tos=1", "missing beside '&'"},
    {"ttl", "ttl is a number"},
    {"ttl=", "ttl is a number"},
    {"ttl=0", "ttl is a number"},
    {"ttl=256", "ttl is a number"},
    {"ttl=-1", "ttl is a number"},
    {"ttl=1x", "ttl is a number"},
    {"ttl=1 ", "ttl is a number"},
    {"ttl=1=1", "ttl is a number"},
    {"ttl=18446744073709551617", "ttl is a number"},
    {"tos=1&ttl=x", "ttl is a number"},
    {"tos=256", "tos is a number"},
    {"tos=0x", "tos is a number"},
    {"tos=0xg", "tos is a number"},
    {"tos=0x100000001", "tos is a number"},
    {"nodelay=2", "nodelay is 1 or 0"},
    {"nodelay=", "nodelay is 1 or 0"},
    {"nodelay", "nodelay is 1 or 0"},
    {"nodelay=ON", "nodelay is 1 or 0"},
    {"keepalive=maybe", "keepalive is 1 or 0"},
    {"v6only=yess", "v6only is 1 or 0"},
    {"reuseport=11", "reuseport is 1 or 0"},
    {"rcvbuf=0", "rcvbuf is a size"},
    {"rcvbuf=k", "rcvbuf is a size"},
    {"rcvbuf=64kb", "rcvbuf is a size"},
    {"rcvbuf=2147483648", "rcvbuf is a size"},
    {"sndbuf=2G", "sndbuf is a size"},
    {"sndbuf=17179869184G", "sndbuf is a size"},
    {"keepidle=1500ms", "whole seconds"},
    {"keepidle=0", "keepidle is a duration"},
    {"keepidle=32768", "keepidle is a duration"},
    {"keepintvl=10h", "keepintvl is a duration"},
    {"keepcnt=128", "keepcnt is a number"},
    {"user-timeout=1d", "user-timeout is a duration"},
    {"user-timeout=2147483648ms", "user-timeout is a duration"},
    {"congestion=", "congestion is the name"},
    {"congestion=0123456789abcdef", "congestion is the name"},
};

/* What is mistyped must be told before a socket exists. */
static void bad_texts_are_refused_with_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(bad_texts); i++) {
        const char *reason = NULL;
        const char *failed_key = NULL;

        if (nk_socket_options_check(bad_texts[i].text, &reason) != -EINVAL)
            fail_msg("'%s' is accepted", bad_texts[i].text);
        if (!strstr(reason, bad_texts[i].reason))
            fail_msg("'%s' is refused with: %s", bad_texts[i].text, reason);
        assert_int_equal(apply(AF_INET, SOCK_STREAM, bad_texts[i].text, &failed_key), -EINVAL);
        assert_ptr_equal(failed_key, bad_texts[i].text);
    }
}

/* Asks the kernel for every value: a wrong unit (ms for s) or level shows here. */
static void values_reach_a_tcp_socket(void **state)
{
    static const char text[] = "rcvbuf=64k&sndbuf=32k&ttl=7&tos=0x10&keepalive=1&keepidle=2m"
                               "&keepintvl=15&keepcnt=4&user-timeout=1500ms&nodelay=on"
                               "&congestion=reno&reuseport=yes";
    int fd = nk_socket_open(AF_INET, SOCK_STREAM);
    const char *failed_key = NULL;
    char name[16] = "";
    socklen_t len = sizeof name;

    (void)state;
    assert_int_equal(nk_socket_options_apply(fd, text, &failed_key), 0);
    assert_null(failed_key);
    /* The kernel doubles both to have room for its own bookkeeping. */
    assert_int_equal(get(fd, SOL_SOCKET, SO_RCVBUF), 2 * 65536);
    assert_int_equal(get(fd, SOL_SOCKET, SO_SNDBUF), 2 * 32768);
    assert_int_equal(get(fd, IPPROTO_IP, IP_TTL), 7);
    assert_int_equal(get(fd, IPPROTO_IP, IP_TOS), 0x10);
    assert_int_equal(get(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPIDLE), 120);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPINTVL), 15);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 1500);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(get(fd, SOL_SOCKET, SO_REUSEPORT), 1);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
    assert_string_equal(name, "reno");

    assert_int_equal(
        nk_socket_options_apply(fd, "nodelay=0&keepalive=off&ttl=8&ttl=9", &failed_key), 0);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_equal(get(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(get(fd, IPPROTO_IP, IP_TTL), 9);
    assert_int_equal(nk_socket_options_apply(fd, "", &failed_key), 0);
    nk_socket_close(fd);
}

/* A dual-stack socket sends IPv4 too: ttl and tos must hold for both. */
static void ipv6_sockets_get_both_families_of_options(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(types); i++) {
        int fd = nk_socket_open(AF_INET6, types[i]);
        const char *failed_key;

        assert_int_equal(nk_socket_options_apply(fd, "ttl=5&tos=0x20&v6only=1", &failed_key), 0);
        assert_int_equal(get(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 5);
        assert_int_equal(get(fd, IPPROTO_IP, IP_TTL), 5);
        assert_int_equal(get(fd, IPPROTO_IPV6, IPV6_TCLASS), 0x20);
        assert_int_equal(get(fd, IPPROTO_IP, IP_TOS), 0x20);
        assert_int_equal(get(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
        nk_socket_close(fd);
    }
}

/* An option that would have no effect is an error, and says which one it is. */
static void senseless_options_are_no_protocol_options(void **state)
{
    static const struct {
        int family;
        int type;
        const char *text;
        const char *failed_key; /* NULL: fine */
    } cases[] = {
        {AF_UNIX, SOCK_STREAM, "sndbuf=64k", NULL},
        {AF_UNIX, SOCK_DGRAM, "sndbuf=64k", NULL},
        {AF_UNIX, SOCK_STREAM, "", NULL},
        {AF_UNIX, SOCK_STREAM, "rcvbuf=64k", "rcvbuf"},
        {AF_UNIX, SOCK_STREAM, "nodelay=1", "nodelay"},
        {AF_UNIX, SOCK_STREAM, "sndbuf=64k&keepalive=1", "keepalive"},
        {AF_UNIX, SOCK_STREAM, "keepidle=1", "keepidle"},
        {AF_UNIX, SOCK_STREAM, "keepintvl=1", "keepintvl"},
        {AF_UNIX, SOCK_STREAM, "keepcnt=1", "keepcnt"},
        {AF_UNIX, SOCK_STREAM, "user-timeout=1", "user-timeout"},
        {AF_UNIX, SOCK_STREAM, "congestion=reno", "congestion"},
        {AF_UNIX, SOCK_STREAM, "ttl=1", "ttl"},
        {AF_UNIX, SOCK_STREAM, "tos=1", "tos"},
        {AF_UNIX, SOCK_STREAM, "reuseport=1", "reuseport"},
        {AF_UNIX, SOCK_SEQPACKET, "v6only=1", "v6only"},
        {AF_INET, SOCK_STREAM, "v6only=1", "v6only"},
        {AF_INET, SOCK_DGRAM, "ttl=1&tos=1&rcvbuf=1k&sndbuf=1k&reuseport=1", NULL},
        {AF_INET, SOCK_DGRAM, "ttl=1&nodelay=1", "nodelay"},
        {AF_INET, SOCK_DGRAM, "keepalive=1", "keepalive"},
        {AF_INET6, SOCK_DGRAM, "congestion=reno", "congestion"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        const char *failed_key = NULL;
        int result = apply(cases[i].family, cases[i].type, cases[i].text, &failed_key);

        assert_int_equal(result, cases[i].failed_key ? -ENOPROTOOPT : 0);
        if (cases[i].failed_key)
            assert_string_equal(failed_key, cases[i].failed_key);
        else
            assert_null(failed_key);
    }
}

/* The kernel's own refusals come through with the key that caused them. */
static void refusal_of_the_kernel_names_the_key(void **state)
{
    const char *failed_key = NULL;

    (void)state;
    assert_int_equal(apply(AF_INET, SOCK_STREAM, "ttl=3&congestion=nosuch", &failed_key), -ENOENT);
    assert_string_equal(failed_key, "congestion");
}

static void no_socket_is_reported(void **state)
{
    const char *failed_key = NULL;
    static const char text[] = "ttl=3";

    (void)state;
    assert_int_equal(nk_socket_options_apply(-1, text, &failed_key), -EBADF);
    assert_ptr_equal(failed_key, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts_are_accepted),
        cmocka_unit_test(bad_texts_are_refused_with_a_reason),
        cmocka_unit_test(values_reach_a_tcp_socket),
        cmocka_unit_test(ipv6_sockets_get_both_families_of_options),
        cmocka_unit_test(senseless_options_are_no_protocol_options),
        cmocka_unit_test(refusal_of_the_kernel_names_the_key),
        cmocka_unit_test(no_socket_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
