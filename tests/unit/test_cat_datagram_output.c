/* Received datagrams on their way to standard output. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <signal.h>

#include "cat/cat_datagram_output.h"
#include "cat_fixture.h"
#include "os/socket_datagram.h"

static struct nk_event_loop *loop;
static struct cat_datagram_output output;
static int reader;
static size_t written; /* how often everything was */
static int failure;

static void on_written(void *context)
{
    (void)context;
    written++;
}

static void on_failed(void *context, int error)
{
    (void)context;
    failure = error;
}

static const struct cat_datagram_output_options options = {.on_written = on_written,
                                                           .on_failed = on_failed};

static int setup(void **state)
{
    int ends[2];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    written = 0;
    failure = 0;
    memset(&output, 0, sizeof output);
    loop = new_loop();
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    reader = ends[0];
    set_non_blocking(reader);
    return cat_datagram_output_open(&output, loop, ends[1], &options);
}

static int teardown(void **state)
{
    (void)state;
    cat_datagram_output_close(&output);
    cat_datagram_output_close(&output); /* harmless */
    close(reader);
    turn_idle(loop, 1);
    nk_event_loop_free(loop);
    return 0;
}

static int put(const char *text)
{
    return cat_datagram_output_put(&output, nk_slice_of_string(text));
}

/* Datagrams would be lost or doubled, or its owner never go on. */
static void everything_is_written(void **state)
{
    char text[16] = "";

    (void)state;
    assert_int_equal(put("one"), 0);
    assert_int_equal(put(""), 0);
    assert_int_equal(put("two"), 0);
    assert_false(cat_datagram_output_is_empty(&output));
    TURN_UNTIL(loop, written == 1);
    assert_true(cat_datagram_output_is_empty(&output));
    assert_int_equal(read(reader, text, sizeof text), 6);
    assert_string_equal(text, "onetwo");
    turn_idle(loop, 2);
    assert_int_equal(written, 1);
}

/* A reader that has stopped would block the program, or memory grow for ever; what
 * was received together with the datagram that fills it would be lost. */
static void a_slow_reader_stops_nothing_but_the_writing(void **state)
{
    static char datagram[NK_DATAGRAM_RUN_MAX];
    static char sink[1 << 20];
    size_t count = 0;
    size_t read_back = 0;

    (void)state;
    while (!cat_datagram_output_is_full(&output)) {
        assert_int_equal(cat_datagram_output_put(&output, nk_slice_make(datagram, sizeof datagram)),
                         0);
        turn_idle(loop, 1);
        assert_true(++count < 100);
    }
    for (int i = 1; i < 64; i++) /* the rest of its batch */
        assert_int_equal(cat_datagram_output_put(&output, nk_slice_make(datagram, sizeof datagram)),
                         0);
    count += 63;
    written = 0; /* the first one fitted into the pipe */
    while (written == 0) {
        ssize_t got = read(reader, sink, sizeof sink);
        read_back += got > 0 ? (size_t)got : 0;
        turn_idle(loop, 1);
    }
    read_back += (size_t)read(reader, sink, sizeof sink);
    assert_int_equal(read_back, count * sizeof datagram);
}

/* At the end what fits would be lost, or the end never come. */
static void flushing_does_not_wait(void **state)
{
    static char datagram[NK_DATAGRAM_RUN_MAX];
    char text[8] = "";

    (void)state;
    assert_int_equal(put("one"), 0);
    cat_datagram_output_flush(&output);
    assert_int_equal(read(reader, text, sizeof text), 3);
    for (int i = 0; i < 10; i++)
        assert_int_equal(cat_datagram_output_put(&output, nk_slice_make(datagram, sizeof datagram)),
                         0);
    cat_datagram_output_flush(&output); /* more than the pipe takes */
    assert_false(cat_datagram_output_is_empty(&output));
}

/* The program would go on for nobody, or not know that the disk is full. */
static void failures_are_reported(void **state)
{
    struct cat_datagram_output full = {0};

    (void)state;
    close(reader);
    assert_int_equal(put("one"), 0);
    TURN_UNTIL(loop, failure != 0);
    assert_int_equal(failure, -EPIPE);
    reader = open("/dev/null", O_RDONLY | O_CLOEXEC);

    failure = 0;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(cat_datagram_output_open(&full, loop, fd, &options), 0);
    assert_int_equal(cat_datagram_output_put(&full, nk_slice_of_string("one")), 0);
    TURN_UNTIL(loop, failure != 0);
    assert_int_equal(failure, -ENOSPC);
    cat_datagram_output_close(&full);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everything_is_written),
        TEST(a_slow_reader_stops_nothing_but_the_writing),
        TEST(flushing_does_not_wait),
        TEST(failures_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
