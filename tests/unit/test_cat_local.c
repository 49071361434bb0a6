/* The addresses that `netkit listen` binds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "cat/cat_local.h"

static struct {
    int failures;
    int error;
    char told[CAT_ADDRESS_TEXT_MAX];
} seen;

static struct {
    int count;
    char first[NK_SOCKADDR_TEXT_MAX];
    bool v6_only;
    int error_v6; /* of every IPv6 address */
} bound;

static void on_failed(void *context, const char *action, const char *object, int error)
{
    (void)context;
    (void)object;
    assert_string_equal(action, "listen on");
    seen.failures++;
    seen.error = error;
}

static void on_listening(void *context, const char *address)
{
    (void)context;
    snprintf(seen.told, sizeof seen.told, "%s", address);
}

static const struct cat_reporter reporter = {.failed = on_failed, .listening = on_listening};

static int bind_here(void *context, const struct nk_sockaddr *local, bool v6_only,
                     struct nk_sockaddr *out)
{
    assert_ptr_equal(context, &bound);
    if (bound.error_v6 && local->any.sa_family == AF_INET6)
        return bound.error_v6;
    if (bound.count++ == 0) {
        nk_sockaddr_print(local, bound.first);
        bound.v6_only = v6_only;
    }
    *out = *local;
    return 0;
}

/* Binds the address; returns how many were bound, or why none was. */
static int bind_all(const char *text, int family, int error_v6)
{
    struct cat_options options = CAT_OPTIONS_DEFAULT;
    struct cat_run run;
    const char *reason;

    assert_int_equal(nk_address_parse(&options.address, text, &reason), 0);
    options.family = family;
    memset(&seen, 0, sizeof seen);
    memset(&bound, 0, sizeof bound);
    bound.error_v6 = error_v6;
    assert_int_equal(cat_run_open(&run, &options, &reporter), EXIT_STATUS_OK);
    bool went_well = cat_local_bind(&run, bind_here, &bound);
    assert_int_equal(seen.failures, went_well ? 0 : 1);
    assert_int_equal(cat_run_close(&run), went_well ? EXIT_STATUS_OK : EXIT_STATUS_CANNOT_LISTEN);
    return went_well ? bound.count : seen.error;
}

/* -4 would listen on IPv6, too, or -6 on IPv4; or not at all. */
static void the_family_is_heeded(void **state)
{
    static const struct {
        const char *text;
        int family;
        int count;
        const char *first;
        bool v6_only;
    } cases[] = {
        {"tcp://localhost:7", AF_UNSPEC, 2, "127.0.0.1:7", true},
        {"tcp://localhost:7", AF_INET, 1, "127.0.0.1:7", true},
        {"tcp://localhost:7", AF_INET6, 1, "[::1]:7", true},
        {"udp://:7", AF_UNSPEC, 1, "[::]:7", false},
        {"udp://:7", AF_INET, 1, "0.0.0.0:7", true},
        {"udp://:7", AF_INET6, 1, "[::]:7", true},
        {"tcp://[::]:7", AF_UNSPEC, 1, "[::]:7", false},
        {"udp://127.0.0.1:7", AF_INET6, -EAFNOSUPPORT, "", false},
        {"unix-dgram:/x", AF_UNSPEC, 1, "/x", true},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        assert_int_equal(bind_all(cases[i].text, cases[i].family, 0), cases[i].count);
        assert_string_equal(bound.first, cases[i].first);
        assert_int_equal(bound.v6_only, cases[i].v6_only);
    }
}

/* Without IPv6 nobody could be listened to, or -6 would mean IPv4. */
static void ipv6_may_be_missing(void **state)
{
    (void)state;
    assert_int_equal(bind_all("tcp://:7", AF_UNSPEC, -EAFNOSUPPORT), 1);
    assert_string_equal(bound.first, "0.0.0.0:7");
    assert_int_equal(bind_all("tcp://:7", AF_INET6, -EAFNOSUPPORT), -EAFNOSUPPORT);
    assert_int_equal(bound.count, 0);
}

/* Nobody would know where to connect. */
static void an_address_is_told_with_its_scheme(void **state)
{
    struct cat_options options = CAT_OPTIONS_DEFAULT;
    const struct cat_run run = {.options = &options, .reporter = &reporter};
    struct nk_sockaddr address;

    (void)state;
    options.address.scheme = NK_SCHEME_UDP;
    assert_int_equal(nk_sockaddr_from_numeric(&address, "::1", 7), 0);
    cat_local_announce(&run, &address);
    cat_local_announced(&run);
    assert_string_equal(seen.told, "udp://[::1]:7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_family_is_heeded),
        cmocka_unit_test(ipv6_may_be_missing),
        cmocka_unit_test(an_address_is_told_with_its_scheme),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
