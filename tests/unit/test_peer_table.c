/* Who has sent something lately, and in which order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "net/peer_table.h"

static struct nk_sockaddr address_of(uint16_t port)
{
    struct nk_sockaddr address;

    assert_int_equal(
        nk_sockaddr_from_numeric(&address, port % 2 ? "192.0.2.1" : "2001:db8::1", port), 0);
    return address;
}

static struct nk_peer *add(struct nk_peer_table *table, uint16_t port, uint64_t now)
{
    struct nk_sockaddr address = address_of(port);

    assert_null(nk_peer_table_find(table, &address));
    return nk_peer_table_add(table, &address, now);
}

/* A peer would be taken for another one, or not be found again. */
static void every_peer_is_found(void **state)
{
    enum { COUNT = 5000 };
    struct nk_peer_table table;
    static struct nk_peer *peers[COUNT];

    (void)state;
    nk_peer_table_init(&table, COUNT, 0);
    for (uint16_t i = 0; i < COUNT; i++)
        assert_non_null(peers[i] = add(&table, (uint16_t)(i + 1), i));
    for (uint16_t i = 0; i < COUNT; i++) {
        struct nk_sockaddr address = address_of((uint16_t)(i + 1));

        assert_ptr_equal(nk_peer_table_find(&table, &address), peers[i]);
    }
    for (uint16_t i = 0; i < COUNT; i += 2)
        nk_peer_table_remove(&table, peers[i]);
    for (uint16_t i = 0; i < COUNT; i++) {
        struct nk_sockaddr address = address_of((uint16_t)(i + 1));

        assert_ptr_equal(nk_peer_table_find(&table, &address), i % 2 ? peers[i] : NULL);
    }
    nk_peer_table_deinit(&table);
}

/* Strangers with forged addresses would fill the memory. */
static void the_table_has_a_limit(void **state)
{
    struct nk_peer_table table;

    (void)state;
    nk_peer_table_init(&table, 2, 0);
    struct nk_peer *first = add(&table, 1, 0);
    assert_non_null(add(&table, 2, 0));
    assert_true(nk_peer_table_is_full(&table));
    assert_null(add(&table, 3, 0));
    nk_peer_table_remove(&table, first);
    assert_non_null(add(&table, 3, 0));
    nk_peer_table_deinit(&table);
}

/* The peer that is thrown out would be one that is still talking. */
static void the_oldest_is_the_one_not_seen_for_longest(void **state)
{
    struct nk_peer_table table;

    (void)state;
    nk_peer_table_init(&table, 10, 0);
    assert_null(nk_peer_table_oldest(&table));
    struct nk_peer *one = add(&table, 1, 10);
    struct nk_peer *two = add(&table, 2, 20);
    struct nk_peer *three = add(&table, 3, 30);
    assert_ptr_equal(nk_peer_table_oldest(&table), one);
    nk_peer_table_touch(&table, one, 40);
    assert_int_equal(one->last_seen, 40);
    assert_ptr_equal(nk_peer_table_oldest(&table), two);
    assert_ptr_equal(nk_peer_table_next(&table, two), three);
    assert_ptr_equal(nk_peer_table_next(&table, three), one);
    assert_null(nk_peer_table_next(&table, one));
    nk_peer_table_deinit(&table);
}

/* A handler would find the state of an earlier peer, or write over the next. */
static void sessions_are_zero_and_apart(void **state)
{
    struct nk_peer_table table;
    static const char zeros[100];

    (void)state;
    nk_peer_table_init(&table, 10, sizeof zeros);
    struct nk_peer *one = add(&table, 1, 0);
    memset(one->session, 'x', sizeof zeros);
    struct nk_peer *two = add(&table, 2, 0);
    assert_memory_equal(two->session, zeros, sizeof zeros);
    assert_int_equal((uintptr_t)two->session % _Alignof(max_align_t), 0);
    nk_peer_table_remove(&table, one);
    one = add(&table, 1, 0);
    assert_memory_equal(one->session, zeros, sizeof zeros);
    nk_peer_table_deinit(&table);
}

/* Unix peers of paths, abstract names and other lengths are peers, too. */
static void unix_names_are_peers(void **state)
{
    static const char *const names[] = {"/a", "/ab", "@a", "@ab", "/a/rather/long/path/of/a/peer"};
    struct nk_peer_table table;
    struct nk_peer *peers[NK_ARRAY_LENGTH(names)];

    (void)state;
    nk_peer_table_init(&table, 10, 0);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < NK_ARRAY_LENGTH(names); i++) {
            struct nk_sockaddr address;

            assert_int_equal(nk_sockaddr_from_unix_path(&address, names[i]), 0);
            if (round == 0)
                peers[i] = nk_peer_table_add(&table, &address, 0);
            assert_ptr_equal(nk_peer_table_find(&table, &address), peers[i]);
        }
    }
    nk_peer_table_deinit(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_peer_is_found),
        cmocka_unit_test(the_table_has_a_limit),
        cmocka_unit_test(the_oldest_is_the_one_not_seen_for_longest),
        cmocka_unit_test(sessions_are_zero_and_apart),
        cmocka_unit_test(unix_names_are_peers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
