/* The step from an address to what the kernel takes: a wrong length or byte
 * order here binds the wrong port or another abstract name. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "os/sockaddr.h"

static void assert_prints(const struct nk_sockaddr *sockaddr, const char *expected)
{
    char text[NK_SOCKADDR_TEXT_MAX];

    assert_ptr_equal(nk_sockaddr_print(sockaddr, text), text);
    assert_string_equal(text, expected);
}

static struct nk_sockaddr numeric(const char *host, uint16_t port)
{
    struct nk_sockaddr sockaddr;

    assert_int_equal(nk_sockaddr_from_numeric(&sockaddr, host, port), 0);
    return sockaddr;
}

static struct nk_sockaddr unix_path(const char *path)
{
    struct nk_sockaddr sockaddr;

    assert_int_equal(nk_sockaddr_from_unix_path(&sockaddr, path), 0);
    return sockaddr;
}

static void numeric_hosts_print_as_written(void **state)
{
    static const struct {
        const char *host;
        const char *printed;
        int family;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1:80", AF_INET},
        {"0.0.0.0", "0.0.0.0:80", AF_INET},
        {"255.255.255.255", "255.255.255.255:80", AF_INET},
        {"::1", "[::1]:80", AF_INET6},
        {"::", "[::]:80", AF_INET6},
        {"2001:DB8:0:0::1", "[2001:db8::1]:80", AF_INET6},
        {"::ffff:1.2.3.4", "[::ffff:1.2.3.4]:80", AF_INET6},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80", AF_INET6},
        {"fe80::1%lo", "[fe80::1%lo]:80", AF_INET6},
        {"fe80::1%4294967295", "[fe80::1%4294967295]:80", AF_INET6},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_sockaddr sockaddr = numeric(cases[i].host, 80);

        assert_int_equal(sockaddr.any.sa_family, cases[i].family);
        assert_int_equal(sockaddr.len, cases[i].family == AF_INET ? sizeof(struct sockaddr_in)
                                                                  : sizeof(struct sockaddr_in6));
        assert_prints(&sockaddr, cases[i].printed);
    }
}

/* The kernel's byte order is not the host's. */
static void port_is_stored_in_network_order(void **state)
{
    struct nk_sockaddr v4 = numeric("127.0.0.1", 0x1234);
    struct nk_sockaddr v6 = numeric("::1", 0x1234);
    struct nk_sockaddr un = unix_path("/a");

    (void)state;
    assert_int_equal(v4.v4.sin_port, htons(0x1234));
    assert_int_equal(v6.v6.sin6_port, htons(0x1234));
    assert_int_equal(nk_sockaddr_port(&v4), 0x1234);
    assert_int_equal(nk_sockaddr_port(&v6), 0x1234);
    assert_int_equal(nk_sockaddr_port(&un), 0);
    nk_sockaddr_set_port(&v4, 65535);
    nk_sockaddr_set_port(&v6, 1);
    nk_sockaddr_set_port(&un, 99);
    assert_prints(&v4, "127.0.0.1:65535");
    assert_prints(&v6, "[::1]:1");
    assert_prints(&un, "/a");
}

/* A name that slipped through here would never be resolved. */
static void names_and_malformed_hosts_are_not_numeric(void **state)
{
    static const char *const hosts[] = {
        "",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        " 127.0.0.1",
        "127.0.0.1 ",
        "127.1",
        "0x7f.0.0.1",
        "[::1]",
        ":::",
        "::1:",
        "1.2.3.4%lo",
        "12345::",
        "%lo",
        "::1::2",
        "1:2:3:4:5:6:7:8:9",
        "8080",
        "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555",
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(hosts); i++) {
        struct nk_sockaddr sockaddr;
        struct nk_sockaddr before;

        memset(&before, 0xa5, sizeof before);
        sockaddr = before;
        if (nk_sockaddr_from_numeric(&sockaddr, hosts[i], 80) != -EINVAL)
            fail_msg("'%s' is taken for numeric", hosts[i]);
        assert_memory_equal(&sockaddr, &before, sizeof sockaddr);
    }
}

