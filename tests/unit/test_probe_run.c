/* Runs of probes of a kind that the test makes up: what the run does with what a kind
 * tells it, without any network. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "probe/probe_run.h"

#define MILLISECOND NK_NANOSECONDS_PER_MILLISECOND

/* ---- what the run tells ---- */

static struct {
    char text[4096]; /* a letter for each event and the number of its probe */
    size_t events;
    size_t fail_at; /* this one cannot be told any more; 0 = none */
    int fail_with;
    uint64_t replies;
    uint64_t missed;
    int status;
    size_t violations;
} told;

static int on_event(void *context, const struct probe_event *event)
{
    static const char letters[] = {
        [PROBE_EVENT_SENT] = 's',      [PROBE_EVENT_REPLY] = 'r', [PROBE_EVENT_MISSED] = 'm',
        [PROBE_EVENT_DUPLICATE] = 'd', [PROBE_EVENT_UP] = 'U',    [PROBE_EVENT_DOWN] = 'D',
        [PROBE_EVENT_NOTE] = 'n',      [PROBE_EVENT_ENDED] = 'E',
    };
    size_t len = strlen(told.text);

    (void)context;
    snprintf(told.text + len, sizeof told.text - len, "%c%d ", letters[event->kind],
             (int)event->sequence);
    return ++told.events == told.fail_at ? told.fail_with : 0;
}

static int on_totals(void *context, const struct probe_totals *totals, bool is_final, int status)
{
    (void)context;
    assert_true(is_final);
    told.status = status;
    told.violations = totals->violation_count;
    for (size_t i = 0; i < totals->target_count; i++) {
        told.replies += totals->targets[i]->statistics.replies;
        told.missed += probe_statistics_missed(&totals->targets[i]->statistics);
    }
    return 0;
}

static void on_failed(void *context, const char *action, const char *object, int error)
{
    (void)context;
    (void)object;
    fail_msg("cannot %s: %d", action, error);
}

static const struct probe_reporter reporter = {
    .event = on_event,
    .totals = on_totals,
    .failed = on_failed,
};

/* ---- a kind ---- */

static struct {
    const struct probe_result *result; /* of each attempt; NULL = it never comes */
    bool is_at_once;                   /* from within start */
    bool is_first_only;                /* the other targets say nothing */
    int start_error;
    size_t under_way;
    size_t most_under_way;
    size_t starts;
    size_t stops;
} fake;

static const struct probe_result answer = {.status = EXIT_STATUS_OK, .rtt = MILLISECOND};
static const struct probe_result refusal = {.status = EXIT_STATUS_REFUSED,
                                            .action = "reach",
                                            .error = -ECONNREFUSED};

struct fake_attempt {
    struct probe_attempt attempt;
    struct nk_timer timer;
};

static void on_timer(struct nk_timer *timer)
{
    struct fake_attempt *mine = nk_container_of(timer, struct fake_attempt, timer);

    probe_attempt_finish(&mine->attempt, fake.result);
}

static int start(struct probe_attempt *attempt)
{
    struct fake_attempt *mine = nk_container_of(attempt, struct fake_attempt, attempt);
    struct nk_event_loop *loop = probe_target_loop(attempt->target);

    nk_timer_init(&mine->timer, on_timer);
    fake.starts++;
    if (++fake.under_way > fake.most_under_way)
        fake.most_under_way = fake.under_way;
    if (fake.start_error != 0 || fake.result == NULL ||
        (fake.is_first_only && attempt->target->index > 0))
        return fake.start_error;
    if (!fake.is_at_once)
        return nk_event_loop_set_timer(loop, &mine->timer, nk_event_loop_now(loop) + MILLISECOND);
    probe_attempt_finish(attempt, fake.result);
    return 0;
}

static void stop(struct probe_attempt *attempt)
{
    struct fake_attempt *mine = nk_container_of(attempt, struct fake_attempt, attempt);

    nk_event_loop_cancel_timer(probe_target_loop(attempt->target), &mine->timer);
    fake.under_way--;
    fake.stops++;
}

static const struct probe_kind kind = {
    .name = "fake", .attempt_size = sizeof(struct fake_attempt), .start = start, .stop = stop};

static const char *const one[] = {"tcp://127.0.0.1:1"};
static const char *many[2000];

