/* Slices are what every parser works on: a wrong bound here is a read behind
 * somebody's buffer, a wrong comparison a header that is not recognised. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

static struct nk_slice of(const char *string)
{
    return nk_slice_of_string(string);
}

static const struct nk_slice nothing = {NULL, 0};

/* A slice in a block of exactly its size, so that ASan sees any read beyond. */
static struct nk_slice on_heap(const char *bytes, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return nk_slice_make(copy, len);
}

static void free_slice(struct nk_slice slice)
{
    free((void *)(uintptr_t)slice.data);
}

/* A constant table of slices must not need code to run first. */
static void literal_has_length_without_nul(void **state)
{
    static const struct nk_slice literal = NK_SLICE("abc");

    (void)state;
    assert_int_equal(literal.len, 3);
    assert_memory_equal(literal.data, "abc", 3);
    assert_int_equal(of("").len, 0);
    assert_int_equal(of("abc").len, 3);
}

/* Splitting beyond the end must give an empty slice, not a negative length. */
static void from_and_first_stay_inside(void **state)
{
    struct nk_slice text = of("hello");

    (void)state;
    assert_true(nk_slice_equal(nk_slice_from(text, 0), text));
    assert_true(nk_slice_equal(nk_slice_from(text, 2), of("llo")));
    assert_int_equal(nk_slice_from(text, 5).len, 0);
    assert_int_equal(nk_slice_from(text, 6).len, 0);
    assert_ptr_equal(nk_slice_from(text, SIZE_MAX).data, text.data + 5);
    assert_true(nk_slice_equal(nk_slice_first(text, 2), of("he")));
    assert_true(nk_slice_equal(nk_slice_first(text, 0), nothing));
    assert_true(nk_slice_equal(nk_slice_first(text, SIZE_MAX), text));
    assert_int_equal(nk_slice_from(nothing, 3).len, 0);
    assert_int_equal(nk_slice_first(nothing, 3).len, 0);
}

/* A slice without bytes has no pointer; every function must live with that. */
static void null_slice_is_empty_everywhere(void **state)
{
    uint64_t value = 7;

    (void)state;
    assert_true(nk_slice_equal(nothing, of("")));
    assert_true(nk_slice_equal_ignoring_case(nothing, of("")));
    assert_true(nk_slice_starts_with(of("x"), nothing));
    assert_false(nk_slice_starts_with(nothing, of("x")));
    assert_int_equal(nk_slice_find(nothing, '\0'), NK_SLICE_NOT_FOUND);
    assert_int_equal(nk_slice_find_last(nothing, '\0'), NK_SLICE_NOT_FOUND);
    assert_int_equal(nk_slice_find_crlf(nothing), NK_SLICE_NOT_FOUND);
    assert_int_equal(nk_slice_trim(nothing).len, 0);
    assert_int_equal(nk_slice_parse_decimal(nothing, &value), -EINVAL);
    assert_int_equal(value, 7);
}

/* NUL is a byte like any other; a comparison that stops there lets two
 * different host names pass as one. */
static void equality_covers_every_byte(void **state)
{
    (void)state;
    assert_true(nk_slice_equal(of("abc"), of("abc")));
    assert_false(nk_slice_equal(of("abc"), of("abd")));
    assert_false(nk_slice_equal(of("abc"), of("ab")));
    assert_false(nk_slice_equal(nk_slice_make("a\0b", 3), nk_slice_make("a\0c", 3)));
    assert_true(nk_slice_equal(nk_slice_make("a\0b", 3), nk_slice_make("a\0b", 3)));
    assert_false(nk_slice_equal(of("abc"), of("ABC")));
}

/* Header names compare without case, but only ASCII letters have one here:
 * '@' and '`' or '[' and '{' differ by the same bit and must stay different. */
static void case_is_ignored_for_ascii_letters_only(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            char first = (char)a;
            char second = (char)b;
            int lower_a = a >= 'A' && a <= 'Z' ? a + 32 : a;
            int lower_b = b >= 'A' && b <= 'Z' ? b + 32 : b;

            assert_int_equal(nk_slice_equal_ignoring_case(nk_slice_make(&first, 1),
                                                          nk_slice_make(&second, 1)),
                             lower_a == lower_b);
        }
    assert_true(nk_slice_equal_ignoring_case(of("Content-Length"), of("cONTENT-lENGTH")));
    assert_false(nk_slice_equal_ignoring_case(of("Content-Length"), of("Content-Lengt")));
}

static void starts_with_needs_the_whole_prefix(void **state)
{
    (void)state;
    assert_true(nk_slice_starts_with(of("http://h"), of("http://")));
    assert_true(nk_slice_starts_with(of("http://"), of("http://")));
    assert_false(nk_slice_starts_with(of("http:/"), of("http://")));
    assert_false(nk_slice_starts_with(of("HTTP://"), of("http://")));
}

