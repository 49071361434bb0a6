#include "keepalive/keepalive_fault.h"

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
 * 2014): one word of state, and any seed will do. */
static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = *state;
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

enum keepalive_fate keepalive_fate_of(const struct keepalive_faults *faults, uint64_t answered,
                                      uint64_t *random)
{
    if (answered >= faults->reset_after)
        return KEEPALIVE_FATE_RESET;
    if (answered >= faults->freeze_after)
        return KEEPALIVE_FATE_FREEZE;
    if (faults->drop > 0 && next_random(random) % 100 < faults->drop)
        return KEEPALIVE_FATE_DROP;
    return KEEPALIVE_FATE_ANSWER;
}
