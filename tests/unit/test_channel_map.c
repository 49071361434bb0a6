/* Descriptor -> channel: what keeps a stale event from reaching anybody. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "reactor/channel_map.h"

/* A new map must answer NULL for everything, also for numbers it has no room for. */
static void empty_map_knows_nobody(void **state)
{
    struct nk_channel_map map;

    (void)state;
    nk_channel_map_init(&map);
    assert_null(nk_channel_map_get(&map, 0));
    assert_null(nk_channel_map_get(&map, 1000000));
    assert_null(nk_channel_map_get(&map, -1));
    nk_channel_map_remove(&map, 7);
    nk_channel_map_remove(&map, -1);
    nk_channel_map_deinit(&map);
}

/* Growing must keep what is there and give only empty new slots. */
static void growing_keeps_channels_and_adds_empty_slots(void **state)
{
    struct nk_channel_map map;
    struct nk_channel low;
    struct nk_channel high;

    (void)state;
    nk_channel_map_init(&map);
    assert_int_equal(nk_channel_map_set(&map, 3, &low), 0);
    assert_int_equal(nk_channel_map_set(&map, 5000, &high), 0);
    assert_ptr_equal(nk_channel_map_get(&map, 3), &low);
    assert_ptr_equal(nk_channel_map_get(&map, 5000), &high);
    for (int fd = 4; fd < 5000; fd++)
        assert_null(nk_channel_map_get(&map, fd));
    nk_channel_map_deinit(&map);
}

/* A reused number must lead to its new owner only, a removed one to nobody. */
static void a_slot_can_be_emptied_and_reused(void **state)
{
    struct nk_channel_map map;
    struct nk_channel first;
    struct nk_channel second;

    (void)state;
    nk_channel_map_init(&map);
    assert_int_equal(nk_channel_map_set(&map, 9, &first), 0);
    nk_channel_map_remove(&map, 9);
    assert_null(nk_channel_map_get(&map, 9));
    assert_int_equal(nk_channel_map_set(&map, 9, &second), 0);
    assert_ptr_equal(nk_channel_map_get(&map, 9), &second);
    nk_channel_map_deinit(&map);
}

/* A failed socket call's -1 must not become an index. */
static void a_negative_descriptor_is_refused(void **state)
{
    struct nk_channel_map map;
    struct nk_channel channel;

    (void)state;
    nk_channel_map_init(&map);
    assert_int_equal(nk_channel_map_set(&map, -1, &channel), -EBADF);
    nk_channel_map_deinit(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_map_knows_nobody),
        cmocka_unit_test(growing_keeps_channels_and_adds_empty_slots),
        cmocka_unit_test(a_slot_can_be_emptied_and_reused),
        cmocka_unit_test(a_negative_descriptor_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
