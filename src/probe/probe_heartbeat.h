/* One target of `netkit probe keepalive`. Internal to probe_keepalive.c (its life),
 * probe_heartbeat_own.c (heartbeats of our own) and probe_heartbeat_kernel.c (those of
 * the kernel).
 */
#ifndef PROBE_PROBE_HEARTBEAT_H
#define PROBE_PROBE_HEARTBEAT_H

#include "keepalive/keepalive_link.h"
#include "keepalive/keepalive_pending.h"
#include "keepalive/keepalive_schedule.h"
#include "probe/probe_dial.h"
#include "probe/probe_keepalive.h"

struct heartbeat_session;

/* How heartbeats are sent. */
struct heartbeat_way {
    /* Takes over the connected `fd`, also on failure, and sets the timer. 0 or -errno. */
    int (*begin)(struct heartbeat_session *session, int fd);
    /* The timer has expired; sets it again. */
    void (*turn)(struct heartbeat_session *session, uint64_t now);
    /* Closes the descriptor. Idempotent. */
    void (*end)(struct heartbeat_session *session);
};

enum heartbeat_phase {
    HEARTBEAT_DIALLING,
    HEARTBEAT_CONNECTED,
    HEARTBEAT_RESTING, /* until it connects again */
};

struct heartbeat_session {
    struct probe_attempt attempt;
    const struct probe_keepalive_settings *options;
    const struct heartbeat_way *way;
    enum nk_scheme scheme;
    enum heartbeat_phase phase;
    struct probe_dial dial;
    struct nk_timer timer;
    struct probe_backoff backoff;
    uint64_t sent;      /* heartbeats, over all connections */
    uint64_t last_sent; /* when the latest was; monotonic ns */
    bool has_heard;     /* anything, on this connection */
    char reason[96];

    struct keepalive_pending pending;

    /* probe_heartbeat_own.c */
    struct keepalive_link link;
    struct keepalive_schedule schedule;

    /* probe_heartbeat_kernel.c */
    struct nk_channel channel;
    bool is_open;
    uint64_t acked;      /* when the last acknowledgement came, in monotonic ns */
    unsigned unanswered; /* keep-alives, as far as the kernel has said */
};

extern const struct heartbeat_way heartbeat_own_way;
extern const struct heartbeat_way heartbeat_kernel_way;

/* ---- probe_keepalive.c: what both ways use ---- */

/* The timer; an error ends the target. Nothing when it has ended already. */
void heartbeat_wake_at(struct heartbeat_session *session, uint64_t when);

/* Something has come from the peer: it is there. */
void heartbeat_heard(struct heartbeat_session *session);

/* A heartbeat goes out: counted, remembered, and told as "sending heartbeat #number".
 * Returns its sequence. */
uint64_t heartbeat_sends(struct heartbeat_session *session, uint64_t number);

/* A heartbeat was answered, after `rtt` ns. */
void heartbeat_answered(struct heartbeat_session *session, const struct keepalive_beat *beat,
                        uint64_t rtt);

/* It will not be. */
void heartbeat_missed(struct heartbeat_session *session, const struct keepalive_beat *beat);

/* Whether so many heartbeats were sent as there are to be. */
bool heartbeat_is_through(const struct heartbeat_session *session);

/* All heartbeats were sent: those that are not answered will not be, and the session
 * ends well. Nothing of it may be touched afterwards, likewise after the next two. */
void heartbeat_finish(struct heartbeat_session *session);

/* The connection has failed: "cannot <action> '<target>': <reason>", where no reason
 * means that of the error. The session ends, or is begun anew. */
void heartbeat_fail(struct heartbeat_session *session, enum exit_status status, const char *action,
                    int error, const char *reason);

/* All heartbeats that a peer may miss have gone unanswered. */
void heartbeat_die(struct heartbeat_session *session);

#endif
