#include "probe/probe_backoff.h"

uint64_t probe_backoff_next(struct probe_backoff *backoff, uint32_t random)
{
    uint64_t most = backoff->current > 0 ? backoff->current : backoff->initial;
    if (most > backoff->limit)
        most = backoff->limit;
    backoff->current = most > backoff->limit / 2 ? backoff->limit : 2 * most;
    uint64_t half = most / 2;
    return half + (uint64_t)((double)(most - half) * ((double)random / (double)UINT32_MAX));
}

void probe_backoff_reset(struct probe_backoff *backoff)
{
    backoff->current = 0;
}
