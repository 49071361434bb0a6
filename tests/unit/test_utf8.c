/* Which bytes are UTF-8. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/utf8.h"

#define BYTES(literal) literal, sizeof(literal) - 1

/* The ends of every range, and one on the wrong side of each. */
static void sequences_are_told_from_other_bytes(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        size_t len;
        uint32_t code_point;
    } table[] = {
        {BYTES(""), 0, 0},
        {BYTES("\0"), 1, 0},
        {BYTES("a"), 1, 'a'},
        {BYTES("\x7f"), 1, 0x7f},
        {BYTES("\x80"), 0, 0},
        {BYTES("\xbf"), 0, 0},
        {BYTES("\xc1\xbf"), 0, 0}, /* overlong */
        {BYTES("\xc2\x80"), 2, 0x80},
        {BYTES("\xdf\xbf"), 2, 0x7ff},
        {BYTES("\xe0\x9f\xbf"), 0, 0}, /* overlong */
        {BYTES("\xe0\xa0\x80"), 3, 0x800},
        {BYTES("\xed\x9f\xbf"), 3, 0xd7ff},
        {BYTES("\xed\xa0\x80"), 0, 0}, /* surrogates */
        {BYTES("\xed\xbf\xbf"), 0, 0},
        {BYTES("\xee\x80\x80"), 3, 0xe000},
        {BYTES("\xef\xbf\xbf"), 3, 0xffff},
        {BYTES("\xf0\x8f\xbf\xbf"), 0, 0}, /* overlong */
        {BYTES("\xf0\x90\x80\x80"), 4, 0x10000},
        {BYTES("\xf4\x8f\xbf\xbf"), 4, 0x10ffff},
        {BYTES("\xf4\x90\x80\x80"), 0, 0}, /* above the last */
        {BYTES("\xf5\x80\x80\x80"), 0, 0},
        {BYTES("\xff"), 0, 0},
        {BYTES("\xc3"), 0, 0}, /* cut off, or broken off by something else */
        {BYTES("\xe2\x82"), 0, 0},
        {BYTES("\xf0\x9f\x92"), 0, 0},
        {BYTES("\xc3x"), 0, 0},
        {BYTES("\xe2\x82x"), 0, 0},
        {BYTES("\xf0\x9f\x92\xc0"), 0, 0},
        {BYTES("\xc3\xa9t\xc3\xa9"), 2, 0xe9}, /* what follows does not matter */
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        uint32_t code_point = 0;
        struct nk_slice text = nk_slice_make(table[i].bytes, table[i].size);
        assert_int_equal(nk_utf8_decode(text, &code_point), table[i].len);
        assert_int_equal(code_point, table[i].code_point);
        assert_int_equal(nk_utf8_decode(text, NULL), table[i].len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_are_told_from_other_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