/* Ignoring a zone would send link-local traffic to another network. */
static void zone_is_an_interface_of_this_machine(void **state)
{
    struct nk_sockaddr sockaddr = numeric("fe80::1%lo", 80);
    char by_number[40];

    (void)state;
    assert_int_equal(sockaddr.v6.sin6_scope_id, if_nametoindex("lo"));
    (void)snprintf(by_number, sizeof by_number, "fe80::1%%%u", if_nametoindex("lo"));
    struct nk_sockaddr same = numeric(by_number, 80);
    assert_true(nk_sockaddr_equal(&sockaddr, &same));
    assert_int_equal(nk_sockaddr_from_numeric(&sockaddr, "fe80::1%nosuchif", 80), -ENODEV);
    assert_int_equal(nk_sockaddr_from_numeric(&sockaddr, "fe80::1%", 80), -ENODEV);
    assert_int_equal(nk_sockaddr_from_numeric(&sockaddr, "fe80::1%0", 80), -ENODEV);
    assert_int_equal(nk_sockaddr_from_numeric(&sockaddr, "fe80::1%4294967296", 80), -ENODEV);
    assert_true(nk_sockaddr_equal(&sockaddr, &same));
}

static void wildcards_print_as_such(void **state)
{
    struct nk_sockaddr sockaddr;

    (void)state;
    nk_sockaddr_wildcard(&sockaddr, AF_INET, 80);
    assert_prints(&sockaddr, "0.0.0.0:80");
    assert_int_equal(sockaddr.len, sizeof(struct sockaddr_in));
    nk_sockaddr_wildcard(&sockaddr, AF_INET6, 0);
    assert_prints(&sockaddr, "[::]:0");
    assert_int_equal(sockaddr.len, sizeof(struct sockaddr_in6));
}

/* A NUL too many makes an abstract name another name; one too few cuts a path. */
static void unix_lengths_are_exact(void **state)
{
    size_t offset = offsetof(struct sockaddr_un, sun_path);
    struct nk_sockaddr path = unix_path("/run/x");
    struct nk_sockaddr name = unix_path("@name");

    (void)state;
    assert_int_equal(path.any.sa_family, AF_UNIX);
    assert_int_equal(path.len, offset + 7);
    assert_string_equal(path.un.sun_path, "/run/x");
    assert_int_equal(name.len, offset + 5);
    assert_memory_equal(name.un.sun_path, "\0name", 5);
    assert_prints(&path, "/run/x");
    assert_prints(&name, "@name");
}

static void unix_path_has_a_limit(void **state)
{
    char path[NK_ADDRESS_UNIX_MAX + 2];
    struct nk_sockaddr sockaddr = {0};

    (void)state;
    for (int is_abstract = 0; is_abstract < 2; is_abstract++) {
        memset(path, 'a', sizeof path - 1);
        path[sizeof path - 1] = '\0';
        path[0] = is_abstract ? '@' : '/';
        assert_int_equal(nk_sockaddr_from_unix_path(&sockaddr, path), -ENAMETOOLONG);
        path[NK_ADDRESS_UNIX_MAX] = '\0';
        assert_int_equal(nk_sockaddr_from_unix_path(&sockaddr, path), 0);
        assert_prints(&sockaddr, path);
        assert_true(sockaddr.len <= sizeof(struct sockaddr_un));
    }
    assert_int_equal(nk_sockaddr_from_unix_path(&sockaddr, ""), -EINVAL);
    assert_int_equal(nk_sockaddr_from_unix_path(&sockaddr, "@"), -EINVAL);
}

/* A client chooses its own socket's name; it must not reach the terminal raw. */
static void unix_control_bytes_are_escaped(void **state)
{
    struct nk_sockaddr path = unix_path("/a\n\x1b[2J\x7f\xc3\xa4\\");
    struct nk_sockaddr name = unix_path("@a");

    (void)state;
    assert_prints(&path, "/a\\x0a\\x1b[2J\\x7f\xc3\xa4\\");
    name.un.sun_path[1] = '\0';
    name.un.sun_path[2] = 'b';
    name.len += 1;
    assert_prints(&name, "@\\x00b");
}

