#include "net/connection_group.h"

#include <errno.h>

#include "net/connection_private.h"
#include "os/socket.h"
#include "os/socket_record.h"

/* Receives of a draining connection: 16 x 64 KiB is more than what a kernel
 * buffer of the default size holds. */
#define DRAIN_RECEIVES 16

/* How many connections are looked at to find an idle one. */
#define SHED_CANDIDATES 64

int nk_connection_group_new(struct nk_connection_group **out, struct nk_event_loop *loop,
                            const struct nk_connection_group_options *options)
{
    struct nk_connection_group *group = calloc(1, sizeof(*group));
    if (!group)
        return -ENOMEM;
    group->loop = loop;
    group->handlers = options->handlers;
    group->context = options->context;
    group->on_closed = options->on_closed;
    group->owner = options->owner;
    nk_list_init(&group->connections);
    *out = group;
    return 0;
}

void nk_connection_group_free(struct nk_connection_group *group)
{
    free(group);
}

static struct nk_tcp_connection *connection_of(struct nk_list_node *node)
{
    return nk_container_of(node, struct nk_tcp_connection, node);
}

/* Moves the first connection to the end of the list and returns it, or NULL. */
static struct nk_tcp_connection *rotate(struct nk_connection_group *group)
{
    struct nk_list_node *node = nk_list_first(&group->connections);
    if (!node)
        return NULL;
    nk_list_remove(node);
    nk_list_append(&group->connections, node);
    return connection_of(node);
}

void nk_connection_drain(struct nk_tcp_connection *connection)
{
    const struct nk_connection_handlers *handlers = connection->group->handlers;
    if (connection->close_wanted)
        return;
    if (connection->is_idle && nk_connection_wants_to_read(connection))
        (void)nk_connection_receive(connection); /* what just arrived is not idle */
    if (connection->is_closed || connection->close_wanted)
        return;
    if (nk_connection_is_spare(connection) || connection->is_handshaking) {
        nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    } else if (handlers->on_drain) {
        nk_connection_begin_callback(connection);
        handlers->on_drain(connection);
        nk_connection_end_callback(connection);
    } else {
        for (int i = 0; i < DRAIN_RECEIVES; i++) {
            if (!nk_connection_wants_to_read(connection) ||
                nk_connection_receive(connection) == 0 || connection->is_closed)
                break;
        }
        /* A peer that is behind has more on the way than what was seen here: it
         * is asked again when it has taken what is queued. */
        connection->is_drain_due = !connection->is_closed && connection->output;
        if (!connection->is_drain_due)
            nk_tcp_connection_close(connection, NK_CLOSE_LINGER);
    }
}

static int add(struct nk_connection_group *group, int fd, bool keeps_records)
{
    struct nk_tcp_connection *connection;
    int error = keeps_records ? nk_socket_mark_records(fd) : 0;
    if (!error)
        error = nk_connection_create(&connection, group, fd);
    if (error) {
        nk_socket_close(fd);
        return error;
    }
    connection->keeps_records = keeps_records;
    nk_connection_establish(connection);
    if (group->is_draining && !connection->is_closed)
        nk_connection_drain(connection);
    return 0;
}

int nk_connection_group_add(struct nk_connection_group *group, int fd)
{
    return add(group, fd, false);
}

int nk_connection_group_add_seqpacket(struct nk_connection_group *group, int fd)
{
    return add(group, fd, true);
}

void nk_connection_group_drain(struct nk_connection_group *group)
{
    group->is_draining = true;
    /* Callbacks may close any connection, so no position in the list is kept:
     * each is moved from the front to the back and visited there. */
    for (size_t left = (size_t)group->active; left > 0; left--) {
        struct nk_tcp_connection *connection = rotate(group);
        if (!connection)
            break;
        nk_connection_drain(connection);
    }
}

bool nk_connection_group_is_draining(const struct nk_connection_group *group)
{
    return group->is_draining;
}

size_t nk_connection_group_cut(struct nk_connection_group *group)
{
    size_t count = 0;
    struct nk_list_node *node;
    while ((node = nk_list_first(&group->connections))) {
        nk_tcp_connection_abort(connection_of(node), -ECANCELED);
        count++;
    }
    return count;
}

