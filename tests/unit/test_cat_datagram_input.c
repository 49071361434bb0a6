/* Standard input cut into datagrams. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "cat/cat_datagram_input.h"
#include "cat_fixture.h"

static struct nk_event_loop *loop;
static struct cat_datagram_input input;
static int writer;

static struct {
    char text[256]; /* the datagrams, each behind a '|' */
    size_t len;
    size_t count;
    size_t longest;
    int refusal; /* what the next ones are answered with */
    size_t refused;
    bool ended;
    int error;
} taken;

static int on_datagram(void *context, struct nk_slice datagram)
{
    (void)context;
    if (taken.refusal != 0) {
        taken.refused++;
        return taken.refusal;
    }
    taken.count++;
    if (datagram.len > taken.longest)
        taken.longest = datagram.len;
    if (taken.len + datagram.len + 2 < sizeof taken.text) {
        taken.text[taken.len++] = '|';
        memcpy(taken.text + taken.len, datagram.data, datagram.len);
        taken.len += datagram.len;
        taken.text[taken.len] = '\0';
    }
    return 0;
}

static void on_ended(void *context, int error)
{
    (void)context;
    assert_false(taken.ended); /* once */
    taken.ended = true;
    taken.error = error;
}

static int setup(void **state)
{
    (void)state;
    memset(&taken, 0, sizeof taken);
    memset(&input, 0, sizeof input);
    loop = new_loop();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cat_datagram_input_close(&input);
    cat_datagram_input_close(&input); /* harmless */
    nk_socket_close(writer);
    turn_idle(loop, 1);
    nk_event_loop_free(loop);
    return 0;
}

static void open_input(struct cat_datagram_input_options options)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    writer = ends[1];
    options.on_datagram = on_datagram;
    options.on_ended = on_ended;
    assert_int_equal(cat_datagram_input_open(&input, loop, ends[0], &options), 0);
    cat_datagram_input_resume(&input);
}

static void type(const char *text)
{
    assert_int_equal(write(writer, text, strlen(text)), strlen(text));
    turn_idle(loop, 2);
}

static void finish_typing(void)
{
    close(writer);
    writer = -1;
    TURN_UNTIL(loop, taken.ended);
    assert_int_equal(taken.error, 0);
}

/* What a person typed would go out in the wrong pieces. */
static void lines_are_datagrams(void **state)
{
    (void)state;
    open_input((struct cat_datagram_input_options){.lines = true});
    type("one\ntw");
    assert_string_equal(taken.text, "|one\n");
    type("o\n\nlast");
    assert_string_equal(taken.text, "|one\n|two\n|\n");
    finish_typing();
    assert_string_equal(taken.text, "|one\n|two\n|\n|last");
}

/* The pieces would depend on how the input was written. */
static void datagrams_have_the_size(void **state)
{
    (void)state;
    open_input((struct cat_datagram_input_options){.size = 4});
    type("ab");
    type("cdefghi");
    assert_string_equal(taken.text, "|abcd|efgh");
    finish_typing();
    assert_string_equal(taken.text, "|abcd|efgh|i");
}

/* -C would not be heeded, or double what is there already. */
static void ends_of_line_become_crlf(void **state)
{
    (void)state;
    open_input((struct cat_datagram_input_options){.lines = true, .crlf = true});
    type("a\nb\r");
    type("\n");
    finish_typing();
    assert_string_equal(taken.text, "|a\r\n|b\r\n");
}

/* A line that never ends would be kept for ever, and the program stand still. */
static void what_is_too_long_for_a_datagram_is_cut(void **state)
{
    static char zeros[200000];
    size_t written = 0;

    (void)state;
    open_input((struct cat_datagram_input_options){.lines = true});
    set_non_blocking(writer);
    while (written < sizeof zeros) {
        ssize_t put = write(writer, zeros, sizeof zeros - written);
        written += put > 0 ? (size_t)put : 0;
        turn_idle(loop, 1);
    }
    finish_typing();
    assert_int_equal(taken.longest, 65507);
    assert_int_equal(taken.count, 4);
}

/* A full backlog would lose a datagram, or the program ask all the time. */
static void a_refused_datagram_is_offered_again(void **state)
{
    (void)state;
    open_input((struct cat_datagram_input_options){.lines = true});
    taken.refusal = -ENOBUFS;
    type("one\ntwo\n");
    TURN_UNTIL(loop, taken.refused >= 3);
    taken.refusal = 0;
    TURN_UNTIL(loop, taken.count == 2);
    assert_string_equal(taken.text, "|one\n|two\n");
    finish_typing();
}

/* What nobody can be told now would be read and lost. */
static void nothing_is_read_while_it_is_paused(void **state)
{
    (void)state;
    open_input((struct cat_datagram_input_options){.lines = true});
    cat_datagram_input_pause(&input);
    type("one\n");
    assert_int_equal(taken.count, 0);
    cat_datagram_input_resume(&input);
    TURN_UNTIL(loop, taken.count == 1);
    taken.refusal = -ENOBUFS;
    type("two\n");
    cat_datagram_input_pause(&input);
    size_t refused = taken.refused;
    taken.refusal = 0;
    turn_idle(loop, 3);
    assert_int_equal(taken.refused, refused);
    cat_datagram_input_resume(&input);
    assert_int_equal(taken.count, 2); /* it was read already */
    finish_typing();
}

/* The rest would be sent although the first could not. */
static void a_failure_stops_it(void **state)
{
    (void)state;
    open_input((struct cat_datagram_input_options){.lines = true});
    taken.refusal = -ECONNREFUSED;
    type("one\ntwo\n");
    turn_idle(loop, 3);
    assert_int_equal(taken.refused, 1);
    assert_false(taken.ended);
}

/* A directory as standard input would look like an empty file. */
static void a_failed_read_is_reported(void **state)
{
    const struct cat_datagram_input_options options = {.on_datagram = on_datagram,
                                                       .on_ended = on_ended};
    (void)state;
    writer = -1;
    int fd = open("/", O_RDONLY | O_CLOEXEC);
    assert_int_equal(cat_datagram_input_open(&input, loop, fd, &options), 0);
    cat_datagram_input_resume(&input);
    TURN_UNTIL(loop, taken.ended);
    assert_int_equal(taken.error, -EISDIR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_are_datagrams),
        TEST(datagrams_have_the_size),
        TEST(ends_of_line_become_crlf),
        TEST(what_is_too_long_for_a_datagram_is_cut),
        TEST(a_refused_datagram_is_offered_again),
        TEST(nothing_is_read_while_it_is_paused),
        TEST(a_failure_stops_it),
        TEST(a_failed_read_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
