/* The inside of a run. Internal to probe_run.c (its course), probe_target.c (what
 * kinds tell it), probe_attempt.c (one probe at a time) and probe_dial.c.
 */
#ifndef PROBE_PROBE_PRIVATE_H
#define PROBE_PROBE_PRIVATE_H

#include "probe/probe_metrics.h"
#include "probe/probe_names.h"
#include "probe/probe_run.h"
#include "probe/probe_schedule.h"
#include "reactor/signal_watch.h"

struct probe_run {
    const struct probe_options *options;
    const struct probe_reporter *reporter;
    struct nk_event_loop *loop;
    struct nk_signal_watch *signals;
    struct nk_worker_pool *pool; /* NULL when there is no name to look up */
    struct probe_names names;    /* with options->shares_names */
    struct probe_schedule schedule;

    struct probe_target *targets; /* options->target_count of them */
    struct probe_target **list;   /* the same, as the reporter sees them */
    size_t ended;                 /* targets that are not probed any more */
    uint64_t in_flight;           /* attempts under way */
    uint64_t in_flight_max;
    struct nk_list_node waiting; /* targets that are due but may not begin */
    struct histogram lateness;   /* ns */
    uint64_t order;              /* of results */

    struct probe_metrics *metrics; /* NULL when nobody may fetch the figures */
    struct nk_timer timeout;
    struct nk_timer refresh;
    uint64_t random;       /* state of the generator; never 0 */
    int signal_number;     /* what ended the run, or 0 */
    int error;             /* -errno of this machine that ended the run, or 0 */
    int unheard;           /* -errno of the reporter that did, or 0 */
    bool is_filling;       /* those that wait are being begun */
    bool look_up_was_left; /* a worker may still be looking up a name */
};

/* The target's timer: begins the probe that is due, or makes it wait for its turn. */
void probe_target_on_due(struct nk_timer *timer);

/* Hands an event to the reporter; ends the run when nobody can be told. */
void probe_run_report(struct probe_run *run, const struct probe_event *event);

/* Ends the run because of an error of this machine. */
void probe_run_break(struct probe_run *run, int error);

/* The target will not be probed any more. What is under way is stopped. */
void probe_target_leave(struct probe_target *target);

/* Stops all that is under way. */
void probe_target_end_attempts(struct probe_target *target);

/* Frees what belongs to it. */
void probe_target_deinit(struct probe_target *target);

#endif
