/* A queue in front of a terminal that may take nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "terminal/terminal_output.h"
#include "terminal_fixture.h"

static struct terminal_output output;
static int drained;

static void on_drained(struct terminal_output *which)
{
    assert_ptr_equal(which, &output);
    drained++;
}

static int set_up(void **state)
{
    set_up_terminal(state);
    drained = 0;
    output = (struct terminal_output){.on_drained = on_drained};
    assert_int_equal(terminal_output_open(&output, loop, terminal), 0);
    return 0;
}

static int tear_down(void **state)
{
    terminal_output_close(&output);
    terminal_output_close(&output);
    return tear_down_terminal(state);
}

static void put(const char *text)
{
    terminal_output_write(&output, nk_slice_of_string(text));
}

/* Bytes and what a library prints keep their order. */
static void bytes_and_the_stream_share_one_order(void **state)
{
    (void)state;
    put("one ");
    fputs("two ", output.stream);
    fflush(output.stream);
    put("three");
    TURN_UNTIL(loop, shows("one two three"));
    assert_true(terminal_output_is_empty(&output));
}

/* What was printed before the muting is shown, what came since is not, even where
 * the stream had kept it. */
static void a_muted_stream_says_nothing(void **state)
{
    (void)state;
    fputs("seen", output.stream);
    terminal_output_mute(&output, true);
    fputs("unseen", output.stream);
    put(" also");
    terminal_output_mute(&output, false);
    fputs(" again", output.stream);
    terminal_output_finish(&output, PATIENCE_MS);
    look();
    assert_string_equal(screen, "seen also again");
}

/* The loop must turn, and memory be bounded, while the output is held (^S). */
static void a_terminal_that_takes_nothing_makes_nobody_wait(void **state)
{
    char block[1024];
    size_t put_in = 0;

    (void)state;
    memset(block, 'x', sizeof block);
    /* The kernel moves bytes from one end of a terminal to the other when it comes to
     * it, and then takes some more. */
    do {
        drained = 0;
        while (!terminal_output_is_full(&output)) {
            terminal_output_write(&output, nk_slice_make(block, sizeof block));
            put_in += sizeof block;
            assert_true(put_in < sizeof screen);
        }
        turn_idle(loop, 10);
    } while (!terminal_output_is_full(&output));
    assert_int_equal(drained, 0);
    TURN_UNTIL(loop, (look(), drained > 0));
    TURN_UNTIL(loop, (look(), screen_len >= put_in));
    assert_int_equal(screen_len, put_in);
    assert_true(terminal_output_is_empty(&output));
}

/* The last words of a program are waited for, but not for ever. */
static void finishing_gives_up(void **state)
{
    static char block[TERMINAL_OUTPUT_HIGH_WATER];
    uint64_t before = time_now();

    (void)state;
    memset(block, 'x', sizeof block);
    terminal_output_write(&output, nk_slice_make(block, sizeof block));
    terminal_output_finish(&output, 20);
    assert_false(terminal_output_is_empty(&output));
    assert_true(time_now() - before < PATIENCE_MS * MILLISECOND);
}

/* A window that is closed takes its output with it; that is not ours to report. */
static void a_hung_up_terminal_is_written_in_vain(void **state)
{
    (void)state;
    close(person);
    put("nobody reads this");
    turn_idle(loop, 3);
    assert_true(terminal_output_is_empty(&output));
    person = fcntl(terminal, F_DUPFD_CLOEXEC, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(bytes_and_the_stream_share_one_order),
        CASE(a_muted_stream_says_nothing),
        CASE(a_terminal_that_takes_nothing_makes_nobody_wait),
        CASE(finishing_gives_up),
        CASE(a_hung_up_terminal_is_written_in_vain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
