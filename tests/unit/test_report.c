/* What a server's user reads, in words and as JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "capture.h"
#include "report.h"

static const uint64_t loops[] = {3, 4, 5};

static const struct service_statistics totals = {
    .accepted = 12,
    .active = 2,
    .bytes_received = 1258291,
    .bytes_sent = 5872025,
    .requests = 340,
    .elapsed = UINT64_C(12345678901),
    .loop_count = NK_ARRAY_LENGTH(loops),
    .accepted_by_loop = loops,
};

struct scene {
    struct capture capture;
    struct report report;
};

static const struct service_reporter *begin(struct scene *scene, struct common_options options)
{
    capture_start(&scene->capture);
    report_init(&scene->report, &options);
    return &scene->report.reporter;
}

static const char *finish(struct scene *scene, enum exit_status status)
{
    report_deinit(&scene->report, status);
    return capture_stop(&scene->capture);
}

/* Scripts wait for this line, people copy the address out of it. */
static void says_where_it_listens(void **state)
{
    struct scene scene;
    const struct service_reporter *reporter = begin(&scene, (struct common_options){0});

    (void)state;
    reporter->listening(reporter->context, "tcp://127.0.0.1:43211");
    assert_string_equal(finish(&scene, EXIT_STATUS_OK), "listening on tcp://127.0.0.1:43211\n");
}

/* An error would not name what failed, on what, and why, in one line. */
static void says_what_failed(void **state)
{
    struct scene scene;
    const struct service_reporter *reporter = begin(&scene, (struct common_options){0});

    (void)state;
    reporter->failed(reporter->context, "listen on", "tcp://[::]:80", -EACCES);
    reporter->failed(reporter->context, "resolve", "example.invalid:80", -ENOENT);
    reporter->failed(reporter->context, "open", "a\nb\x1b[31m", -EXDEV);
    assert_string_equal(finish(&scene, EXIT_STATUS_CANNOT_LISTEN),
                        "netkit: cannot listen on 'tcp://[::]:80': permission denied\n"
                        "netkit: cannot resolve 'example.invalid:80': no such host\n"
                        "netkit: cannot open 'a\\x0ab\\x1b[31m': invalid cross-device link\n");
}

/* Whoever stops a server would not know what it is waiting for. */
static void says_that_it_drains(void **state)
{
    struct scene scene;
    const struct service_reporter *reporter = begin(&scene, (struct common_options){0});

    (void)state;
    reporter->draining(reporter->context, SIGINT, 0, UINT64_C(10000000000));
    reporter->draining(reporter->context, SIGTERM, 1, UINT64_C(10000000000));
    assert_string_equal(finish(&scene, EXIT_STATUS_OK),
                        "stopping on SIGINT\n"
                        "stopping on SIGTERM: 1 connection may finish within 10s;"
                        " a second signal stops at once\n");
}

/* The totals would be wrong, missing or hard to read. */
static void sums_up(void **state)
{
    struct service_statistics rough = totals;
    struct scene scene;
    const struct service_reporter *reporter = begin(&scene, (struct common_options){0});

    (void)state;
    reporter->statistics(reporter->context, &totals, false, 0);
    rough.accepted = 1;
    rough.requests = 0;
    rough.refused = 7;
    rough.cut = 1;
    reporter->statistics(reporter->context, &rough, true, 1);
    assert_string_equal(
        finish(&scene, EXIT_STATUS_FAILED),
        "served 12 connections, 340 requests, 1.2 MiB in, 5.6 MiB out in 12.3 s; 2 open\n"
        "served 1 connection, 1.2 MiB in, 5.6 MiB out in 12.3 s; 7 refused; 1 cut\n");
}

/* Whoever serves datagrams would not learn how many came, and how many could not
 * be answered. */
static void counts_datagrams(void **state)
{
    struct service_statistics udp = totals;
    struct scene scene;
    const struct service_reporter *reporter = begin(&scene, (struct common_options){0});

    (void)state;
    udp.has_datagrams = true;
    udp.datagrams = 1;
    reporter->statistics(reporter->context, &udp, false, 0);
    udp.datagrams = 7;
    udp.datagrams_too_long = 2;
    udp.datagrams_dropped = 3;
    reporter->statistics(reporter->context, &udp, true, 0);
    const char *text = finish(&scene, EXIT_STATUS_OK);
    assert_non_null(strstr(text, "\nreceived 1 datagram\n"));
    assert_non_null(strstr(text, "\nreceived 7 datagrams; 2 too long to answer; 3 not answered\n"));
}

/* With -v the spread over the threads would not be visible. */
static void shows_the_spread_when_asked(void **state)
{
    struct scene scene;
    const struct service_reporter *reporter =
        begin(&scene, (struct common_options){.verbosity = 1});

    (void)state;
    reporter->statistics(reporter->context, &totals, true, 0);
    assert_non_null(strstr(finish(&scene, EXIT_STATUS_OK), "\nconnections by thread: 3 4 5\n"));
}

