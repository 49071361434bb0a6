/* A client and its target where at least one of them talks in datagrams: what one
 * read gives is one message, and goes to the other side as one.
 *
 * A stream is slowed down by the other side; a datagram that finds no room is
 * dropped and counted, as datagrams are. Datagrams have no end either: after that
 * of a stream, answers are waited for.
 */
#include <errno.h>

#include "cat/cat_relay_private.h"
#include "os/socket.h"
#include "os/socket_datagram.h"

/* Messages from one side before others are looked at. */
#define MESSAGES_PER_EVENT 16

/* Of a stream so much becomes a datagram, and no datagram or record is longer than that. */
#define PIECE_MAX ((size_t)NK_DATAGRAM_MAX)
#define MESSAGE_MAX CAT_PUMP_RECORD_MAX

/* Bytes that wait for one side: while it is dialled, or when it is slow. */
#define QUEUE_MAX ((size_t)256 * 1024)

/* After the client's end it is over when no answer has come for so long. */
#define ANSWER_WAIT NK_NANOSECONDS_PER_SECOND

/* A datagram client that is silent for so long is forgotten, unless --idle-timeout
 * says otherwise. */
#define PEER_IDLE (60 * NK_NANOSECONDS_PER_SECOND)

static bool is_for_datagrams(enum nk_scheme scheme)
{
    return scheme == NK_SCHEME_UDP || scheme == NK_SCHEME_UNIX_DGRAM;
}

bool relay_has_datagram_clients(const struct relay *relay)
{
    return is_for_datagrams(relay->options->from.scheme);
}

bool relay_has_datagram_targets(const struct relay *relay)
{
    return is_for_datagrams(relay->options->to.scheme);
}

/* Whether every write to this port is a message. */
static bool keeps_messages(const struct relay_link *link, const struct cat_port *port)
{
    return port->keeps_records ||
           (port == &link->target && relay_has_datagram_targets(link->relay));
}

/* ---- the end ---- */

static void lose(struct relay_link *link, const char *action, int error)
{
    link->action = action;
    link->error = error;
    link->is_reset = true;
    relay_link_close(link);
}

/* One that has ended need not read the answers. */
static void lose_client(struct relay_link *link, const char *action, int error)
{
    if (link->client_has_ended)
        relay_link_close(link);
    else
        lose(link, action, error);
}

/* A datagram is refused long after it was sent, so it is only now that the target
 * turns out not to be there. */
static void lose_target(struct relay_link *link, const char *action, int error)
{
    if (relay_has_datagram_targets(link->relay))
        relay_link_refuse(link, "send to", error);
    else
        lose(link, action, error);
}

/* ---- time ---- */

static void touch(struct relay_link *link)
{
    link->active_at = nk_event_loop_now(link->relay->loop);
    nk_list_remove(&link->node);
    nk_list_append(&link->relay->links, &link->node);
}

/* How long it may be silent now. */
static uint64_t patience(const struct relay_link *link)
{
    uint64_t idle = link->relay->options->idle_timeout;
    if (link->client_has_ended && relay_has_datagram_targets(link->relay))
        return ANSWER_WAIT;
    if (idle == 0 && relay_has_datagram_clients(link->relay))
        return PEER_IDLE;
    return idle > 0 ? idle : NK_NEVER;
}

/* A stream that is cut for its silence has not ended; a datagram client just has
 * nothing more to say. */
static void end_silent(struct relay_link *link)
{
    if (link->client.fd >= 0 && !link->client_has_ended)
        relay_link_expire(link);
    else
        relay_link_close(link);
}

void relay_message_timeout(struct relay_link *link)
{
    uint64_t now = nk_event_loop_now(link->relay->loop);
    uint64_t allowed = patience(link);
    bool is_silent = allowed != NK_NEVER && now - link->active_at >= allowed;
    bool has_answers_left = link->client_has_ended && !cat_relay_queue_is_empty(&link->to_client);
    if (is_silent && !has_answers_left) {
        end_silent(link);
        return;
    }
    if (allowed == NK_NEVER)
        return;
    uint64_t deadline = (is_silent ? now : link->active_at) + allowed;
    if (nk_event_loop_set_timer(link->relay->loop, &link->timer, deadline) != 0)
        relay_link_fail(link, "watch", -ENOMEM);
}

