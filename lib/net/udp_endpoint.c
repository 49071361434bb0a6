/* The life of a datagram endpoint; receiving is in udp_inbox.c, sending in
 * udp_outbox.c and udp_backlog.c, having one peer only in udp_restrict.c. */
#include "net/udp_endpoint.h"

#include <errno.h>

#include "net/udp_private.h"
#include "os/socket.h"
#include "os/socket_options.h"

#define DEFAULT_MAX_PEERS 65536

/* Batches that draining receives at most: more than the receive buffer can hold
 * by default, and an end also when clients go on sending. */
#define DRAIN_BATCHES 256

void nk_udp_update_interest(struct nk_udp_endpoint *endpoint)
{
    unsigned wanted = endpoint->is_paused ? 0 : NK_READ;
    if (!nk_udp_blocks_by_peer(endpoint) && !nk_list_is_empty(&endpoint->outbox.backlog))
        wanted |= NK_WRITE;
    nk_channel_want(&endpoint->channel, wanted);
}

/* One batch for each event: what is left is reported again, behind the other
 * sockets of the loop. */
void nk_udp_on_ready(struct nk_channel *channel, unsigned events)
{
    struct nk_udp_endpoint *endpoint = nk_container_of(channel, struct nk_udp_endpoint, channel);
    if ((events & NK_WRITE) && !nk_list_is_empty(&endpoint->outbox.backlog))
        nk_udp_flush_backlog(endpoint);
    if ((events & NK_READ) && !endpoint->is_closed && !endpoint->is_paused)
        (void)nk_udp_receive(endpoint);
    if (endpoint->successor >= 0)
        nk_udp_succeed(endpoint);
}

/* ---- opening ---- */

static int bind_unix(struct nk_udp_endpoint *endpoint, int fd, const struct nk_sockaddr *local)
{
    if (!local)
        return nk_socket_autobind(fd);
    return nk_unix_path_bind(fd, local, SOCK_DGRAM, 0, &endpoint->path);
}

static int bind_internet(struct nk_udp_endpoint *endpoint, int fd, const struct nk_sockaddr *local)
{
    const struct nk_udp_options *options = &endpoint->options;
    int family = local->any.sa_family;
    int error = 0;
    if (family == AF_INET6)
        error = nk_socket_set_v6_only(fd, options->v6_only);
    if (!error && endpoint->wants_local)
        error = nk_socket_want_local_address(fd, family);
    if (!error && options->reuse_port && !options->is_first)
        error = nk_socket_set_reuse_port(fd, true);
    if (!error)
        error = nk_socket_bind(fd, local);
    /* Set now, it still lets the sockets that follow share the port, but this
     * one was bound only because nobody else had it. */
    if (!error && options->reuse_port && options->is_first)
        error = nk_socket_set_reuse_port(fd, true);
    return error;
}

/* Whether a client's datagrams reach more than one: those who are reached answer
 * from other addresses than the one that was asked. */
static bool asks_many(const struct nk_udp_endpoint *endpoint, int fd)
{
    int may_broadcast = 0;
    if (endpoint->is_unix)
        return false;
    if (nk_sockaddr_is_multicast(&endpoint->remote->address))
        return true;
    return nk_socket_get_option(fd, SOL_SOCKET, SO_BROADCAST, &may_broadcast) == 0 && may_broadcast;
}

/* A socket that is not connected needs a port to listen on from the beginning. */
static int connect_client(struct nk_udp_endpoint *endpoint, int fd, bool is_bound)
{
    endpoint->is_connected = !asks_many(endpoint, fd);
    if (endpoint->is_connected)
        return nk_socket_connect(fd, &endpoint->remote->address);
    if (is_bound)
        return 0;
    struct nk_sockaddr wildcard;
    nk_sockaddr_wildcard(&wildcard, endpoint->remote->address.any.sa_family, 0);
    return bind_internet(endpoint, fd, &wildcard);
}

