/* The buffer carries every byte that cannot be sent or parsed at once: a byte
 * lost, doubled or moved here is corrupted data at a peer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* Lets malloc fail under AddressSanitizer as it does without, instead of
 * ending the program. */
NK_PUBLIC const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void append(struct nk_buffer *buffer, const char *string)
{
    assert_int_equal(nk_buffer_append(buffer, nk_slice_of_string(string)), 0);
}

static void append_fill(struct nk_buffer *buffer, char byte, size_t len)
{
    char *tail;

    assert_int_equal(nk_buffer_reserve(buffer, len, &tail, NULL), 0);
    memset(tail, byte, len);
    nk_buffer_commit(buffer, len);
}

static void assert_holds(const struct nk_buffer *buffer, const char *expected)
{
    assert_int_equal(nk_buffer_len(buffer), strlen(expected));
    assert_true(nk_slice_equal(nk_buffer_slice(buffer), nk_slice_of_string(expected)));
}

/* An idle connection has a buffer but must not pay for its storage. */
static void empty_buffer_owns_no_storage(void **state)
{
    struct nk_buffer buffer;

    (void)state;
    nk_buffer_init(&buffer, 100);
    assert_null(buffer.data);
    assert_int_equal(nk_buffer_len(&buffer), 0);
    assert_int_equal(nk_buffer_slice(&buffer).len, 0);
    assert_int_equal(nk_buffer_room(&buffer), 100);
    assert_int_equal(nk_buffer_append(&buffer, nk_slice_make(NULL, 0)), 0);
    assert_null(buffer.data);
    nk_buffer_consume(&buffer, 0);
    nk_buffer_release(&buffer);
    nk_buffer_deinit(&buffer);
    nk_buffer_deinit(&buffer);
}

static void bytes_come_out_in_order(void **state)
{
    struct nk_buffer buffer;

    (void)state;
    nk_buffer_init(&buffer, 4096);
    append(&buffer, "hello ");
    append(&buffer, "world");
    assert_holds(&buffer, "hello world");
    nk_buffer_consume(&buffer, 6);
    assert_holds(&buffer, "world");
    append(&buffer, "!");
    assert_holds(&buffer, "world!");
    nk_buffer_consume(&buffer, 6);
    assert_holds(&buffer, "");
    append(&buffer, "again");
    assert_holds(&buffer, "again");
    nk_buffer_deinit(&buffer);
    assert_holds(&buffer, "");
    append(&buffer, "after deinit");
    assert_holds(&buffer, "after deinit");
    nk_buffer_deinit(&buffer);
}

/* The cap is what keeps a slow reader from eating the server's memory. */
static void cap_is_exact_and_failure_changes_nothing(void **state)
{
    struct nk_buffer buffer;
    char *tail = NULL;
    size_t room = 4711;

    (void)state;
    nk_buffer_init(&buffer, 10);
    append(&buffer, "0123456");
    assert_int_equal(nk_buffer_room(&buffer), 3);
    assert_int_equal(nk_buffer_append(&buffer, nk_slice_of_string("789x")), -ENOBUFS);
    assert_int_equal(nk_buffer_reserve(&buffer, 4, &tail, &room), -ENOBUFS);
    assert_int_equal(nk_buffer_reserve(&buffer, SIZE_MAX, &tail, &room), -ENOBUFS);
    assert_null(tail);
    assert_int_equal(room, 4711);
    assert_holds(&buffer, "0123456");
    append(&buffer, "789");
    assert_holds(&buffer, "0123456789");
    assert_int_equal(nk_buffer_room(&buffer), 0);
    assert_int_equal(nk_buffer_append(&buffer, nk_slice_of_string("x")), -ENOBUFS);
    assert_true(buffer.size <= 10);
    nk_buffer_consume(&buffer, 4);
    append(&buffer, "abcd");
    assert_holds(&buffer, "456789abcd");
    nk_buffer_deinit(&buffer);
    assert_int_equal(nk_buffer_room(&buffer), 10);
}

/* A cap of 0 means that nothing may ever be kept. */
static void cap_of_zero_takes_nothing(void **state)
{
    struct nk_buffer buffer;
    char *tail;
    size_t room;

    (void)state;
    nk_buffer_init(&buffer, 0);
    assert_int_equal(nk_buffer_append(&buffer, nk_slice_of_string("x")), -ENOBUFS);
    assert_int_equal(nk_buffer_reserve(&buffer, 0, &tail, &room), 0);
    assert_int_equal(room, 0);
    nk_buffer_deinit(&buffer);
}

