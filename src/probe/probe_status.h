/* The exit status of a whole run of probes. Pure.
 *
 *     until a state    reached: 0; a session has ended before: its status; else 5
 *     9                a threshold was not met
 *     the session's    a session has ended by a failure (the last of several) and was not
 *                      begun anew since
 *     3 4 5 6          nothing was ever answered: the last failure's own status
 *     5                the time was up before any probe came to something, or before anything
 *                      was known of some target
 *     1                something was not answered, and no threshold says how much may be;
 *                      or a session was lost on the way
 *     0                all else
 *
 * The first that applies counts. A run that ended by a signal leaves with that.
 */
#ifndef PROBE_PROBE_STATUS_H
#define PROBE_PROBE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "service/exit_status.h"

struct probe_outcome {
    bool has_until;   /* the run was to end when targets are in some state */
    bool is_reached;  /* and they all were */
    bool is_violated; /* a threshold was not met */
    bool rates_loss;  /* a threshold is about unanswered probes */
    bool is_unknown;  /* of some target nothing is known, not even that there is a peer */
    uint64_t sent;    /* over all targets */
    uint64_t replies;
    uint64_t missed;
    uint64_t losses;               /* of sessions */
    enum exit_status last_failure; /* of the last probe that failed; OK = none */
    enum exit_status last_end;     /* of the last session that ended by a failure and is not
                                      up again; OK = none */
};

enum exit_status probe_status_of(const struct probe_outcome *outcome);

#endif
