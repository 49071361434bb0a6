#include "probe/probe_keepalive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "probe/probe_heartbeat.h"

/* The first rest before a connection is tried again. */
#define BACKOFF_INITIAL (500 * NK_NANOSECONDS_PER_MILLISECOND)

static struct heartbeat_session *session_of(struct probe_attempt *attempt)
{
    return nk_container_of(attempt, struct heartbeat_session, attempt);
}

/* One is "connected" whether there is a peer or not. */
static bool is_datagram(const struct heartbeat_session *session)
{
    return session->scheme == NK_SCHEME_UDP || session->scheme == NK_SCHEME_UNIX_DGRAM;
}

/* ---- what both ways use ---- */

void heartbeat_wake_at(struct heartbeat_session *session, uint64_t when)
{
    struct probe_target *target = session->attempt.target;
    if (target->has_ended)
        return;
    int error = nk_event_loop_set_timer(probe_target_loop(target), &session->timer, when);
    const struct probe_result result = {.status = EXIT_STATUS_FAILED,
                                        .action = "probe",
                                        .error = error};
    if (error)
        probe_target_end(target, &result);
}

void heartbeat_heard(struct heartbeat_session *session)
{
    session->has_heard = true;
    probe_backoff_reset(&session->backoff);
    probe_target_set_state(session->attempt.target, PROBE_STATE_UP);
}

uint64_t heartbeat_sends(struct heartbeat_session *session, uint64_t number)
{
    struct probe_target *target = session->attempt.target;
    struct keepalive_beat earliest;
    char text[48];
    if (session->pending.count == KEEPALIVE_PENDING_MAX &&
        keepalive_pending_take(&session->pending, &earliest))
        heartbeat_missed(session, &earliest);
    snprintf(text, sizeof(text), "sending heartbeat #%" PRIu64, number);
    probe_target_note(target, "heartbeat_sent", number, text);
    session->sent++;
    session->last_sent = probe_target_clock(target);
    uint64_t sequence = probe_target_sent(target);
    keepalive_pending_add(&session->pending, sequence, session->last_sent);
    return sequence;
}

void heartbeat_answered(struct heartbeat_session *session, const struct keepalive_beat *beat,
                        uint64_t rtt)
{
    const struct probe_result result = {.status = EXIT_STATUS_OK, .rtt = rtt};
    probe_target_result(session->attempt.target, beat->sequence, &result);
}

void heartbeat_missed(struct heartbeat_session *session, const struct keepalive_beat *beat)
{
    static const struct probe_result result = {
        .status = EXIT_STATUS_TIMED_OUT,
        .action = "hear from",
        .error = -ETIMEDOUT,
        .reason = "no answer",
    };
    probe_target_result(session->attempt.target, beat->sequence, &result);
}

bool heartbeat_is_through(const struct heartbeat_session *session)
{
    return session->options->count > 0 && session->sent >= session->options->count;
}

/* ---- the end of a connection ---- */

static void give_up_pending(struct heartbeat_session *session)
{
    struct keepalive_beat beat;
    while (keepalive_pending_take(&session->pending, &beat))
        heartbeat_missed(session, &beat);
}

static void rest(struct heartbeat_session *session)
{
    struct probe_target *target = session->attempt.target;
    uint64_t delay = probe_backoff_next(&session->backoff, probe_target_random(target));
    uint64_t milliseconds = delay / NK_NANOSECONDS_PER_MILLISECOND;
    char text[64];
    snprintf(text, sizeof(text), "connecting again in %" PRIu64 " ms", milliseconds);
    probe_target_note(target, "reconnect", milliseconds, text);
    session->phase = HEARTBEAT_RESTING;
    heartbeat_wake_at(session, probe_target_clock(target) + delay);
}

static void fail(struct heartbeat_session *session, const struct probe_result *result)
{
    struct probe_target *target = session->attempt.target;
    probe_dial_stop(&session->dial);
    session->way->end(session);
    give_up_pending(session);
    if (!session->options->has_reconnect || heartbeat_is_through(session)) {
        probe_target_set_state(target, PROBE_STATE_DOWN);
        probe_target_end(target, result);
        return;
    }
    probe_target_lost(target, result);
    if (!target->has_ended)
        rest(session);
}

