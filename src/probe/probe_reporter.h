/* What a run of probes tells the program: cmd/ turns it into lines or JSON.
 *
 * Everything is called on the loop's thread, and what is pointed at is valid during
 * the call. Each function that returns a number returns 0, or -errno when the user
 * cannot be told any more (-EPIPE: nobody is reading): then the run ends.
 */
#ifndef PROBE_PROBE_REPORTER_H
#define PROBE_PROBE_REPORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/probe_target.h"

enum probe_event_kind {
    PROBE_EVENT_SENT,      /* a probe is on its way */
    PROBE_EVENT_REPLY,     /* it was answered: result */
    PROBE_EVENT_MISSED,    /* it was not: result says whether refused, lost, timed out ... */
    PROBE_EVENT_DUPLICATE, /* answered once more, or too late */
    PROBE_EVENT_UP,        /* the target answers: the first time, or again */
    PROBE_EVENT_DOWN,      /* it does not, likewise */
    PROBE_EVENT_NOTE,      /* name, number and text */
    PROBE_EVENT_ENDED,     /* a session is over: result */
};

struct probe_event {
    enum probe_event_kind kind;
    const struct probe_target *target;
    uint64_t sequence;                 /* of the probe; 0 = of none */
    const struct probe_result *result; /* NULL but for the events named above */
    uint64_t lasted;                   /* UP and DOWN: ns of the state before; 0 = unknown */
    const char *name;                  /* of a note */
    uint64_t number;
    const char *text;
};

/* A threshold of the user (probe_threshold.h) that was not met. */
struct probe_violation {
    const char *threshold; /* as the user wrote it: "p99>5ms" */
    const char *target;    /* whose figures violate it */
    char figure[64];       /* what it is instead: "6.2 ms" */
};

/* All of a run, for statistics. */
struct probe_totals {
    struct probe_target *const *targets;
    size_t target_count;
    uint64_t elapsed;                 /* ns */
    const struct histogram *lateness; /* ns between when a probe was due and when it was sent */
    const struct probe_violation *violations; /* at the end only */
    size_t violation_count;
};

struct probe_reporter {
    void *context;
    int (*event)(void *context, const struct probe_event *event);
    /* On SIGUSR1 (is_final = false) and once at the end; `status` is what a shell will
     * see, 128 and its number for a signal. */
    int (*totals)(void *context, const struct probe_totals *totals, bool is_final, int status);
    /* Some times a second, for a picture that is drawn again and again; may be NULL. */
    int (*refresh)(void *context, const struct probe_totals *totals);
    /* "cannot <action> '<object>': <error>" about this program, not about a target;
     * `object` may be NULL. */
    void (*failed)(void *context, const char *action, const char *object, int error);
    /* The figures can be fetched from this address. */
    void (*listening)(void *context, const char *address);
};

#endif
