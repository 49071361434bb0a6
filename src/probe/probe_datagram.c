/* Whether somebody answers a datagram.
 *
 * Every probe has a socket of its own: what comes to it is an answer to this probe,
 * though the protocol may be any, and one that is late is nobody else's.
 */
#include <errno.h>
#include <sys/socket.h>

#include "os/socket.h"
#include "os/socket_datagram.h"
#include "probe/probe_dial.h"
#include "probe/probe_kinds.h"

struct datagram_attempt {
    struct probe_attempt attempt;
    struct probe_dial dial;
    struct nk_channel channel;
    bool is_open; /* the channel is, and its socket */
    uint64_t sent_at;
};

static void finish(struct datagram_attempt *mine, struct probe_result *result)
{
    probe_attempt_finish(&mine->attempt, result);
}

static void fail(struct datagram_attempt *mine, const char *action, int error)
{
    struct probe_result result = {
        .status = exit_status_of_connect_error(error),
        .action = action,
        .error = error,
    };
    if (error == -ECONNREFUSED)
        result.detail = "closed";
    mine->attempt.target->has_remote = false; /* another address of the name may answer */
    finish(mine, &result);
}

/* One byte tells as well as all of them that there was an answer. */
static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct datagram_attempt *mine = nk_container_of(channel, struct datagram_attempt, channel);
    struct probe_result result = {.status = EXIT_STATUS_OK, .detail = "open"};
    uint64_t now = probe_target_clock(mine->attempt.target);
    char byte;
    (void)events;
    ssize_t received = nk_socket_recv(channel->fd, &byte, sizeof byte);
    if (received == -EAGAIN)
        return;
    result.rtt = now - mine->sent_at;
    if (received < 0)
        fail(mine, "reach", (int)received);
    else
        finish(mine, &result);
}

static int send_and_watch(struct datagram_attempt *mine, int fd)
{
    const struct probe_datagram_options *options = probe_target_options(mine->attempt.target);
    int error =
        nk_channel_open(&mine->channel, probe_target_loop(mine->attempt.target), fd, on_ready);
    if (error) {
        nk_socket_close(fd);
        return error;
    }
    mine->is_open = true;
    nk_channel_want(&mine->channel, NK_READ);
    mine->sent_at = probe_target_clock(mine->attempt.target);
    ssize_t sent = nk_socket_send(fd, options->data.data, options->data.len, false);
    return sent < 0 ? (int)sent : 0;
}

static void on_dialled(struct probe_dial *dial, int fd, struct probe_result *result)
{
    struct datagram_attempt *mine = nk_container_of(dial, struct datagram_attempt, dial);
    if (fd < 0) {
        finish(mine, result);
        return;
    }
    int error = send_and_watch(mine, fd);
    if (error)
        fail(mine, "send to", error);
}

static int start(struct probe_attempt *attempt)
{
    struct datagram_attempt *mine = nk_container_of(attempt, struct datagram_attempt, attempt);
    return probe_dial_start(&mine->dial, attempt->target, on_dialled);
}

static void stop(struct probe_attempt *attempt)
{
    struct datagram_attempt *mine = nk_container_of(attempt, struct datagram_attempt, attempt);
    probe_dial_stop(&mine->dial);
    if (mine->is_open)
        nk_channel_close_descriptor(&mine->channel);
    mine->is_open = false;
}

static void expire(struct probe_attempt *attempt, struct probe_result *result)
{
    struct datagram_attempt *mine = nk_container_of(attempt, struct datagram_attempt, attempt);
    probe_dial_expire(&mine->dial, result);
    if (!mine->is_open)
        return;
    result->action = "reach";
    result->detail = "no answer";
    attempt->target->has_remote = false;
}

const struct probe_kind probe_datagram_kind = {
    .name = "udp",
    .attempt_size = sizeof(struct datagram_attempt),
    .start = start,
    .stop = stop,
    .expire = expire,
};
