#include "base/utf8.h"

#include <stdbool.h>

/* How a sequence begins: its length, the bits of the first byte that belong to
 * the code point, and the least code point that may be written so. */
static const struct {
    unsigned char mask;
    unsigned char begin;
    uint32_t least;
} forms[] = {
    {0x80, 0x00, 0},
    {0xe0, 0xc0, 0x80},
    {0xf0, 0xe0, 0x800},
    {0xf8, 0xf0, 0x10000},
};

/* The code point of a sequence of `len` bytes behind its first, or UINT32_MAX. */
static uint32_t gather(struct nk_slice text, size_t len, uint32_t first_bits)
{
    uint32_t value = first_bits;
    for (size_t i = 1; i < len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if ((byte & 0xc0) != 0x80)
            return UINT32_MAX;
        value = value << 6 | (byte & 0x3f);
    }
    return value;
}

size_t nk_utf8_decode(struct nk_slice text, uint32_t *code_point)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(forms) && i < text.len; i++) {
        unsigned char first = (unsigned char)text.data[0];
        if ((first & forms[i].mask) != forms[i].begin)
            continue;
        uint32_t value = gather(text, i + 1, first & (unsigned char)~forms[i].mask);
        bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
        if (value < forms[i].least || value > 0x10ffff || is_surrogate)
            return 0;
        if (code_point)
            *code_point = value;
        return i + 1;
    }
    return 0;
}
