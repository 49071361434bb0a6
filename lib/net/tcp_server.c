#include "net/tcp_server.h"

#include <errno.h>

#include "net/server_private.h"
#include "os/socket.h"
#include "threads/loop_call.h"

int nk_tcp_server_new(struct nk_tcp_server **out, struct nk_event_loop *main_loop,
                      struct nk_thread_pool *pool, const struct nk_tcp_server_options *options)
{
    size_t count = nk_thread_pool_size(pool);
    struct nk_tcp_server *server = calloc(1, sizeof(*server) + count * sizeof(server->shards[0]));
    if (!server)
        return -ENOMEM;
    server->main_loop = main_loop;
    server->pool = pool;
    server->options = *options;
    server->random = 2463534242;
    server->waiting = -1;
    int error = 0;
    for (size_t i = 0; i < count && !error; i++) {
        void *context = options->contexts ? options->contexts[i] : NULL;
        error =
            nk_server_shard_init(&server->shards[i], server, nk_thread_pool_loop(pool, i), context);
        server->shard_count++;
    }
    if (error) {
        nk_tcp_server_free(server);
        return error;
    }
    *out = server;
    return 0;
}

static void close_listeners(struct nk_tcp_server *server)
{
    for (size_t i = 0; i < server->acceptor_count; i++) {
        server->shed += nk_acceptor_shed_count(server->acceptors[i]);
        nk_acceptor_free(server->acceptors[i]);
    }
    server->acceptor_count = 0;
    nk_socket_close(server->waiting);
    server->waiting = -1;
}

/* On the shard's thread. */
static int close_shard_listeners(void *argument)
{
    struct nk_server_shard *shard = argument;
    for (size_t i = 0; i < shard->acceptor_count; i++)
        nk_acceptor_free(shard->acceptors[i]);
    shard->acceptor_count = 0;
    return 0;
}

void nk_tcp_server_free(struct nk_tcp_server *server)
{
    if (!server)
        return;
    close_listeners(server);
    for (size_t i = 0; i < server->shard_count; i++) {
        if (server->shards[i].acceptor_count > 0)
            (void)nk_loop_call(server->shards[i].loop, close_shard_listeners, &server->shards[i]);
        nk_server_shard_deinit(&server->shards[i]);
    }
    free(server);
}

/* ---- accepting on the main loop ---- */

/* The less loaded of two loops picked at random: nearly as even as the least
 * loaded of all, without looking at all (Mitzenmacher 2001). */
static struct nk_server_shard *choose_shard(struct nk_tcp_server *server)
{
    size_t count = server->shard_count;
    if (count == 1)
        return &server->shards[0];
    server->random ^= server->random << 13;
    server->random ^= server->random >> 17;
    server->random ^= server->random << 5;
    size_t first = server->random % count;
    size_t second = (first + 1 + (server->random >> 16) % (count - 1)) % count;
    struct nk_server_shard *a = &server->shards[first];
    struct nk_server_shard *b = &server->shards[second];
    return nk_server_shard_load(b) < nk_server_shard_load(a) ? b : a;
}

static bool is_full(const struct nk_tcp_server *server)
{
    uint64_t max = server->options.max_connections;
    /* In this order: one that ends in between makes the difference smaller, not negative. */
    uint64_t handed = atomic_load(&server->handed);
    uint64_t closed = atomic_load(&server->closed);
    return max > 0 && handed > closed && handed - closed >= max;
}

static void hand_off(struct nk_tcp_server *server, int fd)
{
    atomic_fetch_add(&server->handed, 1);
    nk_server_shard_hand_off(choose_shard(server), fd);
}

/* One wake-up per loop and batch. */
static void on_batch_end(void *context)
{
    struct nk_tcp_server *server = context;
    for (size_t i = 0; i < server->shard_count; i++)
        nk_server_shard_send_off(&server->shards[i]);
}

static void shed_idle(struct nk_task *task)
{
    struct nk_server_shard *shard = nk_container_of(task, struct nk_server_shard, shed_task);
    const atomic_bool *is_full = &shard->server->is_full;
    atomic_store(&shard->shed_task_is_posted, false);
    if (atomic_load(is_full)) /* another loop may have made the room meanwhile */
        (void)nk_connection_group_shed(shard->group, is_full);
}

