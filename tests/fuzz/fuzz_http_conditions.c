/* Conditions: any values of the fields, against the rules that hold for all of them. */
#include <stdbool.h>

#include "fuzz.h"
#include "http/http_conditions.h"

static const char *const names[] = {"If-Match",          "If-None-Match",
                                    "If-Modified-Since", "If-Unmodified-Since",
                                    "If-Range",          "Range"};

/* Each line of the input is a field: a byte that chooses the name, and the value. */
static void make(struct http_request *request, struct nk_slice rest)
{
    while (rest.len > 0 && request->header_count < HTTP_HEADERS_MAX) {
        const size_t end = nk_slice_find(rest, '\n');
        const struct nk_slice line = nk_slice_first(rest, end);
        if (line.len > 0)
            request->headers[request->header_count++] = (struct http_header){
                nk_slice_of_string(names[(unsigned char)line.data[0] % NK_ARRAY_LENGTH(names)]),
                nk_slice_trim(nk_slice_from(line, 1))};
        rest = nk_slice_from(rest, end < rest.len ? end + 1 : rest.len);
    }
}

static bool has(const struct http_request *request, const char *name)
{
    return http_request_header(request, name) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_request request;
    static const struct http_validators validators = {NK_SLICE("\"abc\""), 784111777};
    struct nk_slice range;
    request.header_count = 0;
    make(&request, nk_slice_make((const char *)data, size));

    request.method = HTTP_METHOD_GET;
    const enum http_verdict get = http_conditions_judge(&request, &validators, 0);
    const bool ranges = http_conditions_allow_range(&request, &validators, 0, &range);
    FUZZ_CHECK(!ranges || has(&request, "Range"));
    if (get == HTTP_VERDICT_NOT_MODIFIED)
        FUZZ_CHECK(has(&request, "If-None-Match") || has(&request, "If-Modified-Since"));
    if (get == HTTP_VERDICT_FAILED)
        FUZZ_CHECK(has(&request, "If-Match") || has(&request, "If-Unmodified-Since"));

    request.method = HTTP_METHOD_HEAD;
    FUZZ_CHECK(http_conditions_judge(&request, &validators, 0) == get);
    FUZZ_CHECK(!http_conditions_allow_range(&request, &validators, 0, &range));

    request.method = HTTP_METHOD_PUT; /* If-Modified-Since means nothing there */
    const enum http_verdict put = http_conditions_judge(&request, &validators, 0);
    FUZZ_CHECK(put != HTTP_VERDICT_NOT_MODIFIED);
    FUZZ_CHECK((get == HTTP_VERDICT_GO_ON) <= (put == HTTP_VERDICT_GO_ON));
    return 0;
}