/* Every byte escaped is the longest text there is. */
static void longest_unix_name_fits(void **state)
{
    struct nk_sockaddr sockaddr = {.un = {.sun_family = AF_UNIX}};
    char text[NK_SOCKADDR_TEXT_MAX];

    (void)state;
    sockaddr.len = sizeof(struct sockaddr_un);
    assert_int_equal(strlen(nk_sockaddr_print(&sockaddr, text)), 1 + 107 * 4);
    memset(sockaddr.un.sun_path, 1, sizeof sockaddr.un.sun_path);
    assert_int_equal(strlen(nk_sockaddr_print(&sockaddr, text)), 108 * 4);
}

/* Clients of a unix server have no name at all; nor has what is no address. */
static void unnamed_and_unknown_print_as_nothing(void **state)
{
    struct nk_sockaddr unnamed = {.un = {.sun_family = AF_UNIX}, .len = sizeof(sa_family_t)};
    struct nk_sockaddr unknown = {.any = {.sa_family = AF_NETLINK}, .len = sizeof(struct sockaddr)};

    (void)state;
    memset(unnamed.un.sun_path, 'x', sizeof unnamed.un.sun_path);
    assert_prints(&unnamed, "");
    assert_prints(&unknown, "");
    assert_int_equal(nk_sockaddr_port(&unknown), 0);
}

static void equality_sees_family_host_port_and_zone(void **state)
{
    struct nk_sockaddr different[] = {
        numeric("127.0.0.1", 80), numeric("127.0.0.1", 81), numeric("127.0.0.2", 80),
        numeric("::1", 80),       numeric("::1", 81),       numeric("::2", 80),
        numeric("fe80::1", 80),   numeric("fe80::1%1", 80), numeric("::ffff:127.0.0.1", 80),
        unix_path("/a"),          unix_path("/b"),          unix_path("/ab"),
        unix_path("@a"),          unix_path("@ab"),         unix_path("a"),
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(different); i++)
        for (size_t j = 0; j < NK_ARRAY_LENGTH(different); j++) {
            struct nk_sockaddr copy = different[j];

            assert_int_equal(nk_sockaddr_equal(&different[i], &copy), i == j);
        }
}

/* The kernel counts the NUL of a path on some ways and not on others, and what
 * lies behind the name is no part of it. In an abstract name a NUL counts. */
static void unix_equality_compares_names_only(void **state)
{
    struct nk_sockaddr a = unix_path("/same");
    struct nk_sockaddr b = a;
    struct nk_sockaddr name = unix_path("@a");
    struct nk_sockaddr longer = name;

    (void)state;
    b.len -= 1;
    b.un.sun_path[5] = 'x';
    assert_true(nk_sockaddr_equal(&a, &b));
    longer.len += 1;
    assert_false(nk_sockaddr_equal(&name, &longer));
}

static int listening(const char *text, struct nk_sockaddr out[2])
{
    struct nk_address address;
    const char *reason;

    assert_int_equal(nk_address_parse(&address, text, &reason), 0);
    return nk_sockaddr_for_listening(&address, out, 2);
}