/* Growth by addition makes a large body cost quadratic time. */
static void storage_grows_by_doubling(void **state)
{
    struct nk_buffer buffer;
    size_t allocations = 0;
    size_t size = 0;

    (void)state;
    nk_buffer_init(&buffer, 1 << 24);
    for (size_t i = 0; i < 1 << 16; i++) {
        append_fill(&buffer, 'x', 16);
        if (buffer.size != size) {
            assert_true(size == 0 || buffer.size == 2 * size);
            size = buffer.size;
            allocations++;
        }
    }
    assert_int_equal(nk_buffer_len(&buffer), 1 << 20);
    assert_true(allocations < 20);
    nk_buffer_deinit(&buffer);
}

/* The last step is smaller than a doubling when the cap is no power of two. */
static void last_growth_stops_at_the_cap(void **state)
{
    struct nk_buffer buffer;

    (void)state;
    nk_buffer_init(&buffer, 3000);
    append_fill(&buffer, 'a', 2049);
    append_fill(&buffer, 'b', 951);
    assert_int_equal(buffer.size, 3000);
    assert_int_equal(nk_buffer_slice(&buffer).data[2048], 'a');
    assert_int_equal(nk_buffer_slice(&buffer).data[2049], 'b');
    nk_buffer_deinit(&buffer);
}

/* When most of the storage is consumed, room is made inside it. */
static void consumed_front_is_used_again_without_growing(void **state)
{
    struct nk_buffer buffer;

    (void)state;
    nk_buffer_init(&buffer, 1 << 20);
    append_fill(&buffer, 'a', 400);
    size_t size = buffer.size;
    const char *data = buffer.data;
    append_fill(&buffer, 'b', size - 400);
    nk_buffer_consume(&buffer, size - 10);
    append_fill(&buffer, 'c', size - 10);
    assert_int_equal(buffer.size, size);
    assert_ptr_equal(buffer.data, data);
    assert_int_equal(nk_buffer_len(&buffer), size);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(nk_buffer_slice(&buffer).data[i], i < 10 ? 'b' : 'c');
    nk_buffer_deinit(&buffer);
}

/* A queue that stays nearly full while a byte goes out for each byte that comes
 * in must not move itself every time: with 512 KiB that is 25 us per byte. The
 * counted thing is how often the readable bytes change their place. */
static void nearly_full_queue_rarely_moves(void **state)
{
    struct nk_buffer buffer;
    size_t moves = 0;

    (void)state;
    nk_buffer_init(&buffer, 1 << 20);
    append_fill(&buffer, 'x', 1 << 19);
    for (size_t i = 0; i < 100000; i++) {
        nk_buffer_consume(&buffer, 1);
        const char *before = nk_buffer_slice(&buffer).data;
        append_fill(&buffer, 'y', 1);
        moves += nk_buffer_slice(&buffer).data != before;
    }
    assert_true(moves <= 1);
    nk_buffer_deinit(&buffer);
}

/* The common case, everything received was parsed, must cost no memmove. */
static void emptied_buffer_starts_over_at_the_front(void **state)
{
    struct nk_buffer buffer;
    char *tail;
    size_t room;

    (void)state;
    nk_buffer_init(&buffer, 1000);
    append_fill(&buffer, 'a', 300);
    nk_buffer_consume(&buffer, 100);
    nk_buffer_consume(&buffer, 200);
    assert_int_equal(nk_buffer_reserve(&buffer, 0, &tail, &room), 0);
    assert_ptr_equal(tail, buffer.data);
    assert_int_equal(room, buffer.size);
    nk_buffer_deinit(&buffer);
}

/* recv writes straight into the tail; *room tells it how much. */
static void reserve_gives_room_and_commit_makes_it_readable(void **state)
{
    struct nk_buffer buffer;
    char *tail;
    size_t room;

    (void)state;
    nk_buffer_init(&buffer, 1000);
    append(&buffer, "ab");
    assert_int_equal(nk_buffer_reserve(&buffer, 100, &tail, &room), 0);
    assert_true(room >= 100);
    assert_true(room <= nk_buffer_room(&buffer));
    memset(tail, 'z', room); /* ASan watches that all of it is really ours */
    memcpy(tail, "cd", 2);
    assert_holds(&buffer, "ab");
    nk_buffer_commit(&buffer, 2);
    assert_holds(&buffer, "abcd");
    nk_buffer_commit(&buffer, 0);
    assert_holds(&buffer, "abcd");
    nk_buffer_deinit(&buffer);
}

/* Release is called whenever a connection turns idle; it must never drop what
 * has not been read. */
