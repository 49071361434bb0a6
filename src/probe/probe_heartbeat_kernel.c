/* The kernel's heartbeats: TCP keep-alive (RFC 9293, 3.8.4; tcp(7)).
 *
 * They are segments without data: the program is told nothing until the kernel gives
 * the peer up. What goes on in between is read from TCP_INFO now and then: how many
 * have gone unanswered, and whether an acknowledgement has come since nobody sent
 * anything.
 */
#include <errno.h>
#include <netinet/tcp.h>

#include "os/socket.h"
#include "os/socket_tcp.h"
#include "probe/probe_heartbeat.h"

/* Often enough that no keep-alive of a second's interval is missed. */
#define LOOK_INTERVAL (200 * NK_NANOSECONDS_PER_MILLISECOND)

/* TCP_INFO tells times in ticks of the kernel, of up to 10 ms. */
#define ACK_TOLERANCE (50 * NK_NANOSECONDS_PER_MILLISECOND)

static struct probe_target *target_of(const struct heartbeat_session *session)
{
    return session->attempt.target;
}

/* ---- what the kernel does ---- */

static int ask_kernel(const struct probe_keepalive_settings *options, int fd)
{
    const struct {
        int level;
        int name;
        int value;
    } settings[] = {
        {IPPROTO_TCP, TCP_KEEPIDLE, (int)(options->time / NK_NANOSECONDS_PER_SECOND)},
        {IPPROTO_TCP, TCP_KEEPINTVL, (int)(options->interval / NK_NANOSECONDS_PER_SECOND)},
        {IPPROTO_TCP, TCP_KEEPCNT, (int)options->probes},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
    };
    int error = 0;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(settings) && !error; i++)
        error = nk_socket_set_option(fd, settings[i].level, settings[i].name, &settings[i].value,
                                     sizeof(settings[i].value));
    return error;
}

/* Those that were sent before this one, and it, have gone out. The kernel knows no end;
 * more than were asked for are none of ours. */
static void note_sent(struct heartbeat_session *session, unsigned unanswered)
{
    while (session->unanswered < unanswered && !heartbeat_is_through(session))
        (void)heartbeat_sends(session, ++session->unanswered);
}

/* An acknowledgement has come although we send nothing: it is the answer to the last
 * keep-alive, which may have come and gone since the last look. */
static void note_answer(struct heartbeat_session *session, uint64_t rtt)
{
    struct keepalive_beat beat;
    if (session->unanswered == 0)
        note_sent(session, 1);
    session->unanswered = 0;
    heartbeat_heard(session);
    probe_target_note(target_of(session), "heartbeat_received", 0,
                      "received heartbeat, make heartbeats to 0");
    while (session->pending.count > 1 && keepalive_pending_take(&session->pending, &beat))
        heartbeat_missed(session, &beat);
    if (keepalive_pending_take(&session->pending, &beat))
        heartbeat_answered(session, &beat, rtt);
}

static void look(struct heartbeat_session *session, uint64_t now)
{
    struct nk_tcp_info info;
    if (nk_socket_tcp_info(session->channel.fd, &info) < 0)
        return; /* the error that is pending will say why */
    uint64_t acked = now - info.since_acked;
    if (acked > session->acked + ACK_TOLERANCE) {
        session->acked = acked;
        note_answer(session, info.rtt);
    } else {
        note_sent(session, info.keepalive_probes);
    }
}

static void turn(struct heartbeat_session *session, uint64_t now)
{
    look(session, now);
    bool is_settled =
        session->pending.count == 0 || now - session->last_sent >= session->options->interval;
    if (heartbeat_is_through(session) && is_settled)
        heartbeat_finish(session);
    else
        heartbeat_wake_at(session, now + LOOK_INTERVAL);
}

/* ---- what the peer does ---- */

static void on_end(struct heartbeat_session *session, int error)
{
    if (error == -ETIMEDOUT) {
        note_sent(session, (unsigned)session->options->probes);
        heartbeat_die(session);
        return;
    }
    heartbeat_fail(session, EXIT_STATUS_LOST, "stay connected to", error,
                   error == 0 ? "it has closed the connection" : NULL);
}

/* Data is traffic like any other: it is no answer to a keep-alive, but the kernel counts
 * from the beginning again. */
static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct heartbeat_session *session = nk_container_of(channel, struct heartbeat_session, channel);
    char ignored[4096];
    (void)events;
    ssize_t len = nk_socket_recv(channel->fd, ignored, sizeof(ignored));
    if (len == -EAGAIN)
        return;
    if (len <= 0) {
        on_end(session, (int)len);
        return;
    }
    session->acked = probe_target_clock(target_of(session));
    session->unanswered = 0;
    heartbeat_heard(session);
}

/* ---- life ---- */

static int begin(struct heartbeat_session *session, int fd)
{
    uint64_t now = probe_target_clock(target_of(session));
    int error = ask_kernel(session->options, fd);
    if (!error)
        error =
            nk_channel_open(&session->channel, probe_target_loop(target_of(session)), fd, on_ready);
    if (error) {
        nk_socket_close(fd);
        return error;
    }
    session->is_open = true;
    session->acked = now;
    session->unanswered = 0;
    nk_channel_want(&session->channel, NK_READ);
    heartbeat_wake_at(session, now + LOOK_INTERVAL);
    return 0;
}

static void end(struct heartbeat_session *session)
{
    if (session->is_open)
        nk_channel_close_descriptor(&session->channel);
    session->is_open = false;
}

const struct heartbeat_way heartbeat_kernel_way = {begin, turn, end};
