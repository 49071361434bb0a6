/* Ranges: whatever is asked for, what is sent lies in the file and never twice. */
#include "fuzz.h"
#include "http/http_range.h"

static void check(struct nk_slice value, uint64_t size)
{
    struct http_ranges ranges;
    if (http_range_parse(value, size, &ranges) != HTTP_RANGE_PARTIAL)
        return;
    FUZZ_CHECK(ranges.count >= 1 && ranges.count <= HTTP_RANGES_MAX);
    uint64_t total = 0;
    for (size_t i = 0; i < ranges.count; i++) {
        const struct http_range *range = &ranges.items[i];
        FUZZ_CHECK(range->len >= 1 && range->offset < size && range->len <= size - range->offset);
        FUZZ_CHECK(range->len <= size - total); /* without overlap the sum fits */
        total += range->len;
    }
}

/* The first bytes choose a size beside the usual ones. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t sizes[] = {0, 1, 10, 1000, UINT32_MAX, INT64_MAX, UINT64_MAX};
    const struct nk_slice value = {(const char *)data, size};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(sizes); i++)
        check(value, sizes[i]);
    uint64_t own = 0;
    for (size_t i = 0; i < size && i < 8; i++)
        own = own << 8 | data[i];
    check(nk_slice_from(value, 8), own);
    return 0;
}
