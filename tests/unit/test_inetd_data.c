/* What the small services send, against the examples of their RFCs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "echo/inetd_data.h"

/* A client that checks the pattern of RFC 864 would report an error. */
static void chargen_lines_follow_the_pattern(void **state)
{
    char line[CHARGEN_LINE_LEN];

    (void)state;
    chargen_line(0, line);
    assert_memory_equal(line,
                        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg"
                        "\r\n",
                        sizeof line);
    chargen_line(1, line);
    assert_memory_equal(line,
                        "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh"
                        "\r\n",
                        sizeof line);
    chargen_line(94, line);
    assert_memory_equal(line, "~ !\"#", 5);
    chargen_line(95, line);
    assert_memory_equal(line, " !\"#$", 5);
}

/* A clock would be set wrong: these pairs stand in RFC 868. */
static void time_counts_from_1900(void **state)
{
    static const struct {
        uint64_t since_1970;
        uint32_t since_1900;
    } pairs[] = {
        {0, 2208988800},
        {189302400, 2398291200},                /* 1 January 1976 */
        {315532800, 2524521600},                /* 1 January 1980 */
        {420595200, 2629584000},                /* 1 May 1983 */
        {UINT64_C(4294967296) - 2208988800, 0}, /* in 2036 it begins again */
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        unsigned char bytes[4];

        time_bytes(pairs[i].since_1970, bytes);
        assert_int_equal((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                             (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3],
                         pairs[i].since_1900);
    }
}

/* The date would be that of another day, or in the language of the machine. */
static void daytime_is_readable(void **state)
{
    char line[DAYTIME_MAX];

    (void)state;
    assert_int_equal(daytime_line(0, line), strlen("Thursday, January 1, 1970 00:00:00-UTC\r\n"));
    assert_string_equal(line, "Thursday, January 1, 1970 00:00:00-UTC\r\n");
    daytime_line(1795196405, line);
    assert_string_equal(line, "Friday, November 20, 2026 17:40:05-UTC\r\n");
    assert_true(daytime_line(UINT64_MAX, line) < DAYTIME_MAX); /* nonsense, but no crash */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chargen_lines_follow_the_pattern),
        cmocka_unit_test(time_counts_from_1900),
        cmocka_unit_test(daytime_is_readable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
