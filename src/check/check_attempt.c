#include "check/check_attempt.h"

#include <errno.h>

/* Between the making of a connection and its first callback, the group's context
 * says whose it is: the session has no other way to know. */
struct nursery {
    struct check_attempt *next;
};

struct session {
    struct check_attempt *attempt;
};

int check_attempt_init(struct check_attempt *attempt, const struct check_case *what,
                       const struct check_subject *subject)
{
    *attempt = (struct check_attempt){.log = {.what = what, .subject = subject}};
    nk_buffer_init(&attempt->first, CHECK_REQUEST_MAX);
    nk_buffer_init(&attempt->then, CHECK_REQUEST_MAX);
    nk_buffer_init(&attempt->received, CHECK_RECEIVED_MAX);
    int error = check_request_make(subject, what->request, &attempt->first, &attempt->then);
    attempt->log.has_then = nk_buffer_len(&attempt->then) > 0;
    return error;
}

void check_attempt_deinit(struct check_attempt *attempt)
{
    nk_buffer_deinit(&attempt->first);
    nk_buffer_deinit(&attempt->then);
    nk_buffer_deinit(&attempt->received);
}

static struct check_attempt *attempt_of(struct nk_tcp_connection *connection)
{
    const struct session *session = nk_tcp_connection_session(connection);
    return session->attempt;
}

/* ---- what is sent ---- */

/* A server that refuses early takes nothing more: what it has answered counts. */
static void send_buffer(struct nk_tcp_connection *connection, const struct nk_buffer *buffer)
{
    (void)nk_tcp_connection_send(connection, nk_buffer_slice(buffer));
}

static void send_follow_up(struct nk_tcp_connection *connection, struct check_attempt *attempt)
{
    static const struct nk_slice follow_up = NK_SLICE(CHECK_FOLLOW_UP);
    struct nk_buffer bytes, none;
    nk_buffer_init(&bytes, CHECK_REQUEST_MAX);
    nk_buffer_init(&none, 1);
    if (check_request_make(attempt->log.subject, follow_up, &bytes, &none) == 0)
        send_buffer(connection, &bytes);
    nk_buffer_deinit(&bytes);
}

static void take_step(struct nk_tcp_connection *connection, struct check_attempt *attempt)
{
    attempt->log.received = nk_buffer_slice(&attempt->received);
    enum check_step step = check_next_step(&attempt->log);
    if (step == CHECK_STEP_SEND_THEN) {
        attempt->log.has_then = false;
        send_buffer(connection, &attempt->then);
        step = check_next_step(&attempt->log);
    }
    if (step == CHECK_STEP_FOLLOW_UP) {
        attempt->log.is_followed = true;
        send_follow_up(connection, attempt);
    } else if (step == CHECK_STEP_DONE) {
        nk_tcp_connection_close(connection, NK_CLOSE_NOW);
    }
}

/* ---- what the connection calls ---- */

static void on_connection_completed(struct nk_tcp_connection *connection)
{
    struct session *session = nk_tcp_connection_session(connection);
    struct nursery *nursery = nk_connection_group_context(nk_tcp_connection_group(connection));
    struct check_attempt *attempt = nursery->next;
    session->attempt = attempt;
    uint64_t now = nk_event_loop_now(nk_tcp_connection_loop(connection));
    nk_tcp_connection_set_deadline(connection, now + attempt->timeout);
    send_buffer(connection, &attempt->first);
    if (attempt->log.what->flags & CHECK_HALF_CLOSE)
        nk_tcp_connection_shutdown(connection);
}

static size_t on_message(struct nk_tcp_connection *connection, struct nk_slice input)
{
    struct check_attempt *attempt = attempt_of(connection);
    if (nk_buffer_append(&attempt->received, input) != 0) {
        nk_tcp_connection_abort(connection, -ENOBUFS);
        return input.len;
    }
    if (nk_tcp_connection_input_ended(connection))
        attempt->log.end = CHECK_END_CLOSED;
    take_step(connection, attempt);
    return input.len;
}

static void on_deadline(struct nk_tcp_connection *connection)
{
    attempt_of(connection)->log.end = CHECK_END_SILENT;
    nk_tcp_connection_close(connection, NK_CLOSE_NOW);
}

static void end(struct check_attempt *attempt)
{
    if (attempt->is_over)
        return;
    attempt->is_over = true;
    attempt->log.received = nk_buffer_slice(&attempt->received);
    attempt->on_done(attempt->owner, attempt);
}

static void on_connection_closed(struct nk_tcp_connection *connection, int reason)
{
    struct check_attempt *attempt = attempt_of(connection);
    if (attempt->log.end == CHECK_END_OPEN)
        attempt->log.end = reason == 0 ? CHECK_END_CLOSED : CHECK_END_RESET;
    end(attempt);
}

int check_attempt_group_new(struct nk_connection_group **out, struct nk_event_loop *loop)
{
    static struct nursery nursery; /* one loop, one thread */
    static const struct nk_connection_handlers handlers = {
        .on_connection_completed = on_connection_completed,
        .on_message = on_message,
        .on_connection_closed = on_connection_closed,
        .on_deadline = on_deadline,
        .session_size = sizeof(struct session),
        .keeps_half_open = true,
    };
    const struct nk_connection_group_options options = {.handlers = &handlers, .context = &nursery};
    return nk_connection_group_new(out, loop, &options);
}

void check_attempt_begin(struct check_attempt *attempt, struct nk_connection_group *group, int fd)
{
    struct nursery *nursery = nk_connection_group_context(group);
    nursery->next = attempt;
    if (nk_connection_group_add(group, fd) == 0)
        return;
    attempt->log.end = CHECK_END_RESET;
    end(attempt);
}
