/* The hexadecimal view: exact lines, since people compare them with other tools'. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "cat/hexdump.h"

static void lines_are_exact(void **state)
{
    static const struct {
        char mark;
        uint64_t offset;
        struct nk_slice bytes;
        const char *line;
    } rows[] = {
        {'>', 0, NK_SLICE("GET / HTTP/1.1\r\n"),
         "> 00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|\n"},
        {'<', 16, NK_SLICE("HTTP/1.1 200"),
         "< 00000010  48 54 54 50 2f 31 2e 31  20 32 30 30              |HTTP/1.1 200|\n"},
        {'<', 0xabc, NK_SLICE("\x00\x1f\x7f\x80\xff |~"),
         "< 00000abc  00 1f 7f 80 ff 20 7c 7e                           |..... |~|\n"},
        {'>', 0, NK_SLICE(""),
         "> 00000000                                                    ||\n"},
        /* only the first sixteen */
        {'>', 0, NK_SLICE("0123456789abcdefXYZ"),
         "> 00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"},
        {'>', UINT64_C(0x123456789), NK_SLICE("a"),
         "> 123456789  61                                                |a|\n"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        char line[HEXDUMP_LINE_MAX];

        memset(line, 'Z', sizeof line);
        size_t len = hexdump_line(line, rows[i].mark, rows[i].offset, rows[i].bytes);
        assert_string_equal(line, rows[i].line);
        assert_int_equal(len, strlen(line));
    }
}

/* The room in the header is enough for the last byte there can be. */
static void the_longest_line_fits(void **state)
{
    char line[HEXDUMP_LINE_MAX];
    static const struct nk_slice bytes = NK_SLICE("0123456789abcdef");

    (void)state;
    assert_true(hexdump_line(line, '>', UINT64_MAX, bytes) < sizeof line);
    assert_memory_equal(line, "> ffffffffffffffff  30", 22);
}

/* No byte reaches the terminal as it is but the printable ones. */
static void every_byte_is_shown_safely(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        char byte = (char)value;
        char line[HEXDUMP_LINE_MAX];
        char digits[3];

        size_t len = hexdump_line(line, '>', 0, nk_slice_make(&byte, 1));
        snprintf(digits, sizeof digits, "%02x", value);
        assert_memory_equal(line + 12, digits, 2);
        bool is_printable = value >= 0x20 && value <= 0x7e;
        assert_int_equal(line[len - 3], is_printable ? byte : '.');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_exact),
        cmocka_unit_test(the_longest_line_fits),
        cmocka_unit_test(every_byte_is_shown_safely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
