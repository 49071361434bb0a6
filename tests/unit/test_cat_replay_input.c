/* A recording in the place of standard input. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "cat/cat_replay_input.h"
#include "reactor_fixture.h"
#include "recording_fixture.h"

static struct nk_event_loop *loop;
static int failure;

static int setup(void **state)
{
    (void)state;
    failure = 0;
    loop = new_loop();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    turn_idle(loop, 1);
    nk_event_loop_free(loop);
    return 0;
}

static void on_failed(void *context, int error)
{
    (void)context;
    failure = error;
}

static struct cat_replay_input *open_input(const char *lines, bool keeps_records, bool check)
{
    const struct cat_replay_options options = {
        .file = recording_path, .fast = true, .speed = 1000, .check = check};
    struct cat_recording_problem problem;
    struct cat_replay_input *input;

    write_recording(lines);
    assert_int_equal(cat_replay_input_open(&input, &options, keeps_records, &problem), 0);
    remove_recording();
    return input;
}

/* Turns the loop until something can be read, or the end. */
static ssize_t receive(int fd, char *data, size_t len)
{
    ssize_t got = -EAGAIN;

    TURN_UNTIL(loop, (got = nk_socket_recv(fd, data, len)) != -EAGAIN);
    return got;
}

/* The reader would not get all of it, or no end. */
static void a_stream_is_played(void **state)
{
    struct cat_replay_input *input =
        open_input("0 > 3 one\n0 > 0 \n5 > 3 two\n9 > end\n", false, false);
    char text[16] = "";
    size_t len = 0;
    int fd;

    (void)state;
    assert_int_equal(cat_replay_input_start(input, loop, &fd, on_failed, NULL), 0);
    for (;;) {
        ssize_t got = receive(fd, text + len, sizeof text - len);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    assert_string_equal(text, "onetwo");
    assert_int_equal(failure, 0);
    cat_replay_input_close(input);
    nk_socket_close(fd);
}

/* Records would be joined, or the empty one lost. */
static void records_are_played(void **state)
{
    struct cat_replay_input *input = open_input("0 > 3 one\n0 > 0 \n5 > 3 two\n", true, false);
    char text[16] = "";
    int fd;

    (void)state;
    assert_int_equal(cat_replay_input_start(input, loop, &fd, on_failed, NULL), 0);
    assert_int_equal(receive(fd, text, sizeof text), 3);
    assert_int_equal(receive(fd, text, sizeof text), 0);
    assert_int_equal(receive(fd, text, sizeof text), 3);
    assert_string_equal(text, "two");
    cat_replay_input_close(input);
    nk_socket_close(fd);
}

/* A reader that stops for a while would lose what it had no room for. */
static void a_slow_reader_gets_everything(void **state)
{
    enum { CHUNKS = 60, SIZE = 10000 };
    char *lines = malloc((size_t)CHUNKS * (SIZE + 32));
    char bytes[SIZE + 1];
    static char sink[1 << 16];
    size_t len = 0;
    size_t total = 0;
    ssize_t got;
    int fd;

    (void)state;
    assert_non_null(lines);
    memset(bytes, 'x', SIZE);
    bytes[SIZE] = '\0';
    for (int i = 0; i < CHUNKS; i++)
        len += (size_t)snprintf(lines + len, SIZE + 32, "%d > %d %s\n", i, SIZE, bytes);
    struct cat_replay_input *input = open_input(lines, false, false);
    assert_int_equal(cat_replay_input_start(input, loop, &fd, on_failed, NULL), 0);
    turn_idle(loop, 20);
    while ((got = receive(fd, sink, sizeof sink)) > 0)
        total += (size_t)got;
    assert_int_equal(total, (size_t)CHUNKS * SIZE);
    cat_replay_input_close(input);
    nk_socket_close(fd);
    free(lines);
}

/* A reader that has gone would end the program, or keep it busy. */
static void a_reader_that_leaves_ends_it(void **state)
{
    struct cat_replay_input *input = open_input("0 > 3 one\n1 > 3 two\n", false, false);
    int fd;

    (void)state;
    assert_int_equal(cat_replay_input_start(input, loop, &fd, on_failed, NULL), 0);
    nk_socket_close(fd);
    turn_idle(loop, 5);
    assert_int_equal(failure, 0);
    cat_replay_input_stop(input);
    cat_replay_input_stop(input); /* harmless */
    cat_replay_input_close(input);
    cat_replay_input_close(NULL);
}

static struct {
    char text[32];
    int refusals; /* still to come */
    bool ended;
} datagrams;

static int on_chunk(void *context, struct nk_slice chunk)
{
    (void)context;
    if (datagrams.refusals > 0) {
        datagrams.refusals--;
        return -EAGAIN;
    }
    size_t len = strlen(datagrams.text);
    snprintf(datagrams.text + len, sizeof datagrams.text - len, "|%.*s", (int)chunk.len,
             chunk.data);
    return 0;
}

static void on_ended(void *context, int error)
{
    (void)context;
    assert_int_equal(error, 0);
    datagrams.ended = true;
}

/* A datagram that finds the queue full would be lost. */
static void datagrams_are_played(void **state)
{
    struct cat_replay_input *input = open_input("0 > 3 one\n0 > 0 \n5 > 3 two\n", true, false);

    (void)state;
    memset(&datagrams, 0, sizeof datagrams);
    datagrams.refusals = 3;
    cat_replay_input_start_datagrams(input, loop, on_chunk, on_ended, NULL);
    TURN_UNTIL(loop, datagrams.ended);
    assert_string_equal(datagrams.text, "|one||two");
    cat_replay_input_close(input);
}

/* Without --check other answers would be a failure, with it they would not. */
static void answers_are_compared_when_asked_for(void **state)
{
    (void)state;
    for (int check = 0; check < 2; check++) {
        struct cat_replay_input *input = open_input("0 > 1 ?\n1 < 3 yes\n", false, check);

        assert_int_equal(cat_replay_input_summary(input)->bytes[RECORD_RECEIVED], 3);
        assert_true(cat_replay_input_received(input, nk_slice_of_string("y")));
        assert_int_equal(cat_replay_input_received(input, nk_slice_of_string("o")), !check);
        assert_int_equal(cat_replay_input_end(input), !check);
        if (check)
            assert_string_equal(cat_replay_input_difference(input), "byte 1 is different");
        cat_replay_input_close(input);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stream_is_played),
        TEST(records_are_played),
        TEST(a_slow_reader_gets_everything),
        TEST(a_reader_that_leaves_ends_it),
        TEST(datagrams_are_played),
        TEST(answers_are_compared_when_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