static void listening_addresses_need_no_resolver(void **state)
{
    static const struct {
        const char *text;
        int count;
        const char *first;
        const char *second;
    } cases[] = {
        {"127.0.0.1:80", 1, "127.0.0.1:80", NULL},
        {"tcp://[::1]:80", 1, "[::1]:80", NULL},
        {":80", 1, "[::]:80", NULL},
        {"*:80", 1, "[::]:80", NULL},
        {"80", 1, "[::]:80", NULL},
        {"0.0.0.0:80", 1, "0.0.0.0:80", NULL},
        {"localhost:80", 2, "127.0.0.1:80", "[::1]:80"},
        {"udp://LocalHost:80", 2, "127.0.0.1:80", "[::1]:80"},
        {"localhost", 2, "127.0.0.1:0", "[::1]:0"},
        {"unix:/run/x", 1, "/run/x", NULL},
        {"unix-dgram:@x", 1, "@x", NULL},
        {"unix-seqpacket:localhost", 1, "localhost", NULL},
        {"example.org:80", -EINVAL, NULL, NULL},
        {"localhost.example:80", -EINVAL, NULL, NULL},
        {"[fe80::1%nosuchif]:80", -ENODEV, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_sockaddr out[2];

        assert_int_equal(listening(cases[i].text, out), cases[i].count);
        if (cases[i].first)
            assert_prints(&out[0], cases[i].first);
        if (cases[i].second)
            assert_prints(&out[1], cases[i].second);
    }
}

/* A path that was not checked by the parser must not be cut to fit. */
static void listening_refuses_a_long_unix_path(void **state)
{
    struct nk_address address = {.scheme = NK_SCHEME_UNIX};
    struct nk_sockaddr out[2];

    (void)state;
    memset(address.path, 'a', 108);
    assert_int_equal(nk_sockaddr_for_listening(&address, out, 2), -ENAMETOOLONG);
}

/* An address of one machine taken for a group would make a client listen to
 * everybody, the other way round it would hear nobody. */
static void groups_are_told_from_single_addresses(void **state)
{
    static const struct {
        const char *host;
        bool is_group;
    } rows[] = {
        {"223.255.255.255", false}, {"224.0.0.0", true},
        {"239.255.255.255", true},  {"240.0.0.0", false},
        {"127.0.0.1", false},       {"255.255.255.255", false},
        {"ff02::1", true},          {"ff15::1234", true},
        {"fe80::1", false},         {"::1", false},
    };
    struct nk_sockaddr sockaddr;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        assert_int_equal(nk_sockaddr_from_numeric(&sockaddr, rows[i].host, 1), 0);
        assert_int_equal(nk_sockaddr_is_multicast(&sockaddr), rows[i].is_group);
    }
    assert_int_equal(nk_sockaddr_from_unix_path(&sockaddr, "/224.0.0.1"), 0);
    assert_false(nk_sockaddr_is_multicast(&sockaddr));
    assert_false(nk_sockaddr_is_wildcard(&sockaddr));
    assert_int_equal(nk_sockaddr_from_numeric(&sockaddr, "127.0.0.1", 1), 0);
    assert_false(nk_sockaddr_is_wildcard(&sockaddr));
    nk_sockaddr_wildcard(&sockaddr, AF_INET, 1);
    assert_true(nk_sockaddr_is_wildcard(&sockaddr));
    nk_sockaddr_wildcard(&sockaddr, AF_INET6, 1);
    assert_true(nk_sockaddr_is_wildcard(&sockaddr));
}

static void interfaces_have_names_and_numbers(void **state)
{
    uint32_t index = 77;

    (void)state;
    assert_int_equal(nk_interface_index("no-such-dev", &index), -ENODEV);
    assert_int_equal(nk_interface_index("", &index), -ENODEV);
    assert_int_equal(nk_interface_index("0", &index), -ENODEV);
    assert_int_equal(index, 77);
    assert_int_equal(nk_interface_index("lo", &index), 0);
    assert_int_equal(index, if_nametoindex("lo"));
    assert_int_equal(nk_interface_index("12", &index), 0);
    assert_int_equal(index, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_hosts_print_as_written),
        cmocka_unit_test(port_is_stored_in_network_order),
        cmocka_unit_test(names_and_malformed_hosts_are_not_numeric),
        cmocka_unit_test(zone_is_an_interface_of_this_machine),
        cmocka_unit_test(wildcards_print_as_such),
        cmocka_unit_test(unix_lengths_are_exact),
        cmocka_unit_test(unix_path_has_a_limit),
        cmocka_unit_test(unix_control_bytes_are_escaped),
        cmocka_unit_test(longest_unix_name_fits),
        cmocka_unit_test(unnamed_and_unknown_print_as_nothing),
        cmocka_unit_test(equality_sees_family_host_port_and_zone),
        cmocka_unit_test(unix_equality_compares_names_only),
        cmocka_unit_test(listening_addresses_need_no_resolver),
        cmocka_unit_test(listening_refuses_a_long_unix_path),
        cmocka_unit_test(groups_are_told_from_single_addresses),
        cmocka_unit_test(interfaces_have_names_and_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
