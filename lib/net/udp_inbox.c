/* Receiving datagrams in batches, and knowing who sent them. */
#include <errno.h>

#include "net/udp_private.h"

/* Slots of exactly 64 KiB would put the first bytes of all datagrams of a batch
 * into the same few lines of the CPU's caches. */
#define SLOT_SHIFT 192

/* So many batches of one datagram make a client that waits for its answers, and
 * then each 16th looks for more: that finds a burst soon enough. */
#define LONE_BATCHES 8
#define LONE_LOOK 16

static void prepare(struct nk_udp_inbox *inbox, size_t slot)
{
    struct msghdr *message = &inbox->messages[slot].msg_hdr;
    message->msg_namelen = sizeof(struct sockaddr_un);
    message->msg_controllen = message->msg_control ? sizeof(inbox->controls[slot]) : 0;
}

int nk_udp_inbox_init(struct nk_udp_endpoint *endpoint)
{
    struct nk_udp_inbox *inbox = &endpoint->inbox;
    size_t max = endpoint->options.max_datagram;
    inbox->max_datagram = max > 0 ? max : NK_DATAGRAM_MAX;
    size_t size = inbox->max_datagram;
    if (!endpoint->is_unix && size < NK_DATAGRAM_RUN_MAX)
        size = NK_DATAGRAM_RUN_MAX;
    inbox->slot_stride = size + SLOT_SHIFT;
    inbox->bytes = malloc(NK_UDP_BATCH * inbox->slot_stride);
    if (!inbox->bytes)
        return -ENOMEM;
    for (size_t i = 0; i < NK_UDP_BATCH; i++) {
        inbox->parts[i] = (struct iovec){inbox->bytes + i * inbox->slot_stride, size};
        inbox->messages[i].msg_hdr = (struct msghdr){
            .msg_name = endpoint->is_connected ? NULL : &inbox->names[i],
            .msg_iov = &inbox->parts[i],
            .msg_iovlen = 1,
            .msg_control = endpoint->is_unix ? NULL : inbox->controls[i].room,
        };
        prepare(inbox, i);
    }
    return 0;
}

void nk_udp_inbox_deinit(struct nk_udp_endpoint *endpoint)
{
    free(endpoint->inbox.bytes);
}

/* ---- peers ---- */

void nk_udp_forget(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    const struct nk_peer *outer = endpoint->forgetting;
    endpoint->forgetting = peer;
    if (endpoint->options.handlers->on_peer_expired)
        endpoint->options.handlers->on_peer_expired(endpoint, peer);
    if (peer->gathered > 0)
        nk_udp_flush(endpoint); /* its handler may close the endpoint, too */
    endpoint->forgetting = outer;
    if (peer->waiting > 0)
        nk_udp_drop_backlog(endpoint, peer);
    if (endpoint->last == peer)
        endpoint->last = NULL;
    nk_udp_count(endpoint, NK_UDP_PEERS_EXPIRED, 1);
    nk_peer_table_remove(&endpoint->peers, peer);
}

void nk_udp_forget_peers(struct nk_udp_endpoint *endpoint)
{
    struct nk_peer *peer = nk_peer_table_oldest(&endpoint->peers);
    while (peer) {
        struct nk_peer *next = nk_peer_table_next(&endpoint->peers, peer);
        if (peer != endpoint->forgetting) /* whose end is under way */
            nk_udp_forget(endpoint, peer);
        peer = next;
    }
}

/* The next time somebody may have to be forgotten; at most eight times in the
 * time that a peer may be silent, so that thousands of peers share a wake-up. */
static void arm_expiry(struct nk_udp_endpoint *endpoint, uint64_t now)
{
    uint64_t idle = endpoint->options.peer_idle;
    const struct nk_peer *oldest = nk_peer_table_oldest(&endpoint->peers);
    if (idle == 0 || !oldest || nk_timer_is_running(&endpoint->expiry))
        return;
    uint64_t due = oldest->last_seen + idle;
    uint64_t soonest = now + idle / 8;
    /* Without memory for the timer the next datagram tries again. */
    int error =
        nk_event_loop_set_timer(endpoint->loop, &endpoint->expiry, due > soonest ? due : soonest);
    (void)error;
}

