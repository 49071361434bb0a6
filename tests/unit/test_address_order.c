/* The order in which addresses are tried, as a table (RFC 8305, section 4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "net/address_order.h"

#define COUNT_MAX 64

/* '4' and '6' are families; the addresses are told apart by their ports, which
 * are their places in the input. */
static void make(struct nk_sockaddr *addresses, const char *families)
{
    for (size_t i = 0; families[i]; i++)
        nk_sockaddr_wildcard(&addresses[i], families[i] == '4' ? AF_INET : AF_INET6, (uint16_t)i);
}

static void assert_order(const char *families, const char *expected)
{
    struct nk_sockaddr addresses[COUNT_MAX];
    size_t count = strlen(families);
    int last[2] = {-1, -1};

    make(addresses, families);
    nk_address_order_interleave(addresses, count);
    for (size_t i = 0; i < count; i++) {
        bool is_v4 = addresses[i].any.sa_family == AF_INET;
        uint16_t place = nk_sockaddr_port(&addresses[i]);

        if ((expected[i] == '4') != is_v4)
            fail_msg("%s: wrong family at %zu, expected %s", families, i, expected);
        assert_int_equal(families[place] == '4', is_v4); /* an address keeps its bytes */
        assert_true(place > last[is_v4]);                /* and its place in its family */
        last[is_v4] = place;
    }
}

/* A family that leads nowhere must not hold up the other one, and the advice of
 * the system (first family, order within a family) must be followed. */
static void families_take_turns(void **state)
{
    static const struct {
        const char *families;
        const char *expected;
    } rows[] = {
        {"", ""},
        {"4", "4"},
        {"6", "6"},
        {"46", "46"},
        {"64", "64"},
        {"66", "66"},
        {"6644", "6464"},
        {"4466", "4646"},
        {"666444", "646464"},
        {"6664", "6466"},
        {"6444", "6444"},
        {"4666", "4666"},
        {"66664", "64666"},
        {"44466666", "46464666"},
        {"646464", "646464"},
        {"664466", "646466"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++)
        assert_order(rows[i].families, rows[i].expected);
}

/* As many as a look-up can give: nothing is lost at the ends. */
static void a_full_list_is_ordered(void **state)
{
    char families[COUNT_MAX + 1] = "";
    char expected[COUNT_MAX + 1] = "";

    (void)state;
    memset(families, '6', COUNT_MAX / 2);
    memset(families + COUNT_MAX / 2, '4', COUNT_MAX / 2);
    for (size_t i = 0; i < COUNT_MAX; i++)
        expected[i] = i % 2 == 0 ? '6' : '4';
    assert_order(families, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_take_turns),
        cmocka_unit_test(a_full_list_is_ordered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
