/* Gathering datagrams, sending them together, and what the kernel refuses. */
#include <errno.h>

#include "net/udp_private.h"

/* Room for copied bytes: a datagram of any size, and many small ones. */
#define ROOM_SIZE ((size_t)128 * 1024)

void nk_udp_outbox_init(struct nk_udp_endpoint *endpoint)
{
    struct nk_udp_outbox *outbox = &endpoint->outbox;
    nk_list_init(&outbox->backlog);
    nk_timer_init(&outbox->retry, nk_udp_retry);
}

void nk_udp_outbox_deinit(struct nk_udp_endpoint *endpoint)
{
    free(endpoint->outbox.room);
}

void nk_udp_report(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error)
{
    if (!endpoint->options.handlers->on_error || endpoint->is_closed)
        return;
    bool was_reporting = endpoint->outbox.is_reporting;
    endpoint->outbox.is_reporting = true;
    endpoint->options.handlers->on_error(endpoint, peer, error);
    endpoint->outbox.is_reporting = was_reporting;
}

/* ---- giving datagrams to the kernel ---- */

static bool same_source(const struct nk_local_address *a, const struct nk_local_address *b)
{
    if (a->family != b->family || a->family == 0)
        return a->family == b->family;
    return a->family == AF_INET ? a->v4.s_addr == b->v4.s_addr : IN6_ARE_ADDR_EQUAL(&a->v6, &b->v6);
}

/* How many of the `count` answers go out as one message: those to the same peer
 * with the same size; the last of them may be shorter. */
static size_t run_length(const struct nk_udp_outbox *outbox, const struct nk_udp_answer *answers,
                         size_t count)
{
    size_t segment = answers[0].bytes.len;
    size_t total = segment;
    size_t run = 1;
    if (segment == 0 || segment > outbox->longest_segment)
        return 1;
    while (run < count && answers[run].peer == answers[0].peer && answers[run].bytes.len > 0 &&
           answers[run].bytes.len <= segment && total + answers[run].bytes.len <= NK_DATAGRAM_MAX &&
           same_source(&answers[run].local, &answers[0].local)) {
        total += answers[run].bytes.len;
        run++;
        if (answers[run - 1].bytes.len < segment)
            break;
    }
    return run;
}

/* Builds message number `index` of the first `run` answers. */
static void build(struct nk_udp_endpoint *endpoint, size_t index,
                  const struct nk_udp_answer *answers, size_t run, struct iovec *parts)
{
    struct nk_udp_outbox *outbox = &endpoint->outbox;
    struct msghdr *message = &outbox->messages[index].msg_hdr;
    struct nk_sockaddr *name = &answers->peer->address;
    size_t control = nk_datagram_control_write(&outbox->controls[index], &answers->local,
                                               run > 1 ? (uint16_t)answers->bytes.len : 0);
    for (size_t i = 0; i < run; i++) {
        /* The kernel only reads it. */
        union {
            const char *read;
            char *written;
        } data = {answers[i].bytes.data};
        parts[i] = (struct iovec){data.written, answers[i].bytes.len};
    }
    *message = (struct msghdr){
        .msg_name = endpoint->is_connected ? NULL : name,
        .msg_namelen = endpoint->is_connected ? 0 : name->len,
        .msg_iov = parts,
        .msg_iovlen = run,
        .msg_control = control > 0 ? outbox->controls[index].room : NULL,
        .msg_controllen = control,
    };
}

static void count_sent(struct nk_udp_endpoint *endpoint, const struct nk_udp_answer *answers,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        answers[i].peer->datagrams_sent++;
        answers[i].peer->bytes_sent += answers[i].bytes.len;
        nk_udp_count(endpoint, NK_UDP_BYTES_SENT, answers[i].bytes.len);
    }
    nk_udp_count(endpoint, NK_UDP_SENT, count);
}

void nk_udp_fail(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error)
{
    if (error == -EMSGSIZE)
        nk_udp_count(endpoint, NK_UDP_TOO_LONG, 1);
    else
        nk_udp_count(endpoint, NK_UDP_FAILED, 1);
    if (error == -ECONNREFUSED && endpoint->remote)
        nk_udp_count(endpoint, NK_UDP_REFUSED, 1);
    nk_udp_report(endpoint, peer, error);
}

/* Whether the datagram can be tried once more in a humbler way: a run that the
 * way or the device cannot cut is sent one by one from now on, and a source that
 * this machine does not own (any more) is left to the routes. */
static bool can_retry(struct nk_udp_endpoint *endpoint, struct nk_udp_answer *answer, size_t run,
                      int error)
{
    bool is_refused = error == -EINVAL || error == -EMSGSIZE || error == -EIO ||
                      error == -EOPNOTSUPP || error == -ENOPROTOOPT;
    if (run > 1 && is_refused) {
        endpoint->outbox.longest_segment = error == -EIO ? 0 : answer->bytes.len - 1;
        return true;
    }
    if (answer->local.family != 0 && (error == -EINVAL || error == -EADDRNOTAVAIL)) {
        answer->local.family = 0;
        return true;
    }
    return false;
}

