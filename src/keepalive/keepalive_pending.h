/* The heartbeats that are not answered yet, and which of them an answer belongs to.
 *
 * Pure: the caller says what time it is and what has happened. An answer with a stamp
 * names its heartbeat; one without, as the protocol's first server sends it, belongs
 * to the earliest: a stream keeps the order. Either way the heartbeats before it will
 * not be answered any more.
 */
#ifndef KEEPALIVE_KEEPALIVE_PENDING_H
#define KEEPALIVE_KEEPALIVE_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keepalive/keepalive_message.h"

/* With more the earliest is given up: the peer says other things, but never answers. */
#define KEEPALIVE_PENDING_MAX 32

struct keepalive_beat {
    uint64_t sequence;
    uint64_t sent; /* ns of the caller's monotonic clock */
};

struct keepalive_pending {
    uint64_t session; /* told apart from earlier ones, whose answers may still come */
    size_t count;     /* read-only */
    /* private */
    struct keepalive_beat beats[KEEPALIVE_PENDING_MAX]; /* in order */
};

/* Nothing is pending. */
void keepalive_pending_init(struct keepalive_pending *pending, uint64_t session);

/* A heartbeat was sent; there has to be room. Sequences grow from call to call. */
void keepalive_pending_add(struct keepalive_pending *pending, uint64_t sequence, uint64_t now);

/* What an answer is. */
enum keepalive_answer {
    KEEPALIVE_ANSWER_FIRST,    /* the answer to a heartbeat: *beat, which is pending no more */
    KEEPALIVE_ANSWER_AGAIN,    /* to one that was answered or given up; beat->sequence says
                                  which, 0 = nobody knows */
    KEEPALIVE_ANSWER_STRANGER, /* to a heartbeat of another session */
};

/* An answer has come; `stamp` is NULL when it has none. Heartbeats before the one that
 * it belongs to have to be taken out first (keepalive_pending_overtaken). */
enum keepalive_answer keepalive_pending_match(struct keepalive_pending *pending,
                                              const struct keepalive_stamp *stamp,
                                              struct keepalive_beat *beat);

/* Takes out the earliest heartbeat if the answer belongs to a later one. Returns
 * whether there was one. */
bool keepalive_pending_overtaken(struct keepalive_pending *pending,
                                 const struct keepalive_stamp *stamp, struct keepalive_beat *beat);

/* Takes out the earliest heartbeat, to give it up. Returns whether there was one. */
bool keepalive_pending_take(struct keepalive_pending *pending, struct keepalive_beat *beat);

#endif
