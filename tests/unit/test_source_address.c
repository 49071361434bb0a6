/* From where a client connects: what people write, and what is bound for it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "os/source_address.h"

static void numeric_hosts_and_unix_names_are_read(void **state)
{
    static const struct {
        const char *text;
        const char *printed;
    } rows[] = {
        {"127.0.0.2", "127.0.0.2:0"},
        {"127.0.0.2:5000", "127.0.0.2:5000"},
        {"::1", "[::1]:0"},
        {"[::1]", "[::1]:0"},
        {"[::1]:5000", "[::1]:5000"},
        {"/run/me", "/run/me"},
        {"@me", "@me"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        struct nk_sockaddr address;
        char text[NK_SOCKADDR_TEXT_MAX];

        assert_int_equal(nk_source_address_parse(&address, nk_slice_of_string(rows[i].text)), 0);
        assert_string_equal(nk_sockaddr_print(&address, text), rows[i].printed);
    }
}

/* A name would have to be looked up; a lone number could be meant as a port. */
static void anything_else_is_refused(void **state)
{
    char too_long[NK_ADDRESS_UNIX_MAX + 2] = "/";
    const char *const texts[] = {
        "",     "host",   "localhost:80",    "5000",    ":5000",  "*:5000", "tcp://127.0.0.1", "@",
        "::1:", "[::1]:", "127.0.0.1:99999", "unix:/x", too_long,
    };
    struct nk_sockaddr address = {.len = 77};

    (void)state;
    memset(too_long + 1, 'x', NK_ADDRESS_UNIX_MAX);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(texts); i++)
        if (nk_source_address_parse(&address, nk_slice_of_string(texts[i])) != -EINVAL)
            fail_msg("'%s' is accepted", texts[i]);
    assert_int_equal(nk_source_address_parse(&address, nk_slice_of_string("fe80::1%no-such-dev")),
                     -ENODEV);
    assert_int_equal(address.len, 77);
}

static void assert_bound(const struct nk_source_address *source, int family, const char *printed)
{
    struct nk_sockaddr local;
    char text[NK_SOCKADDR_TEXT_MAX];

    assert_int_equal(nk_source_address_for(source, family, &local), 1);
    assert_string_equal(nk_sockaddr_print(&local, text), printed);
}

static void what_is_bound_depends_on_the_family(void **state)
{
    struct nk_source_address source = {0};
    struct nk_sockaddr local;

    (void)state;
    assert_int_equal(nk_source_address_for(&source, AF_INET, &local), 0);
    source.port = 5000;
    assert_bound(&source, AF_INET, "0.0.0.0:5000");
    assert_bound(&source, AF_INET6, "[::]:5000");
    assert_int_equal(nk_source_address_for(&source, AF_UNIX, &local), 0);
    assert_int_equal(nk_source_address_parse(&source.address, nk_slice_of_string("127.0.0.2:1234")),
                     0);
    assert_bound(&source, AF_INET, "127.0.0.2:5000");
    source.port = 0;
    assert_bound(&source, AF_INET, "127.0.0.2:1234");
    assert_int_equal(nk_source_address_for(&source, AF_INET6, &local), -EAFNOSUPPORT);
    assert_int_equal(nk_source_address_for(&source, AF_UNIX, &local), -EAFNOSUPPORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_hosts_and_unix_names_are_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(what_is_bound_depends_on_the_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
