/* Ends of line become CR LF, also when they are cut in two. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cat/cat_crlf.h"

static const struct {
    const char *from;
    const char *to;
} cases[] = {
    {"", ""},
    {"abc", "abc"},
    {"a\nb\n", "a\r\nb\r\n"},
    {"\n\n\n", "\r\n\r\n\r\n"},
    {"a\r\nb", "a\r\nb"},
    {"\r\n\n\r\n", "\r\n\r\n\r\n"},
    {"\r\r\n\r", "\r\r\n\r"},
    {"a\rb\n", "a\rb\r\n"},
};

/* The text passes in pieces of this length, each perhaps the middle of an end. */
static void check(size_t which, size_t piece)
{
    struct cat_crlf state = {0};
    struct nk_slice rest = nk_slice_make(cases[which].from, strlen(cases[which].from));
    struct nk_buffer out;

    nk_buffer_init(&out, 100);
    while (rest.len > 0) {
        size_t len = rest.len < piece ? rest.len : piece;
        assert_int_equal(cat_crlf_filter(&state, nk_slice_first(rest, len), &out), 0);
        rest = nk_slice_from(rest, len);
    }
    assert_int_equal(nk_buffer_len(&out), strlen(cases[which].to));
    if (nk_buffer_len(&out) > 0)
        assert_memory_equal(nk_buffer_slice(&out).data, cases[which].to, nk_buffer_len(&out));
    nk_buffer_deinit(&out);
}

/* A CR LF that arrives in two pieces gets a second CR, or an end gets none. */
static void every_end_has_one_cr_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        for (size_t piece = 1; piece < 8; piece++)
            check(i, piece);
    }
}

/* A full buffer is an error, not a loss. */
static void a_full_buffer_is_reported(void **state)
{
    struct cat_crlf crlf = {0};
    struct nk_buffer out;

    (void)state;
    nk_buffer_init(&out, 3);
    assert_int_equal(cat_crlf_filter(&crlf, nk_slice_make("a\nb\n", 4), &out), -ENOBUFS);
    nk_buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_has_one_cr_however_it_is_cut),
        cmocka_unit_test(a_full_buffer_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
