/* A slice is a view of bytes that somebody else owns: a pointer and a length.
 *
 * It is a value: copy it freely. It is valid only as long as its owner keeps
 * the bytes, it is not terminated by NUL and it may hold any byte. Parsers
 * take slices and return slices of the same bytes instead of copies.
 * No function here fails or allocates; all are safe on any thread.
 */
#ifndef NK_BASE_SLICE_H
#define NK_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct nk_slice {
    const char *data;
    size_t len;
};

/* A slice of a string literal, usable in constant initialisers. */
#define NK_SLICE(literal)                                                                          \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* The result of a search that found nothing. */
#define NK_SLICE_NOT_FOUND SIZE_MAX

static inline struct nk_slice nk_slice_make(const char *data, size_t len)
{
    return (struct nk_slice){data, len};
}

/* The bytes of a NUL-terminated string, without the NUL. */
NK_PUBLIC struct nk_slice nk_slice_of_string(const char *string) NK_NONNULL(1);

/* A copy that ends with a NUL, for free(), or NULL without memory. Unlike strndup it
 * reads nothing but the slice and keeps NULs that stand in it. */
NK_PUBLIC NK_MUST_USE char *nk_slice_copy_string(struct nk_slice slice);

/* The bytes from `start` on; empty when `start` is at or behind the end. */
static inline struct nk_slice nk_slice_from(struct nk_slice slice, size_t start)
{
    if (start > slice.len)
        start = slice.len;
    /* An empty slice may have data == NULL, which nothing may be added to. */
    return start == 0 ? slice : (struct nk_slice){slice.data + start, slice.len - start};
}

/* The first `len` bytes, or all of them when there are fewer. */
static inline struct nk_slice nk_slice_first(struct nk_slice slice, size_t len)
{
    return (struct nk_slice){slice.data, len < slice.len ? len : slice.len};
}

/* The same bytes; two empty slices are equal wherever they point. */
NK_PUBLIC bool nk_slice_equal(struct nk_slice a, struct nk_slice b);

/* ASCII case is ignored; other bytes compare as they are (never the locale). */
NK_PUBLIC bool nk_slice_equal_ignoring_case(struct nk_slice a, struct nk_slice b);

/* An empty prefix starts everything. */
NK_PUBLIC bool nk_slice_starts_with(struct nk_slice slice, struct nk_slice prefix);

/* Index of the first `byte`, or NK_SLICE_NOT_FOUND. */
NK_PUBLIC size_t nk_slice_find(struct nk_slice slice, char byte);

/* Index of the last `byte`, or NK_SLICE_NOT_FOUND. */
NK_PUBLIC size_t nk_slice_find_last(struct nk_slice slice, char byte);

/* Index of the CR of the first CR LF pair, or NK_SLICE_NOT_FOUND. */
NK_PUBLIC size_t nk_slice_find_crlf(struct nk_slice slice);

/* Without leading and trailing spaces and tabs (the OWS of RFC 9110 5.6.3). */
NK_PUBLIC struct nk_slice nk_slice_trim(struct nk_slice slice);

/* Reads the whole slice as decimal digits (no sign, no blank) into *value.
 * Returns 0, -EINVAL when it is empty or holds anything but digits, -ERANGE
 * when it does not fit 64 bits. *value is untouched on failure. */
NK_PUBLIC NK_MUST_USE int nk_slice_parse_decimal(struct nk_slice slice, uint64_t *value)
    NK_NONNULL(2);

#endif
