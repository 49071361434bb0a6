/* DEFECTS 10 and 11: interruptions, would-blocks and short counts at every
 * position change nothing in a stream; real errors end one connection only. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "connection_fixture.h"
#include "inject.h"

enum { STREAM = 200 * 1000, FILE_SIZE = 300 * 1000 };

static char *pattern_bytes;
static int pattern_file;

static int make_pattern(void **state)
{
    FILE *stream = tmpfile();

    (void)state;
    pattern_bytes = malloc(FILE_SIZE);
    if (!stream || !pattern_bytes)
        return -1;
    fill_pattern(pattern_bytes, FILE_SIZE, 0);
    if (fwrite(pattern_bytes, 1, FILE_SIZE, stream) != FILE_SIZE || fflush(stream) != 0)
        return -1;
    pattern_file = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 0);
    return fclose(stream);
}

static int free_pattern(void **state)
{
    (void)state;
    free(pattern_bytes);
    return close(pattern_file);
}

static int set_up_faults(void **state)
{
    inject_reset();
    return set_up(state);
}

static int tear_down_faults(void **state)
{
    inject_reset();
    return tear_down(state);
}

#define FAULT_CASE(name) cmocka_unit_test_setup_teardown(name, set_up_faults, tear_down_faults)

/* ---- the two streams ---- */

static size_t echo(struct nk_tcp_connection *connection, struct nk_slice input)
{
    (void)nk_tcp_connection_send(connection, input);
    return input.len;
}

/* Reads with read(2), which is not wrapped, and checks. */
static size_t check_answer(int client, size_t position)
{
    static char answer[65536];
    ssize_t got;

    while ((got = read(client, answer, sizeof answer)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (answer[i] != pattern(position + (size_t)i))
                fail_msg("wrong byte at %zu", position + (size_t)i);
        }
        position += (size_t)got;
    }
    assert_true(got == 0 || errno == EAGAIN);
    return position;
}

/* `len` bytes there and back again. */
static void echo_stream(size_t len)
{
    uint64_t give_up = time_now() + PATIENCE_MS * MILLISECOND;
    int client = add_unix();
    size_t sent = 0;
    size_t received = 0;

    script.on_message = echo;
    while (received < len) {
        assert_true(time_now() < give_up);
        if (sent < len) {
            ssize_t written = write(client, pattern_bytes + sent, len - sent);
            assert_true(written > 0 || errno == EAGAIN);
            sent += written > 0 ? (size_t)written : 0;
        }
        assert_int_equal(nk_event_loop_turn(loop, sent < len ? 0 : 20 * MILLISECOND), 0);
        received = check_answer(client, received);
        seen.input_len = 0;
    }
    assert_int_equal(received, len);
    assert_int_equal(seen.closed, 0);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_NOW);
    turn_idle(loop, 1);
    close(client);
    seen.closed = 0;
}

static size_t answer_with_file(struct nk_tcp_connection *connection, struct nk_slice input)
{
    if (input.len == 0)
        return 0; /* the end of the stream */
    int file = fcntl(pattern_file, F_DUPFD_CLOEXEC, 0);

    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(pattern_bytes, 100)), 0);
    assert_int_equal(nk_tcp_connection_send_file(connection, file, 100, FILE_SIZE - 100), 0);
    return input.len;
}

/* A head and a file behind it. */
static void file_stream(void)
{
    uint64_t give_up = time_now() + PATIENCE_MS * MILLISECOND;
    int client = add_unix();
    size_t received = 0;
    int writes = seen.writes;

    script.on_message = answer_with_file;
    assert_int_equal(write(client, "x", 1), 1);
    while (received < FILE_SIZE || seen.writes == writes) {
        assert_true(time_now() < give_up);
        assert_int_equal(nk_event_loop_turn(loop, 20 * MILLISECOND), 0);
        received = check_answer(client, received);
    }
    assert_int_equal(received, FILE_SIZE);
    assert_int_equal(seen.closed, 0);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_NOW);
    turn_idle(loop, 1);
    close(client);
    seen.closed = 0;
    seen.input_len = 0;
}

/* ---- harmless faults at every position ---- */

static const struct {
    enum inject_call call;
    int error;
} harmless[] = {
    {INJECT_RECV, EINTR},      {INJECT_RECV, EAGAIN}, {INJECT_SEND, EINTR},
    {INJECT_SEND, EAGAIN},     {INJECT_WAIT, EINTR},  {INJECT_SENDFILE, EINTR},
    {INJECT_SENDFILE, EAGAIN},
};

static void count_closed_again(void)
{
    struct nk_connection_counters counters;

    nk_connection_group_counters(group, &counters);
    seen.closed = (int)counters.opened; /* for the tear-down */
}

/* One fault at the n-th call, for every n that the stream has, once and three
 * times in a row: the stream must not notice. */
static void one_harmless_fault_at_every_position(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(harmless); i++) {
        for (unsigned nth = 1; nth < 60; nth++) {
            inject_reset();
            inject_failure(harmless[i].call, nth, nth % 2 ? 1 : 3, harmless[i].error);
            echo_stream(STREAM);
            file_stream();
            if (inject_failed(harmless[i].call) == 0)
                break; /* the streams have fewer such calls */
        }
        assert_true(inject_count(harmless[i].call) > 0);
    }
    count_closed_again();
}

/* Every second call fails: the stream arrives all the same. */
static void harmless_faults_all_the_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(harmless); i++) {
        inject_reset();
        inject_failures(harmless[i].call, 2, harmless[i].error);
        echo_stream(STREAM);
        file_stream();
    }
    count_closed_again();
}

