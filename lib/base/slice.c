#include "base/slice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An empty slice may have no bytes behind it at all (data == NULL), and the
 * functions of string.h do not take NULL even for a length of zero. Hence the
 * checks of `len` in front of them. */

struct nk_slice nk_slice_of_string(const char *string)
{
    return (struct nk_slice){string, strlen(string)};
}

char *nk_slice_copy_string(struct nk_slice slice)
{
    char *copy = malloc(slice.len + 1);
    if (!copy)
        return NULL;
    if (slice.len > 0)
        memcpy(copy, slice.data, slice.len);
    copy[slice.len] = '\0';
    return copy;
}

bool nk_slice_equal(struct nk_slice a, struct nk_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* tolower() would ask the locale; protocols know ASCII only. */
static inline unsigned char fold_ascii_case(char byte)
{
    unsigned char value = (unsigned char)byte;
    bool is_upper = value >= 'A' && value <= 'Z';

    return is_upper ? (unsigned char)(value | 0x20U) : value;
}

bool nk_slice_equal_ignoring_case(struct nk_slice a, struct nk_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (fold_ascii_case(a.data[i]) != fold_ascii_case(b.data[i]))
            return false;
    return true;
}

bool nk_slice_starts_with(struct nk_slice slice, struct nk_slice prefix)
{
    return slice.len >= prefix.len && nk_slice_equal(nk_slice_first(slice, prefix.len), prefix);
}

size_t nk_slice_find(struct nk_slice slice, char byte)
{
    if (slice.len == 0)
        return NK_SLICE_NOT_FOUND;

    const char *found = memchr(slice.data, byte, slice.len);
    return found ? (size_t)(found - slice.data) : NK_SLICE_NOT_FOUND;
}

size_t nk_slice_find_last(struct nk_slice slice, char byte)
{
    if (slice.len == 0)
        return NK_SLICE_NOT_FOUND;

    const char *found = memrchr(slice.data, byte, slice.len);
    return found ? (size_t)(found - slice.data) : NK_SLICE_NOT_FOUND;
}

/* memchr looks at many bytes per instruction and a CR without LF is rare, so
 * this beats memmem, which has no fast path for two bytes. */
size_t nk_slice_find_crlf(struct nk_slice slice)
{
    size_t start = 0;

    while (start + 1 < slice.len) {
        /* The last byte is left out: a CR there has no LF behind it. */
        const char *cr = memchr(slice.data + start, '\r', slice.len - start - 1);

        if (!cr)
            return NK_SLICE_NOT_FOUND;
        if (cr[1] == '\n')
            return (size_t)(cr - slice.data);
        start = (size_t)(cr - slice.data) + 1;
    }
    return NK_SLICE_NOT_FOUND;
}

static inline bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

struct nk_slice nk_slice_trim(struct nk_slice slice)
{
    while (slice.len > 0 && is_blank(slice.data[slice.len - 1]))
        slice.len--;
    while (slice.len > 0 && is_blank(slice.data[0])) {
        slice.data++;
        slice.len--;
    }
    return slice;
}

int nk_slice_parse_decimal(struct nk_slice slice, uint64_t *value)
{
    uint64_t result = 0;
    bool overflow = false;

    if (slice.len == 0)
        return -EINVAL;

    /* The scan goes on after an overflow, because a later byte that is no
     * digit makes the text malformed rather than too large. */
    for (size_t i = 0; i < slice.len; i++) {
        unsigned digit = (unsigned)(unsigned char)slice.data[i] - '0';

        if (digit > 9)
            return -EINVAL;
        overflow = overflow || __builtin_mul_overflow(result, UINT64_C(10), &result) ||
                   __builtin_add_overflow(result, (uint64_t)digit, &result);
    }
    if (overflow)
        return -ERANGE;
    *value = result;
    return 0;
}