static void say_everything(const struct service_reporter *reporter)
{
    reporter->listening(reporter->context, "tcp://127.0.0.1:1");
    nk_log(NK_LOG_WARNING, "a warning");
    nk_log(NK_LOG_INFO, "an info");
    nk_log(NK_LOG_DEBUG, "a debug");
    reporter->draining(reporter->context, SIGINT, 1, 1);
    reporter->statistics(reporter->context, &totals, false, 0);
    reporter->statistics(reporter->context, &totals, true, 0);
}

/* -q would let something through, or swallow errors. */
static void is_quiet_but_for_errors(void **state)
{
    struct scene scene;

    (void)state;
    for (int json = 0; json < 2; json++) {
        say_everything(begin(&scene, (struct common_options){.quiet = true, .json = json == 1}));
        assert_string_equal(finish(&scene, EXIT_STATUS_OK), "");
    }
    begin(&scene, (struct common_options){.quiet = true});
    scene.report.reporter.failed(&scene.report, "bind", "x", -EADDRINUSE);
    nk_log(NK_LOG_ERROR, "an error");
    assert_string_equal(finish(&scene, EXIT_STATUS_CANNOT_LISTEN),
                        "netkit: cannot bind 'x': address already in use\n"
                        "netkit: error: an error\n");
}

/* -v and -vv would show too much or too little of the log. */
static void shows_the_log_by_verbosity(void **state)
{
    static const char *const expected[] = {
        "netkit: warning: w\n",
        "netkit: warning: w\nnetkit: info: i\n",
        "netkit: warning: w\nnetkit: info: i\nnetkit: debug: d\n",
        "netkit: warning: w\nnetkit: info: i\nnetkit: debug: d\n",
    };

    (void)state;
    for (uint64_t verbosity = 0; verbosity < NK_ARRAY_LENGTH(expected); verbosity++) {
        struct scene scene;

        begin(&scene, (struct common_options){.verbosity = verbosity});
        nk_log(NK_LOG_WARNING, "w");
        nk_log(NK_LOG_INFO, "i");
        nk_log(NK_LOG_DEBUG, "d");
        assert_string_equal(finish(&scene, EXIT_STATUS_OK), expected[verbosity]);
    }
}

/* Counts the lines and checks that each is an object with event and time. */
static size_t count_objects(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; count++) {
        const char *end = strchr(text, '\n');

        assert_non_null(end);
        assert_memory_equal(text, "{\"event\":\"", 10);
        assert_int_equal(end[-1], '}');
        text = end + 1;
    }
    return count;
}

/* A program reading the events would meet a line that is not one. */
static void writes_json(void **state)
{
    struct scene scene;
    const struct service_reporter *reporter =
        begin(&scene, (struct common_options){.json = true, .verbosity = 2});
    const char *text;

    (void)state;
    say_everything(reporter);
    reporter->failed(reporter->context, "open", "a\"\\\n\xff\xc3\xa4", -ENOENT);
    text = finish(&scene, EXIT_STATUS_FAILED);
    assert_int_equal(count_objects(text), 8);
    assert_non_null(strstr(text, ",\"address\":\"tcp://127.0.0.1:1\"}"));
    assert_non_null(strstr(text, ",\"object\":\"a\\\"\\\\\\u000a\\ufffd\xc3\xa4\",\"error\":"
                                 "\"no such file or directory\",\"errno\":2}"));
    assert_non_null(strstr(text, ",\"elapsed\":12.345678,\"accepted_by_loop\":[3,4,5]}"));
    assert_non_null(strstr(text, ",\"accepted_by_loop\":[3,4,5],\"status\":0}"));
}

/* A server that could not start would end without its exit status in JSON, and
 * one that ran would have two summaries. */
static void sums_up_exactly_once_in_json(void **state)
{
    struct scene scene;
    const struct service_reporter *reporter;
    const char *text;

    (void)state;
    begin(&scene, (struct common_options){.json = true});
    text = finish(&scene, EXIT_STATUS_CANNOT_LISTEN);
    assert_int_equal(count_objects(text), 1);
    assert_non_null(strstr(text, "\"summary\""));
    assert_non_null(strstr(text, ",\"status\":8}"));
    reporter = begin(&scene, (struct common_options){.json = true});
    reporter->statistics(reporter->context, &totals, true, 0);
    assert_int_equal(count_objects(finish(&scene, EXIT_STATUS_OK)), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_where_it_listens),        cmocka_unit_test(says_what_failed),
        cmocka_unit_test(says_that_it_drains),          cmocka_unit_test(sums_up),
        cmocka_unit_test(shows_the_spread_when_asked),  cmocka_unit_test(is_quiet_but_for_errors),
        cmocka_unit_test(shows_the_log_by_verbosity),   cmocka_unit_test(writes_json),
        cmocka_unit_test(sums_up_exactly_once_in_json), cmocka_unit_test(counts_datagrams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
