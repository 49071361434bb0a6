/* A terminal of the test's own, whose other end it reads and types at. Include
 * cmocka.h first. */
#ifndef TESTS_UNIT_TERMINAL_FIXTURE_H
#define TESTS_UNIT_TERMINAL_FIXTURE_H

#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "reactor_fixture.h"

static struct nk_event_loop *loop;
static size_t descriptors_before;
static int person = -1;   /* where one types and looks */
static int terminal = -1; /* what the program has */
static struct termios settings_before;

/* All that was ever shown, terminated. */
static char screen[1 << 18];
static size_t screen_len;

static inline void open_terminal(void)
{
    const struct winsize size = {.ws_row = 24, .ws_col = 80};

    person = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    assert_true(person >= 0);
    assert_int_equal(unlockpt(person), 0);
    terminal = open(ptsname(person), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
    assert_int_equal(tcgetattr(terminal, &settings_before), 0);
    screen_len = 0;
}

static inline int set_up_terminal(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    setenv("TERM", "xterm", 1);
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    descriptors_before = open_descriptors();
    loop = new_loop();
    open_terminal();
    return 0;
}

static inline int tear_down_terminal(void **state)
{
    (void)state;
    close(person);
    close(terminal);
    nk_event_loop_free(loop);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

static inline void type(const char *text)
{
    assert_int_equal(write(person, text, strlen(text)), strlen(text));
}

static inline void look(void)
{
    ssize_t got;

    while ((got = read(person, screen + screen_len, sizeof screen - 1 - screen_len)) > 0)
        screen_len += (size_t)got;
    screen[screen_len] = '\0';
}

static inline bool shows(const char *text)
{
    look();
    return strstr(screen, text) != NULL;
}

static inline void forget_screen(void)
{
    look();
    screen_len = 0;
    screen[0] = '\0';
}

static inline bool has_its_settings(void)
{
    struct termios now;

    assert_int_equal(tcgetattr(terminal, &now), 0);
    return now.c_iflag == settings_before.c_iflag && now.c_oflag == settings_before.c_oflag &&
           now.c_cflag == settings_before.c_cflag && now.c_lflag == settings_before.c_lflag &&
           memcmp(now.c_cc, settings_before.c_cc, sizeof now.c_cc) == 0;
}

#endif
