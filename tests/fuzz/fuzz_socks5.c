/* The answers of a SOCKS5 proxy: any bytes, arriving in any pieces. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cat/socks5.h"
#include "fuzz.h"

struct outcome {
    int error;
    size_t used;
    size_t sent;
    bool is_complete;
};

static const struct proxy_target targets[] = {
    {"example.org", 80, NULL, NULL},
    {"::1", 80, "user", "password"},
};

static size_t take_output(struct socks5 *socks)
{
    const struct nk_slice output = socks5_take_output(socks);
    size_t sum = 0;
    for (size_t i = 0; i < output.len; i++)
        sum += (unsigned char)output.data[i]; /* readable memory */
    FUZZ_CHECK(sum > 0 || output.len == 0);
    return output.len;
}

/* Hands in one piece; false when the handshake is over. */
static bool hand_in(struct socks5 *socks, struct nk_slice piece, struct outcome *outcome)
{
    char *copy = malloc(piece.len > 0 ? piece.len : 1);
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, piece.data, piece.len);
    const ssize_t used = socks5_input(socks, nk_slice_make(copy, piece.len));
    free(copy);
    outcome->sent += take_output(socks);
    if (used < 0) {
        FUZZ_CHECK(socks5_problem(socks) != NULL);
        outcome->error = (int)used;
        return false;
    }
    FUZZ_CHECK((size_t)used == piece.len || socks5_is_complete(socks));
    outcome->used += (size_t)used;
    return !socks5_is_complete(socks);
}

static struct outcome receive(const struct proxy_target *target, struct nk_slice input,
                              size_t first, size_t step)
{
    struct outcome outcome = {0};
    struct socks5 socks;
    FUZZ_CHECK(socks5_init(&socks, target) == 0);
    outcome.sent = take_output(&socks);
    while (hand_in(&socks, nk_slice_first(input, first), &outcome) && input.len > first) {
        input = nk_slice_from(input, first);
        first = step;
    }
    outcome.is_complete = socks5_is_complete(&socks);
    return outcome;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    FUZZ_CHECK(a->error == b->error && a->is_complete == b->is_complete);
    FUZZ_CHECK(a->sent == b->sent);
    FUZZ_CHECK(a->error || a->used == b->used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    const size_t middle = size > 0 ? data[size - 1] % size : 0;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(targets); i++) {
        const struct outcome whole = receive(&targets[i], input, size, 1);
        const struct outcome halves = receive(&targets[i], input, middle, size);
        const struct outcome bytes = receive(&targets[i], input, 1, 1);
        FUZZ_CHECK(!whole.error || !whole.is_complete);
        check_same(&whole, &halves);
        check_same(&whole, &bytes);
    }
    return 0;
}
