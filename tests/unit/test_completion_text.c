/* What candidates have in common, and how they are listed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <locale.h>
#include <string.h>

#include "terminal/completion_text.h"

static size_t common_of(const char *const *words, size_t count)
{
    struct nk_slice slices[8];

    for (size_t i = 0; i < count; i++)
        slices[i] = nk_slice_of_string(words[i]);
    return completion_common(slices, count);
}

/* Too much would type what nobody meant; half a character would not be text. */
static void what_all_begin_with_is_found(void **state)
{
    static const struct {
        const char *words[3];
        size_t count;
        size_t common;
    } cases[] = {
        {{"source"}, 1, 6},
        {{"source", "sound"}, 2, 3},
        {{"source", "source/"}, 2, 6},
        {{"a", "b"}, 2, 0},
        {{"", "b"}, 2, 0},
        {{"gr\xc3\xbcn", "gr\xc3\xb6n"}, 2, 2},
        {{"\xc3\xbc\xc3\xbc", "\xc3\xbc"}, 2, 2},
        {{"abc", "abd", "ab"}, 3, 2},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++)
        assert_int_equal(common_of(cases[i].words, cases[i].count), cases[i].common);
    assert_int_equal(completion_common(NULL, 0), 0);
}

static void assert_listed(const char *const *words, size_t count, size_t width, const char *listing)
{
    struct nk_slice slices[8];
    struct nk_buffer out;

    for (size_t i = 0; i < count; i++)
        slices[i] = nk_slice_of_string(words[i]);
    nk_buffer_init(&out, 1000);
    assert_int_equal(completion_columns(&out, slices, count, width), 0);
    assert_int_equal(nk_buffer_len(&out), strlen(listing));
    assert_memory_equal(nk_buffer_slice(&out).data, listing, strlen(listing));
    nk_buffer_deinit(&out);
}

/* The columns have to stand below each other, also with wide characters. */
static void candidates_stand_in_columns(void **state)
{
    static const char *const words[] = {"a", "bb", "ccc", "d", "e"};
    static const char *const wide[] = {"\xe4\xb8\xad", "x", "y"};

    (void)state;
    assert_listed(words, 5, 80, "a    bb   ccc  d    e\n");
    assert_listed(words, 5, 12, "a    d\nbb   e\nccc\n");
    assert_listed(words, 5, 1, "a\nbb\nccc\nd\ne\n");
    assert_listed(wide, 3, 80, "\xe4\xb8\xad  x   y\n");
}

/* A listing that does not fit is an error, not a longer one. */
static void a_full_buffer_is_reported(void **state)
{
    static const struct nk_slice words[] = {NK_SLICE("one"), NK_SLICE("two")};
    struct nk_buffer out;

    (void)state;
    nk_buffer_init(&out, 4);
    assert_int_equal(completion_columns(&out, words, 2, 80), -ENOBUFS);
    nk_buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_all_begin_with_is_found),
        cmocka_unit_test(candidates_stand_in_columns),
        cmocka_unit_test(a_full_buffer_is_reported),
    };

    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
