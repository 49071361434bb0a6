#include "keepalive/keepalive_pending.h"

#include <assert.h>
#include <string.h>

void keepalive_pending_init(struct keepalive_pending *pending, uint64_t session)
{
    pending->session = session;
    pending->count = 0;
}

void keepalive_pending_add(struct keepalive_pending *pending, uint64_t sequence, uint64_t now)
{
    assert(pending->count < KEEPALIVE_PENDING_MAX);
    pending->beats[pending->count++] = (struct keepalive_beat){sequence, now};
}

bool keepalive_pending_take(struct keepalive_pending *pending, struct keepalive_beat *beat)
{
    if (pending->count == 0)
        return false;
    *beat = pending->beats[0];
    pending->count--;
    memmove(pending->beats, pending->beats + 1, pending->count * sizeof(*pending->beats));
    return true;
}

/* Whether the stamp is that of a heartbeat that is pending. */
static bool names_pending(const struct keepalive_pending *pending,
                          const struct keepalive_stamp *stamp)
{
    for (size_t i = 0; stamp->session == pending->session && i < pending->count; i++) {
        if (pending->beats[i].sequence == stamp->sequence)
            return true;
    }
    return false;
}

bool keepalive_pending_overtaken(struct keepalive_pending *pending,
                                 const struct keepalive_stamp *stamp, struct keepalive_beat *beat)
{
    if (!stamp || !names_pending(pending, stamp) || pending->beats[0].sequence == stamp->sequence)
        return false;
    return keepalive_pending_take(pending, beat);
}

enum keepalive_answer keepalive_pending_match(struct keepalive_pending *pending,
                                              const struct keepalive_stamp *stamp,
                                              struct keepalive_beat *beat)
{
    *beat = (struct keepalive_beat){0};
    if (stamp && stamp->session != pending->session)
        return KEEPALIVE_ANSWER_STRANGER;
    if (stamp && (pending->count == 0 || pending->beats[0].sequence != stamp->sequence)) {
        beat->sequence = stamp->sequence;
        return KEEPALIVE_ANSWER_AGAIN;
    }
    return keepalive_pending_take(pending, beat) ? KEEPALIVE_ANSWER_FIRST : KEEPALIVE_ANSWER_AGAIN;
}
