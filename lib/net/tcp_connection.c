/* A connection's life: beginning, events, deadlines, the end. */
#include "net/tcp_connection.h"

#include <errno.h>

#include "net/connection_private.h"
#include "os/socket.h"

/* Deadlines are rounded up to this, so that idle connections expire in batches:
 * at most four wake-ups a second, however many there are. */
#define DEADLINE_GRAIN (NK_NANOSECONDS_PER_SECOND / 4)

/* A peer that takes nothing of the rest is given up after this long. */
#define CLOSE_TIMEOUT (60 * NK_NANOSECONDS_PER_SECOND)

static void on_ready(struct nk_channel *channel, unsigned events);
static void on_timer(struct nk_timer *timer);
static void limit_close(struct nk_tcp_connection *connection);
static void finish(struct nk_tcp_connection *connection, int reason);

/* ---- beginning ---- */

int nk_connection_create(struct nk_tcp_connection **out, struct nk_connection_group *group, int fd)
{
    static atomic_uint_fast64_t last_number;
    struct nk_tcp_connection *connection = calloc(1, nk_connection_size(group->handlers));
    if (!connection)
        return -ENOMEM;
    int error = nk_channel_open(&connection->channel, group->loop, fd, on_ready);
    if (error) {
        free(connection);
        return error;
    }
    nk_plain_transport_init(&connection->transport, fd);
    nk_timer_init(&connection->timer, on_timer);
    connection->group = group;
    connection->deadline = NK_NEVER;
    connection->number = atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) + 1;
    connection->is_handshaking = connection->transport.ops->handshake != NULL;
    if (group->handlers->output_rate > 0)
        nk_pace_begin(connection);
    nk_list_append(&group->connections, &connection->node);
    nk_count(&group->opened, 1);
    nk_count(&group->active, 1);
    *out = connection;
    return 0;
}

void nk_connection_establish(struct nk_tcp_connection *connection)
{
    const struct nk_connection_handlers *handlers = connection->group->handlers;
    if (connection->is_handshaking) {
        int error = connection->transport.ops->handshake(&connection->transport);
        if (error && error != -EAGAIN) {
            finish(connection, error);
            return;
        }
        connection->is_handshaking = error == -EAGAIN;
        if (connection->is_handshaking) {
            nk_connection_update_interest(connection);
            return;
        }
    }
    if (handlers->on_connection_completed) {
        nk_connection_begin_callback(connection);
        handlers->on_connection_completed(connection);
        nk_connection_end_callback(connection);
    }
    /* The peer's first bytes have often arrived by now: asking saves a wait. */
    if (!connection->is_closed && nk_connection_wants_to_read(connection))
        (void)nk_connection_receive(connection);
    nk_connection_update_interest(connection);
}

/* ---- what to wait for ---- */

void nk_connection_update_interest(struct nk_tcp_connection *connection)
{
    unsigned events = 0;
    if (connection->is_closed)
        return;
    if (connection->is_handshaking || nk_connection_wants_to_read(connection))
        events |= connection->transport.recv_waits_for;
    if ((connection->output || connection->write_requested) && !connection->awaits_pace)
        events |= connection->transport.send_waits_for;
    nk_channel_want(&connection->channel, events);
}

/* ---- callbacks ---- */

void nk_connection_begin_callback(struct nk_tcp_connection *connection)
{
    if (!connection->group->corked)
        connection->group->corked = connection;
}

/* What had to wait for the output to drain: half-close, close. */
static void end_when_drained(struct nk_tcp_connection *connection)
{
    bool wants_shutdown =
        connection->shutdown_wanted || (connection->close_wanted && connection->linger_wanted);
    if (connection->is_failed) /* the posted task ends it */
        return;
    if (connection->output) {
        if (connection->close_wanted)
            limit_close(connection);
        return;
    }
    if (wants_shutdown && !connection->shutdown_done) {
        connection->shutdown_done = true;
        (void)connection->transport.ops->shutdown(&connection->transport);
    }
    if (!connection->close_wanted)
        return;
    if (!connection->linger_wanted || connection->input_ended) {
        finish(connection, connection->output_error);
    } else if (!connection->is_lingering) {
        connection->is_lingering = true;
        connection->linger_left = NK_LINGER_BYTES;
        nk_tcp_connection_set_deadline(connection, nk_event_loop_now(connection->channel.loop) +
                                                       NK_LINGER_TIME);
    }
}

