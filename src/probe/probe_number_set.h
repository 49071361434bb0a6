/* A set of numbers up to 65535, as people write it: "22,80,8000-8100".
 *
 * Pure. Order and repetition do not matter: a set has each number once.
 */
#ifndef PROBE_PROBE_NUMBER_SET_H
#define PROBE_PROBE_NUMBER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct probe_number_set {
    uint64_t words[1024]; /* a bit for each number */
};

/* Reads numbers and ranges with commas between them, all within [least, most], without
 * blanks. Returns 0, or -EINVAL with *set undefined. */
NK_MUST_USE int probe_number_set_parse(struct probe_number_set *set, const char *text,
                                       uint16_t least, uint16_t most) NK_NONNULL(1, 2);

static inline bool probe_number_set_holds(const struct probe_number_set *set, uint16_t number)
{
    return (set->words[number / 64] >> (number % 64) & 1) != 0;
}

#endif
