/* A server's part on one loop: taking connections over, limits, draining. */
#include <errno.h>
#include <inttypes.h>

#include "base/error_text.h"
#include "base/log.h"
#include "net/connection_private.h"
#include "net/server_private.h"
#include "os/socket.h"
#include "os/socket_record.h"

/* A server at its limit says so at most this often. */
#define LOG_INTERVAL (10 * NK_NANOSECONDS_PER_SECOND)

static void admit_waiting(struct nk_task *task);

/* Runs on the shard's loop after each connection that ends. */
static void on_closed(void *owner, size_t remaining)
{
    struct nk_server_shard *shard = owner;
    struct nk_tcp_server *server = shard->server;
    atomic_fetch_add(&server->closed, 1);
    if (shard->waiting >= 0 && !shard->room_task_is_posted) {
        shard->room_task_is_posted = true;
        nk_event_loop_post(shard->loop, &shard->room_task, admit_waiting);
    }
    if (atomic_load(&server->is_full) && !atomic_exchange(&server->room_task_is_posted, true))
        nk_event_loop_post(server->main_loop, &server->room_task, nk_server_on_room);
    if (remaining == 0 && nk_connection_group_is_draining(shard->group) && !shard->is_drained) {
        shard->is_drained = true;
        nk_event_loop_post(server->main_loop, &shard->drained_task, nk_server_on_shard_drained);
    }
}

int nk_server_shard_init(struct nk_server_shard *shard, struct nk_tcp_server *server,
                         struct nk_event_loop *loop, void *context)
{
    struct nk_connection_group_options options = {
        .handlers = server->options.handlers,
        .context = context,
        .on_closed = on_closed,
        .owner = shard,
    };
    shard->server = server;
    shard->loop = loop;
    shard->waiting = -1;
    pthread_mutex_init(&shard->lock, NULL);
    return nk_connection_group_new(&shard->group, loop, &options);
}

void nk_server_shard_deinit(struct nk_server_shard *shard)
{
    for (size_t i = 0; i < shard->incoming_count; i++)
        nk_socket_close(shard->incoming[i]);
    nk_socket_close(shard->waiting);
    free(shard->incoming);
    nk_connection_group_free(shard->group);
    pthread_mutex_destroy(&shard->lock);
}

/* ---- taking over ---- */

static void take_over(struct nk_server_shard *shard, int fd)
{
    bool may_keep_records =
        atomic_load_explicit(&shard->server->has_seqpacket, memory_order_relaxed);
    int error = may_keep_records && nk_socket_keeps_records(fd)
                    ? nk_connection_group_add_seqpacket(shard->group, fd)
                    : nk_connection_group_add(shard->group, fd);
    if (!error)
        return;
    nk_count(&shard->lost, 1);
    char text[NK_ERROR_TEXT_MAX];
    nk_log(NK_LOG_WARNING, "%s: lost a new connection: %s", nk_event_loop_name(shard->loop),
           nk_error_text(error, text));
    on_closed(shard, (size_t)shard->group->active);
}

void nk_server_log_full(struct nk_tcp_server *server, const struct nk_event_loop *loop)
{
    uint64_t now = nk_event_loop_now(loop);
    uint_fast64_t next = atomic_load(&server->next_log);
    if (now >= next && atomic_compare_exchange_strong(&server->next_log, &next, now + LOG_INTERVAL))
        nk_log(NK_LOG_WARNING, "the limit of %" PRIu64 " connections is reached: clients wait",
               server->options.max_connections);
}

/* ---- accepting on the loop itself (reuse_port) ---- */

/* Every loop gets an equal part of the limit. */
static bool has_room(const struct nk_server_shard *shard)
{
    uint64_t max = shard->server->options.max_connections;
    uint64_t part = (max + shard->server->shard_count - 1) / shard->server->shard_count;
    return max == 0 || shard->group->active < part;
}

static void serve(struct nk_server_shard *shard, int fd)
{
    atomic_fetch_add(&shard->server->handed, 1);
    atomic_fetch_add(&shard->handed, 1);
    take_over(shard, fd);
}

bool nk_server_shard_admit(void *context, const struct nk_sockaddr *peer)
{
    struct nk_server_shard *shard = context;
    const struct nk_tcp_server_options *options = &shard->server->options;
    if (options->admit(options->admit_context, peer))
        return true;
    nk_count(&shard->denied, 1);
    return false;
}

/* As on the main loop: the client over the limit waits here, the later ones in
 * the backlog, and an idle connection makes room. */
void nk_server_shard_accept(void *context, int fd)
{
    struct nk_server_shard *shard = context;
    if (has_room(shard)) {
        serve(shard, fd);
        return;
    }
    shard->waiting = fd;
    nk_server_log_full(shard->server, shard->loop);
    for (size_t i = 0; i < shard->acceptor_count; i++)
        nk_acceptor_pause(shard->acceptors[i]);
    (void)nk_connection_group_shed(shard->group, NULL);
}

