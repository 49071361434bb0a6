/* Networks from text, and who is in them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "service/access_set.h"

static struct nk_sockaddr address_of(const char *text)
{
    struct nk_sockaddr address;

    assert_int_equal(nk_sockaddr_from_numeric(&address, text, 4711), 0);
    return address;
}

static bool set_has(const struct access_set *set, const char *text)
{
    struct nk_sockaddr address = address_of(text);

    return access_set_contains(set, &address);
}

static struct access_set set_of(const char *lines)
{
    struct access_set set;
    struct access_mistake mistake;

    access_set_init(&set);
    assert_int_equal(access_set_add_lines(&set, nk_slice_of_string(lines), &mistake), 0);
    access_set_seal(&set);
    return set;
}

/* A client just outside of a network would be let in, one at its edge kept out. */
static void a_network_has_two_edges(void **state)
{
    static const struct {
        const char *network;
        const char *before; /* NULL: there is none */
        const char *first;
        const char *last;
        const char *behind;
    } cases[] = {
        {"10.0.0.0/8", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
        {"10.1.2.0/23", "10.1.1.255", "10.1.2.0", "10.1.3.255", "10.1.4.0"},
        {"10.1.2.3", "10.1.2.2", "10.1.2.3", "10.1.2.3", "10.1.2.4"},
        {"10.1.2.3/32", "10.1.2.2", "10.1.2.3", "10.1.2.3", "10.1.2.4"},
        {"128.0.0.0/1", "127.255.255.255", "128.0.0.0", "255.255.255.255", NULL},
        {"0.0.0.0/0", NULL, "0.0.0.0", "255.255.255.255", NULL},
        {"2001:db8::/32", "2001:db7:ffff::ffff", "2001:db8::", "2001:db8:ffff::ffff", "2001:db9::"},
        {"fe80::/10", "fe7f::1", "fe80::1", "febf::1", "fec0::"},
        {"::1", "::", "::1", "::1", "::2"},
        {"::/0", NULL, "::", "ffff::1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct access_set set = set_of(cases[i].network);

        assert_true(set_has(&set, cases[i].first));
        assert_true(set_has(&set, cases[i].last));
        assert_false(cases[i].before && set_has(&set, cases[i].before));
        assert_false(cases[i].behind && set_has(&set, cases[i].behind));
        access_set_deinit(&set);
    }
}

/* An IPv4 client of a socket for both families would pass by every IPv4 rule, or
 * be let in by a rule about all of IPv6. */
static void a_mapped_address_is_an_ipv4_address(void **state)
{
    struct access_set v4 = set_of("10.0.0.0/8");
    struct access_set mapped = set_of("::ffff:10.0.0.0/104\n::ffff:192.168.0.1");
    struct access_set v6 = set_of("::/0");

    (void)state;
    assert_true(set_has(&v4, "::ffff:10.1.2.3"));
    assert_false(set_has(&v4, "::ffff:11.1.2.3"));
    assert_false(set_has(&v4, "::10.1.2.3"));
    assert_true(set_has(&mapped, "10.1.2.3"));
    assert_true(set_has(&mapped, "192.168.0.1"));
    assert_false(set_has(&mapped, "192.168.0.2"));
    assert_true(set_has(&v6, "::1"));
    assert_false(set_has(&v6, "10.1.2.3"));
    assert_false(set_has(&v6, "::ffff:10.1.2.3"));
    access_set_deinit(&v4);
    access_set_deinit(&mapped);
    access_set_deinit(&v6);
}

/* The binary search would end in a small network and miss the larger one that
 * begins before it. */
static void networks_may_lie_in_each_other(void **state)
{
    struct access_set set = set_of("10.1.0.0/16\n10.0.0.0/8\n10.1.2.3\n10.1.0.0/16\n12.0.0.0/8");

    (void)state;
    assert_true(set_has(&set, "10.0.0.1"));
    assert_true(set_has(&set, "10.1.2.3"));
    assert_true(set_has(&set, "10.200.0.1"));
    assert_false(set_has(&set, "11.0.0.1"));
    assert_true(set_has(&set, "12.0.0.1"));
    access_set_deinit(&set);
}

/* Somebody would be admitted by a set that holds nobody, or for a path that looks
 * like an address to the eye. */
static void an_empty_set_holds_nobody(void **state)
{
    struct access_set set = set_of("");
    struct nk_sockaddr path;

    (void)state;
    assert_int_equal(nk_sockaddr_from_unix_path(&path, "10.0.0.1"), 0);
    assert_false(set_has(&set, "10.0.0.1"));
    assert_false(set_has(&set, "::1"));
    assert_false(access_set_contains(&set, &path));
    access_set_deinit(&set);
}

/* A line that is a comment, ends as on Windows or is the last one without an end
 * would be refused, or the mistake be looked for in the wrong line. */
static void lines_have_comments_and_blanks(void **state)
{
    struct access_set set = set_of("# friends\r\n\n \t\n10.0.0.1 # one\r\n\t10.0.0.2\t\r\n#\n"
                                   "10.0.0.3#three\n10.0.0.4");
    struct access_mistake mistake;

    (void)state;
    assert_true(set_has(&set, "10.0.0.1") && set_has(&set, "10.0.0.2"));
    assert_true(set_has(&set, "10.0.0.3") && set_has(&set, "10.0.0.4"));
    assert_false(set_has(&set, "10.0.0.5"));
    access_set_deinit(&set);
    assert_int_equal(access_set_add_lines(&set, nk_slice_of_string("::1\n\n# x\nlocalhost \n"),
                                          &mistake),
                     -EINVAL);
    assert_int_equal(mistake.line, 4);
    assert_true(nk_slice_equal(mistake.item, nk_slice_of_string("localhost")));
    access_set_deinit(&set);
}

/* A slip of the pen would become a network that nobody meant. */
static void wrong_networks_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        " ",
        "x",
        "localhost",
        "10",
        "10.0.0",
        "10.0.0.256",
        "10.0.0.010",
        "10.0.0.1.",
        "10.0.0.1:80",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/8 ",
        "10.0.0.0/8/8",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/18446744073709551624",
        "10.0.0.7/8",
        "::/129",
        "::1/127",
        "2001:db8::1/32",
        "::ffff:10.0.0.1/100",
        "[::1]",
        "fe80::1%lo",
        "1:2:3:4:5:6:7:8:9",
        "1111:2222:3333:4444:5555:6666:255.255.255.2555",
        "0x7f.0.0.1",
        "@friends",
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(wrong); i++) {
        struct access_network network = {.prefix = 77};
        const char *problem = NULL;

        assert_int_equal(access_network_parse(nk_slice_of_string(wrong[i]), &network, &problem),
                         -EINVAL);
        assert_non_null(problem);
        assert_int_equal(network.prefix, 77);
    }
    assert_int_equal(access_network_parse(nk_slice_make("::1\0x", 5), &(struct access_network){0},
                                          &(const char *){NULL}),
                     -EINVAL);
}

