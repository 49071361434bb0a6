/* Names as they are written on a line, and back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "shell/shell_text.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static void check(const char *name, size_t len, unsigned how, const char *written)
{
    char text[256];
    char back[256];
    size_t text_len = shell_text_escape(nk_slice_make(name, len), how, text);

    text[text_len] = '\0';
    assert_string_equal(text, written);
    assert_int_equal(shell_text_unescape(nk_slice_make(text, text_len), back), len);
    assert_memory_equal(back, name, len);
}

/* A name could end its line, move the cursor, or be taken for another one. */
static void names_are_visible_and_come_back(void **state)
{
    static const struct {
        const char *name;
        size_t len;
        const char *written;
    } table[] = {
        {BYTES(""), ""},
        {BYTES("plain name.txt"), "plain name.txt"},
        {BYTES("two\nlines"), "two\\nlines"},
        {BYTES("\r\t"), "\\r\\t"},
        {BYTES("back\\slash"), "back\\\\slash"},
        {BYTES("\\n"), "\\\\n"},
        {BYTES("\033[31mred"), "\\x1b[31mred"},
        {BYTES("\x7f"), "\\x7f"},
        {BYTES("caf\xc3\xa9"), "caf\xc3\xa9"},
        {BYTES("caf\xe9"), "caf\\xe9"},
        {BYTES("cut\xc3"), "cut\\xc3"},
        {BYTES("\xc2\x9b"
               "31m"),
         "\\xc2\\x9b31m"}, /* CSI in one character */
        {BYTES("a\xe2\x80\xae"
               "b"),
         "a\\xe2\\x80\\xaeb"}, /* right-to-left override */
        {BYTES("a\xe2\x80\xa8"
               "b"),
         "a\\xe2\\x80\\xa8b"},                   /* line separator */
        {BYTES("\xe2\x80\xaf"), "\xe2\x80\xaf"}, /* a space like others */
        {BYTES("\xf0\x9f\x90\x9f"), "\xf0\x9f\x90\x9f"},
        {BYTES("'\"$(ls)"), "'\"$(ls)"},
        {BYTES("link@"), "link@"},
        {BYTES("a -> b"), "a -> b"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++)
        check(table[i].name, table[i].len, SHELL_ESCAPE_NAME, table[i].written);
}

/* A name could carry the mark of a type that it has not. */
static void marks_are_escaped_at_the_end_of_a_name_only(void **state)
{
    (void)state;
    check(BYTES("link@"), SHELL_ESCAPE_MARK, "link\\x40");
    check(BYTES("pipe|"), SHELL_ESCAPE_MARK, "pipe\\x7c");
    check(BYTES("="), SHELL_ESCAPE_MARK, "\\x3d");
    check(BYTES("100%"), SHELL_ESCAPE_MARK, "100\\x25");
    check(BYTES("@a@b"), SHELL_ESCAPE_MARK, "@a@b");
    check(BYTES("a@@"), SHELL_ESCAPE_MARK, "a@\\x40");
}

/* A name could pretend to be a link, or hide where it leads. */
static void arrows_are_escaped_in_long_lines(void **state)
{
    (void)state;
    check(BYTES("a -> b"), SHELL_ESCAPE_ARROW, "a \\x2d> b");
    check(BYTES("a -> b -> c"), SHELL_ESCAPE_ARROW, "a \\x2d> b \\x2d> c");
    check(BYTES("a ->"), SHELL_ESCAPE_ARROW, "a \\x2d>");
    check(BYTES("->"), SHELL_ESCAPE_ARROW, "->");
    check(BYTES("a->b - >"), SHELL_ESCAPE_ARROW, "a->b - >");
}

/* Whatever a name is made of, it comes back, and no byte that was written can end
 * the line. */
static void any_bytes_come_back(void **state)
{
    char name[255];
    char text[sizeof name * SHELL_ESCAPED_MAX];
    char back[sizeof text];
    uint32_t random = 1;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof name; i++) {
            random = random * 1664525 + 1013904223;
            name[i] = (char)(random >> 24);
        }
        size_t len = shell_text_escape(nk_slice_make(name, sizeof name), round % 4, text);
        assert_true(len <= sizeof text);
        for (size_t i = 0; i < len; i++)
            assert_true((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
        assert_int_equal(shell_text_unescape(nk_slice_make(text, len), back), sizeof name);
        assert_memory_equal(back, name, sizeof name);
    }
}

/* What is no escape must not be taken for the bytes it is made of. */
static void wrong_escapes_are_refused(void **state)
{
    static const char *const table[] = {"\\",    "a\\", "\\x", "\\x1", "\\xg1",
                                        "\\x1g", "\\a", "\\0", "\\X41"};
    char out[16];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++)
        assert_int_equal(shell_text_unescape(nk_slice_of_string(table[i]), out), -EBADMSG);
    assert_int_equal(shell_text_unescape(nk_slice_of_string("\\x4A\\x4a"), out), 2);
    assert_memory_equal(out, "JJ", 2);
}

static void dates_are_in_utc(void **state)
{
    static const struct {
        time_t seconds;
        const char *text;
    } table[] = {
        {0, "1970-01-01T00:00:00"},
        {1795194109, "2026-11-20T17:01:49"},
        {-1, "1969-12-31T23:59:59"},
        {INT64_MAX, "?"},
    };
    char date[SHELL_DATE_SIZE];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        assert_int_equal(shell_text_date(table[i].seconds, date), strlen(table[i].text));
        assert_string_equal(date, table[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_visible_and_come_back),
        cmocka_unit_test(marks_are_escaped_at_the_end_of_a_name_only),
        cmocka_unit_test(arrows_are_escaped_in_long_lines),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(wrong_escapes_are_refused),
        cmocka_unit_test(dates_are_in_utc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
