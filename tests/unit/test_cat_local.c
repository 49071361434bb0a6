/* The addresses that `netkit listen` binds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cat/cat_local.h"

static void parse(struct nk_address *address, const char *text)
{
    const char *reason;

    assert_int_equal(nk_address_parse(address, text, &reason), 0);
}

/* -4 would listen on IPv6, too, or -6 on IPv4; or not at all. */
static void the_family_is_heeded(void **state)
{
    static const struct {
        const char *text;
        int family;
        int count;
        const char *first;
    } cases[] = {
        {"tcp://localhost:7", AF_UNSPEC, 2, "127.0.0.1:7"},
        {"tcp://localhost:7", AF_INET, 1, "127.0.0.1:7"},
        {"tcp://localhost:7", AF_INET6, 1, "[::1]:7"},
        {"udp://:7", AF_UNSPEC, 1, "[::]:7"},
        {"udp://:7", AF_INET, 1, "0.0.0.0:7"},
        {"udp://127.0.0.1:7", AF_INET6, -EAFNOSUPPORT, NULL},
        {"udp://name.example:7", AF_UNSPEC, -EINVAL, NULL},
        {"unix-dgram:/x", AF_UNSPEC, 1, "/x"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct cat_options options = CAT_OPTIONS_DEFAULT;
        struct nk_sockaddr locals[CAT_LOCAL_MAX];
        char text[NK_SOCKADDR_TEXT_MAX];

        parse(&options.address, cases[i].text);
        options.family = cases[i].family;
        assert_int_equal(cat_local_find(&options, locals), cases[i].count);
        if (cases[i].count > 0)
            assert_string_equal(nk_sockaddr_print(&locals[0], text), cases[i].first);
    }
}

/* A machine without IPv6 could not listen on localhost, or a taken port would go
 * unnoticed. */
static void only_the_second_address_may_be_missing(void **state)
{
    (void)state;
    assert_true(cat_local_may_lack(1, -EADDRNOTAVAIL));
    assert_true(cat_local_may_lack(1, -EAFNOSUPPORT));
    assert_false(cat_local_may_lack(0, -EADDRNOTAVAIL));
    assert_false(cat_local_may_lack(1, -EADDRINUSE));
}

static const char *told;

static void on_listening(void *context, const char *address)
{
    (void)context;
    told = address;
}

/* Whoever waits for the addresses would miss one, or wait for ever. */
static void addresses_are_announced(void **state)
{
    const struct cat_reporter reporter = {.listening = on_listening};
    struct cat_options options = CAT_OPTIONS_DEFAULT;
    const struct cat_run run = {.options = &options, .reporter = &reporter};
    char text[64] = "";
    int ends[2];

    (void)state;
    cat_local_announce(&run, "udp://127.0.0.1:1"); /* without a descriptor */
    assert_string_equal(told, "udp://127.0.0.1:1");
    cat_local_announced(&run);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    options.ready_fd = (uint64_t)ends[1];
    cat_local_announce(&run, "udp://127.0.0.1:2");
    cat_local_announce(&run, "udp://[::1]:2");
    cat_local_announced(&run);
    assert_int_equal(read(ends[0], text, sizeof text - 1), 32);
    assert_string_equal(text, "udp://127.0.0.1:2\nudp://[::1]:2\n");
    assert_int_equal(read(ends[0], text, 1), 0); /* it is closed */
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_family_is_heeded),
        cmocka_unit_test(only_the_second_address_may_be_missing),
        cmocka_unit_test(addresses_are_announced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
