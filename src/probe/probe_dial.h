/* Reaches a target: the first step of most kinds of probes.
 *
 * The first time, and again after a failure, the name is looked up and its addresses
 * are tried (net/dialer.h); otherwise the address that answered last is dialled, so
 * that a probe measures the target and not the name servers, and costs little. The time is that of
 * the one attempt that succeeded. Loop thread only.
 */
#ifndef PROBE_PROBE_DIAL_H
#define PROBE_PROBE_DIAL_H

#include <stdbool.h>

#include "base/error_text.h"
#include "net/dialer.h"
#include "probe/probe_names.h"
#include "probe/probe_target.h"

struct probe_dial;

/* `fd` >= 0 is the connected socket, now the callee's, and *result an answer with its
 * times (rtt is the time to connect); else *result says what failed. */
typedef void probe_dial_fn(struct probe_dial *dial, int fd, struct probe_result *result);

struct probe_dial {
    /* private */
    struct probe_target *target;
    struct nk_dialer *dialer;       /* NULL unless it is at work */
    struct nk_connector *connector; /* likewise, when it is known where to go */
    struct probe_name_wish wish;    /* for the addresses of a name that others look up, too */
    bool is_wishing;
    probe_dial_fn *on_done;
    bool looks_up; /* there is a name, and it is not known what it means */
    char room[NK_ERROR_TEXT_MAX];
    uint64_t began;      /* monotonic ns */
    uint64_t resolved;   /* when the first address was tried; 0 = not yet */
    uint64_t connecting; /* when the latest was */
};

/* Starts; `dial` is zero-filled or was used before. Returns 0 or -errno (then nothing
 * is called). */
int probe_dial_start(struct probe_dial *dial, struct probe_target *target, probe_dial_fn *on_done);

/* Gives up without a report. Idempotent, and harmless on a zero-filled one. */
void probe_dial_stop(struct probe_dial *dial);

/* Time is up: *result says so, if there was any dialling. The time was that of everything
 * together, the look-up too. */
void probe_dial_expire(const struct probe_dial *dial, struct probe_result *result);

#endif
