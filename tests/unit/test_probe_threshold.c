/* What --fail-if takes, what it refuses, and what it says of figures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "probe/probe_threshold.h"

#define MS UINT64_C(1000000)

static const struct probe_figures figures = {
    .sent = 200,
    .replies = 195,
    .missed = 5,
    .duplicates = 2,
    .loss = 0.025,
    .min = 1 * MS,
    .p50 = 2 * MS,
    .p90 = 3 * MS,
    .p99 = 5 * MS,
    .max = 6200000,
    .mean = 2500000,
};

static bool is_violated(const char *text, const struct probe_figures *of, const char *expected)
{
    struct probe_threshold threshold;
    const char *reason = NULL;
    char figure[64] = "";
    int error = probe_threshold_parse(&threshold, text, &reason);
    if (error)
        fail_msg("'%s' %s", text, reason);
    bool violated = probe_threshold_is_violated(&threshold, of, figure, sizeof figure);
    if (violated && expected)
        assert_string_equal(figure, expected);
    return violated;
}

/* Otherwise a limit of the user is compared with the wrong figure or in the wrong unit. */
static void every_figure_is_compared_in_its_unit(void **state)
{
    static const struct {
        const char *text;
        const char *figure; /* NULL: not violated */
    } cases[] = {
        {"p99>5ms", NULL},         {"p99>=5ms", "5.000 ms"},   {"p99>4999us", "5.000 ms"},
        {"max>6.1ms", "6.200 ms"}, {"max>0.0062s", NULL},      {"max > 1m", NULL},
        {"min<1ms", NULL},         {"min <= 1ms", "1.000 ms"}, {"p50>1999us", "2.000 ms"},
        {"p90>3ms", NULL},         {"mean>2ms", "2.500 ms"},   {"loss>1%", "2.5 %"},
        {"loss>2.5%", NULL},       {"loss>=2.5%", "2.5 %"},    {"loss < 3 %", "2.5 %"},
        {"missed>4", "5"},         {"missed>5", NULL},         {"replies<195", NULL},
        {"replies<196", "195"},    {"sent<201", "200"},        {" duplicates>1 ", "2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (is_violated(cases[i].text, &figures, cases[i].figure) != (cases[i].figure != NULL))
            fail_msg("%s", cases[i].text);
    }
}

/* Otherwise a typing mistake is a threshold that can never be violated. */
static void what_is_no_threshold_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "p99",
        "p99>",
        ">5ms",
        "p99>5",
        "p99>5%",
        "p99>5msx",
        "p99>5 ms x",
        "p99=5ms",
        "p99==5ms",
        "p95>5ms",
        "P99>5ms",
        "loss>1",
        "loss>1ms",
        "loss>-1%",
        "missed>1ms",
        "missed>1%",
        "missed>",
        "p99>.5ms",
        "p99>5.ms",
        "p99>1e3ms",
        "p99>0.1234567ms",
        "p99>1234567890123ms",
        "p99 > > 5ms",
        "p99>5ms,loss>1%",
    };
    struct probe_threshold threshold;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *reason = NULL;
        if (probe_threshold_parse(&threshold, wrong[i], &reason) != -EINVAL || !reason)
            fail_msg("'%s' was taken", wrong[i]);
    }
}

/* Otherwise a target that never answered passes for a quick one, or fails as slow. */
static void times_of_nothing_are_not_judged(void **state)
{
    const struct probe_figures silent = {.sent = 3, .missed = 3, .loss = 1};
    const struct probe_figures untouched = {.sent = 0};
    (void)state;
    assert_false(is_violated("p99>0ms", &silent, NULL));
    assert_false(is_violated("p99<1ms", &silent, NULL));
    assert_true(is_violated("loss>=100%", &silent, "100 %"));
    assert_false(is_violated("loss<=0%", &untouched, NULL));
}

/* Otherwise --fail-if 'p99>5ms' would excuse lost probes, or 'loss>1%' would not. */
static void thresholds_about_loss_are_known_as_such(void **state)
{
    struct probe_threshold threshold;
    const char *reason;
    (void)state;
    assert_int_equal(probe_threshold_parse(&threshold, "loss>1%", &reason), 0);
    assert_true(probe_threshold_rates_loss(&threshold));
    assert_int_equal(probe_threshold_parse(&threshold, "p99>1ms", &reason), 0);
    assert_false(probe_threshold_rates_loss(&threshold));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_figure_is_compared_in_its_unit),
        cmocka_unit_test(what_is_no_threshold_is_refused),
        cmocka_unit_test(times_of_nothing_are_not_judged),
        cmocka_unit_test(thresholds_about_loss_are_known_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
