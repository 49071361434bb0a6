/* Which heartbeat an answer belongs to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "keepalive/keepalive_pending.h"

#define SESSION 77

static struct keepalive_pending pending;
static struct keepalive_beat beat;

/* Heartbeats 1 to `count` are pending, sent at 100, 200 ... */
static void send_beats(uint64_t count)
{
    keepalive_pending_init(&pending, SESSION);
    for (uint64_t i = 1; i <= count; i++)
        keepalive_pending_add(&pending, i, 100 * i);
}

static enum keepalive_answer match(uint64_t sequence)
{
    const struct keepalive_stamp stamp = {SESSION, sequence, 0};

    return keepalive_pending_match(&pending, &stamp, &beat);
}

/* Otherwise the times of a server that returns no data would be those of other
 * heartbeats. */
static void answers_without_a_stamp_pair_in_order(void **state)
{
    (void)state;
    send_beats(3);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_false(keepalive_pending_overtaken(&pending, NULL, &beat));
        assert_int_equal(keepalive_pending_match(&pending, NULL, &beat), KEEPALIVE_ANSWER_FIRST);
        assert_int_equal(beat.sequence, i);
        assert_int_equal(beat.sent, 100 * i);
    }
    assert_int_equal(keepalive_pending_match(&pending, NULL, &beat), KEEPALIVE_ANSWER_AGAIN);
    assert_int_equal(beat.sequence, 0);
}

/* Otherwise the answer to the second of two heartbeats would count for the first, and
 * nothing as lost. */
static void an_answer_overtakes_those_before_it(void **state)
{
    const struct keepalive_stamp third = {SESSION, 3, 0};

    (void)state;
    send_beats(4);
    assert_true(keepalive_pending_overtaken(&pending, &third, &beat));
    assert_int_equal(beat.sequence, 1);
    assert_true(keepalive_pending_overtaken(&pending, &third, &beat));
    assert_int_equal(beat.sequence, 2);
    assert_false(keepalive_pending_overtaken(&pending, &third, &beat));
    assert_int_equal(keepalive_pending_match(&pending, &third, &beat), KEEPALIVE_ANSWER_FIRST);
    assert_int_equal(beat.sequence, 3);
    assert_int_equal(beat.sent, 300);
    assert_int_equal(pending.count, 1);
}

/* Otherwise a doubled datagram would be two answers, or overtake what is still under way. */
static void an_answer_that_comes_again_is_told(void **state)
{
    const struct keepalive_stamp first = {SESSION, 1, 0};

    (void)state;
    send_beats(2);
    assert_int_equal(match(1), KEEPALIVE_ANSWER_FIRST);
    assert_false(keepalive_pending_overtaken(&pending, &first, &beat));
    assert_int_equal(match(1), KEEPALIVE_ANSWER_AGAIN);
    assert_int_equal(beat.sequence, 1);
    assert_int_equal(match(2), KEEPALIVE_ANSWER_FIRST);
    assert_int_equal(match(2), KEEPALIVE_ANSWER_AGAIN);
    assert_int_equal(match(9), KEEPALIVE_ANSWER_AGAIN); /* never sent */
}

/* Otherwise a late answer to an earlier connection would prove that this one lives. */
static void an_answer_to_another_session_is_told(void **state)
{
    const struct keepalive_stamp stranger = {SESSION + 1, 1, 0};

    (void)state;
    send_beats(2);
    assert_false(keepalive_pending_overtaken(&pending, &stranger, &beat));
    assert_int_equal(keepalive_pending_match(&pending, &stranger, &beat),
                     KEEPALIVE_ANSWER_STRANGER);
    assert_int_equal(pending.count, 2);
}

/* Otherwise those that were lost with the connection would not be counted, or twice. */
static void what_is_given_up_is_taken_in_order(void **state)
{
    (void)state;
    send_beats(KEEPALIVE_PENDING_MAX);
    for (uint64_t i = 1; i <= KEEPALIVE_PENDING_MAX; i++) {
        assert_true(keepalive_pending_take(&pending, &beat));
        assert_int_equal(beat.sequence, i);
    }
    assert_false(keepalive_pending_take(&pending, &beat));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_without_a_stamp_pair_in_order),
        cmocka_unit_test(an_answer_overtakes_those_before_it),
        cmocka_unit_test(an_answer_that_comes_again_is_told),
        cmocka_unit_test(an_answer_to_another_session_is_told),
        cmocka_unit_test(what_is_given_up_is_taken_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
