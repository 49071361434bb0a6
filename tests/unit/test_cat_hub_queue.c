/* One queue, many readers: each gets everything but his own, in order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "cat/cat_hub_queue.h"

static struct cat_hub_queue queue;

static int set_up(void **state)
{
    (void)state;
    return cat_hub_queue_init(&queue);
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(cat_hub_queue_size(&queue), 0);
    cat_hub_queue_deinit(&queue);
    return 0;
}

static void put(const char *text, struct cat_hub_reader *origin)
{
    assert_int_equal(cat_hub_queue_put(&queue, nk_slice_of_string(text), origin), 0);
}

static bool has(const struct cat_hub_reader *reader, const char *text)
{
    return nk_slice_equal(cat_hub_reader_next(reader), nk_slice_of_string(text));
}

/* Reads all there is and compares it. */
static void expect(struct cat_hub_reader *reader, const char *text)
{
    char seen[64] = "";
    size_t len = 0;
    struct nk_slice next;

    while ((next = cat_hub_reader_next(reader)).len > 0) {
        assert_true(len + next.len < sizeof seen);
        memcpy(seen + len, next.data, next.len);
        len += next.len;
        cat_hub_reader_consume(reader, &queue, next.len);
    }
    assert_string_equal(seen, text);
}

/* A reader misses a piece, or gets one that was there before he came. */
static void everyone_reads_what_comes_after_him(void **state)
{
    struct cat_hub_reader first;
    struct cat_hub_reader second;

    (void)state;
    put("lost", NULL);
    assert_int_equal(cat_hub_queue_size(&queue), 0);
    cat_hub_reader_open(&first, &queue);
    put("one", NULL);
    cat_hub_reader_open(&second, &queue);
    put("two", NULL);
    expect(&second, "two");
    assert_true(cat_hub_queue_size(&queue) > 0);
    expect(&first, "onetwo");
    assert_int_equal(cat_hub_queue_size(&queue), 0);
    put("three", NULL);
    expect(&first, "three");
    expect(&second, "three");
    cat_hub_reader_close(&first, &queue);
    cat_hub_reader_close(&second, &queue);
    cat_hub_reader_close(&second, &queue);
    expect(&second, "");
}

/* What is taken in parts is repeated or skipped. */
static void a_piece_is_read_in_parts(void **state)
{
    struct cat_hub_reader reader;

    (void)state;
    cat_hub_reader_open(&reader, &queue);
    put("abcdef", NULL);
    cat_hub_reader_consume(&reader, &queue, 0);
    assert_true(has(&reader, "abcdef"));
    cat_hub_reader_consume(&reader, &queue, 2);
    assert_true(has(&reader, "cdef"));
    put("", NULL);
    put("gh", NULL);
    cat_hub_reader_consume(&reader, &queue, 4);
    assert_true(has(&reader, "gh"));
    expect(&reader, "gh");
    cat_hub_reader_close(&reader, &queue);
}

/* Who says something hears it himself, or it stays in memory because he does not. */
static void nobody_hears_himself(void **state)
{
    struct cat_hub_reader a;
    struct cat_hub_reader b;

    (void)state;
    cat_hub_reader_open(&a, &queue);
    put("alone", &a);
    assert_int_equal(cat_hub_queue_size(&queue), 0);
    cat_hub_reader_open(&b, &queue);
    put("from b", &b);
    put("from a", &a);
    put("from a, too", &a);
    put(" to all", NULL);
    put("again a", &a);
    expect(&b, "from afrom a, too to allagain a");
    expect(&a, "from b to all");
    assert_int_equal(cat_hub_queue_size(&queue), 0);
    cat_hub_reader_close(&a, &queue);
    cat_hub_reader_close(&b, &queue);
}

/* The slowest one holds the memory, and his leaving gives it back. */
static void the_slowest_bounds_the_queue(void **state)
{
    struct cat_hub_reader slow;
    struct cat_hub_reader fast;
    size_t size = 0;

    (void)state;
    cat_hub_reader_open(&slow, &queue);
    cat_hub_reader_open(&fast, &queue);
    for (int i = 0; i < 10; i++) {
        put("x", NULL);
        assert_true(cat_hub_queue_size(&queue) > size);
        size = cat_hub_queue_size(&queue);
        expect(&fast, "x");
    }
    cat_hub_reader_consume(&slow, &queue, 1);
    assert_true(cat_hub_queue_size(&queue) < size);
    cat_hub_reader_close(&slow, &queue);
    assert_int_equal(cat_hub_queue_size(&queue), 0);
    cat_hub_reader_close(&fast, &queue);
}

/* A new reader at the place of one that has gone is taken for him. */
static void a_place_in_memory_is_no_person(void **state)
{
    struct cat_hub_reader place;
    struct cat_hub_reader listener;

    (void)state;
    cat_hub_reader_open(&listener, &queue);
    cat_hub_reader_open(&place, &queue);
    put("old", &place);
    cat_hub_reader_close(&place, &queue);
    cat_hub_reader_open(&place, &queue);
    put("new", NULL);
    expect(&place, "new");
    expect(&listener, "oldnew");
    put("reply", &listener);
    expect(&place, "reply");
    cat_hub_reader_close(&place, &queue);
    cat_hub_reader_close(&listener, &queue);
}

/* A queue that is given up in the middle leaks. */
static void giving_it_up_frees_it(void **state)
{
    struct cat_hub_queue other;
    struct cat_hub_queue never = {0};
    struct cat_hub_reader reader;

    (void)state;
    assert_int_equal(cat_hub_queue_init(&other), 0);
    cat_hub_reader_open(&reader, &other);
    assert_int_equal(cat_hub_queue_put(&other, nk_slice_of_string("rest"), NULL), 0);
    cat_hub_queue_deinit(&other);
    cat_hub_queue_deinit(&never);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(everyone_reads_what_comes_after_him),
        CASE(a_piece_is_read_in_parts),
        CASE(nobody_hears_himself),
        CASE(the_slowest_bounds_the_queue),
        CASE(a_place_in_memory_is_no_person),
        CASE(giving_it_up_frees_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
