/* The reader of HTTP responses: any bytes, arriving in any pieces, and then the end. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "probe/probe_response.h"

struct outcome {
    int taken;
    int ended;
    unsigned code;
    enum probe_response_state state;
    const char *problem;
};

static struct outcome read_in_pieces(struct nk_slice input, bool is_for_head, size_t step)
{
    struct probe_response response;
    struct outcome outcome = {0};
    probe_response_init(&response, is_for_head);
    while (input.len > 0 && outcome.taken == 0) {
        struct nk_slice piece = nk_slice_first(input, step);
        char *copy = malloc(piece.len); /* of this size, so that reading on is noticed */
        FUZZ_CHECK(copy != NULL);
        memcpy(copy, piece.data, piece.len);
        outcome.taken = probe_response_take(&response, nk_slice_make(copy, piece.len));
        free(copy);
        input = nk_slice_from(input, piece.len);
    }
    outcome.ended = probe_response_end(&response);
    outcome.code = response.code;
    outcome.state = response.state;
    outcome.problem = response.problem;
    return outcome;
}

static void check(struct nk_slice input, bool is_for_head)
{
    const struct outcome whole = read_in_pieces(input, is_for_head, input.len > 0 ? input.len : 1);
    const struct outcome bytes = read_in_pieces(input, is_for_head, 1);
    const struct outcome some = read_in_pieces(input, is_for_head, 7);
    FUZZ_CHECK(memcmp(&whole, &bytes, sizeof whole) == 0);
    FUZZ_CHECK(memcmp(&whole, &some, sizeof whole) == 0);
    FUZZ_CHECK(whole.taken == 0 || (whole.taken == -EBADMSG && whole.problem));
    FUZZ_CHECK((whole.ended == 0) == (whole.problem == NULL));
    if (whole.ended == 0) {
        FUZZ_CHECK(whole.state == PROBE_RESPONSE_COMPLETE);
        FUZZ_CHECK(whole.code == 101 || (whole.code >= 200 && whole.code <= 599));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    check(input, false);
    check(input, true);
    return 0;
}