void nk_connection_end_callback(struct nk_tcp_connection *connection)
{
    struct nk_connection_group *group = connection->group;
    if (group->corked != connection)
        return;
    group->corked = NULL;
    if (connection->is_closed)
        return;
    nk_connection_flush_cork(connection);
    if (NK_UNLIKELY(connection->output && connection->output->file >= 0))
        nk_connection_flush_output(connection);
    if (NK_UNLIKELY(connection->close_wanted || connection->shutdown_wanted) &&
        !connection->is_closed)
        end_when_drained(connection);
    if (NK_UNLIKELY(group->owes_room) && nk_connection_is_spare(connection))
        nk_connection_make_room(connection);
    nk_connection_update_interest(connection);
}

void nk_connection_continue_output(struct nk_tcp_connection *connection)
{
    if (connection->output) {
        nk_connection_flush_output(connection);
    } else if (connection->write_requested) {
        connection->write_requested = false;
        connection->write_completed = true;
        nk_connection_post_task(connection);
    }
    if (!connection->is_closed)
        end_when_drained(connection);
    nk_connection_update_interest(connection);
}

/* One receive per event, for fairness among connections: what is left makes
 * the level-triggered dispatcher call again. */
static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct nk_tcp_connection *connection =
        nk_container_of(channel, struct nk_tcp_connection, channel);
    if (NK_UNLIKELY(connection->is_handshaking)) {
        nk_connection_establish(connection);
        return;
    }
    bool is_writable = events & connection->transport.send_waits_for;
    if (NK_UNLIKELY(is_writable && (connection->output || connection->write_requested)))
        nk_connection_continue_output(connection);
    bool is_readable = events & ((unsigned)NK_HANGUP | connection->transport.recv_waits_for);
    if (is_readable && !connection->is_closed && nk_connection_wants_to_read(connection))
        (void)nk_connection_receive(connection);
}

/* ---- the task: what must not happen inside the caller's callback ---- */

static void free_connection(struct nk_task *task)
{
    struct nk_tcp_connection *connection = nk_container_of(task, struct nk_tcp_connection, task);
    nk_connection_free_output(connection);
    nk_connection_free_limit(connection);
    if (connection->input)
        nk_buffer_deinit(connection->input);
    free(connection->input);
    free(connection);
}

/* Sending has failed, or has come to the limit that was set for it. */
static void end_failed(struct nk_tcp_connection *connection)
{
    if (connection->output_error != NK_OUTPUT_IS_OVER) {
        finish(connection, connection->output_error);
        return;
    }
    connection->is_failed = false;
    connection->output_error = 0;
    nk_tcp_connection_close(connection, nk_connection_limit_end(connection));
}

static void run_task(struct nk_task *task)
{
    struct nk_tcp_connection *connection = nk_container_of(task, struct nk_tcp_connection, task);
    connection->task_is_posted = false;
    if (connection->is_closed) { /* others may still name it in this turn */
        nk_event_loop_at_turn_end(connection->channel.loop, task, free_connection);
        return;
    }
    if (connection->is_failed) {
        end_failed(connection);
        return;
    }
    /* What was queued meanwhile brings a report of its own. */
    bool has_drained = connection->write_completed && !connection->output;
    connection->write_completed = false;
    if (has_drained) {
        nk_connection_begin_callback(connection);
        if (connection->group->handlers->on_write_completed && !connection->close_wanted)
            connection->group->handlers->on_write_completed(connection);
        nk_connection_end_callback(connection);
    }
    if (has_drained && connection->is_drain_due && !connection->is_closed) {
        connection->is_drain_due = false;
        nk_connection_drain(connection);
    }
    bool may_deliver = !connection->is_closed && !connection->close_wanted &&
                       !connection->is_paused && !connection->is_held;
    if (may_deliver && connection->input)
        nk_connection_deliver(connection, nk_buffer_slice(connection->input));
}

void nk_connection_post_task(struct nk_tcp_connection *connection)
{
    if (connection->task_is_posted)
        return;
    connection->task_is_posted = true;
    nk_event_loop_post(connection->channel.loop, &connection->task, run_task);
}

/* ---- deadlines ---- */

static uint64_t round_up_to_grain(uint64_t deadline)
{
    return (deadline + DEADLINE_GRAIN - 1) / DEADLINE_GRAIN * DEADLINE_GRAIN;
}

static void run_timer(struct nk_tcp_connection *connection, uint64_t deadline)
{
    int error = nk_event_loop_set_timer(connection->channel.loop, &connection->timer,
                                        round_up_to_grain(deadline));
    if (error) /* without a deadline it might stay for ever */
        nk_tcp_connection_abort(connection, error);
}

void nk_tcp_connection_set_deadline(struct nk_tcp_connection *connection, uint64_t deadline)
{
    const struct nk_timer *timer = &connection->timer;
    connection->deadline = deadline;
    if (deadline == NK_NEVER || connection->is_closed)
        return;
    bool is_late = deadline < timer->deadline && timer->deadline - deadline >= DEADLINE_GRAIN;
    if (!nk_timer_is_running(timer) || is_late)
        run_timer(connection, deadline);
}