/* "a,,b" or "a," would be one item short, or the blanks part of one. */
static void items_stand_between_separators(void **state)
{
    static const char *const expected[] = {"a", "", "b c", ""};
    struct nk_slice rest = nk_slice_of_string(" a ,,\tb c,");
    struct nk_slice item;
    size_t count = 0;

    (void)state;
    while (access_next_item(&rest, ',', &item)) {
        assert_true(count < NK_ARRAY_LENGTH(expected));
        assert_true(nk_slice_equal(item, nk_slice_of_string(expected[count])));
        count++;
    }
    assert_int_equal(count, NK_ARRAY_LENGTH(expected));
    rest = nk_slice_of_string("");
    assert_true(access_next_item(&rest, ',', &item));
    assert_int_equal(item.len, 0);
    assert_false(access_next_item(&rest, ',', &item));
}

/* A list of the size that people download would take minutes, or memory without
 * bound; or be searched wrongly where a small one is not. */
static void a_list_may_be_long_but_not_endless(void **state)
{
    enum { NETWORKS = 100000 };
    struct access_set set;
    struct access_mistake mistake;
    char text[32];

    (void)state;
    access_set_init(&set);
    for (unsigned i = 0; i < NETWORKS; i++) { /* every other /24, in no order */
        unsigned number = i * 7919u % NETWORKS * 2;

        snprintf(text, sizeof text, "%u.%u.%u.0/24", number >> 16, number >> 8 & 255, number & 255);
        assert_int_equal(access_set_add(&set, nk_slice_of_string(text), &mistake), 0);
    }
    access_set_seal(&set);
    for (uint32_t i = 0; i < NETWORKS * 2; i++) {
        struct nk_sockaddr address = address_of("0.0.0.0");

        address.v4.sin_addr.s_addr = htonl(i << 8 | (i & 255));
        assert_int_equal(access_set_contains(&set, &address), i % 2 == 0);
    }
    for (size_t i = NETWORKS; i < ACCESS_NETWORKS_MAX; i++)
        assert_int_equal(access_set_add(&set, nk_slice_of_string("::1"), &mistake), 0);
    assert_int_equal(access_set_add(&set, nk_slice_of_string("::1"), &mistake), -E2BIG);
    assert_non_null(mistake.problem);
    access_set_deinit(&set);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_has_two_edges),
        cmocka_unit_test(a_mapped_address_is_an_ipv4_address),
        cmocka_unit_test(networks_may_lie_in_each_other),
        cmocka_unit_test(an_empty_set_holds_nobody),
        cmocka_unit_test(lines_have_comments_and_blanks),
        cmocka_unit_test(wrong_networks_are_refused),
        cmocka_unit_test(items_stand_between_separators),
        cmocka_unit_test(a_list_may_be_long_but_not_endless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
