/* Our request parser and llhttp: no bytes make them disagree about what we accept. */
#include "fuzz.h"
#include "http_llhttp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *difference = http_llhttp_difference(nk_slice_make((const char *)data, size), NULL);
    if (difference)
        fprintf(stderr, "%s\n", difference);
    FUZZ_CHECK(difference == NULL);
    return 0;
}
