/* One direction of a stream: every way of moving, back-pressure, ends, errors. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "pump_fixture.h"

#define TOTAL ((size_t)400 * 1024)

/* Turns until the pump has ended, reading what arrives. */
static void move_all(size_t *fed, size_t total)
{
    size_t seen = 0;
    bool is_file = sink.kind == CAT_PORT_FILE;

    TURN_UNTIL(loop, (feed_all(fed, total), is_file || drain(to.outer, &seen), ended.calls > 0));
    if (is_file)
        assert_int_equal(lseek(to.outer, 0, SEEK_SET), 0);
    drain(to.outer, &seen);
    assert_int_equal(seen, total);
    assert_int_equal(pump.moved, total);
    assert_int_equal(ended.calls, 1);
    assert_int_equal(ended.error, 0);
}

static const struct {
    enum cat_port_kind from;
    enum cat_port_kind to;
    enum cat_pump_mode mode;
} pairs[] = {
    {CAT_PORT_SOCKET, CAT_PORT_SOCKET, CAT_PUMP_RELAY},
    {CAT_PORT_SOCKET, CAT_PORT_SHARED_SOCKET, CAT_PUMP_COPY},
    {CAT_PORT_SOCKET, CAT_PORT_PIPE, CAT_PUMP_SPLICE},
    {CAT_PORT_SOCKET, CAT_PORT_FILE, CAT_PUMP_COPY},
    {CAT_PORT_SOCKET, CAT_PORT_TERMINAL, CAT_PUMP_COPY},
    {CAT_PORT_SHARED_SOCKET, CAT_PORT_SOCKET, CAT_PUMP_COPY},
    {CAT_PORT_PIPE, CAT_PORT_SOCKET, CAT_PUMP_SPLICE},
    {CAT_PORT_FILE, CAT_PORT_SOCKET, CAT_PUMP_SENDFILE},
    {CAT_PORT_TERMINAL, CAT_PORT_SOCKET, CAT_PUMP_COPY},
    {CAT_PORT_PIPE, CAT_PORT_PIPE, CAT_PUMP_COPY},
};

/* Bytes are lost, doubled or swapped in one of the ways of moving them. */
static void every_pair_moves_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(pairs); i++) {
        size_t fed = 0;
        open_ports(pairs[i].from, pairs[i].to);
        feed(from.outer, &fed, TOTAL);
        if (source.kind == CAT_PORT_FILE)
            assert_int_equal(lseek(from.outer, 0, SEEK_SET), 0);
        cat_pump_init(&pump, &source, &sink);
        assert_int_equal(pump.mode, pairs[i].mode);
        cat_pump_start(&pump);
        move_all(&fed, TOTAL);
        finish();
    }
}

/* A silent source or a sink without a reader keeps the processor busy, or an
 * unread stream is taken into memory without end. */
static void a_blocked_pump_sleeps_and_stops_its_source(void **state)
{
    const size_t endless = (size_t)64 * 1024 * 1024;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(pairs); i++) {
        size_t fed = 0;
        size_t seen = 0;
        size_t before;
        if (pairs[i].from == CAT_PORT_FILE || pairs[i].to == CAT_PORT_FILE)
            continue;
        start(pairs[i].from, pairs[i].to);
        expect_sleep();
        do {
            before = fed;
            feed(from.outer, &fed, endless);
            turn_idle(loop, 100);
        } while (fed > before);
        assert_true(fed < 4 * 1024 * 1024);
        expect_sleep();
        TURN_UNTIL(loop, (drain(to.outer, &seen), seen == fed));
        assert_int_equal(ended.calls, 0);
        finish();
    }
}

/* A file source is always ready: with a sink that is not, it must not spin. */
static void a_file_waits_for_its_sink(void **state)
{
    size_t fed = 0;
    size_t total = 2 * 1024 * 1024;

    (void)state;
    open_ports(CAT_PORT_FILE, CAT_PORT_SOCKET);
    feed(from.outer, &fed, total);
    assert_int_equal(lseek(from.outer, 0, SEEK_SET), 0);
    cat_pump_init(&pump, &source, &sink);
    cat_pump_start(&pump);
    turn_idle(loop, 50);
    expect_sleep();
    move_all(&fed, total);
}

