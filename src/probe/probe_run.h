/* A run: many targets probed on one loop, until a count, a state, a time or a signal
 * ends it.
 *
 * Probes are sent on an absolute schedule (probe_schedule.h): how long an answer takes
 * and how late the machine was never shift the ones after it. With `until` they come
 * quickly at first and then ever more slowly (probe_backoff.h). Names are looked up by
 * the worker pool.
 */
#ifndef PROBE_PROBE_RUN_H
#define PROBE_PROBE_RUN_H

#include "probe/probe_reporter.h"
#include "probe/probe_threshold.h"

/* Most attempts that one target may have under way: `wait` may be so many times the
 * interval. */
#define PROBE_OVERLAP_MAX 1024

enum probe_until { PROBE_UNTIL_NEVER, PROBE_UNTIL_UP, PROBE_UNTIL_DOWN };

struct probe_options {
    const struct probe_kind *kind;
    const void *kind_options;   /* the kind's own; see probe_target_options */
    const char *const *targets; /* addresses that are known to be right, canonical */
    size_t target_count;        /* at least 1 */
    int family;                 /* of names: AF_UNSPEC, AF_INET or AF_INET6 */
    bool shares_names;          /* a name is looked up once for all targets that have it */
    uint64_t interval;          /* ns between two probes of a target */
    uint64_t wait;              /* ns for an answer */
    uint64_t count;             /* probes of each target; 0 = no end */
    uint64_t timeout;           /* ns for the whole run; NK_NEVER = no end */
    enum probe_until until;     /* over when all targets are (were, once) so */
    uint64_t in_flight;         /* attempts under way at once, over all targets; 0 = as
                                   many as descriptors allow */
    const struct probe_threshold *thresholds;
    size_t threshold_count;
    const char *dispatcher;           /* NULL = NETKIT_DISPATCHER or epoll */
    const struct nk_address *metrics; /* to serve the figures on; NULL = nowhere */
};

#define PROBE_OPTIONS_DEFAULT                                                                      \
    {                                                                                              \
        .interval = UINT64_C(1000000000), .wait = UINT64_C(1000000000), .timeout = UINT64_MAX,     \
    }

/* Returns the exit status (probe_status.h). A signal that ends the run is re-raised
 * after the totals. Main thread only. */
enum exit_status probe_run(const struct probe_options *options,
                           const struct probe_reporter *reporter);

#endif