static void run_close_timer(struct nk_tcp_connection *connection)
{
    run_timer(connection, nk_event_loop_now(connection->channel.loop) + CLOSE_TIMEOUT);
}

/* The peer of a connection that closes may not keep it for ever. A handler with a
 * deadline sees to that itself; without one the timer does. */
static void limit_close(struct nk_tcp_connection *connection)
{
    if (connection->close_is_limited || connection->deadline != NK_NEVER)
        return;
    connection->close_is_limited = true;
    (void)nk_tcp_connection_made_progress(connection); /* what it takes from now on counts */
    run_close_timer(connection);
}

static void look_at_close(struct nk_tcp_connection *connection)
{
    if (nk_tcp_connection_made_progress(connection))
        run_close_timer(connection);
    else
        finish(connection, -ETIMEDOUT);
}

static void on_timer(struct nk_timer *timer)
{
    struct nk_tcp_connection *connection = nk_container_of(timer, struct nk_tcp_connection, timer);
    const struct nk_connection_handlers *handlers = connection->group->handlers;
    if (connection->deadline == NK_NEVER) {
        if (connection->close_is_limited)
            look_at_close(connection);
        return;
    }
    if (nk_event_loop_now(connection->channel.loop) < connection->deadline) {
        run_timer(connection, connection->deadline);
        return;
    }
    connection->deadline = NK_NEVER;
    if (connection->is_lingering) {
        finish(connection, 0);
        return;
    }
    bool was_closing = connection->close_wanted;
    if (handlers->on_deadline) {
        nk_connection_begin_callback(connection);
        handlers->on_deadline(connection);
        nk_connection_end_callback(connection);
    }
    /* One that closes gets more time only when the handler says how much. */
    bool is_over = was_closing && connection->deadline == NK_NEVER;
    if (is_over || !handlers->on_deadline)
        finish(connection, -ETIMEDOUT);
}

/* ---- finding one again ---- */

struct nk_tcp_connection *nk_tcp_connection_find(const struct nk_event_loop *loop,
                                                 struct nk_connection_id id)
{
    struct nk_channel *channel = nk_event_loop_channel(loop, id.fd);
    if (!channel || channel->on_ready != on_ready)
        return NULL;
    struct nk_tcp_connection *connection =
        nk_container_of(channel, struct nk_tcp_connection, channel);
    return connection->number == id.number ? connection : NULL;
}

/* ---- the end ---- */

/* The one way out: timers, list, descriptor (closing it also takes it out of
 * the dispatcher), the last callback, and the memory when the turn is over. */
static void finish(struct nk_tcp_connection *connection, int reason)
{
    struct nk_connection_group *group = connection->group;
    if (connection->is_closed)
        return;
    connection->is_closed = true;
    nk_event_loop_cancel_timer(group->loop, &connection->timer);
    if (connection->is_paced)
        nk_pace_end(connection);
    nk_list_remove(&connection->node);
    nk_channel_close_descriptor(&connection->channel);
    nk_count(&group->active, UINT64_MAX);
    group->owes_room = false;
    if (group->corked == connection)
        group->cork_len = 0;
    if (group->handlers->on_connection_closed)
        group->handlers->on_connection_closed(connection, reason);
    if (!connection->task_is_posted)
        nk_event_loop_at_turn_end(group->loop, &connection->task, free_connection);
    if (group->on_closed)
        group->on_closed(group->owner, (size_t)group->active);
}

void nk_tcp_connection_abort(struct nk_tcp_connection *connection, int reason)
{
    finish(connection, reason);
}

void nk_tcp_connection_shutdown(struct nk_tcp_connection *connection)
{
    connection->shutdown_wanted = true;
    if (connection->group->corked != connection && !connection->is_closed)
        end_when_drained(connection);
}

void nk_tcp_connection_close(struct nk_tcp_connection *connection, enum nk_close how)
{
    if (connection->is_closed)
        return;
    if (how == NK_CLOSE_RESET || how == NK_CLOSE_NOW) {
        bool with_reset = how == NK_CLOSE_RESET;
        finish(connection, with_reset ? nk_socket_set_abortive_close(connection->channel.fd) : 0);
        return;
    }
    bool is_first = !connection->close_wanted;
    connection->close_wanted = true;
    connection->linger_wanted = how == NK_CLOSE_LINGER && (is_first || connection->linger_wanted);
    if (connection->group->corked == connection)
        return; /* the end of the callback sees to it */
    end_when_drained(connection);
    nk_connection_update_interest(connection);
}
