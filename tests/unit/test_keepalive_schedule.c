/* The schedule of heartbeats, in seconds of a clock that the test moves. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "keepalive/keepalive_schedule.h"

#define SECOND UINT64_C(1000000000)

static struct keepalive_schedule usual_at(uint64_t now)
{
    struct keepalive_schedule schedule;
    keepalive_schedule_init(&schedule, 10 * SECOND, 3 * SECOND, 3, now);
    return schedule;
}

/* Otherwise the first experiment of the course would not come out: a peer that
 * never answers is dead 10 + 3 + 3 + 3 s after it fell silent. */
static void a_silent_peer_is_dead_after_three_heartbeats(void **state)
{
    static const uint64_t seconds[] = {10, 13, 16};
    struct keepalive_schedule schedule = usual_at(5 * SECOND);
    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t due = (5 + seconds[i]) * SECOND;
        assert_int_equal(schedule.next, due);
        assert_int_equal(keepalive_schedule_turn(&schedule, due - 1), KEEPALIVE_WAIT);
        assert_int_equal(keepalive_schedule_turn(&schedule, due), KEEPALIVE_SEND);
        assert_int_equal(schedule.unanswered, i + 1);
    }
    assert_int_equal(keepalive_schedule_turn(&schedule, 24 * SECOND - 1), KEEPALIVE_WAIT);
    assert_int_equal(keepalive_schedule_turn(&schedule, 24 * SECOND), KEEPALIVE_DEAD);
    assert_int_equal(keepalive_schedule_turn(&schedule, 25 * SECOND), KEEPALIVE_DEAD);
}

/* Otherwise the second experiment would not: answers that come after 5 s keep the
 * peer alive, and the first arrives behind the second heartbeat. */
static void answers_after_five_seconds_keep_it_alive(void **state)
{
    struct keepalive_schedule schedule = usual_at(0);
    uint64_t start = 0;
    (void)state;
    for (int cycle = 0; cycle < 100; cycle++) {
        assert_int_equal(keepalive_schedule_turn(&schedule, start + 10 * SECOND), KEEPALIVE_SEND);
        assert_int_equal(keepalive_schedule_turn(&schedule, start + 13 * SECOND), KEEPALIVE_SEND);
        assert_int_equal(schedule.unanswered, 2);
        assert_true(keepalive_schedule_heard(&schedule, start + 15 * SECOND));
        assert_int_equal(schedule.unanswered, 0);
        assert_false(keepalive_schedule_heard(&schedule, start + 18 * SECOND));
        start += 18 * SECOND;
        assert_int_equal(schedule.next, start + 10 * SECOND);
    }
}

/* Otherwise a busy connection would be sent heartbeats that nobody needs. */
static void any_traffic_begins_the_silence_anew(void **state)
{
    struct keepalive_schedule schedule = usual_at(0);
    (void)state;
    for (uint64_t second = 1; second < 100; second++) {
        assert_int_equal(keepalive_schedule_turn(&schedule, second * SECOND), KEEPALIVE_WAIT);
        assert_false(keepalive_schedule_heard(&schedule, second * SECOND));
    }
    assert_int_equal(keepalive_schedule_turn(&schedule, 109 * SECOND), KEEPALIVE_SEND);
}

/* Otherwise a machine that was suspended would send all heartbeats at once and call
 * a healthy peer dead when it wakes up. */
static void a_late_turn_does_not_hurry_the_next_ones(void **state)
{
    struct keepalive_schedule schedule = usual_at(0);
    (void)state;
    assert_int_equal(keepalive_schedule_turn(&schedule, 1000 * SECOND), KEEPALIVE_SEND);
    assert_int_equal(keepalive_schedule_turn(&schedule, 1000 * SECOND), KEEPALIVE_WAIT);
    assert_int_equal(schedule.next, 1003 * SECOND);
    /* a little late is made up for: the schedule does not drift */
    assert_int_equal(keepalive_schedule_turn(&schedule, 1003 * SECOND + 1000), KEEPALIVE_SEND);
    assert_int_equal(schedule.next, 1006 * SECOND);
}

/* Otherwise --probes 0 would wait for ever or send what it should not. */
static void without_probes_silence_alone_is_death(void **state)
{
    struct keepalive_schedule schedule;
    (void)state;
    keepalive_schedule_init(&schedule, SECOND, SECOND, 0, 0);
    assert_int_equal(keepalive_schedule_turn(&schedule, SECOND), KEEPALIVE_DEAD);
}

/* ---- a whole conversation: what the client of the course prints ---- */

/* Plays a session against a server that answers `delay` seconds late, until it is dead
 * or `seconds` have gone by. Notes "#1" for a heartbeat, "r" for an answer, "dead", each
 * with its second. */
static void play(uint64_t delay, uint64_t seconds, char *out, size_t size)
{
    struct keepalive_schedule schedule = usual_at(0);
    uint64_t due[8]; /* of answers that are on their way, in order */
    size_t owed = 0;
    size_t len = 0;
    for (uint64_t now = 0; now <= seconds && len < size; now++) {
        if (owed > 0 && due[0] == now) {
            memmove(due, due + 1, --owed * sizeof(*due));
            keepalive_schedule_heard(&schedule, now * SECOND);
            len += (size_t)snprintf(out + len, size - len, "r@%d ", (int)now);
        }
        switch (keepalive_schedule_turn(&schedule, now * SECOND)) {
        case KEEPALIVE_WAIT:
            break;
        case KEEPALIVE_SEND:
            due[owed++] = now + delay;
            len += (size_t)snprintf(out + len, size - len, "#%d@%d ", (int)schedule.unanswered,
                                    (int)now);
            break;
        case KEEPALIVE_DEAD:
            snprintf(out + len, size - len, "dead@%d", (int)now);
            return;
        }
    }
}

/* Otherwise the experiments of the course would have another outcome, or order. */
static void the_experiments_come_out_as_written(void **state)
{
    char told[512];
    (void)state;
    play(60, 100, told, sizeof(told));
    assert_string_equal(told, "#1@10 #2@13 #3@16 dead@19");
    play(5, 54, told, sizeof(told));
    assert_string_equal(told, "#1@10 #2@13 r@15 r@18 #1@28 #2@31 r@33 r@36 #1@46 #2@49 r@51 r@54 ");
    play(8, 30, told, sizeof(told)); /* just in time */
    assert_string_equal(told, "#1@10 #2@13 #3@16 r@18 r@21 r@24 ");
    play(9, 30, told, sizeof(told)); /* answered in the very second in which it would be dead */
    assert_string_equal(told, "#1@10 #2@13 #3@16 r@19 r@22 r@25 ");
    play(10, 30, told, sizeof(told)); /* too late */
    assert_string_equal(told, "#1@10 #2@13 #3@16 dead@19");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_peer_is_dead_after_three_heartbeats),
        cmocka_unit_test(answers_after_five_seconds_keep_it_alive),
        cmocka_unit_test(any_traffic_begins_the_silence_anew),
        cmocka_unit_test(a_late_turn_does_not_hurry_the_next_ones),
        cmocka_unit_test(without_probes_silence_alone_is_death),
        cmocka_unit_test(the_experiments_come_out_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
