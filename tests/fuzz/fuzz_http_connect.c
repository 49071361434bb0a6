/* The answer of an HTTP proxy to CONNECT: any bytes, arriving in any pieces. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cat/http_connect.h"
#include "fuzz.h"

struct outcome {
    int error;
    size_t used;
    int status;
    bool is_complete;
};

/* Hands in one piece; false when the handshake is over. */
static bool hand_in(struct http_connect *connect, struct nk_slice piece, struct outcome *outcome)
{
    char *copy = malloc(piece.len > 0 ? piece.len : 1);
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, piece.data, piece.len);
    const ssize_t used = http_connect_input(connect, nk_slice_make(copy, piece.len));
    free(copy);
    if (used < 0) {
        FUZZ_CHECK(http_connect_problem(connect) != NULL);
        outcome->error = (int)used;
        return false;
    }
    FUZZ_CHECK((size_t)used == piece.len || http_connect_is_complete(connect));
    outcome->used += (size_t)used;
    return !http_connect_is_complete(connect);
}

static struct outcome receive(struct nk_slice input, size_t first, size_t step)
{
    static const struct proxy_target target = {"example.org", 80, "user", "password"};
    struct outcome outcome = {0};
    struct http_connect connect;
    FUZZ_CHECK(http_connect_init(&connect, &target) == 0);
    while (hand_in(&connect, nk_slice_first(input, first), &outcome) && input.len > first) {
        input = nk_slice_from(input, first);
        first = step;
    }
    outcome.status = http_connect_status(&connect);
    outcome.is_complete = http_connect_is_complete(&connect);
    return outcome;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    FUZZ_CHECK(a->error == b->error && a->is_complete == b->is_complete);
    FUZZ_CHECK(a->status == b->status);
    FUZZ_CHECK(a->error || a->used == b->used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    const size_t middle = size > 0 ? data[size - 1] % size : 0;
    const struct outcome whole = receive(input, size, 1);
    const struct outcome halves = receive(input, middle, size);
    const struct outcome bytes = receive(input, 1, 1);
    check_same(&whole, &halves);
    check_same(&whole, &bytes);
    if (whole.is_complete) {
        /* The handshake ends with an empty line, and its status is a consent. */
        FUZZ_CHECK(!whole.error && whole.status / 100 == 2 && whole.used >= 4);
        FUZZ_CHECK(memcmp(data + whole.used - 4, "\r\n\r\n", 4) == 0);
        FUZZ_CHECK(whole.used <= HTTP_CONNECT_ANSWER_MAX);
    }
    return 0;
}