/* Only what lies behind the file's offset is sent, and the offset moves on: the
 * shell's next command reads on from there. */
static void a_file_is_sent_from_its_offset(void **state)
{
    char text[16] = "";

    (void)state;
    open_ports(CAT_PORT_FILE, CAT_PORT_SOCKET);
    assert_int_equal(write(from.outer, "first second", 12), 12);
    assert_int_equal(lseek(from.outer, 6, SEEK_SET), 6);
    cat_pump_init(&pump, &source, &sink);
    cat_pump_start(&pump);
    TURN_UNTIL(loop, ended.calls > 0);
    assert_int_equal(read(to.outer, text, sizeof text), 6);
    assert_string_equal(text, "second");
    assert_int_equal(lseek(from.outer, 0, SEEK_CUR), 12);
}

/* What cannot be sent with sendfile is copied: /dev/null ends at once. */
static void a_device_is_copied(void **state)
{
    (void)state;
    from = (struct ends){open("/dev/null", O_RDONLY | O_CLOEXEC), -1};
    to = make_ends(CAT_PORT_SOCKET, false);
    assert_int_equal(cat_port_open(&source, loop, from.inner), 0);
    assert_int_equal(cat_port_open(&sink, loop, to.inner), 0);
    cat_pump_init(&pump, &source, &sink);
    assert_int_equal(pump.mode, CAT_PUMP_SENDFILE);
    cat_pump_start(&pump);
    TURN_UNTIL(loop, ended.calls > 0);
    assert_int_equal(ended.error, 0);
}

/* ---- errors ---- */

/* A reader that has gone is the sink's error, however the bytes travel. */
static void a_reader_that_has_gone_is_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(pairs); i++) {
        size_t fed = 0;
        if (pairs[i].to == CAT_PORT_FILE || pairs[i].to == CAT_PORT_TERMINAL ||
            pairs[i].from == CAT_PORT_FILE)
            continue;
        start(pairs[i].from, pairs[i].to);
        close_outer(&to);
        feed(from.outer, &fed, 10);
        TURN_UNTIL(loop, ended.calls > 0);
        assert_int_equal(ended.error, -EPIPE);
        assert_true(ended.at_sink);
        finish();
    }
}

static int pass(void *context, struct nk_slice bytes, struct nk_buffer *out)
{
    (void)context;
    return nk_buffer_append(out, bytes);
}

/* Begins the stream in the sink itself, until it takes nothing more. */
static size_t fill_sink(void)
{
    int flags = fcntl(to.inner, F_GETFL);
    size_t fed = 0;

    set_non_blocking(to.inner);
    feed(to.inner, &fed, SIZE_MAX);
    assert_int_equal(fcntl(to.inner, F_SETFL, flags), 0);
    return fed;
}

/* Everything that arrived in front of a reset is written, also when the sink was
 * full at that time; then the reset is reported, as the source's. */
static void a_reset_comes_after_the_bytes(void **state)
{
    static const enum cat_port_kind sinks[] = {CAT_PORT_SOCKET, CAT_PORT_PIPE, CAT_PORT_PIPE,
                                               CAT_PORT_SHARED_SOCKET};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(sinks); i++) {
        size_t seen = 0;
        tcp_pair(&from.outer, &from.inner);
        to = make_ends(sinks[i], false);
        assert_int_equal(cat_port_open(&source, loop, from.inner), 0);
        assert_int_equal(cat_port_open(&sink, loop, to.inner), 0);
        pump.filter = i == 2 ? pass : NULL;
        cat_pump_init(&pump, &source, &sink);
        size_t fed = fill_sink(); /* now, because a pipe has been enlarged */
        size_t total = fed + 30000;
        cat_pump_start(&pump);
        TURN_UNTIL(loop, (feed(from.outer, &fed, total),
                          fed == total && nk_socket_unacknowledged(from.outer) == 0));
        turn_idle(loop, 50);
        assert_int_equal(pump.moved, 0);
        close_with_reset(from.outer);
        from.outer = -1;
        turn_idle(loop, 20);
        TURN_UNTIL(loop, (drain(to.outer, &seen), ended.calls > 0));
        drain(to.outer, &seen);
        assert_int_equal(seen, fed);
        assert_int_equal(ended.error, -ECONNRESET);
        assert_false(ended.at_sink);
        finish();
    }
}

