#include "http/keyed_hash.h"

struct state {
    uint64_t v[4];
};

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void mix(struct state *state, unsigned rounds)
{
    uint64_t *v = state->v;
    for (unsigned i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

/* Up to eight bytes, the first one lowest. */
static uint64_t load(const uint8_t *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static void absorb(struct state *state, uint64_t word)
{
    state->v[3] ^= word;
    mix(state, 2);
    state->v[0] ^= word;
}

static uint64_t squeeze(struct state *state)
{
    mix(state, 4);
    return state->v[0] ^ state->v[1] ^ state->v[2] ^ state->v[3];
}

struct keyed_hash keyed_hash(const uint8_t key[static KEYED_HASH_KEY_SIZE], struct nk_slice text)
{
    const uint8_t *bytes = (const uint8_t *)text.data;
    uint64_t low = load(key, 8);
    uint64_t high = load(key + 8, 8);
    struct state state = {{
        low ^ UINT64_C(0x736f6d6570736575),
        high ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
        low ^ UINT64_C(0x6c7967656e657261),
        high ^ UINT64_C(0x7465646279746573),
    }};
    size_t whole = text.len - text.len % 8;
    for (size_t i = 0; i < whole; i += 8)
        absorb(&state, load(bytes + i, 8));
    absorb(&state, (uint64_t)text.len << 56 | load(bytes + whole, text.len % 8));
    struct keyed_hash hash;
    state.v[2] ^= 0xee;
    hash.words[0] = squeeze(&state);
    state.v[1] ^= 0xdd;
    hash.words[1] = squeeze(&state);
    return hash;
}