static int set_options(struct nk_udp_endpoint *endpoint, int fd)
{
    const char *text = endpoint->options.socket_options;
    const char *failed_key;
    int error = endpoint->is_unix ? 0 : nk_socket_want_runs(fd);
    if (error == -ENOPROTOOPT) /* before Linux 5.0: datagrams come one by one */
        error = 0;
    if (!error && text && !endpoint->remote)
        error = nk_socket_options_refuse_source(text);
    if (!error && text)
        error = nk_socket_options_apply(fd, text, &failed_key);
    return error;
}

static int open_socket(struct nk_udp_endpoint *endpoint, int fd, const struct nk_sockaddr *local)
{
    int error = set_options(endpoint, fd);
    if (!error && endpoint->is_unix)
        error = bind_unix(endpoint, fd, local);
    else if (!error && local)
        error = bind_internet(endpoint, fd, local);
    if (!error && endpoint->remote)
        error = connect_client(endpoint, fd, local != NULL);
    if (!error)
        error = nk_socket_local(fd, &endpoint->address);
    return error;
}

static void free_parts(struct nk_udp_endpoint *endpoint)
{
    nk_udp_inbox_deinit(endpoint);
    nk_udp_outbox_deinit(endpoint);
    nk_peer_table_deinit(&endpoint->peers);
    free(endpoint->remote);
    free(endpoint);
}

/* The memory for an endpoint, and for the peer of a client. */
static struct nk_udp_endpoint *allocate(struct nk_event_loop *loop,
                                        const struct nk_sockaddr *remote,
                                        const struct nk_udp_options *options)
{
    struct nk_udp_endpoint *endpoint = calloc(1, sizeof(*endpoint));
    if (!endpoint)
        return NULL;
    size_t session_size = options->handlers->session_size;
    endpoint->loop = loop;
    endpoint->options = *options;
    endpoint->successor = -1;
    endpoint->is_paused = true;
    nk_timer_init(&endpoint->expiry, nk_udp_expire_peers);
    nk_udp_outbox_init(endpoint);
    nk_peer_table_init(&endpoint->peers,
                       options->max_peers > 0 ? options->max_peers : DEFAULT_MAX_PEERS,
                       session_size);
    if (remote) {
        endpoint->remote = calloc(1, sizeof(*endpoint->remote) + session_size);
        if (!endpoint->remote) {
            free(endpoint);
            return NULL;
        }
        endpoint->remote->address = *remote;
    }
    return endpoint;
}

static int endpoint_new(struct nk_udp_endpoint **out, struct nk_event_loop *loop,
                        const struct nk_sockaddr *local, const struct nk_sockaddr *remote,
                        const struct nk_udp_options *options)
{
    struct nk_udp_endpoint *endpoint = allocate(loop, remote, options);
    if (!endpoint)
        return -ENOMEM;
    int family = remote ? remote->any.sa_family : local->any.sa_family;
    endpoint->is_unix = family == AF_UNIX;
    endpoint->outbox.longest_segment = endpoint->is_unix ? 0 : NK_DATAGRAM_MAX;
    endpoint->wants_local = !remote && (nk_sockaddr_is_wildcard(local) || options->unicast_only);
    int fd = nk_socket_open(family, SOCK_DGRAM);
    int error = fd < 0 ? fd : open_socket(endpoint, fd, local);
    if (!error)
        error = nk_udp_inbox_init(endpoint);
    if (!error)
        error = nk_channel_open(&endpoint->channel, loop, fd, nk_udp_on_ready);
    if (error) {
        if (local && endpoint->is_unix)
            nk_unix_path_remove(local, &endpoint->path);
        nk_socket_close(fd);
        free_parts(endpoint);
        return error;
    }
    *out = endpoint;
    return 0;
}

int nk_udp_endpoint_bind(struct nk_udp_endpoint **out, struct nk_event_loop *loop,
                         const struct nk_sockaddr *local, const struct nk_udp_options *options)
{
    return endpoint_new(out, loop, local, NULL, options);
}

