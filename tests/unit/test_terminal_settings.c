/* A terminal's settings: changed, and given back exactly. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "terminal/terminal_settings.h"
#include "terminal_fixture.h"

static struct termios settings_now(void)
{
    struct termios now;

    assert_int_equal(tcgetattr(terminal, &now), 0);
    return now;
}

/* A shell whose terminal does not echo any more is what a person remembers. */
static void every_mode_can_be_undone(void **state)
{
    static const enum terminal_mode modes[] = {TERMINAL_EDITS, TERMINAL_WAITS, TERMINAL_RAW};
    struct terminal_settings settings;

    (void)state;
    assert_int_equal(terminal_settings_keep(&settings, terminal), 0);
    terminal_settings_change(&settings, TERMINAL_GIVEN);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(modes); i++) {
        terminal_settings_change(&settings, modes[i]);
        assert_false(has_its_settings());
        terminal_settings_change(&settings, TERMINAL_GIVEN);
        assert_true(has_its_settings());
    }
}

/* The modes differ in who gets ^C, ^Z and ^S. */
static void each_mode_has_its_keys(void **state)
{
    struct terminal_settings settings;

    (void)state;
    assert_int_equal(terminal_settings_keep(&settings, terminal), 0);
    terminal_settings_change(&settings, TERMINAL_EDITS);
    struct termios now = settings_now();
    assert_false(now.c_lflag & (tcflag_t)(ECHO | ICANON));
    assert_true(now.c_lflag & ISIG);
    assert_int_equal(now.c_cc[VINTR], _POSIX_VDISABLE);
    assert_true(now.c_oflag & OPOST);

    terminal_settings_change(&settings, TERMINAL_WAITS);
    assert_int_equal(settings_now().c_cc[VINTR], settings_before.c_cc[VINTR]);

    terminal_settings_change(&settings, TERMINAL_RAW);
    now = settings_now();
    assert_false(now.c_lflag & ISIG);
    assert_false(now.c_iflag & (tcflag_t)(ICRNL | IXON));
    terminal_settings_change(&settings, TERMINAL_GIVEN);
}

/* What was typed before the program looked is for the next one, or for us. */
static void what_was_typed_ahead_stays(void **state)
{
    struct terminal_settings settings;
    char text[8] = "";

    (void)state;
    assert_int_equal(terminal_settings_keep(&settings, terminal), 0);
    terminal_settings_change(&settings, TERMINAL_EDITS);
    type("ls\n");
    await(terminal, POLLIN);
    terminal_settings_change(&settings, TERMINAL_GIVEN);
    assert_int_equal(read(terminal, text, sizeof text), 3);
    assert_string_equal(text, "ls\n");
}

/* O_NONBLOCK on the shell's own description would break the shell. */
static void the_shared_description_is_left_alone(void **state)
{
    int flags = fcntl(terminal, F_GETFL);
    bool is_shared = true;
    int own = terminal_open_again(terminal, &is_shared);

    (void)state;
    assert_true(own >= 0);
    assert_false(is_shared);
    assert_true(fcntl(own, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(own, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(fcntl(terminal, F_GETFL), flags);
    close(own);
    assert_int_equal(terminal_open_again(-1, &is_shared), -EBADF);
}

/* A pipe has no settings. */
static void what_is_no_terminal_is_refused(void **state)
{
    struct terminal_settings settings;
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(terminal_settings_keep(&settings, ends[0]), -ENOTTY);
    close(ends[0]);
    close(ends[1]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_terminal, tear_down_terminal)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_mode_can_be_undone),       CASE(each_mode_has_its_keys),
        CASE(what_was_typed_ahead_stays),     CASE(the_shared_description_is_left_alone),
        CASE(what_is_no_terminal_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
