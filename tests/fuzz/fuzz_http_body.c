/* The body decoder: any bytes, arriving in any pieces. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "http/http_body.h"

struct outcome {
    size_t used;
    uint64_t length;   /* of the payload */
    uint64_t checksum; /* of its bytes in their order */
    struct http_problem problem;
    bool is_complete;
};

/* Decodes what is in `piece`; false when the body ended or was refused. */
static bool decode(struct http_body *body, struct nk_slice piece, struct outcome *outcome)
{
    while (piece.len > 0 && !http_body_is_complete(body)) {
        struct nk_slice payload;
        const ssize_t used = http_body_decode(body, piece, &payload, &outcome->problem);
        if (used < 0) {
            FUZZ_CHECK(used == -EBADMSG);
            FUZZ_CHECK(outcome->problem.status == 400 || outcome->problem.status == 413);
            FUZZ_CHECK(outcome->problem.rule != NULL);
            return false;
        }
        FUZZ_CHECK(used > 0 && (size_t)used <= piece.len);
        FUZZ_CHECK(payload.len == 0 ||
                   (payload.data >= piece.data && payload.data + payload.len <= piece.data + used));
        for (size_t i = 0; i < payload.len; i++)
            outcome->checksum = outcome->checksum * 31 + (unsigned char)payload.data[i];
        outcome->length += payload.len;
        outcome->used += (size_t)used;
        piece = nk_slice_from(piece, (size_t)used);
    }
    return !http_body_is_complete(body);
}

static struct outcome decode_in_pieces(const struct http_request *request, uint64_t max,
                                       struct nk_slice input, size_t first, size_t step)
{
    struct outcome outcome = {0};
    struct http_body body;
    http_body_init(&body, request, max);
    size_t size = first;
    while (input.len > 0) {
        const struct nk_slice piece = nk_slice_first(input, size);
        char *copy = malloc(piece.len > 0 ? piece.len : 1);
        FUZZ_CHECK(copy != NULL);
        memcpy(copy, piece.data, piece.len);
        const bool goes_on = decode(&body, nk_slice_make(copy, piece.len), &outcome);
        free(copy);
        if (!goes_on)
            break;
        input = nk_slice_from(input, piece.len);
        size = step;
    }
    outcome.is_complete = http_body_is_complete(&body);
    return outcome;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    FUZZ_CHECK(a->used == b->used);
    FUZZ_CHECK(a->length == b->length && a->checksum == b->checksum);
    FUZZ_CHECK(a->problem.status == b->problem.status && a->problem.rule == b->problem.rule);
    FUZZ_CHECK(a->is_complete == b->is_complete);
}

static void check_input(const struct http_request *request, uint64_t max, struct nk_slice input)
{
    const struct outcome whole = decode_in_pieces(request, max, input, input.len, 1);
    FUZZ_CHECK(whole.length <= max);
    FUZZ_CHECK(!whole.is_complete || whole.problem.rule == NULL);
    const size_t middle = input.len > 0 ? (unsigned char)input.data[input.len - 1] % input.len : 0;
    const struct outcome halves = decode_in_pieces(request, max, input, middle, input.len);
    check_same(&whole, &halves);
    const struct outcome bytes = decode_in_pieces(request, max, input, 1, 1);
    check_same(&whole, &bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_request request;
    const struct nk_slice input = {(const char *)data, size};
    request.framing = HTTP_FRAMING_CHUNKED;
    check_input(&request, 1048576, input);
    check_input(&request, 5, input);
    request.framing = HTTP_FRAMING_LENGTH;
    request.content_length = size / 2;
    check_input(&request, size, input);
    return 0;
}
