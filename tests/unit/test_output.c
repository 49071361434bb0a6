/* Colours only where somebody sees them and wants them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "output.h"

static int open_terminal(int *outer)
{
    *outer = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(*outer >= 0);
    assert_int_equal(grantpt(*outer), 0);
    assert_int_equal(unlockpt(*outer), 0);
    return open(ptsname(*outer), O_RDWR | O_NOCTTY);
}

static void set(const char *name, const char *value)
{
    assert_int_equal(value != NULL ? setenv(name, value, 1) : unsetenv(name), 0);
}

/* Escapes would land in a file, or on a terminal of somebody who asked for none; or an
 * empty NO_COLOR, which means nothing, would take the colours away (no-color.org). */
static void colours_are_for_terminals(void **state)
{
    static const struct {
        const char *terminal;
        const char *refusal;
        bool has_colours;
    } cases[] = {
        {"xterm", NULL, true}, {"xterm", "", true}, {"xterm", "1", false},
        {"dumb", NULL, false}, {NULL, NULL, false},
    };
    int outer;
    int inner = open_terminal(&outer);
    int ends[2];

    (void)state;
    assert_true(inner >= 0);
    assert_int_equal(pipe(ends), 0);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        set("TERM", cases[i].terminal);
        set("NO_COLOR", cases[i].refusal);
        assert_int_equal(output_has_colours(inner), cases[i].has_colours);
        assert_false(output_has_colours(ends[1]));
    }
    close(ends[0]);
    close(ends[1]);
    close(inner);
    close(outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(colours_are_for_terminals)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
