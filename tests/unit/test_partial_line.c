/* The end of the output, kept as it came and shown as it looks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <locale.h>
#include <string.h>

#include "terminal/partial_line.h"

static struct partial_line line;
static char printed[8192];

static int set_up(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    partial_line_clear(&line);
    printed[0] = '\0';
    return 0;
}

static void print(void *context, struct nk_slice bytes)
{
    size_t len = strlen(printed);

    (void)context;
    assert_true(len + bytes.len < sizeof printed);
    memcpy(printed + len, bytes.data ? bytes.data : "", bytes.len);
    printed[len + bytes.len] = '\0';
}

static void take(const char *bytes)
{
    partial_line_take(&line, nk_slice_of_string(bytes), print, NULL);
}

static void assert_kept(const char *bytes)
{
    struct nk_slice kept = partial_line_bytes(&line);

    assert_int_equal(kept.len, strlen(bytes));
    assert_memory_equal(kept.data, bytes, kept.len);
}

/* "login: " belongs in front of what is typed; printed as it is, the line that is
 * typed would overwrite it. */
static void what_has_no_end_is_kept(void **state)
{
    (void)state;
    take("welcome\r\nlogin: ");
    assert_string_equal(printed, "welcome\r\n");
    assert_kept("login: ");
    take("guest");
    assert_string_equal(printed, "welcome\r\n");
    assert_kept("login: guest");
    take("\r\nbye\n");
    assert_string_equal(printed, "welcome\r\nlogin: guest\r\nbye\n");
    assert_kept("");
}

/* Nothing is lost and nothing grows without end when no line ever ends. */
static void a_line_that_is_too_long_is_printed(void **state)
{
    char bytes[PARTIAL_LINE_MAX + 1];

    (void)state;
    memset(bytes, 'x', sizeof bytes - 1);
    bytes[sizeof bytes - 1] = '\0';
    take(bytes);
    assert_string_equal(printed, "");
    assert_kept(bytes);
    take("y");
    assert_int_equal(strlen(printed), PARTIAL_LINE_MAX + 2);
    assert_memory_equal(printed, bytes, PARTIAL_LINE_MAX);
    assert_string_equal(printed + PARTIAL_LINE_MAX, "y\n");
    assert_kept("");
}

/* Colours and cursor movements would shift the line that is typed. */
static void it_is_shown_as_it_looks(void **state)
{
    static const struct {
        const char *bytes;
        const wchar_t *text;
    } cases[] = {
        {"", L""},
        {"login: ", L"login: "},
        {"\033[1;32mok\033[0m> ", L"ok> "},
        {"\033]0;title\a$ ", L"$ "},
        {"\033]0;title\033\\$ ", L"$ "},
        {"\033(Bx", L"Bx"},
        {"10%\r20%\r", L"20%"},
        {"\rx", L"x"},
        {"ab\bc", L"ac"},
        {"\b\bc", L"c"},
        {"a\tb", L"a       b"},
        {"a\a\x01\x7f"
         "b",
         L"ab"},
        {"gr\xc3\xbc\xc3\x9f", L"gr\xfc\xdf"},
        {"cut \xe2\x82", L"cut "},
        {"bad \xff.", L"bad \xfffd."},
        {"\033[", L""},
    };
    wchar_t text[64];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        partial_line_clear(&line);
        take(cases[i].bytes);
        size_t len = partial_line_show(&line, text, NK_ARRAY_LENGTH(text));
        assert_int_equal(len, wcslen(cases[i].text));
        assert_memory_equal(text, cases[i].text, (len + 1) * sizeof *text);
    }
}

/* A tabulator near the end of the room must not be written behind it, or for ever. */
static void it_fits_its_room(void **state)
{
    wchar_t text[6];

    (void)state;
    take("abcdefgh");
    assert_int_equal(partial_line_show(&line, text, NK_ARRAY_LENGTH(text)), 5);
    assert_memory_equal(text, L"abcde", sizeof text);
    partial_line_clear(&line);
    take("ab\tc");
    assert_int_equal(partial_line_show(&line, text, NK_ARRAY_LENGTH(text)), 5);
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_has_no_end_is_kept),
        CASE(a_line_that_is_too_long_is_printed),
        CASE(it_is_shown_as_it_looks),
        CASE(it_fits_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