static void release_frees_only_an_empty_buffer(void **state)
{
    struct nk_buffer buffer;

    (void)state;
    nk_buffer_init(&buffer, 1000);
    append(&buffer, "abc");
    nk_buffer_release(&buffer);
    assert_holds(&buffer, "abc");
    nk_buffer_consume(&buffer, 3);
    assert_non_null(buffer.data);
    nk_buffer_release(&buffer);
    assert_null(buffer.data);
    append(&buffer, "def");
    assert_holds(&buffer, "def");
    nk_buffer_deinit(&buffer);
}

/* Out of memory loses one client, not what is already queued. */
static void out_of_memory_changes_nothing(void **state)
{
    struct nk_buffer buffer;
    char *tail = NULL;
    size_t room = 1;

    (void)state;
    nk_buffer_init(&buffer, PTRDIFF_MAX);
    append(&buffer, "kept");
    nk_buffer_consume(&buffer, 1);
    assert_int_equal(nk_buffer_reserve(&buffer, PTRDIFF_MAX / 2, &tail, &room), -ENOMEM);
    assert_null(tail);
    assert_int_equal(room, 1);
    assert_holds(&buffer, "ept");
    nk_buffer_deinit(&buffer);
}

/* A small generator of our own: the same sequence on every machine. */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

enum { CAP = 5000 };

/* The oracle: the same queue as a plain array that is moved on every consume. */
struct model {
    char bytes[CAP];
    size_t len;
};

static void model_consume(struct model *model, size_t len)
{
    memmove(model->bytes, model->bytes + len, model->len - len);
    model->len -= len;
}

static void random_append(struct nk_buffer *buffer, struct model *model, uint32_t *seed)
{
    char bytes[CAP + 100];
    size_t len = next_random(seed) % (next_random(seed) % 4 ? 300 : CAP + 100);
    bool fits = len <= CAP - model->len;

    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)next_random(seed);
    if (next_random(seed) % 2) {
        char *tail;
        int error = nk_buffer_reserve(buffer, len, &tail, NULL);

        assert_int_equal(error, fits ? 0 : -ENOBUFS);
        if (error)
            return;
        if (len > 0)
            memcpy(tail, bytes, len);
        nk_buffer_commit(buffer, len);
    } else {
        assert_int_equal(nk_buffer_append(buffer, nk_slice_make(bytes, len)), fits ? 0 : -ENOBUFS);
        if (!fits)
            return;
    }
    memcpy(model->bytes + model->len, bytes, len);
    model->len += len;
}

/* Any sequence of operations gives what a plain array gives. */
static void random_operations_match_a_plain_array(void **state)
{
    static struct model model;
    struct nk_buffer buffer;
    uint32_t seed = 20240229;

    (void)state;
    nk_buffer_init(&buffer, CAP);
    for (int i = 0; i < 20000; i++) {
        uint32_t operation = next_random(&seed) % 100;

        if (operation < 50) {
            random_append(&buffer, &model, &seed);
        } else if (operation < 96) {
            size_t len = next_random(&seed) % (model.len + 1);

            nk_buffer_consume(&buffer, len);
            model_consume(&model, len);
        } else if (operation < 99) {
            nk_buffer_release(&buffer);
        } else {
            nk_buffer_deinit(&buffer);
            model.len = 0;
        }
        assert_int_equal(nk_buffer_len(&buffer), model.len);
        assert_int_equal(nk_buffer_room(&buffer), CAP - model.len);
        assert_true(buffer.size <= CAP);
        assert_true(
            nk_slice_equal(nk_buffer_slice(&buffer), nk_slice_make(model.bytes, model.len)));
    }
    nk_buffer_deinit(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_buffer_owns_no_storage),
        cmocka_unit_test(bytes_come_out_in_order),
        cmocka_unit_test(cap_is_exact_and_failure_changes_nothing),
        cmocka_unit_test(cap_of_zero_takes_nothing),
        cmocka_unit_test(storage_grows_by_doubling),
        cmocka_unit_test(last_growth_stops_at_the_cap),
        cmocka_unit_test(consumed_front_is_used_again_without_growing),
        cmocka_unit_test(nearly_full_queue_rarely_moves),
        cmocka_unit_test(emptied_buffer_starts_over_at_the_front),
        cmocka_unit_test(reserve_gives_room_and_commit_makes_it_readable),
        cmocka_unit_test(release_frees_only_an_empty_buffer),
        cmocka_unit_test(out_of_memory_changes_nothing),
        cmocka_unit_test(random_operations_match_a_plain_array),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