/* The counter wraps after seven weeks, so the difference decides. */
static bool was_idle_before(const struct nk_tcp_connection *a, const struct nk_tcp_connection *b)
{
    return (int32_t)(a->idle_since - b->idle_since) < 0;
}

bool nk_connection_group_shed(struct nk_connection_group *group, const atomic_bool *is_wanted)
{
    struct nk_tcp_connection *oldest = NULL;
    size_t candidates = group->active < SHED_CANDIDATES ? group->active : SHED_CANDIDATES;
    for (; candidates > 0; candidates--) {
        struct nk_tcp_connection *connection = rotate(group);
        if (!connection)
            break;
        if (nk_connection_is_spare(connection) && (!oldest || was_idle_before(connection, oldest)))
            oldest = connection;
    }
    group->owes_room = !oldest;
    group->room_is_wanted = is_wanted;
    if (!oldest)
        return false;
    nk_count(&group->evicted, 1);
    nk_tcp_connection_close(oldest, NK_CLOSE_NOW);
    return true;
}

void nk_connection_make_room(struct nk_tcp_connection *connection)
{
    struct nk_connection_group *group = connection->group;
    group->owes_room = false;
    if (group->room_is_wanted && !atomic_load(group->room_is_wanted))
        return;
    nk_count(&group->evicted, 1);
    nk_tcp_connection_close(connection, NK_CLOSE_NOW);
}

void *nk_connection_group_context(const struct nk_connection_group *group)
{
    return group->context;
}

struct nk_event_loop *nk_connection_group_loop(const struct nk_connection_group *group)
{
    return group->loop;
}

void nk_connection_group_counters(const struct nk_connection_group *group,
                                  struct nk_connection_counters *out)
{
    out->opened = atomic_load_explicit(&group->opened, memory_order_relaxed);
    out->active = atomic_load_explicit(&group->active, memory_order_relaxed);
    out->evicted = atomic_load_explicit(&group->evicted, memory_order_relaxed);
    out->bytes_received = atomic_load_explicit(&group->bytes_received, memory_order_relaxed);
    out->bytes_sent = atomic_load_explicit(&group->bytes_sent, memory_order_relaxed);
}

/* ---- questions about one connection ---- */

bool nk_tcp_connection_input_ended(const struct nk_tcp_connection *connection)
{
    return connection->input_ended;
}

struct nk_slice nk_tcp_connection_kept_input(const struct nk_tcp_connection *connection)
{
    return connection->input ? nk_buffer_slice(connection->input) : nk_slice_make(NULL, 0);
}

bool nk_tcp_connection_keeps_records(const struct nk_tcp_connection *connection)
{
    return connection->keeps_records;
}

bool nk_tcp_connection_is_closing(const struct nk_tcp_connection *connection)
{
    return connection->is_closed || connection->close_wanted;
}

void nk_tcp_connection_set_idle(struct nk_tcp_connection *connection, bool is_idle)
{
    connection->is_idle = is_idle;
    if (is_idle)
        connection->idle_since = (uint32_t)(nk_event_loop_now(connection->channel.loop) >> 20);
}

void *nk_tcp_connection_session(struct nk_tcp_connection *connection)
{
    return connection + 1;
}

struct nk_connection_group *nk_tcp_connection_group(const struct nk_tcp_connection *connection)
{
    return connection->group;
}

struct nk_event_loop *nk_tcp_connection_loop(const struct nk_tcp_connection *connection)
{
    return connection->group->loop;
}

struct nk_connection_id nk_tcp_connection_id(const struct nk_tcp_connection *connection)
{
    return (struct nk_connection_id){connection->transport.fd, connection->number};
}

int nk_tcp_connection_peer(const struct nk_tcp_connection *connection, struct nk_sockaddr *peer)
{
    /* The number of a closed descriptor may be another connection's by now. */
    if (connection->is_closed)
        return -ENOTCONN;
    return nk_socket_peer(connection->transport.fd, peer);
}

int nk_tcp_connection_info(const struct nk_tcp_connection *connection, struct nk_tcp_info *info)
{
    if (connection->is_closed)
        return -ENOTCONN;
    return nk_socket_tcp_info(connection->transport.fd, info);
}
