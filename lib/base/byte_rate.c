#include "base/byte_rate.h"

#include <stdbool.h>

#include "base/clock.h"

/* The bucket holds this part of a second's bytes. */
#define BUCKETS_PER_SECOND 10

static int64_t capacity(const struct nk_byte_rate *rate)
{
    uint64_t bytes = rate->rate / BUCKETS_PER_SECOND;
    return bytes > 0 ? (int64_t)bytes : 1;
}

void nk_byte_rate_init(struct nk_byte_rate *rate, uint64_t bytes_per_second, uint64_t now)
{
    *rate = (struct nk_byte_rate){.rate = bytes_per_second, .filled_at = now};
    rate->tokens = capacity(rate);
}

static void fill(struct nk_byte_rate *rate, uint64_t now)
{
    if (now <= rate->filled_at)
        return;
    uint64_t elapsed = now - rate->filled_at;
    uint64_t seconds = elapsed / NK_NANOSECONDS_PER_SECOND;
    uint64_t parts =
        elapsed % NK_NANOSECONDS_PER_SECOND * rate->rate + rate->remainder; /* below 2^64 */
    uint64_t missing = (uint64_t)(capacity(rate) - rate->tokens);
    uint64_t earned;
    bool overflows = __builtin_mul_overflow(seconds, rate->rate, &earned) ||
                     __builtin_add_overflow(earned, parts / NK_NANOSECONDS_PER_SECOND, &earned);
    bool is_full = overflows || earned >= missing;
    rate->tokens += (int64_t)(is_full ? missing : earned);
    rate->remainder = is_full ? 0 : parts % NK_NANOSECONDS_PER_SECOND;
    rate->filled_at = now;
}

size_t nk_byte_rate_allowed(struct nk_byte_rate *rate, uint64_t now)
{
    fill(rate, now);
    return rate->tokens > 0 ? (size_t)rate->tokens : 0;
}

void nk_byte_rate_take(struct nk_byte_rate *rate, size_t bytes)
{
    rate->tokens -= (int64_t)bytes;
}

uint64_t nk_byte_rate_ready_at(const struct nk_byte_rate *rate)
{
    int64_t wanted = capacity(rate) > 1 ? capacity(rate) / 2 : 1;
    if (rate->tokens >= wanted)
        return rate->filled_at;
    uint64_t missing = (uint64_t)(wanted - rate->tokens);
    uint64_t seconds = missing / rate->rate;
    uint64_t parts = missing % rate->rate * NK_NANOSECONDS_PER_SECOND; /* below 2^64 */
    parts -= parts < rate->remainder ? parts : rate->remainder;
    return rate->filled_at + seconds * NK_NANOSECONDS_PER_SECOND +
           (parts + rate->rate - 1) / rate->rate;
}
