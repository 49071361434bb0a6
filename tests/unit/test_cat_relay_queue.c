/* Messages that wait: that each stays whole and in its order, and the bound. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cat/cat_relay_queue.h"

static void put(struct cat_relay_queue *queue, const char *text)
{
    assert_int_equal(cat_relay_queue_put(queue, nk_slice_of_string(text)), 0);
}

static void assert_first(const struct cat_relay_queue *queue, const char *text)
{
    struct nk_slice first = cat_relay_queue_first(queue);

    assert_false(cat_relay_queue_is_empty(queue));
    assert_int_equal(first.len, strlen(text));
    assert_true(nk_slice_equal(first, nk_slice_of_string(text)));
}

/* Messages are run together, cut, or come in another order. */
static void test_order(void **state)
{
    struct cat_relay_queue queue;

    (void)state;
    cat_relay_queue_init(&queue, 1000);
    assert_true(cat_relay_queue_is_empty(&queue));
    put(&queue, "one");
    put(&queue, "");
    put(&queue, "three");
    assert_first(&queue, "one");
    cat_relay_queue_take(&queue, 2);
    assert_first(&queue, "e");
    cat_relay_queue_take(&queue, 1);
    assert_first(&queue, "");
    cat_relay_queue_take(&queue, 0);
    put(&queue, "four");
    assert_first(&queue, "three");
    cat_relay_queue_take(&queue, 5);
    assert_first(&queue, "four");
    cat_relay_queue_take(&queue, 4);
    assert_true(cat_relay_queue_is_empty(&queue));
    cat_relay_queue_deinit(&queue);
}

/* It grows beyond its bound, or a message that did not fit leaves a piece behind. */
static void test_bound(void **state)
{
    struct cat_relay_queue queue;
    char bytes[64] = {0};

    (void)state;
    cat_relay_queue_init(&queue, 2 * (sizeof bytes + sizeof(size_t)));
    assert_int_equal(cat_relay_queue_put(&queue, nk_slice_make(bytes, sizeof bytes)), 0);
    put(&queue, "small");
    assert_int_equal(cat_relay_queue_put(&queue, nk_slice_make(bytes, sizeof bytes)), -ENOBUFS);
    cat_relay_queue_take(&queue, sizeof bytes);
    assert_first(&queue, "small");
    cat_relay_queue_take(&queue, 5);
    assert_true(cat_relay_queue_is_empty(&queue));
    cat_relay_queue_deinit(&queue);
    cat_relay_queue_deinit(&queue); /* harmless */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
