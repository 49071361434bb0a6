/* Figures as Prometheus reads them, against texts written by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "measure/prometheus.h"

static void assert_text(const struct prometheus_text *text, const char *expected)
{
    struct nk_slice all = nk_buffer_slice(&text->buffer);
    assert_int_equal(text->error, 0);
    assert_int_equal(all.len, strlen(expected));
    assert_memory_equal(all.data, expected, all.len);
}

/* Otherwise a collector refuses all of it because of one line. */
static void headings_and_samples_are_lines(void **state)
{
    const struct prometheus_label labels[] = {{"target", "tcp://h:1"}, {"quantile", "0.5"}};
    struct prometheus_text text;
    (void)state;
    prometheus_init(&text, 4096);
    prometheus_metric(&text, "a_total", PROMETHEUS_COUNTER, "How many.");
    prometheus_count(&text, "a_total", NULL, 0, UINT64_MAX);
    prometheus_count(&text, "a_total", labels, 1, 0);
    prometheus_metric(&text, "b_seconds", PROMETHEUS_SUMMARY, "How long.");
    prometheus_number(&text, "b_seconds", labels, 2, 0.00025);
    prometheus_number(&text, "b_seconds_sum", labels, 1, 1e9 / 3);
    prometheus_metric(&text, "c", PROMETHEUS_GAUGE, "Now.");
    prometheus_count(&text, "c", NULL, 0, 1);
    assert_text(&text, "# HELP a_total How many.\n"
                       "# TYPE a_total counter\n"
                       "a_total 18446744073709551615\n"
                       "a_total{target=\"tcp://h:1\"} 0\n"
                       "# HELP b_seconds How long.\n"
                       "# TYPE b_seconds summary\n"
                       "b_seconds{target=\"tcp://h:1\",quantile=\"0.5\"} 0.00025\n"
                       "b_seconds_sum{target=\"tcp://h:1\"} 333333333\n"
                       "# HELP c Now.\n"
                       "# TYPE c gauge\n"
                       "c 1\n");
    prometheus_deinit(&text);
}

/* Otherwise the path of a socket breaks the line it stands in. */
static void label_values_may_hold_anything(void **state)
{
    const struct prometheus_label label = {"p", "/a\"b\\c\nd\xff\xc3\xa4"};
    struct prometheus_text text;
    (void)state;
    prometheus_init(&text, 4096);
    prometheus_count(&text, "x", &label, 1, 7);
    assert_text(&text, "x{p=\"/a\\\"b\\\\c\\nd\xef\xbf\xbd\xc3\xa4\"} 7\n");
    prometheus_deinit(&text);
}

/* Otherwise thousands of targets fill the memory, or half a text is served as a whole. */
static void the_cap_is_kept_and_noted(void **state)
{
    struct prometheus_text text;
    (void)state;
    prometheus_init(&text, 64);
    for (int i = 0; i < 100; i++)
        prometheus_count(&text, "name", NULL, 0, 1);
    assert_int_equal(text.error, -ENOBUFS);
    assert_true(nk_buffer_len(&text.buffer) <= 64);
    prometheus_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headings_and_samples_are_lines),
        cmocka_unit_test(label_values_may_hold_anything),
        cmocka_unit_test(the_cap_is_kept_and_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
