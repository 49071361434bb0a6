/* Something to be probed, how a kind of probe is plugged in, and what a kind tells
 * the run about its probes.
 *
 * A kind (tcp, udp, unix, http, keepalive) is one constant struct probe_kind. There
 * are two sorts of them:
 *
 *   - one attempt at a time (`is_session` false): the run decides when, calls `start`
 *     for each probe, watches over its time and counts. The kind ends every attempt
 *     with probe_attempt_finish, once; when time is up before that, the run calls
 *     `stop` and counts it as unanswered. Attempts on one target may overlap.
 *   - a session (`is_session` true): `start` is called once for each target, and what
 *     is sent when is the kind's business. It tells what happens with
 *     probe_target_sent, probe_target_result and so on, and leaves with
 *     probe_target_end when the session is over for good. No time limit is set by the
 *     run but that of the whole run, at which `stop` is called.
 *
 * Loop thread only.
 */
#ifndef PROBE_PROBE_TARGET_H
#define PROBE_PROBE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "os/address.h"
#include "os/sockaddr.h"
#include "probe/probe_backoff.h"
#include "probe/probe_result.h"
#include "probe/probe_statistics.h"
#include "reactor/event_loop.h"
#include "threads/worker_pool.h"

struct probe_run;
struct probe_target;
struct probe_attempt;

struct probe_kind {
    const char *name; /* "tcp" */
    bool is_session;

    /* Bytes of what the kind keeps for an attempt: a structure that begins with struct
     * probe_attempt. It is zero-filled but for that. */
    size_t attempt_size;

    /* Begins. Returns 0, or -errno when nothing could be begun: then the attempt is
     * counted as failed for a reason of this machine, a session as ended. May call
     * back at once. */
    int (*start)(struct probe_attempt *attempt);

    /* Gives up what `start` has begun and releases what it holds; the memory itself is
     * the run's. Called once for every attempt, after it has finished, too, and after
     * `start` has failed: descriptors and timers go here. */
    void (*stop)(struct probe_attempt *attempt);

    /* One attempt at a time: there is no time left to wait. *result says so already, as
     * "cannot reach"; the kind may say better what was waited for. May be NULL. */
    void (*expire)(struct probe_attempt *attempt, struct probe_result *result);
};

/* Whether a target answers, as far as is known. */
enum probe_state { PROBE_STATE_UNKNOWN, PROBE_STATE_UP, PROBE_STATE_DOWN };

/* Read-only for kinds, but for what is remembered of the remote. */
struct probe_target {
    struct probe_run *run;
    const struct probe_kind *kind;
    const char *name;  /* its address, canonical: "tcp://example.org:80" */
    size_t index;      /* in the order of the command line, from 0 */
    uint64_t sequence; /* of the latest probe, from 1 */
    enum probe_state state;
    uint64_t state_since;        /* monotonic ns; 0 while unknown */
    bool has_ended;              /* it will not be probed any more */
    bool is_reached;             /* ... because it was in the state that the run waits for */
    enum exit_status end_status; /* of a session that has failed; OK once it is up again */
    uint64_t end_order;          /* larger = later, over all targets */
    struct probe_statistics statistics;

    /* Where it was reached last, so that its name need not be looked up each time; see
     * probe_dial. */
    bool has_remote;
    bool is_plain; /* the address has no socket options */
    int remote_type;
    struct nk_sockaddr remote;

    /* private to the run */
    struct nk_list_node attempts; /* that are under way */
    uint64_t slot;                /* of the schedule */
    uint64_t due;                 /* monotonic ns: when the next one should begin */
    struct probe_backoff backoff;
    struct nk_timer timer;
    struct nk_list_node waiting; /* for its turn, when too many attempts are under way */
};

/* The beginning of every kind's attempt. */
struct probe_attempt {
    struct probe_target *target;
    uint64_t sequence; /* of one attempt at a time; 0 for sessions */
    uint64_t started;  /* monotonic ns */
    /* private to the run */
    struct nk_list_node node;
    struct nk_timer timer;
    struct nk_task release;
};

/* ---- what a kind finds around it ---- */

struct nk_event_loop *probe_target_loop(const struct probe_target *target) NK_NONNULL(1);
struct nk_worker_pool *probe_target_pool(const struct probe_target *target) NK_NONNULL(1);

/* What the command gave as probe_options.kind_options. */
const void *probe_target_options(const struct probe_target *target) NK_NONNULL(1);

/* The time now, not that of the loop's turn: what is measured is measured with it. */
uint64_t probe_target_clock(const struct probe_target *target) NK_NONNULL(1);

/* A random number, for jitter and for telling sessions apart. */
uint32_t probe_target_random(struct probe_target *target) NK_NONNULL(1);

/* The target's address as a value (which is large, so that targets keep text). */
void probe_target_address(const struct probe_target *target, struct nk_address *address)
    NK_NONNULL(1, 2);

/* ---- kinds of one attempt at a time ---- */

/* The attempt is over. Nothing of it may be touched afterwards: `stop` is called from
 * within, the memory lives until the end of the loop's turn. */
void probe_attempt_finish(struct probe_attempt *attempt, const struct probe_result *result)
    NK_NONNULL(1, 2);

/* ---- sessions ---- */

/* The same functions as the run's own. A session that has ended (target->has_ended)
 * calls none of them. */

/* A probe is being sent: counts and reports it. Returns its sequence, from 1. */
uint64_t probe_target_sent(struct probe_target *target) NK_NONNULL(1);

/* It was answered, or not: counts and reports it. Not more often than `sent`. A
 * session's results do not change the target's state, see probe_target_set_state. */
void probe_target_result(struct probe_target *target, uint64_t sequence,
                         const struct probe_result *result) NK_NONNULL(1, 3);

/* An answer that has come before, or after its probe was given up. */
void probe_target_duplicate(struct probe_target *target, uint64_t sequence) NK_NONNULL(1);

/* The target is up, or down: reported when it changes, and what --until looks at. May
 * end the target (then has_ended is set and `stop` is called from within). */
void probe_target_set_state(struct probe_target *target, enum probe_state state) NK_NONNULL(1);

/* Something that only this kind knows, for showing: a constant `name`, which is the
 * "event" in JSON (such as "heartbeat"), and a line for people, without the target's
 * name ("sending heartbeat #1"). `number` goes along in JSON. */
void probe_target_note(struct probe_target *target, const char *name, uint64_t number,
                       const char *text) NK_NONNULL(1, 2, 4);

/* The session has failed, and the kind will begin another one: counts and reports it.
 * The target is down, which may end it, as probe_target_set_state says. */
void probe_target_lost(struct probe_target *target, const struct probe_result *result)
    NK_NONNULL(1, 2);

/* The session is over for good; status OK when that is not its fault. With an action
 * the failure is reported. `stop` is called from within, the memory lives until the
 * end of the loop's turn. The run ends with its last target. */
void probe_target_end(struct probe_target *target, const struct probe_result *result)
    NK_NONNULL(1, 2);

#endif
