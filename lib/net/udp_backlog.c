/* What the kernel did not take: it waits here, up to a limit, and is tried again
 * when there may be room. */
#include <errno.h>

#include "net/udp_private.h"

#define DEFAULT_MAX_BACKLOG ((size_t)1024 * 1024)

/* The kernel does not tell when a unix socket that one is not connected to can
 * take more: one has to ask again. */
#define RETRY_INTERVAL (10 * NK_NANOSECONDS_PER_MILLISECOND)

/* A unix peer that does not read may not have all of the backlog. */
#define PEER_SHARE 4

struct waiting {
    struct nk_list_node node;
    struct nk_peer *peer;
    struct nk_local_address local;
    size_t len;
    char bytes[];
};

void nk_udp_retry(struct nk_timer *timer)
{
    nk_udp_flush_backlog(nk_container_of(timer, struct nk_udp_endpoint, outbox.retry));
}

static void remove_waiting(struct nk_udp_endpoint *endpoint, struct waiting *waiting)
{
    size_t size = sizeof(*waiting) + waiting->len;
    endpoint->outbox.backlog_bytes -= size;
    waiting->peer->waiting -= size;
    nk_list_remove(&waiting->node);
    free(waiting);
}

void nk_udp_drop_backlog(struct nk_udp_endpoint *endpoint, const struct nk_peer *peer)
{
    struct nk_list_node *node;
    struct nk_list_node *following;
    NK_LIST_FOR_EACH (node, following, &endpoint->outbox.backlog) {
        struct waiting *waiting = nk_container_of(node, struct waiting, node);
        if (peer && waiting->peer != peer)
            continue;
        nk_udp_count(endpoint, NK_UDP_DROPPED, 1);
        remove_waiting(endpoint, waiting);
    }
}

int nk_udp_wait(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                const struct nk_local_address *local, struct nk_slice bytes)
{
    struct nk_udp_outbox *outbox = &endpoint->outbox;
    size_t max = endpoint->options.max_backlog;
    size_t size = sizeof(struct waiting) + bytes.len;
    if (max == 0)
        max = DEFAULT_MAX_BACKLOG;
    if (outbox->backlog_bytes + size > max ||
        (nk_udp_blocks_by_peer(endpoint) && peer->waiting + size > max / PEER_SHARE)) {
        nk_udp_count(endpoint, NK_UDP_DROPPED, 1);
        return -ENOBUFS;
    }
    struct waiting *waiting = malloc(size);
    if (!waiting) {
        nk_udp_count(endpoint, NK_UDP_DROPPED, 1);
        return -ENOMEM;
    }
    waiting->peer = peer;
    waiting->local = *local;
    waiting->len = bytes.len;
    if (bytes.len > 0)
        memcpy(waiting->bytes, bytes.data, bytes.len);
    nk_list_append(&outbox->backlog, &waiting->node);
    outbox->backlog_bytes += size;
    peer->waiting += size;
    return 0;
}

size_t nk_udp_endpoint_backlog(const struct nk_udp_endpoint *endpoint)
{
    return endpoint->outbox.backlog_bytes;
}

void nk_udp_await_room(struct nk_udp_endpoint *endpoint)
{
    struct nk_udp_outbox *outbox = &endpoint->outbox;
    if (endpoint->is_closed)
        return;
    if (!nk_udp_blocks_by_peer(endpoint)) {
        nk_udp_update_interest(endpoint);
    } else if (!nk_list_is_empty(&outbox->backlog) && !nk_timer_is_running(&outbox->retry)) {
        uint64_t when = nk_event_loop_now(endpoint->loop) + RETRY_INTERVAL;
        if (nk_event_loop_set_timer(endpoint->loop, &outbox->retry, when) < 0)
            nk_udp_drop_backlog(endpoint, NULL);
    }
}

bool nk_udp_must_wait(const struct nk_udp_endpoint *endpoint, const struct nk_peer *peer)
{
    return nk_udp_blocks_by_peer(endpoint) ? peer->waiting > 0
                                           : !nk_list_is_empty(&endpoint->outbox.backlog);
}

/* Sends one that waits; returns whether the next may be tried. */
static bool retry(struct nk_udp_endpoint *endpoint, struct waiting *waiting)
{
    struct nk_udp_answer answer = {
        .peer = waiting->peer,
        .local = waiting->local,
        .bytes = nk_slice_make(waiting->bytes, waiting->len),
    };
    ssize_t sent;
    while ((sent = nk_udp_send_some(endpoint, &answer, 1)) == 0)
        continue;
    if (sent == -EAGAIN) {
        waiting->peer->blocked = endpoint->outbox.pass;
        return nk_udp_blocks_by_peer(endpoint);
    }
    remove_waiting(endpoint, waiting);
    if (sent < 0)
        nk_udp_fail(endpoint, answer.peer, (int)sent);
    return !endpoint->is_closed;
}

void nk_udp_flush_backlog(struct nk_udp_endpoint *endpoint)
{
    struct nk_udp_outbox *outbox = &endpoint->outbox;
    struct nk_list_node *node;
    struct nk_list_node *following;
    outbox->pass++;
    endpoint->corks++;
    NK_LIST_FOR_EACH (node, following, &outbox->backlog) {
        struct waiting *waiting = nk_container_of(node, struct waiting, node);
        if (waiting->peer->blocked != outbox->pass && !retry(endpoint, waiting))
            break;
    }
    endpoint->corks--;
    nk_udp_await_room(endpoint);
}