/* A full disk ends the pump instead of losing bytes silently. */
static void a_full_disk_is_reported(void **state)
{
    size_t fed = 0;

    (void)state;
    from = make_ends(CAT_PORT_SOCKET, true);
    to = (struct ends){open("/dev/full", O_WRONLY | O_CLOEXEC), -1};
    assert_int_equal(cat_port_open(&source, loop, from.inner), 0);
    assert_int_equal(cat_port_open(&sink, loop, to.inner), 0);
    cat_pump_init(&pump, &source, &sink);
    cat_pump_start(&pump);
    feed(from.outer, &fed, 10);
    TURN_UNTIL(loop, ended.calls > 0);
    assert_int_equal(ended.error, -ENOSPC);
    assert_true(ended.at_sink);
}

/* ---- filters ---- */

/* Each byte eight times: the most that a filter may lengthen. */
static int repeat(void *context, struct nk_slice bytes, struct nk_buffer *out)
{
    int error = 0;

    *(size_t *)context += bytes.len;
    for (size_t i = 0; i < bytes.len && !error; i++) {
        char same[8];
        memset(same, bytes.data[i], sizeof same);
        error = nk_buffer_append(out, nk_slice_make(same, sizeof same));
    }
    return error;
}

/* A filter that lengthens overflows the buffer when the sink is slow. */
static void a_filter_may_lengthen(void **state)
{
    size_t total = (size_t)100 * 1024;
    size_t fed = 0;
    size_t seen = 0;
    size_t passed = 0;
    char byte;

    (void)state;
    pump.filter = repeat;
    pump.filter_context = &passed;
    start(CAT_PORT_PIPE, CAT_PORT_SOCKET);
    while (ended.calls == 0) {
        feed_all(&fed, total);
        assert_int_equal(nk_event_loop_turn(loop, MILLISECOND), 0);
        for (int i = 0; i < 5000 && read(to.outer, &byte, 1) == 1; i++, seen++)
            assert_int_equal(byte, pattern_at(seen / 8));
    }
    while (read(to.outer, &byte, 1) == 1)
        assert_int_equal(byte, pattern_at(seen++ / 8));
    assert_int_equal(ended.error, 0);
    assert_int_equal(passed, total);
    assert_int_equal(seen, total * 8);
}

static int refuse(void *context, struct nk_slice bytes, struct nk_buffer *out)
{
    (void)context;
    (void)bytes;
    (void)out;
    return -EBADMSG;
}

/* What a filter refuses ends the pump. */
static void a_filter_may_refuse(void **state)
{
    size_t fed = 0;

    (void)state;
    pump.filter = refuse;
    start(CAT_PORT_SOCKET, CAT_PORT_PIPE);
    feed(from.outer, &fed, 1);
    TURN_UNTIL(loop, ended.calls > 0);
    assert_int_equal(ended.error, -EBADMSG);
    assert_false(ended.at_sink);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_pair_moves_every_byte),
        CASE(a_blocked_pump_sleeps_and_stops_its_source),
        CASE(a_file_waits_for_its_sink),
        CASE(a_file_is_sent_from_its_offset),
        CASE(a_device_is_copied),
        CASE(a_reader_that_has_gone_is_reported),
        CASE(a_reset_comes_after_the_bytes),
        CASE(a_full_disk_is_reported),
        CASE(a_filter_may_lengthen),
        CASE(a_filter_may_refuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