void nk_udp_expire_peers(struct nk_timer *timer)
{
    struct nk_udp_endpoint *endpoint = nk_container_of(timer, struct nk_udp_endpoint, expiry);
    uint64_t now = nk_event_loop_now(endpoint->loop);
    struct nk_peer *peer;
    while (!endpoint->is_closed && (peer = nk_peer_table_oldest(&endpoint->peers)) &&
           peer->last_seen + endpoint->options.peer_idle <= now)
        nk_udp_forget(endpoint, peer);
    if (!endpoint->is_closed)
        arm_expiry(endpoint, now);
}

/* The peer silent for longest goes, but none whose answer is being gathered if
 * there is another one. */
static void make_room(struct nk_udp_endpoint *endpoint)
{
    struct nk_peer *peer = nk_peer_table_oldest(&endpoint->peers);
    while (peer && peer->gathered > 0)
        peer = nk_peer_table_next(&endpoint->peers, peer);
    if (!peer) {
        nk_udp_flush(endpoint);
        peer = nk_peer_table_oldest(&endpoint->peers);
    }
    if (peer && !endpoint->is_closed)
        nk_udp_forget(endpoint, peer);
}

static struct nk_peer *add_peer(struct nk_udp_endpoint *endpoint, const struct nk_sockaddr *address,
                                uint64_t now)
{
    if (nk_peer_table_is_full(&endpoint->peers))
        make_room(endpoint);
    if (endpoint->is_closed)
        return NULL;
    struct nk_peer *peer = nk_peer_table_add(&endpoint->peers, address, now);
    if (!peer)
        return NULL;
    nk_udp_count(endpoint, NK_UDP_PEERS_NEW, 1);
    arm_expiry(endpoint, now);
    if (endpoint->options.handlers->on_peer_new)
        endpoint->options.handlers->on_peer_new(endpoint, peer);
    return endpoint->is_closed ? NULL : peer;
}

/* The address that the message in `slot` came from; not for connected clients. */
static const struct nk_sockaddr *sender_name(struct nk_udp_inbox *inbox, size_t slot)
{
    struct nk_sockaddr *name = &inbox->names[slot];
    name->len = inbox->messages[slot].msg_hdr.msg_namelen;
    if (name->len > sizeof(struct sockaddr_un))
        name->len = sizeof(struct sockaddr_un); /* the NUL of a path that fills it */
    if (name->len == 0)
        name->any.sa_family = AF_UNIX; /* a socket that has no name */
    return name;
}

static bool is_admitted(const struct nk_udp_endpoint *endpoint, const struct nk_sockaddr *name)
{
    const struct nk_udp_options *options = &endpoint->options;
    return !options->admit || options->admit(options->admit_context, name);
}

/* The peer of that name; a new one when there is none, unless there may be none. */
static struct nk_peer *find_or_add(struct nk_udp_endpoint *endpoint, const struct nk_sockaddr *name,
                                   uint64_t now)
{
    struct nk_peer *peer = nk_peer_table_find(&endpoint->peers, name);
    if (peer)
        nk_peer_table_touch(&endpoint->peers, peer, now);
    else if (!endpoint->only)
        peer = add_peer(endpoint, name, now);
    return peer;
}

/* Whoever sent the message that came from `name`, which is NULL for a client;
 * NULL when memory is out, when it is not the only peer, or when the handler has
 * closed the endpoint. */
static struct nk_peer *sender(struct nk_udp_endpoint *endpoint, const struct nk_sockaddr *name)
{
    uint64_t now = nk_event_loop_now(endpoint->loop);
    if (!name) {
        endpoint->remote->last_seen = now;
        return endpoint->remote;
    }
    struct nk_peer *peer = endpoint->last;
    if (peer && nk_sockaddr_equal(&peer->address, name))
        peer->last_seen = now; /* it is the youngest already */
    else
        peer = find_or_add(endpoint, name, now);
    endpoint->last = peer;
    return peer;
}

/* ---- delivering ---- */