/* A run, and what must be so after every one. */
static enum exit_status run(struct probe_options options, const struct probe_result *result)
{
    enum exit_status status;

    memset(&told, 0, sizeof told);
    fake.result = result;
    fake.starts = fake.stops = fake.most_under_way = 0;
    if (options.kind == NULL)
        options.kind = &kind;
    if (options.targets == NULL) {
        options.targets = one;
        options.target_count = 1;
    }
    status = probe_run(&options, &reporter);
    assert_int_equal(fake.under_way, 0);
    assert_int_equal(fake.starts, fake.stops);
    return status;
}

static struct probe_options quick(uint64_t count)
{
    struct probe_options options = PROBE_OPTIONS_DEFAULT;

    options.interval = 2 * MILLISECOND;
    options.count = count;
    fake.is_at_once = false;
    fake.is_first_only = false;
    fake.start_error = 0;
    return options;
}

/* ---- tests ---- */

/* Otherwise the report and the exit status tell something else than what happened. */
static void a_run_is_told_in_order(void **state)
{
    (void)state;
    assert_int_equal(run(quick(2), &answer), EXIT_STATUS_OK);
    assert_string_equal(told.text, "s1 r1 U1 s2 r2 ");
    assert_int_equal(run(quick(2), &refusal), EXIT_STATUS_REFUSED);
    assert_string_equal(told.text, "s1 m1 D1 s2 m2 ");
    assert_int_equal(told.status, EXIT_STATUS_REFUSED);
}

/* Otherwise a kind that knows the answer at once, or cannot even begin, is counted
 * twice or freed too early. */
static void attempts_may_end_where_they_begin(void **state)
{
    struct probe_options options = quick(3);

    (void)state;
    fake.is_at_once = true;
    assert_int_equal(run(options, &answer), EXIT_STATUS_OK);
    assert_string_equal(told.text, "s1 r1 U1 s2 r2 s3 r3 ");
    options = quick(1);
    fake.start_error = -EMFILE;
    assert_int_equal(run(options, &answer), EXIT_STATUS_FAILED);
    assert_string_equal(told.text, "s1 m1 D1 ");
}

/* Otherwise a target that says nothing holds the run up for ever. */
static void silence_is_a_time_out(void **state)
{
    struct probe_options options = quick(3);

    (void)state;
    options.wait = 5 * MILLISECOND;
    assert_int_equal(run(options, NULL), EXIT_STATUS_TIMED_OUT);
    assert_int_equal(told.missed, 3);
}

/* Otherwise a target that has never answered is overlooked beside one that has, when the
 * time is up before it was given up. */
static void a_target_of_which_nothing_is_known_is_timed_out(void **state)
{
    static const char *const two[] = {"tcp://127.0.0.1:1", "tcp://127.0.0.1:2"};
    struct probe_options options = quick(0);

    (void)state;
    options.targets = two;
    options.target_count = 2;
    options.interval = 20 * MILLISECOND;
    options.wait = NK_NANOSECONDS_PER_SECOND;
    options.timeout = 100 * MILLISECOND;
    fake.is_at_once = true;
    fake.is_first_only = true;
    assert_int_equal(run(options, &answer), EXIT_STATUS_TIMED_OUT);
    assert_true(told.replies > 0);
}

/* Otherwise a scan opens as many sockets as there are ports, or, when each attempt
 * begins the next, the stack grows with them. */
static void only_so_many_are_under_way(void **state)
{
    struct probe_options options = quick(1);

    (void)state;
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
        many[i] = one[0];
    options.targets = many;
    options.target_count = sizeof many / sizeof many[0];
    options.in_flight = 7;
    assert_int_equal(run(options, &answer), EXIT_STATUS_OK);
    assert_int_equal(fake.most_under_way, 7);
    assert_int_equal(told.replies, options.target_count);
    fake.is_at_once = true;
    options.in_flight = 1;
    assert_int_equal(run(options, &refusal), EXIT_STATUS_REFUSED);
    assert_int_equal(told.missed, options.target_count);
}

/* Otherwise a run goes on when nobody is reading, or says that all is well when the
 * disk is full. */