static void admit_waiting(struct nk_task *task)
{
    struct nk_server_shard *shard = nk_container_of(task, struct nk_server_shard, room_task);
    shard->room_task_is_posted = false;
    if (shard->waiting < 0 || !has_room(shard))
        return;
    int fd = shard->waiting;
    shard->waiting = -1;
    for (size_t i = 0; i < shard->acceptor_count; i++)
        nk_acceptor_resume(shard->acceptors[i]);
    serve(shard, fd);
}

/* ---- hand-off ---- */

static void take_incoming(struct nk_task *task)
{
    struct nk_server_shard *shard = nk_container_of(task, struct nk_server_shard, hand_off_task);
    pthread_mutex_lock(&shard->lock);
    int *incoming = shard->incoming;
    size_t count = shard->incoming_count;
    shard->incoming = NULL;
    shard->incoming_count = 0;
    shard->incoming_size = 0;
    shard->is_posted = false;
    pthread_mutex_unlock(&shard->lock);
    for (size_t i = 0; i < count; i++)
        take_over(shard, incoming[i]);
    free(incoming);
}

/* With the lock held. */
static int append_incoming(struct nk_server_shard *shard, int fd)
{
    if (shard->incoming_count == shard->incoming_size) {
        size_t size = shard->incoming_size ? shard->incoming_size * 2 : 8;
        int *incoming = reallocarray(shard->incoming, size, sizeof(*incoming));
        if (!incoming)
            return -ENOMEM;
        shard->incoming = incoming;
        shard->incoming_size = size;
    }
    shard->incoming[shard->incoming_count++] = fd;
    return 0;
}

void nk_server_shard_hand_off(struct nk_server_shard *shard, int fd)
{
    if (nk_event_loop_is_own_thread(shard->loop)) {
        atomic_fetch_add(&shard->handed, 1);
        take_over(shard, fd);
        return;
    }
    atomic_fetch_add(&shard->handed, 1);
    pthread_mutex_lock(&shard->lock);
    int error = append_incoming(shard, fd);
    pthread_mutex_unlock(&shard->lock);
    if (!error) {
        shard->has_new = true;
        return;
    }
    atomic_fetch_sub(&shard->handed, 1);
    nk_socket_close(fd);
    char text[NK_ERROR_TEXT_MAX];
    nk_log(NK_LOG_WARNING, "lost a new connection: %s", nk_error_text(error, text));
    shard->server->shed++;
    atomic_fetch_add(&shard->server->closed, 1);
}

void nk_server_shard_send_off(struct nk_server_shard *shard)
{
    if (!shard->has_new)
        return;
    shard->has_new = false;
    pthread_mutex_lock(&shard->lock);
    bool must_post = !shard->is_posted && shard->incoming_count > 0;
    shard->is_posted = shard->is_posted || must_post;
    pthread_mutex_unlock(&shard->lock);
    if (must_post)
        nk_event_loop_post(shard->loop, &shard->hand_off_task, take_incoming);
}

uint64_t nk_server_shard_load(const struct nk_server_shard *shard)
{
    struct nk_connection_counters counters;
    nk_connection_group_counters(shard->group, &counters);
    uint64_t lost = atomic_load_explicit(&shard->lost, memory_order_relaxed);
    return atomic_load(&shard->handed) - lost - (counters.opened - counters.active);
}

/* ---- the end ---- */

static void report_when_empty(struct nk_server_shard *shard)
{
    if (shard->group->active > 0 || shard->is_drained)
        return;
    shard->is_drained = true;
    nk_event_loop_post(shard->server->main_loop, &shard->drained_task, nk_server_on_shard_drained);
}

void nk_server_shard_drain(struct nk_task *task)
{
    struct nk_server_shard *shard = nk_container_of(task, struct nk_server_shard, drain_task);
    for (size_t i = 0; i < shard->acceptor_count; i++) {
        nk_count(&shard->shed, nk_acceptor_shed_count(shard->acceptors[i]));
        nk_acceptor_free(shard->acceptors[i]);
    }
    shard->acceptor_count = 0;
    nk_socket_close(shard->waiting);
    shard->waiting = -1;
    nk_connection_group_drain(shard->group);
    report_when_empty(shard);
}

void nk_server_shard_cut(struct nk_task *task)
{
    struct nk_server_shard *shard = nk_container_of(task, struct nk_server_shard, cut_task);
    /* Counted first: the end of the last one tells the main loop to look. */
    nk_count(&shard->cut, shard->group->active);
    (void)nk_connection_group_cut(shard->group);
    report_when_empty(shard);
}