ssize_t nk_udp_send_some(struct nk_udp_endpoint *endpoint, struct nk_udp_answer *answers,
                         size_t count)
{
    struct nk_udp_outbox *outbox = &endpoint->outbox;
    size_t runs[NK_UDP_BATCH];
    unsigned messages = 0;
    /* To a unix peer one by one: what follows must not overtake what it refuses. */
    size_t limit = nk_udp_blocks_by_peer(endpoint) ? 1 : count;
    for (size_t done = 0; done < limit; done += runs[messages++]) {
        runs[messages] = run_length(outbox, answers + done, limit - done);
        build(endpoint, messages, answers + done, runs[messages], outbox->parts + done);
    }
    int taken = nk_socket_send_messages(endpoint->channel.fd, outbox->messages, messages);
    if (taken < 0)
        return can_retry(endpoint, answers, runs[0], taken) ? 0 : taken;
    size_t sent = 0;
    for (int i = 0; i < taken; i++)
        sent += runs[i];
    nk_udp_count(endpoint, NK_UDP_SEND_CALLS, (uint64_t)taken);
    count_sent(endpoint, answers, sent);
    return (ssize_t)sent;
}

/* Sends from the first of `count` answers on; returns how many are settled. */
static size_t settle_some(struct nk_udp_endpoint *endpoint, struct nk_udp_answer *answers,
                          size_t count)
{
    ssize_t sent = -EAGAIN;
    if (!nk_udp_must_wait(endpoint, answers->peer))
        sent = nk_udp_send_some(endpoint, answers, count);
    if (sent >= 0)
        return (size_t)sent;
    if (sent != -EAGAIN) {
        nk_udp_fail(endpoint, answers->peer, (int)sent);
        return 1;
    }
    (void)nk_udp_wait(endpoint, answers->peer, &answers->local, answers->bytes);
    return 1;
}

void nk_udp_flush(struct nk_udp_endpoint *endpoint)
{
    struct nk_udp_outbox *outbox = &endpoint->outbox;
    size_t done = 0;
    if (outbox->count == 0)
        return;
    endpoint->corks++; /* a handler that is told of errors does not come here again */
    while (done < outbox->count && !endpoint->is_closed)
        done += settle_some(endpoint, outbox->answers + done, outbox->count - done);
    endpoint->corks--;
    for (size_t i = 0; i < outbox->count; i++)
        outbox->answers[i].peer->gathered--;
    outbox->count = 0;
    outbox->room_used = 0;
    nk_udp_await_room(endpoint);
}

/* ---- gathering ---- */

/* Whether the bytes lie in the inbox, where they stay until the batch is sent. */
static bool is_received(const struct nk_udp_endpoint *endpoint, struct nk_slice bytes)
{
    const struct nk_udp_inbox *inbox = &endpoint->inbox;
    uintptr_t start = (uintptr_t)inbox->bytes;
    uintptr_t address = (uintptr_t)bytes.data;
    return address >= start && address < start + NK_UDP_BATCH * inbox->slot_stride;
}

/* Copies the bytes to where they stay until they are sent. */
static int keep(struct nk_udp_outbox *outbox, struct nk_slice *bytes)
{
    if (!outbox->room)
        outbox->room = malloc(ROOM_SIZE);
    if (!outbox->room)
        return -ENOMEM;
    char *copy = outbox->room + outbox->room_used;
    if (bytes->len > 0)
        memcpy(copy, bytes->data, bytes->len);
    outbox->room_used += bytes->len;
    bytes->data = copy;
    return 0;
}

static int gather(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, struct nk_slice bytes)
{
    struct nk_udp_outbox *outbox = &endpoint->outbox;
    bool must_copy = !is_received(endpoint, bytes);
    if (outbox->count == NK_UDP_BATCH || (must_copy && outbox->room_used + bytes.len > ROOM_SIZE))
        nk_udp_flush(endpoint);
    if (endpoint->is_closed)
        return -EPIPE;
    int error = must_copy ? keep(outbox, &bytes) : 0;
    if (error) {
        nk_udp_count(endpoint, NK_UDP_DROPPED, 1);
        return error;
    }
    outbox->answers[outbox->count++] = (struct nk_udp_answer){peer, peer->local, bytes};
    peer->gathered++;
    return 0;
}

int nk_udp_endpoint_send(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                         struct nk_slice bytes)
{
    if (endpoint->is_closed)
        return -EPIPE;
    if (endpoint->outbox.is_reporting)
        return -EBUSY;
    if (bytes.len > NK_DATAGRAM_MAX) {
        nk_udp_count(endpoint, NK_UDP_TOO_LONG, 1);
        return -EMSGSIZE;
    }
    if (endpoint->is_unix && peer->address.len <= offsetof(struct sockaddr_un, sun_path)) {
        nk_udp_count(endpoint, NK_UDP_NAMELESS, 1);
        return -EDESTADDRREQ;
    }
    if (nk_udp_must_wait(endpoint, peer))
        return nk_udp_wait(endpoint, peer, &peer->local, bytes);
    int error = gather(endpoint, peer, bytes);
    if (!error && endpoint->corks == 0)
        nk_udp_flush(endpoint);
    return error;
}