/* ---- the end of the client ---- */

/* Once everything that it has sent is written, a stream is told so. */
static void end_target(struct relay_link *link)
{
    if (!link->client_has_ended || link->target_was_told ||
        relay_has_datagram_targets(link->relay) || !cat_relay_queue_is_empty(&link->to_target))
        return;
    link->target_was_told = true;
    cat_port_end(&link->target);
}

void relay_message_end_client(struct relay_link *link)
{
    link->client_has_ended = true;
    if (link->state != RELAY_JOINED)
        return;
    if (relay_has_datagram_targets(link->relay))
        relay_message_timeout(link);
    else
        end_target(link);
}

/* ---- writing ---- */

static void update_interest(struct relay_link *link)
{
    bool target_waits = !cat_relay_queue_is_empty(&link->to_target);
    bool client_waits = !cat_relay_queue_is_empty(&link->to_client);
    bool reads_client = !target_waits && !link->client_has_ended;
    unsigned write = NK_WRITE;
    nk_channel_want(&link->target.channel,
                    (client_waits ? 0 : (unsigned)NK_READ) | (target_waits ? write : 0));
    if (link->client.fd >= 0)
        nk_channel_want(&link->client.channel,
                        (reads_client ? (unsigned)NK_READ : 0) | (client_waits ? write : 0));
}

/* What concerns one datagram only: too long for this way, no room, forbidden. */
static bool is_dropped(ssize_t error)
{
    return error == -EMSGSIZE || error == -ENOBUFS || error == -EPERM;
}

/* Returns how much of the message was taken, or -errno; a datagram that cannot be
 * sent counts as taken. */
static ssize_t write_message(struct relay_link *link, struct cat_port *port,
                             struct nk_slice message)
{
    uint64_t *counter = port == &link->client ? &link->received : &link->sent;
    if (message.len == 0 && !keeps_messages(link, port))
        return 0; /* a stream knows no empty message */
    ssize_t put = cat_port_write(port, message.data, message.len);
    if (keeps_messages(link, port) && is_dropped(put)) {
        link->relay->totals.dropped++;
        return (ssize_t)message.len;
    }
    *counter += put > 0 ? (uint64_t)put : 0;
    return put;
}

/* Writes what waits for this port, as far as it takes it. Returns 0 or -errno. */
static int write_waiting(struct relay_link *link, struct cat_port *port,
                         struct cat_relay_queue *queue)
{
    while (!cat_relay_queue_is_empty(queue)) {
        ssize_t put = write_message(link, port, cat_relay_queue_first(queue));
        if (put < 0)
            return put == -EAGAIN ? 0 : (int)put;
        cat_relay_queue_take(queue, (size_t)put);
    }
    return 0;
}

/* Writes a message, or lets it or its rest wait. Returns 0 or -errno; one that finds
 * no room to wait is dropped. */
static int pass_on(struct relay_link *link, struct cat_port *port, struct cat_relay_queue *queue,
                   struct nk_slice message)
{
    ssize_t put = -EAGAIN;
    if (link->state == RELAY_JOINED && cat_relay_queue_is_empty(queue))
        put = write_message(link, port, message);
    if (put < 0 && put != -EAGAIN)
        return (int)put;
    if (put >= 0 && (size_t)put == message.len)
        return 0;
    if (cat_relay_queue_put(queue, nk_slice_from(message, put > 0 ? (size_t)put : 0)) < 0)
        link->relay->totals.dropped++;
    return 0;
}

/* ---- from the target to the client ---- */

/* An answer. False when the link was closed. */
static bool answer(struct relay_link *link, struct nk_slice message)
{
    link->is_answered = true;
    touch(link);
    if (link->peer) {
        if (nk_udp_endpoint_send(link->endpoint, link->peer, message) == 0)
            link->received += message.len;
        return true;
    }
    int error = pass_on(link, &link->client, &link->to_client, message);
    if (error)
        lose_client(link, "send to", error);
    return !error;
}

/* Returns the length, 0 for an empty one; -EMSGSIZE for one that is longer. */
static ssize_t read_datagram(int fd, void *data, size_t size)
{
    struct iovec part = {.iov_base = data, .iov_len = size};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    int count = nk_socket_receive_messages(fd, &message, 1);
    if (count < 0)
        return count;
    return message.msg_hdr.msg_flags & MSG_TRUNC ? -EMSGSIZE : (ssize_t)message.msg_len;
}

