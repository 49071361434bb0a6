#include "http/http_range.h"

#include <errno.h>
#include <stdbool.h>

#include "http/http_list.h"

/* Digits, of which there may be too many: that is a number behind every end. */
static bool read_position(struct nk_slice digits, uint64_t *position)
{
    const int error = nk_slice_parse_decimal(digits, position);
    if (error == -ERANGE)
        *position = UINT64_MAX;
    return error != -EINVAL;
}

/* "-N": the last N bytes. */
static bool read_suffix(struct nk_slice digits, uint64_t size, struct http_range *range)
{
    if (!read_position(digits, &range->len))
        return false;
    if (range->len > size)
        range->len = size;
    range->offset = size - range->len;
    return true;
}

/* "N-" and "N-M". */
static bool read_span(struct nk_slice first, struct nk_slice last, uint64_t size,
                      struct http_range *range)
{
    uint64_t end = UINT64_MAX;
    if (!read_position(first, &range->offset) || (last.len > 0 && !read_position(last, &end)) ||
        end < range->offset)
        return false;
    if (range->offset >= size)
        range->len = 0;
    else
        range->len = (end < size ? end + 1 : size) - range->offset;
    return true;
}

/* One range; one that nothing is there of has the length 0. */
static bool read_range(struct nk_slice text, uint64_t size, struct http_range *range)
{
    const size_t dash = nk_slice_find(text, '-');
    if (dash == NK_SLICE_NOT_FOUND)
        return false;
    const struct nk_slice behind = nk_slice_from(text, dash + 1);
    return dash == 0 ? read_suffix(behind, size, range)
                     : read_span(nk_slice_first(text, dash), behind, size, range);
}

static bool overlaps(const struct http_ranges *ranges, const struct http_range *range)
{
    for (size_t i = 0; i < ranges->count; i++) {
        const struct http_range *other = &ranges->items[i];
        if (range->offset < other->offset + other->len &&
            other->offset < range->offset + range->len)
            return true;
    }
    return false;
}

enum http_range_answer http_range_parse(struct nk_slice value, uint64_t size,
                                        struct http_ranges *ranges)
{
    static const struct nk_slice unit = NK_SLICE("bytes=");
    if (!nk_slice_equal_ignoring_case(nk_slice_first(value, unit.len), unit))
        return HTTP_RANGE_IGNORED;
    struct nk_slice rest = nk_slice_from(value, unit.len);
    struct nk_slice member;
    size_t asked = 0;
    ranges->count = 0;
    while (http_list_next(&rest, &member)) {
        struct http_range range;
        if (member.len == 0) /* such do not count (RFC 9110 5.6.1.2) */
            continue;
        if (++asked > HTTP_RANGES_MAX || !read_range(member, size, &range) ||
            overlaps(ranges, &range))
            return HTTP_RANGE_IGNORED;
        if (range.len > 0)
            ranges->items[ranges->count++] = range;
    }
    if (asked == 0)
        return HTTP_RANGE_IGNORED;
    return ranges->count > 0 ? HTTP_RANGE_PARTIAL : HTTP_RANGE_UNSATISFIABLE;
}
