/* The Range field of a request (RFC 9110 14). Pure. */
#ifndef HTTP_HTTP_RANGE_H
#define HTTP_HTTP_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"

/* More are ignored: who asks for so many is not after the content (RFC 9110 14.2,
 * 17.15). */
#define HTTP_RANGES_MAX 64

struct http_range {
    uint64_t offset;
    uint64_t len; /* at least 1 */
};

struct http_ranges {
    size_t count;
    struct http_range items[HTTP_RANGES_MAX]; /* in the order asked for */
};

enum http_range_answer {
    HTTP_RANGE_IGNORED,       /* as if there were no Range: 200 */
    HTTP_RANGE_PARTIAL,       /* 206 with at least one range */
    HTTP_RANGE_UNSATISFIABLE, /* 416: nothing of what was asked for is there */
};

/* What the value of Range asks of `size` bytes. It is ignored when the unit is not
 * bytes, anything in it is not as the grammar has it, the last byte of a range comes
 * before its first, there are more than HTTP_RANGES_MAX, or two of them overlap.
 * Numbers above 64 bits mean "behind the end". Ranges that begin behind the end are
 * left out as long as one is left. *ranges is defined only with HTTP_RANGE_PARTIAL. */
enum http_range_answer http_range_parse(struct nk_slice value, uint64_t size,
                                        struct http_ranges *ranges) NK_NONNULL(3);

#endif
