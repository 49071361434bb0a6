/* `?key=value` behind an address: every key must reach the kernel with the right
 * level, unit and size, and nothing may be ignored in silence. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
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
        "broadcast=yes&multicast-ttl=0&multicast-loop=off",
        "multicast-ttl=255",
        "join=239.1.2.3",
        "join=239.1.2.3@lo&join=ff15::1@2&join=224.0.0.251@no-such-dev",
        "interface=eth0.100",
        "interface=1",
        "source=192.0.2.1",
        "source=192.0.2.1:5000&source-port=1",
        "source=::1",
        "source=[::1]:5000",
        "source=fe80::1%no-such-dev",
        "source=/run/x",
        "source=@name",
        "source-port=65535",
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
    {"broadcast=2", "broadcast is 1 or 0"},
    {"multicast-ttl=256", "multicast-ttl is a number"},
    {"multicast-loop=x", "multicast-loop is 1 or 0"},
    {"join=", "join is a multicast group"},
    {"join=192.0.2.1", "join is a multicast group"},
    {"join=fe80::1", "join is a multicast group"},
    {"join=239.1.2.3@", "join is a multicast group"},
    {"join=@lo", "join is a multicast group"},
    {"join=239.1.2.3@a@b/c", "join is a multicast group"},
    {"join=239.1.2.3@0123456789abcdef", "join is a multicast group"},
    {"join=ff02::1%lo", "join is a multicast group"},
    {"join=group.example", "join is a multicast group"},
    {"interface=", "interface is the name"},
    {"interface=a/b", "interface is the name"},
    {"interface=0123456789abcdef", "interface is the name"},
    {"source=", "source is a numeric address"},
    {"source=host", "source is a numeric address"},
    {"source=5000", "source is a numeric address"},
    {"source=:5000", "source is a numeric address"},
    {"source=udp://127.0.0.1", "source is a numeric address"},
    {"source=127.0.0.1?x", "source is a numeric address"},
    {"source=127.0.0.1:65536", "source is a numeric address"},
    {"source-port=0", "source-port is a number"},
    {"source-port=65536", "source-port is a number"},
    {"source-port=http", "source-port is a number"},
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
        {AF_INET, SOCK_STREAM, "broadcast=1", "broadcast"},
        {AF_INET, SOCK_STREAM, "join=239.1.2.3", "join"},
        {AF_INET, SOCK_STREAM, "interface=lo", "interface"},
        {AF_INET6, SOCK_STREAM, "multicast-ttl=1", "multicast-ttl"},
        {AF_UNIX, SOCK_DGRAM, "multicast-loop=1", "multicast-loop"},
        {AF_INET, SOCK_DGRAM, "join=ff15::1@lo", "join"},
        {AF_UNIX, SOCK_STREAM, "source=@x", "source"},
        {AF_UNIX, SOCK_SEQPACKET, "source=@x", "source"},
        {AF_UNIX, SOCK_DGRAM, "source-port=1", "source-port"},
        {AF_UNIX, SOCK_DGRAM, "source=@x", NULL},
        {AF_INET, SOCK_STREAM, "source=127.0.0.1&source-port=1", NULL},
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

/* An IPv6 socket that also speaks IPv4 sends to groups of both. */
static void values_reach_a_datagram_socket(void **state)
{
    static const char text[] = "broadcast=1&multicast-ttl=3&multicast-loop=0&interface=lo";
    static const int families[] = {AF_INET, AF_INET6};
    unsigned index = if_nametoindex("lo");

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(families); i++) {
        int fd = nk_socket_open(families[i], SOCK_DGRAM);
        const char *failed_key = NULL;

        assert_int_equal(nk_socket_options_apply(fd, text, &failed_key), 0);
        assert_int_equal(get(fd, SOL_SOCKET, SO_BROADCAST), 1);
        assert_int_equal(get(fd, IPPROTO_IP, IP_MULTICAST_TTL), 3);
        assert_int_equal(get(fd, IPPROTO_IP, IP_MULTICAST_LOOP), 0);
        if (families[i] == AF_INET6) {
            assert_int_equal(get(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 3);
            assert_int_equal(get(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP), 0);
            assert_int_equal(get(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF), index);
        }
        assert_int_equal(nk_socket_options_apply(fd, "interface=no-such-dev", &failed_key),
                         -ENODEV);
        assert_string_equal(failed_key, "interface");
        assert_int_equal(nk_socket_options_apply(fd, "join=239.1.2.3@no-such-dev", &failed_key),
                         -ENODEV);
        assert_string_equal(failed_key, "join");
        nk_socket_close(fd);
    }
}

