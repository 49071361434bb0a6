/* Accept-Encoding: what is chosen is there, and is not what the client refused. */
#include <stdbool.h>

#include "fuzz.h"
#include "http/http_coding.h"

static bool is_refused(const struct http_accepted *accepted, enum http_coding coding)
{
    if ((accepted->named & HTTP_CODING_BIT(coding)) != 0)
        return accepted->weights[coding] == 0;
    return !accepted->has_rest || accepted->rest == 0;
}

static void check(const struct http_accepted *accepted, unsigned available)
{
    const enum http_coding coding = http_accepted_choose(accepted, available);
    FUZZ_CHECK(coding < HTTP_CODING_COUNT);
    if (coding == HTTP_CODING_IDENTITY)
        return;
    FUZZ_CHECK((available & HTTP_CODING_BIT(coding)) != 0);
    FUZZ_CHECK(!is_refused(accepted, coding));
}

/* A line end separates two fields. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nk_slice rest = {(const char *)data, size};
    struct http_accepted accepted;
    http_accepted_init(&accepted);
    while (rest.len > 0) {
        const size_t end = nk_slice_find(rest, '\n');
        http_accepted_read(&accepted, nk_slice_first(rest, end));
        rest = nk_slice_from(rest, end < rest.len ? end + 1 : rest.len);
    }
    for (unsigned coding = 0; coding < HTTP_CODING_COUNT; coding++)
        FUZZ_CHECK(accepted.weights[coding] <= 1000);
    for (unsigned available = 0; available < 1u << HTTP_CODING_COUNT; available++)
        check(&accepted, available);
    return 0;
}
