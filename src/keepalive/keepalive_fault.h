/* What becomes of a PING at a server that rehearses failures.
 *
 * Pure, and the same seed brings the same fates: what a client reports can be held
 * against what was done to it.
 */
#ifndef KEEPALIVE_KEEPALIVE_FAULT_H
#define KEEPALIVE_KEEPALIVE_FAULT_H

#include <stdint.h>

#define KEEPALIVE_NEVER UINT64_MAX

struct keepalive_faults {
    uint64_t drop;         /* percent of the PINGs that are not answered */
    uint64_t freeze_after; /* answers to one client before it hears nothing more, or NEVER */
    uint64_t reset_after;  /* answers to one client before it is reset, or NEVER */
};

enum keepalive_fate {
    KEEPALIVE_FATE_ANSWER,
    KEEPALIVE_FATE_DROP,   /* this one is not answered */
    KEEPALIVE_FATE_FREEZE, /* nothing is answered any more */
    KEEPALIVE_FATE_RESET,  /* the connection is reset */
};

/* The fate of the next PING of a client that was answered `answered` times. *random
 * is where the sequence of chances has come to: any number at first, moved on with
 * every PING that `drop` decides about. */
enum keepalive_fate keepalive_fate_of(const struct keepalive_faults *faults, uint64_t answered,
                                      uint64_t *random);

#endif
