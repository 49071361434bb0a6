#include "http/http_content_range.h"

#include <errno.h>

/* Reads the digits in front of `end`; *rest is what follows it. */
static int take_number(struct nk_slice *rest, char end, uint64_t *number)
{
    const size_t len = end == '\0' ? rest->len : nk_slice_find(*rest, end);
    if (len == NK_SLICE_NOT_FOUND || nk_slice_parse_decimal(nk_slice_first(*rest, len), number) < 0)
        return -EINVAL;
    *rest = nk_slice_from(*rest, len + 1);
    return 0;
}

int http_content_range_parse(struct nk_slice value, struct http_content_range *range)
{
    static const struct nk_slice unit = NK_SLICE("bytes ");
    struct http_content_range found;
    struct nk_slice rest = nk_slice_from(value, unit.len);
    if (!nk_slice_equal_ignoring_case(nk_slice_first(value, unit.len), unit) ||
        take_number(&rest, '-', &found.first) < 0 || take_number(&rest, '/', &found.last) < 0 ||
        take_number(&rest, '\0', &found.total) < 0)
        return -EINVAL;
    if (found.first > found.last || found.last >= found.total)
        return -EINVAL;
    *range = found;
    return 0;
}
