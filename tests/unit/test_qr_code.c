/* The drawing of a code; whether a camera reads it is for the end-to-end tests. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qr_code.h"

/* A code of 21 modules and its edges. */
#define SMALL_COLUMNS 29

static int draw(const char *text, size_t columns, char **drawn)
{
    size_t size = 0;
    FILE *out = open_memstream(drawn, &size);
    int error;

    assert_non_null(out);
    error = qr_code_draw(out, text, columns);
    fclose(out);
    return error;
}

static void test_lines(void **state)
{
    char *drawn;
    unsigned lines = 0;
    (void)state;
    assert_int_equal(draw("http://[::1]/", SMALL_COLUMNS, &drawn), 0);
    assert_memory_equal(drawn, "\x1b[97;40m\xe2\x96\x88", 11); /* the edge is light */
    for (const char *at = drawn; (at = strstr(at, "\x1b[0m\n")) != NULL; at++)
        lines++;
    assert_int_equal(lines, (SMALL_COLUMNS + 1) / 2);
    free(drawn);
}

static void test_narrow_terminal(void **state)
{
    char *drawn;
    (void)state;
    assert_int_equal(draw("http://[::1]/", SMALL_COLUMNS - 1, &drawn), -EMSGSIZE);
    assert_string_equal(drawn, "");
    free(drawn);
}

static void test_too_long(void **state)
{
    char text[4000];
    char *drawn;
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(draw(text, 10000, &drawn), -ERANGE);
    free(drawn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_narrow_terminal),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