/* `is_cut`: the kernel has dropped the end of it. */
static void hand_over(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                      struct nk_slice datagram, bool is_cut)
{
    if (is_cut || datagram.len > endpoint->inbox.max_datagram) {
        nk_udp_count(endpoint, NK_UDP_TRUNCATED, 1);
        nk_udp_report(endpoint, peer, -EMSGSIZE);
        return;
    }
    nk_udp_count(endpoint, NK_UDP_RECEIVED, 1);
    nk_udp_count(endpoint, NK_UDP_BYTES_RECEIVED, datagram.len);
    peer->datagrams_received++;
    peer->bytes_received += datagram.len;
    endpoint->options.handlers->on_datagram(endpoint, peer, datagram);
}

/* How many a message of `len` bytes holds; an empty one holds one. */
static uint64_t count_datagrams(size_t len, size_t segment)
{
    return segment > 0 && len > segment ? (len + segment - 1) / segment : 1;
}

/* A message is one datagram or, when the kernel has put some together, a run of
 * datagrams of `segment` bytes, the last of which may be shorter. */
static void deliver(struct nk_udp_endpoint *endpoint, size_t slot)
{
    struct nk_udp_inbox *inbox = &endpoint->inbox;
    struct mmsghdr *message = &inbox->messages[slot];
    struct nk_slice rest = nk_slice_make(inbox->parts[slot].iov_base, message->msg_len);
    struct nk_local_address local = {0};
    size_t segment = nk_datagram_control_read(&message->msg_hdr, &local);
    if (NK_UNLIKELY(local.is_shared) && endpoint->options.unicast_only)
        return;
    const struct nk_sockaddr *name = endpoint->is_connected ? NULL : sender_name(inbox, slot);
    if (name && !is_admitted(endpoint, name)) {
        nk_udp_count(endpoint, NK_UDP_DENIED, count_datagrams(rest.len, segment));
        return;
    }
    struct nk_peer *peer = sender(endpoint, name);
    if (!peer) {
        if (!endpoint->is_closed)
            nk_udp_count(endpoint, endpoint->only ? NK_UDP_STRANGERS : NK_UDP_DROPPED,
                         count_datagrams(rest.len, segment));
        return;
    }
    peer->local = local;
    if (segment == 0)
        segment = rest.len;
    bool is_cut = message->msg_hdr.msg_flags & MSG_TRUNC;
    do {
        hand_over(endpoint, peer, nk_slice_first(rest, segment), is_cut);
        rest = nk_slice_from(rest, segment);
    } while (rest.len > 0 && !endpoint->is_closed);
}

/* Where datagrams have come one by one for some time, looking for a second one
 * costs more than it brings: it is done now and then only. */
static unsigned batch_size(const struct nk_udp_inbox *inbox)
{
    bool looks = inbox->lone_batches < LONE_BATCHES || inbox->lone_batches % LONE_LOOK == 0;
    return looks ? NK_UDP_BATCH : 1;
}

bool nk_udp_receive(struct nk_udp_endpoint *endpoint)
{
    struct nk_udp_inbox *inbox = &endpoint->inbox;
    unsigned size = batch_size(inbox);
    int count = nk_socket_receive_messages(endpoint->channel.fd, inbox->messages, size);
    if (count == -EAGAIN)
        return false;
    if (count < 0) {
        if (count == -ECONNREFUSED)
            nk_udp_count(endpoint, NK_UDP_REFUSED, 1);
        nk_udp_report(endpoint, endpoint->remote ? endpoint->remote : endpoint->only, count);
        return !endpoint->is_closed; /* an error says nothing about what lies behind it */
    }
    inbox->lone_batches = count == 1 ? inbox->lone_batches + 1 : 0;
    endpoint->corks++;
    for (int i = 0; i < count; i++) {
        if (!endpoint->is_closed)
            deliver(endpoint, (size_t)i);
        prepare(inbox, (size_t)i);
    }
    if (!endpoint->is_closed && endpoint->options.handlers->on_batch_end)
        endpoint->options.handlers->on_batch_end(endpoint);
    endpoint->corks--;
    if (!endpoint->is_closed)
        nk_udp_flush(endpoint);
    return count == (int)size && !endpoint->is_closed;
}