int nk_udp_endpoint_connect(struct nk_udp_endpoint **out, struct nk_event_loop *loop,
                            const struct nk_sockaddr *local, const struct nk_sockaddr *remote,
                            const struct nk_udp_options *options)
{
    struct nk_source_address source = {0};
    struct nk_sockaddr chosen;
    int count = 0;
    if (!local && options->socket_options)
        count = nk_socket_options_source(options->socket_options, &source);
    if (count == 0)
        count = nk_source_address_for(&source, remote->any.sa_family, &chosen);
    if (count < 0)
        return count;
    return endpoint_new(out, loop, count > 0 ? &chosen : local, remote, options);
}

/* ---- the end ---- */

static void free_endpoint(struct nk_task *task)
{
    free_parts(nk_container_of(task, struct nk_udp_endpoint, task));
}

void nk_udp_endpoint_close(struct nk_udp_endpoint *endpoint)
{
    if (!endpoint || endpoint->is_closed)
        return;
    if (!endpoint->outbox.is_reporting)
        nk_udp_flush(endpoint);
    if (endpoint->is_closed) /* by its handler, while it was told of an error */
        return;
    endpoint->is_closed = true;
    nk_udp_drop_backlog(endpoint, NULL);
    nk_udp_forget_peers(endpoint);
    nk_event_loop_cancel_timer(endpoint->loop, &endpoint->expiry);
    nk_event_loop_cancel_timer(endpoint->loop, &endpoint->outbox.retry);
    if (endpoint->is_unix)
        nk_unix_path_remove(&endpoint->address, &endpoint->path);
    nk_channel_close_descriptor(&endpoint->channel);
    nk_socket_close(endpoint->successor);
    nk_event_loop_at_turn_end(endpoint->loop, &endpoint->task, free_endpoint);
}

void nk_udp_endpoint_drain(struct nk_udp_endpoint *endpoint)
{
    nk_udp_endpoint_pause(endpoint);
    for (int i = 0; i < DRAIN_BATCHES && !endpoint->is_closed; i++) {
        if (nk_udp_receive(endpoint))
            continue;
        if (endpoint->successor < 0)
            break;
        nk_udp_succeed(endpoint);
    }
}

void nk_udp_endpoint_pause(struct nk_udp_endpoint *endpoint)
{
    endpoint->is_paused = true;
    nk_udp_update_interest(endpoint);
}

void nk_udp_endpoint_resume(struct nk_udp_endpoint *endpoint)
{
    endpoint->is_paused = false;
    nk_udp_update_interest(endpoint);
}

/* ---- sending together ---- */

void nk_udp_endpoint_cork(struct nk_udp_endpoint *endpoint)
{
    endpoint->corks++;
}

void nk_udp_endpoint_uncork(struct nk_udp_endpoint *endpoint)
{
    endpoint->corks--;
    if (endpoint->corks == 0 && !endpoint->is_closed)
        nk_udp_flush(endpoint);
}

/* ---- who and where ---- */

struct nk_peer *nk_udp_endpoint_remote(const struct nk_udp_endpoint *endpoint)
{
    return endpoint->remote;
}

const struct nk_sockaddr *nk_udp_endpoint_address(const struct nk_udp_endpoint *endpoint)
{
    return &endpoint->address;
}

void *nk_udp_endpoint_context(const struct nk_udp_endpoint *endpoint)
{
    return endpoint->options.context;
}

struct nk_event_loop *nk_udp_endpoint_loop(const struct nk_udp_endpoint *endpoint)
{
    return endpoint->loop;
}

_Static_assert(sizeof(struct nk_udp_statistics) == NK_UDP_COUNTERS * sizeof(uint64_t),
               "the statistics are the counters, in their order");

void nk_udp_endpoint_statistics(const struct nk_udp_endpoint *endpoint,
                                struct nk_udp_statistics *out)
{
    uint64_t values[NK_UDP_COUNTERS];
    for (size_t i = 0; i < NK_UDP_COUNTERS; i++)
        values[i] = atomic_load_explicit(&endpoint->counters[i], memory_order_relaxed);
    memcpy(out, values, sizeof(values));
}