/* A usage error has to be told as one, before anything is opened. */
static void options_are_checked_against_their_address(void **state)
{
    static const struct {
        const char *address;
        enum nk_socket_role role;
        const char *reason; /* NULL: fine */
    } cases[] = {
        {"127.0.0.1:1?nodelay=1&source=127.0.0.2", NK_SOCKET_CLIENT, NULL},
        {"name.example:1?source=127.0.0.2", NK_SOCKET_CLIENT, NULL},
        {"tcp://[::1]:1?source=[::1]:5&v6only=1", NK_SOCKET_CLIENT, NULL},
        {"udp://:1?join=239.1.2.3&broadcast=1", NK_SOCKET_SERVER, NULL},
        {"unix-dgram:/x?source=/y&sndbuf=1k", NK_SOCKET_CLIENT, NULL},
        {"unix:/x?sndbuf=1k", NK_SOCKET_CLIENT, NULL},
        {"unix-seqpacket:/x?sndbuf=1k", NK_SOCKET_CLIENT, NULL},
        {"unix-dgram:/x?sndbuf=1k", NK_SOCKET_SERVER, NULL},
        {"unix:/x?sndbuf=1k", NK_SOCKET_SERVER, "cannot hand a socket option on"},
        {"unix-seqpacket:/x?sndbuf=1k", NK_SOCKET_SERVER, "cannot hand a socket option on"},
        {"tcp://:1?ttl=0", NK_SOCKET_SERVER, "ttl is a number"},
        {"tcp://:1?join=239.1.2.3", NK_SOCKET_SERVER, "no such socket option"},
        {":1?broadcast=1", NK_SOCKET_SERVER, "no such socket option"},
        {"udp://:1?nodelay=1", NK_SOCKET_SERVER, "no such socket option"},
        {"unix:/x?nodelay=1", NK_SOCKET_CLIENT, "no such socket option"},
        {"unix:/x?source=/y", NK_SOCKET_CLIENT, "no such socket option"},
        {"unix-dgram:/x?source-port=1", NK_SOCKET_CLIENT, "no such socket option"},
        {"udp://239.1.2.3:1?join=239.1.2.3", NK_SOCKET_SERVER, NULL},
        {"udp://0.0.0.0:1?join=239.1.2.3", NK_SOCKET_SERVER, NULL},
        {"udp://127.0.0.1:1?join=239.1.2.3", NK_SOCKET_SERVER, "listen on every address"},
        {"udp://localhost:1?join=239.1.2.3", NK_SOCKET_SERVER, "listen on every address"},
        {"udp://239.1.2.3:1?join=239.1.2.3", NK_SOCKET_CLIENT, NULL},
        {"tcp://:1?source=127.0.0.1", NK_SOCKET_SERVER, "for clients"},
        {"udp://:1?source-port=5", NK_SOCKET_SERVER, "for clients"},
        {"127.0.0.1:1?source=::1", NK_SOCKET_CLIENT, "of another family"},
        {"udp://[::1]:1?source=127.0.0.1", NK_SOCKET_CLIENT, "of another family"},
        {"udp://[::1]:1?source=/x", NK_SOCKET_CLIENT, "of another family"},
        {"unix-dgram:/x?source=127.0.0.1", NK_SOCKET_CLIENT, "of another family"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_address address;
        const char *reason = NULL;

        assert_int_equal(nk_address_parse(&address, cases[i].address, &reason), 0);
        int result = nk_socket_options_check_for(&address, cases[i].role, &reason);
        if (result != (cases[i].reason ? -EINVAL : 0))
            fail_msg("'%s': %s", cases[i].address, reason ? reason : "accepted");
        if (cases[i].reason && !strstr(reason, cases[i].reason))
            fail_msg("'%s' is refused with: %s", cases[i].address, reason);
    }
}

/* The client would come from somewhere else than it was told to. */
static void the_source_is_found_in_the_text(void **state)
{
    struct nk_source_address source = {.port = 77};
    char text[NK_SOCKADDR_TEXT_MAX];

    (void)state;
    assert_int_equal(nk_socket_options_source("ttl=", &source), -EINVAL);
    assert_int_equal(nk_socket_options_source("source=fe80::1%no-such-dev", &source), -ENODEV);
    assert_int_equal(source.port, 77);
    assert_int_equal(nk_socket_options_source("", &source), 0);
    assert_int_equal(source.address.len, 0);
    assert_int_equal(source.port, 0);
    assert_int_equal(nk_socket_options_source("ttl=5&source-port=12&ttl=6", &source), 0);
    assert_int_equal(source.address.len, 0);
    assert_int_equal(source.port, 12);
    assert_int_equal(nk_socket_options_source("source=[::1]:34&ttl=5", &source), 0);
    assert_string_equal(nk_sockaddr_print(&source.address, text), "[::1]:34");
    assert_int_equal(source.port, 0);

    assert_int_equal(nk_socket_options_refuse_source("ttl=5"), 0);
    assert_int_equal(nk_socket_options_refuse_source("source=127.0.0.1"), -EINVAL);
    assert_int_equal(nk_socket_options_refuse_source("source-port=1"), -EINVAL);
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

/* What -vv shows would be of another socket than the one that is used. */
static void options_are_printed(void **state)
{
    static const char settings[] = "rcvbuf=64k&ttl=7&keepidle=2m&user-timeout=1500ms&nodelay=on"
                                   "&congestion=reno";
    static const char *const expected[] = {
        "rcvbuf=131072",        "&sndbuf=",   "&ttl=7&",         "&keepidle=120s",
        "&user-timeout=1500ms", "&nodelay=1", "&congestion=reno"};
    char text[NK_SOCKET_OPTIONS_TEXT_MAX];
    const char *failed_key;
    int fd = nk_socket_open(AF_INET, SOCK_STREAM);

    (void)state;
    assert_int_equal(nk_socket_options_apply(fd, settings, &failed_key), 0);
    nk_socket_options_print(fd, text);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(expected); i++)
        assert_non_null(strstr(text, expected[i]));
    assert_null(strstr(text, "broadcast"));
    nk_socket_close(fd);
    fd = nk_socket_open(AF_UNIX, SOCK_STREAM);
    assert_memory_equal(nk_socket_options_print(fd, text), "sndbuf=", 7);
    assert_null(strchr(text, '&'));
    nk_socket_close(fd);
    assert_string_equal(nk_socket_options_print(-1, text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts_are_accepted),
        cmocka_unit_test(bad_texts_are_refused_with_a_reason),
        cmocka_unit_test(values_reach_a_tcp_socket),
        cmocka_unit_test(ipv6_sockets_get_both_families_of_options),
        cmocka_unit_test(senseless_options_are_no_protocol_options),
        cmocka_unit_test(values_reach_a_datagram_socket),
        cmocka_unit_test(options_are_checked_against_their_address),
        cmocka_unit_test(the_source_is_found_in_the_text),
        cmocka_unit_test(refusal_of_the_kernel_names_the_key),
        cmocka_unit_test(no_socket_is_reported),
        cmocka_unit_test(options_are_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