static void pause_accepting(struct nk_tcp_server *server)
{
    for (size_t i = 0; i < server->acceptor_count; i++)
        nk_acceptor_pause(server->acceptors[i]);
}

/* Serves the waiting client if there is room now. */
static void admit_waiting(struct nk_tcp_server *server)
{
    if (server->waiting < 0 || is_full(server))
        return;
    int fd = server->waiting;
    server->waiting = -1;
    atomic_store(&server->is_full, false);
    hand_off(server, fd);
    on_batch_end(server);
    for (size_t i = 0; i < server->acceptor_count; i++)
        nk_acceptor_resume(server->acceptors[i]);
}

void nk_server_on_room(struct nk_task *task)
{
    struct nk_tcp_server *server = nk_container_of(task, struct nk_tcp_server, room_task);
    atomic_store(&server->room_task_is_posted, false);
    admit_waiting(server);
}

/* The client over the limit waits here, the later ones in the backlog. Every
 * loop is asked to give up one idle connection. */
static void make_wait(struct nk_tcp_server *server, int fd)
{
    server->waiting = fd;
    nk_server_log_full(server, server->main_loop);
    pause_accepting(server);
    atomic_store(&server->is_full, true);
    for (size_t i = 0; i < server->shard_count; i++) {
        struct nk_server_shard *shard = &server->shards[i];
        if (!atomic_exchange(&shard->shed_task_is_posted, true))
            nk_event_loop_post(shard->loop, &shard->shed_task, shed_idle);
    }
    admit_waiting(server); /* one may have ended before is_full was set */
}

static bool admit(void *context, const struct nk_sockaddr *peer)
{
    struct nk_tcp_server *server = context;
    if (server->options.admit(server->options.admit_context, peer))
        return true;
    server->denied++;
    return false;
}

static void on_accepted(void *context, int fd)
{
    struct nk_tcp_server *server = context;
    if (is_full(server))
        make_wait(server, fd);
    else
        hand_off(server, fd);
}

/* ---- listening ---- */

struct listen_call {
    struct nk_server_shard *shard;
    const struct nk_sockaddr *local;
    const struct nk_acceptor_options *options;
};

/* On the shard's thread. */
static int listen_on_shard(void *argument)
{
    struct listen_call *call = argument;
    struct nk_server_shard *shard = call->shard;
    struct nk_acceptor *acceptor;
    int error = nk_acceptor_new(&acceptor, shard->loop, call->local, call->options);
    if (!error)
        shard->acceptors[shard->acceptor_count++] = acceptor;
    return error;
}

/* A listener on every loop. The first one finds the port, the rest share it. */
static int listen_on_all_shards(struct nk_tcp_server *server, const struct nk_sockaddr *local,
                                struct nk_acceptor_options *options, struct nk_sockaddr *bound)
{
    struct nk_sockaddr address = *local;
    options->reuse_port = true;
    options->on_accepted = nk_server_shard_accept;
    if (server->options.admit)
        options->admit = nk_server_shard_admit;
    for (size_t i = 0; i < server->shard_count; i++) {
        struct nk_server_shard *shard = &server->shards[i];
        struct listen_call call = {shard, &address, options};
        options->context = shard;
        options->admit_context = shard;
        int error = nk_loop_call(shard->loop, listen_on_shard, &call);
        if (error)
            return error;
        address = *nk_acceptor_address(shard->acceptors[shard->acceptor_count - 1]);
    }
    *bound = address;
    return 0;
}

static int listen_on_main(struct nk_tcp_server *server, const struct nk_sockaddr *local,
                          struct nk_acceptor_options *options, struct nk_sockaddr *bound)
{
    struct nk_acceptor *acceptor;
    options->on_accepted = on_accepted;
    if (server->options.admit)
        options->admit = admit;
    options->admit_context = server;
    options->on_batch_end = on_batch_end;
    options->context = server;
    int error = nk_acceptor_new(&acceptor, server->main_loop, local, options);
    if (error)
        return error;
    server->acceptors[server->acceptor_count++] = acceptor;
    *bound = *nk_acceptor_address(acceptor);
    return 0;
}