static void a_report_that_cannot_be_told_ends_the_run(void **state)
{
    (void)state;
    memset(&told, 0, sizeof told);
    for (size_t at = 1; at <= 4; at++) {
        struct probe_options options = quick(0);

        options.kind = &kind;
        options.targets = one;
        options.target_count = 1;
        memset(&told, 0, sizeof told);
        fake.result = &answer;
        told.fail_at = at;
        told.fail_with = at % 2 == 0 ? -EPIPE : -ENOSPC;
        assert_int_equal(probe_run(&options, &reporter),
                         at % 2 == 0 ? EXIT_STATUS_OK : EXIT_STATUS_FAILED);
        assert_int_equal(told.events, at);
        assert_int_equal(fake.under_way, 0);
    }
}

/* Otherwise --until waits on, or ends before what it waits for. */
static void until_ends_with_the_state(void **state)
{
    struct probe_options options = quick(0);

    (void)state;
    options.until = PROBE_UNTIL_UP;
    options.timeout = 30 * NK_NANOSECONDS_PER_SECOND;
    assert_int_equal(run(options, &answer), EXIT_STATUS_OK);
    assert_string_equal(told.text, "s1 r1 U1 ");
    options.until = PROBE_UNTIL_DOWN;
    assert_int_equal(run(options, &refusal), EXIT_STATUS_OK);
    assert_string_equal(told.text, "s1 m1 D1 ");
    options.until = PROBE_UNTIL_UP;
    options.timeout = 20 * MILLISECOND;
    assert_int_equal(run(options, &refusal), EXIT_STATUS_TIMED_OUT);
}

/* Otherwise a threshold that is not met goes unnoticed. */
static void thresholds_are_judged_at_the_end(void **state)
{
    struct probe_options options = quick(2);
    struct probe_threshold thresholds[2];
    const char *reason;

    (void)state;
    assert_int_equal(probe_threshold_parse(&thresholds[0], "max>500us", &reason), 0);
    assert_int_equal(probe_threshold_parse(&thresholds[1], "loss>1%", &reason), 0);
    options.thresholds = thresholds;
    options.threshold_count = 2;
    assert_int_equal(run(options, &answer), EXIT_STATUS_THRESHOLD);
    assert_int_equal(told.violations, 1);
}

/* ---- sessions ---- */

static int start_session(struct probe_attempt *attempt)
{
    struct probe_target *target = attempt->target;
    const struct probe_result lost = {.status = EXIT_STATUS_LOST,
                                      .action = "keep",
                                      .error = -ECONNRESET};
    uint64_t sequence = probe_target_sent(target);

    fake.starts++;
    fake.under_way++;
    probe_target_set_state(target, PROBE_STATE_UP);
    probe_target_note(target, "word", 1, "hello");
    probe_target_result(target, sequence, &answer);
    probe_target_duplicate(target, sequence);
    probe_target_set_state(target, PROBE_STATE_DOWN);
    probe_target_end(target, &lost);
    probe_target_end(target, &answer); /* too late */
    return 0;
}

static void stop_session(struct probe_attempt *attempt)
{
    (void)attempt;
    fake.under_way--;
    fake.stops++;
}

static const struct probe_kind session_kind = {
    .name = "session",
    .is_session = true,
    .attempt_size = sizeof(struct probe_attempt),
    .start = start_session,
    .stop = stop_session,
};

/* Otherwise the death of a peer that had answered before is forgotten at the end. */
static void a_session_tells_by_itself_and_ends_the_run(void **state)
{
    struct probe_options options = quick(0);

    (void)state;
    options.kind = &session_kind;
    assert_int_equal(run(options, &answer), EXIT_STATUS_LOST);
    assert_string_equal(told.text, "s1 U1 n0 r1 d1 D1 E0 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_told_in_order),
        cmocka_unit_test(attempts_may_end_where_they_begin),
        cmocka_unit_test(silence_is_a_time_out),
        cmocka_unit_test(a_target_of_which_nothing_is_known_is_timed_out),
        cmocka_unit_test(only_so_many_are_under_way),
        cmocka_unit_test(a_report_that_cannot_be_told_ends_the_run),
        cmocka_unit_test(until_ends_with_the_state),
        cmocka_unit_test(thresholds_are_judged_at_the_end),
        cmocka_unit_test(a_session_tells_by_itself_and_ends_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
