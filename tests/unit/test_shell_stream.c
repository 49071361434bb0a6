/* Standard input and output without blocking. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "shell/shell_stream.h"

static struct nk_event_loop *loop;
static int ends[2];
static int calls;

static void on_ready(struct nk_channel *channel, unsigned events)
{
    (void)events;
    nk_channel_want(channel, 0);
    calls++;
}

static int set_up(void **state)
{
    (void)state;
    calls = 0;
    return nk_event_loop_new(&loop, NULL) | pipe(ends);
}

static int tear_down(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    nk_event_loop_free(loop);
    return 0;
}

/* A request would be lost, or its end waited for. */
static void bytes_and_the_end_are_read(void **state)
{
    struct shell_stream stream;
    char bytes[8];

    (void)state;
    assert_int_equal(shell_stream_open(&stream, loop, ends[0], on_ready), 0);
    nk_channel_want(&stream.channel, NK_READ);
    assert_int_equal(write(ends[1], "pwd\n", 4), 4);
    nk_event_loop_turn(loop, NK_NANOSECONDS_PER_SECOND);
    assert_int_equal(calls, 1);
    assert_int_equal(shell_stream_read(&stream, bytes, sizeof bytes), 4);
    assert_memory_equal(bytes, "pwd\n", 4);
    close(ends[1]);
    ends[1] = open("/dev/null", O_RDWR);
    assert_int_equal(shell_stream_read(&stream, bytes, sizeof bytes), 0);
    shell_stream_close(&stream);
    shell_stream_close(&stream);
}

/* The program would hang in a pipe that nobody reads, and with it everything else. */
static void a_pipe_gets_what_it_has_room_for(void **state)
{
    static char bytes[4 * PIPE_BUF];
    struct shell_stream stream;

    (void)state;
    assert_int_equal(shell_stream_open(&stream, loop, ends[1], on_ready), 0);
    assert_int_equal(shell_stream_write(&stream, nk_slice_make(bytes, sizeof bytes)), PIPE_BUF);
    assert_int_equal(shell_stream_write(&stream, nk_slice_make(bytes, 3)), 3);
    close(ends[0]);
    ends[0] = open("/dev/null", O_RDWR);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(shell_stream_write(&stream, nk_slice_make(bytes, 3)), -EPIPE);
    shell_stream_close(&stream);
}

/* A long answer would take a system call for each page. */
static void a_file_takes_everything(void **state)
{
    static char bytes[4 * PIPE_BUF];
    char path[] = "/tmp/netkit-unit-XXXXXX";
    struct shell_stream stream;
    int file = mkstemp(path);

    (void)state;
    assert_true(file >= 0);
    unlink(path);
    assert_int_equal(shell_stream_open(&stream, loop, file, on_ready), 0);
    nk_channel_want(&stream.channel, NK_WRITE);
    nk_event_loop_turn(loop, NK_NANOSECONDS_PER_SECOND);
    assert_int_equal(calls, 1);
    assert_int_equal(shell_stream_write(&stream, nk_slice_make(bytes, sizeof bytes)), sizeof bytes);
    shell_stream_close(&stream);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_and_the_end_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pipe_gets_what_it_has_room_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_takes_everything, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