static int listen_with(struct nk_tcp_server *server, const struct nk_sockaddr *local,
                       struct nk_acceptor_options options, struct nk_sockaddr *bound)
{
    bool on_every_loop = server->options.reuse_port && local->any.sa_family != AF_UNIX;
    struct nk_sockaddr address;
    options.backlog = server->options.backlog;
    options.no_delay = server->options.no_delay;
    if (server->acceptor_count == NK_SERVER_ACCEPTORS_MAX ||
        server->shards[0].acceptor_count == NK_SERVER_ACCEPTORS_MAX)
        return -ENOBUFS;
    int error = on_every_loop ? listen_on_all_shards(server, local, &options, &address)
                              : listen_on_main(server, local, &options, &address);
    if (!error && bound)
        *bound = address;
    return error;
}

int nk_tcp_server_listen(struct nk_tcp_server *server, const struct nk_sockaddr *local,
                         bool v6_only, const char *socket_options, struct nk_sockaddr *bound)
{
    return listen_with(
        server, local,
        (struct nk_acceptor_options){.v6_only = v6_only, .socket_options = socket_options}, bound);
}

int nk_tcp_server_listen_seqpacket(struct nk_tcp_server *server, const struct nk_sockaddr *local,
                                   const char *socket_options, struct nk_sockaddr *bound)
{
    atomic_store_explicit(&server->has_seqpacket, true, memory_order_relaxed);
    return listen_with(server, local,
                       (struct nk_acceptor_options){.type = SOCK_SEQPACKET,
                                                    .socket_options = socket_options},
                       bound);
}

/* On the shard's thread. */
static int start_shard(void *argument)
{
    struct nk_server_shard *shard = argument;
    for (size_t i = 0; i < shard->acceptor_count; i++)
        nk_acceptor_resume(shard->acceptors[i]);
    return 0;
}

void nk_tcp_server_start(struct nk_tcp_server *server)
{
    for (size_t i = 0; i < server->acceptor_count; i++)
        nk_acceptor_resume(server->acceptors[i]);
    for (size_t i = 0; i < server->shard_count; i++) {
        if (server->shards[i].acceptor_count > 0)
            (void)nk_loop_call(server->shards[i].loop, start_shard, &server->shards[i]);
    }
}

/* ---- the end ---- */

void nk_server_on_shard_drained(struct nk_task *task)
{
    struct nk_server_shard *shard = nk_container_of(task, struct nk_server_shard, drained_task);
    struct nk_tcp_server *server = shard->server;
    server->drained_count++;
    if (server->drained_count == server->shard_count && server->options.on_drained)
        server->options.on_drained(server->options.context);
}

void nk_tcp_server_drain(struct nk_tcp_server *server)
{
    if (server->is_draining)
        return;
    server->is_draining = true;
    close_listeners(server);
    for (size_t i = 0; i < server->shard_count; i++)
        nk_event_loop_post(server->shards[i].loop, &server->shards[i].drain_task,
                           nk_server_shard_drain);
}

void nk_tcp_server_cut(struct nk_tcp_server *server)
{
    if (server->is_cut)
        return;
    server->is_cut = true;
    for (size_t i = 0; i < server->shard_count; i++)
        nk_event_loop_post(server->shards[i].loop, &server->shards[i].cut_task,
                           nk_server_shard_cut);
}

/* ---- counters ---- */

void nk_tcp_server_counters(const struct nk_tcp_server *server, struct nk_tcp_server_counters *out)
{
    struct nk_tcp_server_counters sum = {.shed = server->shed, .denied = server->denied};
    for (size_t i = 0; i < server->acceptor_count; i++)
        sum.shed += nk_acceptor_shed_count(server->acceptors[i]);
    for (size_t i = 0; i < server->shard_count; i++) {
        const struct nk_server_shard *shard = &server->shards[i];
        sum.shed += atomic_load(&shard->shed) + atomic_load(&shard->lost);
        sum.denied += atomic_load(&shard->denied);
        sum.cut += atomic_load(&shard->cut);
    }
    *out = sum;
}

void nk_tcp_server_loop_counters(const struct nk_tcp_server *server, size_t loop,
                                 struct nk_connection_counters *out)
{
    nk_connection_group_counters(server->shards[loop].group, out);
}
