/* Records between seqpacket sockets and everything else: never cut, never joined. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "os/socket_record.h"
#include "pump_fixture.h"

static char record[CAT_PUMP_RECORD_MAX + 1];

static struct ends record_ends(void)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    return (struct ends){fds[0], fds[1]};
}

static void start_between(struct ends source_ends, struct ends sink_ends)
{
    from = source_ends;
    to = sink_ends;
    assert_int_equal(cat_port_open(&source, loop, from.inner), 0);
    assert_int_equal(cat_port_open(&sink, loop, to.inner), 0);
    cat_pump_init(&pump, &source, &sink);
    assert_int_equal(pump.mode, CAT_PUMP_PACKET);
    cat_pump_start(&pump);
}

/* The next record that comes out has to be this one. */
static void expect_record(const char *bytes, size_t len)
{
    static char seen[sizeof record];
    bool has_ended = false;
    ssize_t got = -EAGAIN;

    TURN_UNTIL(loop, (got = nk_socket_receive_record(to.outer, seen, sizeof seen, &has_ended),
                      got != -EAGAIN));
    assert_int_equal(got, len);
    assert_false(has_ended);
    assert_memory_equal(seen, bytes, len);
}

static void put(const char *text)
{
    assert_int_equal(send(from.outer, text, strlen(text), 0), strlen(text));
}

/* Two records become one, an empty one the end, or the end is lost. */
static void records_stay_apart(void **state)
{
    (void)state;
    struct ends ends = record_ends();
    assert_int_equal(nk_socket_mark_records(ends.outer), 0);
    start_between(record_ends(), ends);
    put("one");
    put("");
    put("three");
    close_outer(&from);
    turn_idle(loop, 10);
    expect_record("one", 3);
    expect_record("", 0);
    expect_record("three", 5);
    TURN_UNTIL(loop, ended.calls > 0);
    assert_int_equal(ended.error, 0);
    assert_int_equal(pump.moved, 8);
}

/* What waits while nobody reads is cut or joined when it goes on, or the program
 * spins. */
static void a_full_sink_keeps_them_apart(void **state)
{
    size_t count = 0;

    (void)state;
    struct ends ends = record_ends();
    assert_int_equal(nk_socket_mark_records(ends.outer), 0);
    start_between(record_ends(), ends);
    memset(record, 'r', sizeof record);
    for (int i = 0; i < 100; i++) {
        while (send(from.outer, record, 1000 + count % 7, 0) > 0)
            count++;
        if (send(from.outer, "", 0, 0) == 0)
            count++;
        turn_idle(loop, 10);
    }
    assert_true(count > 100);
    expect_sleep();
    for (size_t i = 0; i < count; i++) {
        static char seen[2000];
        bool has_ended = false;
        ssize_t got = -EAGAIN;
        TURN_UNTIL(loop, (got = nk_socket_receive_record(to.outer, seen, sizeof seen, &has_ended),
                          got != -EAGAIN));
        assert_true(got == 0 || got == (ssize_t)(1000 + i % 7));
        assert_false(has_ended);
    }
    expect_sleep();
}

/* The longest record passes, a longer one is an error and not a part of it. */
static void a_record_above_the_limit_is_refused(void **state)
{
    (void)state;
    struct ends ends = record_ends();
    assert_int_equal(nk_socket_mark_records(ends.outer), 0);
    start_between(record_ends(), ends);
    memset(record, 'r', sizeof record);
    assert_int_equal(send(from.outer, record, CAT_PUMP_RECORD_MAX, 0), CAT_PUMP_RECORD_MAX);
    expect_record(record, CAT_PUMP_RECORD_MAX);
    assert_int_equal(send(from.outer, record, sizeof record, 0), sizeof record);
    TURN_UNTIL(loop, ended.calls > 0);
    assert_int_equal(ended.error, -EMSGSIZE);
    assert_false(ended.at_sink);
}

/* To a pipe records are bytes, however small the pieces that it takes. */
static void records_become_a_stream(void **state)
{
    size_t fed = 0;
    size_t seen = 0;
    size_t total = (size_t)400 * 1024;

    (void)state;
    start_between(record_ends(), pipe_ends(false));
    while (fed < total) {
        feed(from.outer, &fed, total);
        turn_idle(loop, 1);
        drain(to.outer, &seen);
    }
    close_outer(&from);
    TURN_UNTIL(loop, (drain(to.outer, &seen), ended.calls > 0));
    drain(to.outer, &seen);
    assert_int_equal(seen, total);
    assert_int_equal(ended.error, 0);
}

/* Each read of a pipe becomes a record; its end is the end. */
static void reads_become_records(void **state)
{
    (void)state;
    struct ends ends = record_ends();
    assert_int_equal(nk_socket_mark_records(ends.outer), 0);
    start_between(pipe_ends(true), ends);
    assert_int_equal(write(from.outer, "first", 5), 5);
    expect_record("first", 5);
    assert_int_equal(write(from.outer, "second", 6), 6);
    expect_record("second", 6);
    close_outer(&from);
    TURN_UNTIL(loop, ended.calls > 0);
    assert_int_equal(ended.error, 0);
}

static int twice(void *context, struct nk_slice bytes, struct nk_buffer *out)
{
    (void)context;
    int error = nk_buffer_append(out, bytes);
    return error ? error : nk_buffer_append(out, bytes);
}

/* What a filter makes of a record is one record, too. */
static void a_filter_sees_whole_records(void **state)
{
    (void)state;
    struct ends ends = record_ends();
    assert_int_equal(nk_socket_mark_records(ends.outer), 0);
    pump.filter = twice;
    start_between(record_ends(), ends);
    put("ab");
    put("c");
    expect_record("abab", 4);
    expect_record("cc", 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(records_stay_apart),
        CASE(a_full_sink_keeps_them_apart),
        CASE(a_record_above_the_limit_is_refused),
        CASE(records_become_a_stream),
        CASE(reads_become_records),
        CASE(a_filter_sees_whole_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
