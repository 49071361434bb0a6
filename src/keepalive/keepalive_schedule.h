/* When to send a heartbeat, and when to give a peer up: the same rule as the
 * kernel's own keep-alive (tcp(7): idle time, interval, count).
 *
 * Pure: the caller says what time it is and what has happened.
 *
 *     silence for `time` -> PING #1 -> `interval` -> PING #2 ... #probes
 *                                   -> `interval` -> dead
 *
 * Whatever comes from the peer, an answer or not, begins the silence anew.
 */
#ifndef KEEPALIVE_KEEPALIVE_SCHEDULE_H
#define KEEPALIVE_KEEPALIVE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct keepalive_schedule {
    uint64_t time;       /* ns of silence before the first heartbeat */
    uint64_t interval;   /* ns between two heartbeats */
    uint64_t probes;     /* heartbeats without an answer that a peer may miss */
    uint64_t unanswered; /* sent since the peer was last heard; read-only */
    uint64_t next;       /* when keepalive_schedule_turn has something to do; read-only */
};

enum keepalive_action {
    KEEPALIVE_WAIT, /* until `next` */
    KEEPALIVE_SEND, /* a heartbeat; `unanswered` is its number */
    KEEPALIVE_DEAD, /* nothing was heard; for good */
};

/* The silence begins at `now`. Times in ns of one monotonic clock. */
void keepalive_schedule_init(struct keepalive_schedule *schedule, uint64_t time, uint64_t interval,
                             uint64_t probes, uint64_t now);

/* Something has come from the peer. Returns whether heartbeats were unanswered. */
bool keepalive_schedule_heard(struct keepalive_schedule *schedule, uint64_t now);

/* What is to be done at `now`; call it again at `next`. A late call does not make
 * later heartbeats come faster than the interval. */
enum keepalive_action keepalive_schedule_turn(struct keepalive_schedule *schedule, uint64_t now);

#endif
