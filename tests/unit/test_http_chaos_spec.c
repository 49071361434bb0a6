/* --chaos: what may be written, and what it means for each request. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdbool.h>

#include "base/clock.h"
#include "base/slice.h"
#include "http/http_chaos_spec.h"

#define MILLISECOND NK_NANOSECONDS_PER_MILLISECOND

static void test_a_whole_specification(void **state)
{
    struct http_chaos_spec spec;
    const char *problem;
    (void)state;
    assert_int_equal(
        http_chaos_spec_parse("reset:5%,delay:100ms-1s,truncate:2%,hang:0.25%,error:90%", &spec,
                              &problem),
        0);
    assert_int_equal(spec.chances[HTTP_CHAOS_RESET], 50000);
    assert_int_equal(spec.chances[HTTP_CHAOS_TRUNCATE], 20000);
    assert_int_equal(spec.chances[HTTP_CHAOS_HANG], 2500);
    assert_int_equal(spec.chances[HTTP_CHAOS_ERROR], 900000);
    assert_int_equal(spec.delay_chance, HTTP_CHAOS_ALWAYS);
    assert_int_equal(spec.delay_min, 100 * MILLISECOND);
    assert_int_equal(spec.delay_max, 1000 * MILLISECOND);

    assert_int_equal(http_chaos_spec_parse("delay:5ms:50%", &spec, &problem), 0);
    assert_int_equal(spec.delay_chance, 500000);
    assert_int_equal(spec.delay_min, spec.delay_max);
    assert_int_equal(http_chaos_spec_parse("reset:100%", &spec, &problem), 0);
    assert_int_equal(spec.delay_chance, 0);
}

/* Faults that were misspelt do not happen, and a client passes its test. */
static void test_mistakes(void **state)
{
    static const char *const mistakes[] = {
        "",
        ",",
        "reset",
        "reset:",
        "reset:5",
        "reset:%",
        "reset:5%%",
        "reset:101%",
        "reset:-1%",
        "reset:5%,",
        ",reset:5%",
        "reset:5% ",
        "Reset:5%",
        "reset:5%,reset:5%",
        "resets:5%",
        "reset:60%,hang:60%",
        "delay",
        "delay:",
        "delay:5",
        "delay:1s-",
        "delay:-1s",
        "delay:1s-1ms",
        "delay:6m",
        "delay:1s:5",
        "delay:1s:5%:5%",
        "delay:1s,delay:1s",
        "delay:1s-2s-3s",
        "reset:0.0001%",
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(mistakes); i++) {
        struct http_chaos_spec spec = {.delay_min = 7};
        const char *problem = NULL;
        const int rc = http_chaos_spec_parse(mistakes[i], &spec, &problem);
        if (rc != -EINVAL)
            print_error("'%s': %d\n", mistakes[i], rc);
        assert_int_equal(rc, -EINVAL);
        assert_non_null(problem);
        assert_int_equal(spec.delay_min, 7);
    }
}

/* A test that failed can be run again, and the chances are what they say. */
static void test_fates(void **state)
{
    struct http_chaos_spec spec;
    const char *problem;
    unsigned counts[HTTP_CHAOS_FAULT_COUNT] = {0};
    unsigned halves[2] = {0};
    unsigned delayed = 0;
    (void)state;
    assert_int_equal(http_chaos_spec_parse("reset:10%,hang:20%,delay:1ms-2ms:50%", &spec, &problem),
                     0);
    for (uint64_t number = 0; number < 100000; number++) {
        const struct http_chaos_fate fate = http_chaos_decide(&spec, 42, number);
        const struct http_chaos_fate again = http_chaos_decide(&spec, 42, number);
        assert_int_equal(fate.fault, again.fault);
        assert_int_equal(fate.place, again.place);
        assert_int_equal(fate.delay, again.delay);
        halves[fate.place >> 31]++;
        counts[fate.fault]++;
        if (fate.delay > 0) {
            delayed++;
            assert_in_range(fate.delay, MILLISECOND, 2 * MILLISECOND);
        }
    }
    assert_in_range(counts[HTTP_CHAOS_RESET], 9500, 10500);
    assert_in_range(counts[HTTP_CHAOS_HANG], 19000, 21000);
    assert_int_equal(counts[HTTP_CHAOS_TRUNCATE] + counts[HTTP_CHAOS_ERROR], 0);
    assert_in_range(delayed, 49000, 51000);
    assert_in_range(halves[0], 49000, 51000);
}

/* An answer that is to break off is complete, or a truncated one has no head. */
static void test_places(void **state)
{
    static const uint64_t bodies[] = {0, 1, 5, 1000, UINT64_C(1) << 40, UINT64_C(1) << 62};
    static const uint32_t places[] = {0, 1, 1u << 31, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(bodies); i++) {
        for (size_t j = 0; j < NK_ARRAY_LENGTH(places); j++) {
            const uint64_t truncated =
                http_chaos_cut(HTTP_CHAOS_TRUNCATE, places[j], 200, bodies[i]);
            assert_in_range(truncated, bodies[i] > 0 ? 200 : 1, 199 + bodies[i]);
            assert_in_range(http_chaos_cut(HTTP_CHAOS_RESET, places[j], 200, bodies[i]), 0,
                            199 + bodies[i]);
        }
    }
    assert_int_equal(http_chaos_cut(HTTP_CHAOS_RESET, 0, 200, 1000), 0);
    assert_int_equal(http_chaos_cut(HTTP_CHAOS_RESET, 1u << 31, 200, 1000), 600);
    assert_int_equal(http_chaos_cut(HTTP_CHAOS_TRUNCATE, 1u << 31, 200, 1000), 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_specification),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_fates),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