static void find_gives_first_and_last(void **state)
{
    struct nk_slice text = on_heap("a:b:c\xff", 6);

    (void)state;
    assert_int_equal(nk_slice_find(text, ':'), 1);
    assert_int_equal(nk_slice_find_last(text, ':'), 3);
    assert_int_equal(nk_slice_find(text, 'a'), 0);
    assert_int_equal(nk_slice_find_last(text, 'a'), 0);
    assert_int_equal(nk_slice_find(text, '\xff'), 5);
    assert_int_equal(nk_slice_find_last(text, '\xff'), 5);
    assert_int_equal(nk_slice_find(text, '\0'), NK_SLICE_NOT_FOUND);
    assert_int_equal(nk_slice_find_last(text, 'z'), NK_SLICE_NOT_FOUND);
    free_slice(text);
}

/* A line end that is missed or seen too early moves the border between two
 * requests. The CR at the very end has its LF in the next packet. */
static void crlf_is_found_only_as_a_pair(void **state)
{
    static const struct {
        const char *text;
        size_t index;
    } cases[] = {
        {"", NK_SLICE_NOT_FOUND},
        {"\r", NK_SLICE_NOT_FOUND},
        {"\n", NK_SLICE_NOT_FOUND},
        {"\r\n", 0},
        {"\n\r", NK_SLICE_NOT_FOUND},
        {"a\r\nb\r\n", 1},
        {"a\rb\nc", NK_SLICE_NOT_FOUND},
        {"\r\r\n", 1},
        {"\r\r\r\r\n", 3},
        {"abc\r", NK_SLICE_NOT_FOUND},
        {"a\nb\r\n", 3},
        {"abcdefgh", NK_SLICE_NOT_FOUND},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_slice text = on_heap(cases[i].text, strlen(cases[i].text));

        assert_int_equal(nk_slice_find_crlf(text), cases[i].index);
        free_slice(text);
    }
}

/* OWS is space and tab; trimming a CR or a NUL would hide smuggled bytes. */
static void trim_takes_spaces_and_tabs_only(void **state)
{
    (void)state;
    assert_true(nk_slice_equal(nk_slice_trim(of(" \t value \t")), of("value")));
    assert_true(nk_slice_equal(nk_slice_trim(of("a b")), of("a b")));
    assert_int_equal(nk_slice_trim(of(" \t ")).len, 0);
    assert_int_equal(nk_slice_trim(of("")).len, 0);
    assert_true(nk_slice_equal(nk_slice_trim(of("\rx\n")), of("\rx\n")));
    assert_true(nk_slice_equal(nk_slice_trim(nk_slice_make(" \0 ", 3)), nk_slice_make("\0", 1)));
}

/* Content-Length goes through here: "+1", " 1", "1x" or a wrapped number must
 * never come out as a length. */
static void decimal_is_strict(void **state)
{
    static const struct {
        const char *text;
        int result;
        uint64_t value;
    } cases[] = {
        {"0", 0, 0},
        {"007", 0, 7},
        {"65536", 0, 65536},
        {"18446744073709551615", 0, UINT64_MAX},
        {"000000000000000000000000000018446744073709551615", 0, UINT64_MAX},
        {"18446744073709551616", -ERANGE, 0},
        {"18446744073709551620", -ERANGE, 0},
        {"99999999999999999999999", -ERANGE, 0},
        {"99999999999999999999999x", -EINVAL, 0},
        {"", -EINVAL, 0},
        {"+1", -EINVAL, 0},
        {"-1", -EINVAL, 0},
        {" 1", -EINVAL, 0},
        {"1 ", -EINVAL, 0},
        {"1x", -EINVAL, 0},
        {"0x1", -EINVAL, 0},
        {"1\xb2", -EINVAL, 0},
        {"/", -EINVAL, 0},
        {":", -EINVAL, 0},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        uint64_t value = 4711;

        assert_int_equal(nk_slice_parse_decimal(of(cases[i].text), &value), cases[i].result);
        assert_true(value == (cases[i].result == 0 ? cases[i].value : 4711));
    }
}

/* A byte behind the slice would be read, or a string come without its end. */
static void copy_is_a_string(void **state)
{
    static const char bytes[] = {'a', '\0', 'b', 'c'};
    char *copy = nk_slice_copy_string(nk_slice_make(bytes, 3));
    char *empty = nk_slice_copy_string(nk_slice_make(NULL, 0));

    (void)state;
    assert_memory_equal(copy, "a\0b", 4);
    assert_string_equal(empty, "");
    free(copy);
    free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literal_has_length_without_nul),
        cmocka_unit_test(from_and_first_stay_inside),
        cmocka_unit_test(null_slice_is_empty_everywhere),
        cmocka_unit_test(equality_covers_every_byte),
        cmocka_unit_test(case_is_ignored_for_ascii_letters_only),
        cmocka_unit_test(starts_with_needs_the_whole_prefix),
        cmocka_unit_test(find_gives_first_and_last),
        cmocka_unit_test(crlf_is_found_only_as_a_pair),
        cmocka_unit_test(trim_takes_spaces_and_tabs_only),
        cmocka_unit_test(decimal_is_strict),
        cmocka_unit_test(copy_is_a_string),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
