/* Heartbeats of our own: PING after a silence, PONG as the answer. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "probe/probe_heartbeat.h"

static struct heartbeat_session *session_of(struct keepalive_link *link)
{
    return nk_container_of(link, struct heartbeat_session, link);
}

/* ---- what comes from the peer ---- */

static void on_traffic(struct keepalive_link *link)
{
    struct heartbeat_session *session = session_of(link);
    uint64_t now = probe_target_clock(session->attempt.target);
    keepalive_schedule_heard(&session->schedule, now);
    heartbeat_heard(session);
    if (!link->is_open) /* hearing of it may be all that was waited for */
        return;
    if (!heartbeat_is_through(session)) /* the last answer has its time, whatever else comes */
        heartbeat_wake_at(session, session->schedule.next);
}

static void on_pong(struct heartbeat_session *session, struct nk_slice data)
{
    struct probe_target *target = session->attempt.target;
    uint64_t now = probe_target_clock(target);
    struct keepalive_stamp stamp;
    struct keepalive_beat beat;
    const struct keepalive_stamp *found = keepalive_stamp_read(&stamp, data) ? &stamp : NULL;
    probe_target_note(target, "heartbeat_received", 0, "received heartbeat, make heartbeats to 0");
    while (keepalive_pending_overtaken(&session->pending, found, &beat))
        heartbeat_missed(session, &beat);
    if (keepalive_pending_match(&session->pending, found, &beat) == KEEPALIVE_ANSWER_FIRST)
        heartbeat_answered(session, &beat, now - beat.sent);
    else
        probe_target_duplicate(target, beat.sequence);
    if (heartbeat_is_through(session) && session->pending.count == 0)
        heartbeat_finish(session);
}

static void on_message(struct keepalive_link *link, const struct keepalive_message *message)
{
    struct heartbeat_session *session = session_of(link);
    char text[48];
    if (message->type == KEEPALIVE_PONG) {
        on_pong(session, message->data);
        return;
    }
    snprintf(text, sizeof(text), "received a message of type %" PRIu32, message->type);
    probe_target_note(session->attempt.target, "message", message->type, text);
}

/* After a datagram that is no message the next one may be. */
static void on_garbage(struct keepalive_link *link, const char *what)
{
    struct heartbeat_session *session = session_of(link);
    char text[96];
    if (link->is_stream) {
        snprintf(session->reason, sizeof(session->reason), "it has sent %s", what);
        heartbeat_fail(session, EXIT_STATUS_FAILED, "talk to", -EBADMSG, session->reason);
        return;
    }
    snprintf(text, sizeof(text), "received %s", what);
    probe_target_note(session->attempt.target, "garbage", 0, text);
}

static void on_end(struct keepalive_link *link, int error, bool is_cut)
{
    struct heartbeat_session *session = session_of(link);
    const char *reason = NULL;
    if (link->is_datagram) {
        heartbeat_fail(session, exit_status_of_connect_error(error), "reach", error, NULL);
        return;
    }
    if (error == 0)
        reason = is_cut ? "it has closed the connection in the middle of a message"
                        : "it has closed the connection";
    heartbeat_fail(session, EXIT_STATUS_LOST, "stay connected to", error, reason);
}

static const struct keepalive_link_handlers link_handlers = {
    .on_traffic = on_traffic,
    .on_message = on_message,
    .on_garbage = on_garbage,
    .on_end = on_end,
};

/* ---- what goes to the peer ---- */

static int begin(struct heartbeat_session *session, int fd)
{
    const struct probe_keepalive_settings *options = session->options;
    struct probe_target *target = session->attempt.target;
    int error = keepalive_link_open(&session->link, probe_target_loop(target), fd, session->scheme,
                                    options->is_compat, &link_handlers);
    if (error)
        return error;
    keepalive_schedule_init(&session->schedule, options->time, options->interval, options->probes,
                            probe_target_clock(target));
    heartbeat_wake_at(session, session->schedule.next);
    return 0;
}

static void send_ping(struct heartbeat_session *session)
{
    char message[KEEPALIVE_MESSAGE_SIZE];
    char data[KEEPALIVE_STAMP_SIZE];
    const struct keepalive_stamp stamp = {
        .session = session->pending.session,
        .sequence = heartbeat_sends(session, session->schedule.unanswered),
        .time = probe_target_clock(session->attempt.target),
    };
    keepalive_stamp_write(data, &stamp);
    keepalive_message_write(message, KEEPALIVE_PING, nk_slice_make(data, sizeof(data)));
    int error = keepalive_link_send(&session->link, message);
    if (error == -ENOMEM) /* the peer has nothing to do with it */
        heartbeat_fail(session, EXIT_STATUS_FAILED, "probe", error, NULL);
    else if (error)
        on_end(&session->link, error, false);
    else
        heartbeat_wake_at(session, session->schedule.next);
}

static void turn(struct heartbeat_session *session, uint64_t now)
{
    if (heartbeat_is_through(session) && session->schedule.unanswered == 0) {
        heartbeat_finish(session); /* it has said something, but no answer has come in time */
        return;
    }
    enum keepalive_action action = keepalive_schedule_turn(&session->schedule, now);
    if (action == KEEPALIVE_DEAD)
        heartbeat_die(session);
    else if (action == KEEPALIVE_WAIT)
        heartbeat_wake_at(session, session->schedule.next);
    else if (heartbeat_is_through(session))
        heartbeat_finish(session);
    else
        send_ping(session);
}

static void end(struct heartbeat_session *session)
{
    keepalive_link_close(&session->link);
}

const struct heartbeat_way heartbeat_own_way = {begin, turn, end};
