/* Replies that are held back: when they come, in which order, and what is left
 * when their client goes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "reactor_fixture.h"
#include "service/reply_queue.h"

static struct nk_manual_clock manual;
static struct nk_event_loop *loop;
static struct reply_queue queue;
static char delivered[64];
static bool clears;

static void note(struct reply_queue *from, struct nk_slice reply)
{
    assert_ptr_equal(from, &queue);
    snprintf(delivered + strlen(delivered), sizeof delivered - strlen(delivered), "%.*s;",
             (int)reply.len, reply.data);
    if (clears)
        reply_queue_clear(from);
}

static int setup(void **state)
{
    (void)state;
    loop = new_loop_with_clock(&manual);
    reply_queue_init(&queue, loop, note);
    delivered[0] = '\0';
    clears = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    reply_queue_clear(&queue);
    nk_event_loop_free(loop);
    return 0;
}

static void add(const char *text, uint64_t delay)
{
    char *room = reply_queue_add(&queue, strlen(text), delay);

    assert_non_null(room);
    memcpy(room, text, strlen(text));
}

static void pass(uint64_t time)
{
    nk_manual_clock_advance(&manual, time);
    turn_idle(loop, 2);
}

/* A reply would come early, late, or before the one in front of it. */
static void replies_come_in_time_and_in_order(void **state)
{
    (void)state;
    turn_idle(loop, 1);
    add("one", SECOND);
    add("two", SECOND);
    pass(SECOND / 2);
    add("three", SECOND);
    assert_string_equal(delivered, "");
    pass(SECOND / 2);
    assert_string_equal(delivered, "one;two;");
    pass(SECOND / 2);
    assert_string_equal(delivered, "one;two;three;");
    assert_true(reply_queue_is_empty(&queue));
}

/* What a client left behind would be delivered to nobody, or never freed. */
static void clearing_drops_everything(void **state)
{
    size_t bytes;

    (void)state;
    add("one", SECOND);
    add("", SECOND);
    assert_int_equal(reply_queue_count(&queue, &bytes), 2);
    assert_int_equal(bytes, 3);
    reply_queue_clear(&queue);
    assert_int_equal(reply_queue_count(&queue, &bytes), 0);
    assert_true(reply_queue_is_empty(&queue));
    pass(2 * SECOND);
    assert_string_equal(delivered, "");
}

/* A client that is closed by its own reply would be written to once more. */
static void the_queue_may_be_cleared_while_it_delivers(void **state)
{
    (void)state;
    add("one", SECOND);
    add("two", SECOND);
    clears = true;
    pass(2 * SECOND);
    assert_string_equal(delivered, "one;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replies_come_in_time_and_in_order),
        TEST(clearing_drops_everything),
        TEST(the_queue_may_be_cleared_while_it_delivers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
