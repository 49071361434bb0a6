/* The exit status of a run, rule by rule. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "probe/probe_status.h"

/* Otherwise a script that asks whether all is well is told so although it is not. */
static void all_answered_is_ok_and_one_missed_is_not(void **state)
{
    struct probe_outcome outcome = {.sent = 10, .replies = 10};
    (void)state;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_OK);
    outcome.replies = 9;
    outcome.missed = 1;
    outcome.last_failure = EXIT_STATUS_TIMED_OUT;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_FAILED);
}

/* Otherwise a run in which everything failed does not say why, or even exits 0. */
static void nothing_answered_is_the_last_failure(void **state)
{
    static const enum exit_status failures[] = {EXIT_STATUS_UNRESOLVED, EXIT_STATUS_REFUSED,
                                                EXIT_STATUS_TIMED_OUT, EXIT_STATUS_LOST,
                                                EXIT_STATUS_FAILED};
    struct probe_outcome outcome = {.sent = 3, .missed = 3};
    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        outcome.last_failure = failures[i];
        assert_int_equal(probe_status_of(&outcome), failures[i]);
        outcome.rates_loss = true; /* also when a threshold allowed any loss */
        assert_int_equal(probe_status_of(&outcome), failures[i]);
        outcome.rates_loss = false;
    }
    outcome.last_failure = EXIT_STATUS_OK; /* which nobody should say of a failure */
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_FAILED);
}

/* Otherwise `--timeout` shorter than the first answer takes is a success. */
static void nothing_known_in_time_is_timed_out(void **state)
{
    struct probe_outcome outcome = {.sent = 1};
    (void)state;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_TIMED_OUT);
    outcome.sent = 0; /* a session that was quiet all the time */
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_OK);
}

/* Otherwise a run that was still connecting when its time was up is a success. */
static void a_session_of_which_nothing_is_known_is_timed_out(void **state)
{
    struct probe_outcome outcome = {.is_unknown = true};
    (void)state;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_TIMED_OUT);
}

/* Otherwise a connection that was reset, and made again, was never lost; or one that
 * is up again fails for what is over. */
static void a_session_that_was_lost_on_the_way_is_not_ok(void **state)
{
    struct probe_outcome outcome = {.sent = 9, .replies = 9, .losses = 1};
    (void)state;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_FAILED);
    outcome.rates_loss = true; /* which is about probes */
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_FAILED);
    outcome.last_end = EXIT_STATUS_LOST;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_LOST);
}

/* Otherwise waiting for a server that refuses says that the time was up. */
static void a_state_that_cannot_be_reached_says_why(void **state)
{
    struct probe_outcome outcome = {.has_until = true};
    (void)state;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_TIMED_OUT);
    outcome.last_end = EXIT_STATUS_REFUSED;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_REFUSED);
    outcome.is_reached = true;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_OK);
}

/* Otherwise --fail-if 'loss>1%' fails at the first loss, or never with its own status. */
static void thresholds_decide_about_loss(void **state)
{
    struct probe_outcome outcome = {
        .sent = 1000, .replies = 995, .missed = 5, .last_failure = EXIT_STATUS_LOST};
    (void)state;
    outcome.rates_loss = true;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_OK);
    outcome.is_violated = true;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_THRESHOLD);
}

/* Otherwise the death of a peer that had answered before is a missed probe at most. */
static void a_session_that_died_gives_its_status(void **state)
{
    struct probe_outcome outcome = {
        .sent = 9, .replies = 6, .missed = 3, .last_failure = EXIT_STATUS_TIMED_OUT};
    (void)state;
    outcome.last_end = EXIT_STATUS_LOST;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_LOST);
}

/* Otherwise a start-up script goes on without its server, or stops because the server was
 * not there at first. */
static void until_counts_only_whether_it_was_reached(void **state)
{
    struct probe_outcome outcome = {.sent = 9, .replies = 1, .missed = 8, .has_until = true};
    (void)state;
    outcome.last_failure = EXIT_STATUS_REFUSED;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_TIMED_OUT);
    outcome.is_reached = true;
    assert_int_equal(probe_status_of(&outcome), EXIT_STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_answered_is_ok_and_one_missed_is_not),
        cmocka_unit_test(nothing_answered_is_the_last_failure),
        cmocka_unit_test(nothing_known_in_time_is_timed_out),
        cmocka_unit_test(thresholds_decide_about_loss),
        cmocka_unit_test(a_session_that_died_gives_its_status),
        cmocka_unit_test(a_session_of_which_nothing_is_known_is_timed_out),
        cmocka_unit_test(a_session_that_was_lost_on_the_way_is_not_ok),
        cmocka_unit_test(a_state_that_cannot_be_reached_says_why),
        cmocka_unit_test(until_counts_only_whether_it_was_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