/* Short reads and writes of every small size and around the buffers' sizes. */
static void short_counts_at_every_size(void **state)
{
    static const size_t limits[] = {1, 2, 3, 7, 511, 512, 513, 4095, 4096, 16384, 65535};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(limits); i++) {
        size_t limit = limits[i];
        inject_reset();
        inject_short(INJECT_RECV, limit);
        echo_stream(limit < 500 ? 3000 : STREAM);
        inject_reset();
        inject_short(INJECT_SEND, limit);
        echo_stream(limit < 500 ? 3000 : STREAM);
        inject_reset();
        inject_short(INJECT_SENDFILE, limit < 500 ? 500 + limit : limit);
        file_stream();
    }
    count_closed_again();
}

/* A file system without sendfile: the connection copies instead. */
static void a_file_that_cannot_be_sent_is_copied(void **state)
{
    (void)state;
    inject_failures(INJECT_SENDFILE, 1, EINVAL);
    inject_short(INJECT_SEND, 10000);
    file_stream();
    assert_true(inject_failed(INJECT_SENDFILE) > 0);
    count_closed_again();
}

/* ---- errors that end a connection ---- */

/* EPIPE, ECONNRESET and the like on any call of one connection end that one, with
 * the reason, while another goes on. */
static void an_error_ends_that_connection_only(void **state)
{
    static const struct {
        enum inject_call call;
        int error;
    } fatal[] = {
        {INJECT_SEND, EPIPE},       {INJECT_SEND, ECONNRESET},     {INJECT_RECV, ECONNRESET},
        {INJECT_RECV, ETIMEDOUT},   {INJECT_SENDFILE, ECONNRESET}, {INJECT_SENDFILE, EIO},
        {INJECT_SEND, ENETUNREACH}, {INJECT_RECV, EHOSTUNREACH},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(fatal); i++) {
        inject_reset();
        script.on_message = answer_with_file;
        int bystander = add_unix();
        turn_idle(loop, 1);
        int client = add_unix();
        turn_idle(loop, 1);
        int closed = seen.closed;
        inject_failure(fatal[i].call, 1, 1, fatal[i].error);
        assert_int_equal(write(client, "x", 1), 1);
        turn_idle(loop, 3);
        assert_int_equal(inject_failed(fatal[i].call), 1);
        close(client); /* after a failed send the input is still read to its end */
        TURN_UNTIL(loop, seen.closed == closed + 1);
        assert_int_equal(seen.reason, -fatal[i].error);

        script.on_message = echo;
        assert_int_equal(write(bystander, "x", 1), 1);
        char byte = 0;
        TURN_UNTIL(loop, read(bystander, &byte, 1) == 1);
        assert_int_equal(byte, 'x');
        close(bystander);
        TURN_UNTIL(loop, seen.closed == closed + 2);
    }
}

/* A wait that fails for a reason of the kernel's stops the loop with that reason
 * instead of spinning. */
static void a_broken_dispatcher_ends_the_loop(void **state)
{
    (void)state;
    inject_failure(INJECT_WAIT, 2, 1, EBADF);
    nk_event_loop_turn(loop, 0);
    assert_int_equal(nk_event_loop_run(loop), -EBADF);
}

static void nothing(struct nk_timer *timer)
{
    (void)timer;
}

/* A timer of a month must not turn into a wait for ever where the mechanism
 * cannot express so long a time (epoll: 24 days). */
static void a_wait_of_a_month_has_an_end(void **state)
{
    struct nk_timer timer;

    (void)state;
    nk_timer_init(&timer, nothing);
    inject_failure(INJECT_WAIT, 1, 2, EINTR); /* return at once, having seen the time-out */
    assert_int_equal(nk_event_loop_turn(loop, NK_NEVER), 0);
    assert_true(inject_last_wait_was_endless());
    assert_int_equal(nk_event_loop_set_timer(loop, &timer, UINT64_C(31) * 86400 * SECOND), 0);
    assert_int_equal(nk_event_loop_turn(loop, NK_NEVER), 0);
    assert_false(inject_last_wait_was_endless());
    assert_int_equal(inject_failed(INJECT_WAIT), 2);
    nk_event_loop_cancel_timer(loop, &timer);
}

/* The kernel has no memory to watch a descriptor: the wish is tried again, the
 * connection is not forgotten. */
static void a_refused_watch_is_tried_again(void **state)
{
    (void)state;
    if (strcmp(nk_event_loop_dispatcher_name(loop), "epoll") != 0)
        skip();
    script.on_message = echo;
    inject_failure(INJECT_EPOLL_CTL, 2, 3, ENOMEM);
    int client = add_unix();
    assert_int_equal(write(client, "x", 1), 1);
    char byte = 0;
    TURN_UNTIL(loop, read(client, &byte, 1) == 1);
    assert_int_equal(inject_failed(INJECT_EPOLL_CTL), 3);
    close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT_CASE(one_harmless_fault_at_every_position),
        FAULT_CASE(harmless_faults_all_the_time),
        FAULT_CASE(short_counts_at_every_size),
        FAULT_CASE(a_file_that_cannot_be_sent_is_copied),
        FAULT_CASE(an_error_ends_that_connection_only),
        FAULT_CASE(a_broken_dispatcher_ends_the_loop),
        FAULT_CASE(a_wait_of_a_month_has_an_end),
        FAULT_CASE(a_refused_watch_is_tried_again),
    };

    return cmocka_run_group_tests(tests, make_pattern, free_pattern);
}