/* One message. Returns its length or -errno; *has_ended: the end of a stream. */
static ssize_t read_message(const struct relay_link *link, struct cat_port *port,
                            char data[static MESSAGE_MAX], bool *has_ended)
{
    if (port == &link->target && relay_has_datagram_targets(link->relay))
        return read_datagram(port->fd, data, MESSAGE_MAX);
    return cat_port_read_record(port, data, port->keeps_records ? MESSAGE_MAX : PIECE_MAX,
                                has_ended);
}

/* False when there is no more to do now, or the link was closed. */
static bool read_target(struct relay_link *link)
{
    char bytes[MESSAGE_MAX];
    bool has_ended = false;
    if (!cat_relay_queue_is_empty(&link->to_client))
        return false;
    ssize_t got = read_message(link, &link->target, bytes, &has_ended);
    if (got == -EAGAIN)
        return false;
    if (got == -EMSGSIZE) {
        link->relay->totals.dropped++;
        return true;
    }
    if (got >= 0 && !has_ended)
        return answer(link, nk_slice_make(bytes, (size_t)got));
    if (got < 0)
        lose_target(link, "receive from", (int)got);
    else
        relay_link_close(link);
    return false;
}

/* Answers to a datagram client leave together. */
static void on_target_ready(struct cat_port *port)
{
    struct relay_link *link = nk_container_of(port, struct relay_link, target);
    struct nk_udp_endpoint *endpoint = link->endpoint;
    int error = write_waiting(link, port, &link->to_target);
    if (error) {
        lose_target(link, "send to", error);
        return;
    }
    end_target(link);
    if (endpoint)
        nk_udp_endpoint_cork(endpoint);
    for (int i = 0; i < MESSAGES_PER_EVENT && read_target(link); i++)
        ;
    if (endpoint)
        nk_udp_endpoint_uncork(endpoint);
    if (link->target.fd >= 0)
        update_interest(link);
}

/* ---- from the client to the target ---- */

void relay_message_from_client(struct relay_link *link, struct nk_slice message)
{
    touch(link);
    int error = pass_on(link, &link->target, &link->to_target, message);
    if (error)
        lose_target(link, "send to", error);
    else if (link->state == RELAY_JOINED)
        update_interest(link);
}

/* As read_target. */
static bool read_client(struct relay_link *link)
{
    char bytes[MESSAGE_MAX];
    bool has_ended = false;
    if (link->client_has_ended || !cat_relay_queue_is_empty(&link->to_target))
        return false;
    ssize_t got = read_message(link, &link->client, bytes, &has_ended);
    if (got == -EAGAIN)
        return false;
    if (got == -EMSGSIZE) {
        link->relay->totals.dropped++;
        return true;
    }
    if (got < 0) {
        lose(link, "receive from", (int)got);
        return false;
    }
    touch(link);
    if (has_ended)
        relay_message_end_client(link);
    else
        relay_message_from_client(link, nk_slice_make(bytes, (size_t)got));
    return !has_ended && link->client.fd >= 0;
}

static void on_client_ready(struct cat_port *port)
{
    struct relay_link *link = nk_container_of(port, struct relay_link, client);
    int error = write_waiting(link, port, &link->to_client);
    if (error) {
        lose_client(link, "send to", error);
        return;
    }
    for (int i = 0; i < MESSAGES_PER_EVENT && read_client(link); i++)
        ;
    if (port->fd >= 0)
        update_interest(link);
}

/* ---- life ---- */

void relay_message_init(struct relay_link *link)
{
    cat_relay_queue_init(&link->to_target, QUEUE_MAX);
    cat_relay_queue_init(&link->to_client, QUEUE_MAX);
    link->active_at = nk_event_loop_now(link->relay->loop);
}

void relay_message_deinit(struct relay_link *link)
{
    cat_relay_queue_deinit(&link->to_target);
    cat_relay_queue_deinit(&link->to_client);
}

void relay_message_join(struct relay_link *link)
{
    link->state = RELAY_JOINED;
    link->target.on_ready = on_target_ready;
    link->client.on_ready = on_client_ready;
    relay_message_timeout(link);
    if (link->target.fd >= 0)
        on_target_ready(&link->target);
}
