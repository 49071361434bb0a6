/* What a client would rather have: any bytes give a weight, the same in any case. */
#include "fuzz.h"
#include "http/http_accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    char *copy = malloc(size > 0 ? size : 1); /* exactly: one byte more is an error */
    char *upper = malloc(size > 0 ? size : 1);
    FUZZ_CHECK(copy != NULL && upper != NULL);
    for (size_t i = 0; i < size; i++) {
        copy[i] = (char)data[i];
        upper[i] = copy[i] >= 'a' && copy[i] <= 'z' ? (char)(copy[i] - 32) : copy[i];
    }
    const unsigned weight = http_accept_weight(nk_slice_make(copy, size), "application/json");
    FUZZ_CHECK(weight <= 1000);
    FUZZ_CHECK(http_accept_weight(nk_slice_make(upper, size), "application/json") == weight);
    free(copy);
    free(upper);
    return 0;
}