void heartbeat_fail(struct heartbeat_session *session, enum exit_status status, const char *action,
                    int error, const char *reason)
{
    const struct probe_result result = {
        .status = status, .action = action, .error = error, .reason = reason};
    fail(session, &result);
}

/* Without a connection there is nothing to lose while nobody has answered yet. */
void heartbeat_die(struct heartbeat_session *session)
{
    bool was_lost = !is_datagram(session) || session->has_heard;
    probe_target_note(session->attempt.target, "dead", session->options->probes, "connection dead");
    snprintf(session->reason, sizeof(session->reason), "no answer to %" PRIu64 " heartbeat%s",
             session->options->probes, session->options->probes == 1 ? "" : "s");
    heartbeat_fail(session, was_lost ? EXIT_STATUS_LOST : EXIT_STATUS_TIMED_OUT, "hear from",
                   -ETIMEDOUT, session->reason);
}

void heartbeat_finish(struct heartbeat_session *session)
{
    static const struct probe_result result = {.status = EXIT_STATUS_OK};
    give_up_pending(session);
    probe_target_end(session->attempt.target, &result);
}

/* ---- the beginning of a connection ---- */

static void on_dialled(struct probe_dial *dial, int fd, struct probe_result *result)
{
    struct heartbeat_session *session = nk_container_of(dial, struct heartbeat_session, dial);
    if (fd < 0) {
        fail(session, result);
        return;
    }
    session->phase = HEARTBEAT_CONNECTED;
    session->has_heard = false;
    keepalive_pending_init(&session->pending, (uint64_t)probe_target_random(session->attempt.target)
                                                      << 32 |
                                                  probe_target_random(session->attempt.target));
    int error = session->way->begin(session, fd);
    if (error)
        heartbeat_fail(session, EXIT_STATUS_FAILED, "probe", error, NULL);
    else if (!is_datagram(session))
        probe_target_set_state(session->attempt.target, PROBE_STATE_UP);
}

/* A peer that cannot be reached in the time in which a silent one is given up is
 * given up, too. */
static int dial(struct heartbeat_session *session)
{
    const struct probe_keepalive_settings *options = session->options;
    struct probe_target *target = session->attempt.target;
    uint64_t patience = options->time + options->probes * options->interval;
    session->phase = HEARTBEAT_DIALLING;
    int error = probe_dial_start(&session->dial, target, on_dialled);
    if (!error)
        heartbeat_wake_at(session, probe_target_clock(target) + patience);
    return error;
}

static void give_up_dialling(struct heartbeat_session *session)
{
    struct probe_result result = {
        .status = EXIT_STATUS_TIMED_OUT,
        .action = "connect to",
        .error = -ETIMEDOUT,
    };
    probe_dial_expire(&session->dial, &result);
    fail(session, &result);
}

static void on_timer(struct nk_timer *timer)
{
    struct heartbeat_session *session = nk_container_of(timer, struct heartbeat_session, timer);
    if (session->phase == HEARTBEAT_CONNECTED) {
        session->way->turn(session, probe_target_clock(session->attempt.target));
    } else if (session->phase == HEARTBEAT_DIALLING) {
        give_up_dialling(session);
    } else {
        int error = dial(session);
        if (error)
            heartbeat_fail(session, EXIT_STATUS_FAILED, "connect to", error, NULL);
    }
}

static int start(struct probe_attempt *attempt)
{
    struct heartbeat_session *session = session_of(attempt);
    struct nk_address address;
    session->options = probe_target_options(attempt->target);
    session->way = session->options->uses_kernel ? &heartbeat_kernel_way : &heartbeat_own_way;
    session->backoff =
        (struct probe_backoff){.initial = BACKOFF_INITIAL, .limit = PROBE_KEEPALIVE_BACKOFF_MAX};
    nk_timer_init(&session->timer, on_timer);
    probe_target_address(attempt->target, &address);
    session->scheme = address.scheme;
    return dial(session);
}

static void stop(struct probe_attempt *attempt)
{
    struct heartbeat_session *session = session_of(attempt);
    nk_event_loop_cancel_timer(probe_target_loop(attempt->target), &session->timer);
    probe_dial_stop(&session->dial);
    session->way->end(session);
}

const struct probe_kind probe_keepalive_kind = {
    .name = "keepalive",
    .is_session = true,
    .attempt_size = sizeof(struct heartbeat_session),
    .start = start,
    .stop = stop,
};
