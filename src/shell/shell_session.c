/* The course of a session: from bytes to requests, one after another, and its
 * end. */
#include "shell/shell_session.h"

#include <errno.h>
#include <unistd.h>

/* Answers sent in one go: other clients wait meanwhile. */
#define REPLY_BUDGET ((uint64_t)32 * 1024)

/* A line without end costs the server time only, but not for ever. */
#define SKIP_MAX ((size_t)1024 * 1024)

#define TOKEN_TIME (60 * NK_NANOSECONDS_PER_SECOND)
#define WRONG_TOKEN_TIME NK_NANOSECONDS_PER_SECOND

static const struct shell_options *options_of(const struct shell_session *session)
{
    return &shell_loop_of(session->connection)->server->options;
}

const char *shell_session_path(const struct shell_session *session)
{
    const struct shell_server *server = shell_loop_of(session->connection)->server;
    return session->path ? session->path : server->tree.start_path;
}

void shell_session_log(struct shell_session *session, bool with_path, struct nk_slice what)
{
    struct shell_server *server = shell_loop_of(session->connection)->server;
    if (session->who)
        shell_log_write(&server->log, session->number, session->who,
                        with_path ? shell_session_path(session) : NULL, what);
}

static void log_text(struct shell_session *session, const char *text)
{
    shell_session_log(session, false, nk_slice_of_string(text));
}

/* ---- states and deadlines ---- */

static void set_deadline_in(struct shell_session *session, uint64_t nanoseconds)
{
    uint64_t now = nk_event_loop_now(nk_tcp_connection_loop(session->connection));
    nk_tcp_connection_set_deadline(session->connection,
                                   nanoseconds > 0 ? now + nanoseconds : NK_NEVER);
}

void shell_session_enter(struct shell_session *session, enum shell_state state)
{
    session->state = (uint8_t)state;
    if (state == SHELL_STATE_PAUSED)
        set_deadline_in(session, WRONG_TOKEN_TIME);
    else if (state == SHELL_STATE_WORKING)
        nk_tcp_connection_set_deadline(session->connection, NK_NEVER);
    else if (session->is_admitted)
        set_deadline_in(session, options_of(session)->service.idle_timeout);
    else
        nk_tcp_connection_set_deadline(session->connection, session->token_deadline);
}

void shell_session_end(struct shell_session *session, const char *reason)
{
    struct nk_tcp_connection *connection = session->connection;
    char line[128];
    if (session->state == SHELL_STATE_ENDED)
        return;
    session->state = SHELL_STATE_ENDED;
    log_text(session, reason ? reason : "quits");
    int len = snprintf(line, sizeof(line), "bye%s%s\n", reason ? ": " : "", reason ? reason : "");
    if (!options_of(session)->compat)
        shell_reply_bytes(session, nk_slice_make(line, (size_t)len));
    nk_tcp_connection_set_deadline(connection, NK_NEVER); /* closing has its own */
    /* What the client has sent on would make a plain close a reset, which takes
     * the last line back. */
    nk_tcp_connection_close(connection, NK_CLOSE_LINGER);
}

/* ---- lines ---- */

static bool takes_input(const struct shell_session *session)
{
    return session->state == SHELL_STATE_READY &&
           !nk_tcp_connection_is_blocked(session->connection) &&
           !nk_tcp_connection_is_closing(session->connection);
}

/* What a client says before it has given the token, and what cannot be told from a
 * token, stays out of the log. */
static void log_request(struct shell_session *session, const struct shell_request *request,
                        struct nk_slice line)
{
    if (!session->is_admitted)
        return;
    if (!request)
        log_text(session, "is not understood");
    else if (request->command != SHELL_COMMAND_TOKEN && request->command != SHELL_COMMAND_NONE)
        shell_session_log(session, true, line);
}

static void handle_line(struct shell_session *session, struct nk_slice line)
{
    struct shell_loop *loop = shell_loop_of(session->connection);
    struct shell_request request;
    const char *problem;
    atomic_fetch_add_explicit(&loop->requests, 1, memory_order_relaxed);
    shell_session_enter(session, SHELL_STATE_READY);
    int error = shell_request_parse(&request, line, loop->room, &problem);
    log_request(session, error ? NULL : &request, line);
    if (error)
        shell_reply_error(session, "%s", problem);
    else
        shell_command_run(session, &request);
}

/* The line is answered now; what is still to come of it is skipped. */
static void refuse_line(struct shell_session *session)
{
    unsigned long long limit = options_of(session)->max_line;
    shell_session_enter(session, SHELL_STATE_READY);
    shell_reply_error(session, "the line is longer than %llu bytes", limit);
    session->skipped = 1;
}

/* The rest of a line that was refused. Returns the bytes consumed. */
static size_t skip(struct shell_session *session, struct nk_slice input)
{
    size_t end = nk_slice_find(input, '\n');
    if (end != NK_SLICE_NOT_FOUND) {
        session->skipped = 0;
        return end + 1;
    }
    session->skipped += input.len;
    if (session->skipped > SKIP_MAX)
        shell_session_end(session, "the line has no end");
    return input.len;
}

/* One line off the front; returns the bytes consumed, 0 when it is not complete. */
static size_t take_line(struct shell_session *session, struct nk_slice input)
{
    struct nk_slice line;
    if (session->skipped > 0)
        return skip(session, input);
    ssize_t len = shell_request_take_line(input, options_of(session)->max_line, &line);
    if (len == -EAGAIN)
        return 0;
    if (len < 0) {
        refuse_line(session);
        return skip(session, input);
    }
    handle_line(session, line);
    return (size_t)len;
}

/* Others get their turn before the next request of this client. */
static void hold(struct shell_session *session)
{
    shell_session_enter(session, SHELL_STATE_HELD);
    nk_tcp_connection_pause_reading(session->connection);
    nk_tcp_connection_request_write(session->connection);
}

/* The client will send nothing more, and what it sent is answered. */
static void end_after_input(struct shell_session *session, struct nk_slice rest)
{
    bool is_broken_off = rest.len > 0 && session->skipped == 0;
    if (session->state != SHELL_STATE_READY)
        return;
    if (is_broken_off)
        shell_reply_error(session, "the last line has no end");
    log_text(session, "ends");
    session->state = SHELL_STATE_ENDED;
    nk_tcp_connection_close(session->connection, NK_CLOSE_FLUSH);
}

static size_t on_lines(struct nk_tcp_connection *connection, struct nk_slice input)
{
    struct shell_session *session = shell_session_of(connection);
    size_t done = 0;
    size_t taken = 1;
    while (taken > 0 && done < input.len && takes_input(session)) {
        taken = take_line(session, nk_slice_from(input, done));
        done += taken;
        bool is_over_budget = nk_tcp_connection_queued(connection) > REPLY_BUDGET;
        if (is_over_budget && session->state == SHELL_STATE_READY && done < input.len)
            hold(session);
    }
    session->has_rest = done < input.len;
    if (session->state == SHELL_STATE_ENDED)
        return input.len;
    bool is_done = taken == 0 || done == input.len;
    if (nk_tcp_connection_input_ended(connection) && is_done && takes_input(session)) {
        end_after_input(session, nk_slice_from(input, done));
        return input.len;
    }
    return done;
}

/* ---- the raw form: one read is one command ---- */

static struct nk_slice without_newline(struct nk_slice input)
{
    if (input.len > 0 && input.data[input.len - 1] == '\n')
        input.len--;
    if (input.len > 0 && input.data[input.len - 1] == '\r')
        input.len--;
    return input;
}

static size_t on_read(struct nk_tcp_connection *connection, struct nk_slice input)
{
    struct shell_session *session = shell_session_of(connection);
    struct nk_slice command = without_newline(input);
    if (command.len > options_of(session)->max_line)
        shell_reply_error(session, "unknown input type");
    else if (command.len > 0 && takes_input(session))
        handle_line(session, command);
    if (nk_tcp_connection_input_ended(connection)) {
        if (session->state == SHELL_STATE_ENDED)
            nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
        else
            end_after_input(session, nk_slice_make(NULL, 0));
    }
    return input.len;
}

/* ---- what the connection calls ---- */

static bool is_draining(const struct shell_session *session)
{
    return nk_connection_group_is_draining(nk_tcp_connection_group(session->connection));
}

static const char stopping[] = "the server is stopping";

void shell_session_go_on(struct shell_session *session)
{
    struct nk_tcp_connection *connection = session->connection;
    shell_session_enter(session, SHELL_STATE_READY);
    if (is_draining(session))
        shell_session_end(session, stopping);
    else if (nk_tcp_connection_input_ended(connection) && !session->has_rest)
        end_after_input(session, nk_slice_make(NULL, 0)); /* nothing will come to say so again */
    else
        nk_tcp_connection_resume_reading(connection);
}

static char *copy_peer(const struct nk_tcp_connection *connection)
{
    struct nk_sockaddr peer;
    char text[NK_SOCKADDR_TEXT_MAX] = "";
    if (nk_tcp_connection_peer(connection, &peer) == 0)
        nk_sockaddr_print(&peer, text);
    return strdup(text[0] != '\0' ? text : "unix");
}

static void on_connection_completed(struct nk_tcp_connection *connection)
{
    struct shell_session *session = shell_session_of(connection);
    struct shell_server *server = shell_loop_of(connection)->server;
    bool needs_token = server->token.len > 0;
    session->connection = connection;
    session->directory = -1;
    session->is_admitted = !needs_token;
    session->number = atomic_fetch_add(&server->sessions, 1) + 1;
    if (shell_log_is_open(&server->log))
        session->who = copy_peer(connection);
    log_text(session, "begins");
    session->token_deadline = nk_event_loop_now(nk_tcp_connection_loop(connection)) + TOKEN_TIME;
    shell_session_enter(session, SHELL_STATE_READY);
    static const struct nk_slice ready = NK_SLICE("netkit-shell 1 ready\n");
    static const struct nk_slice token = NK_SLICE("netkit-shell 1 token\n");
    if (!server->options.compat)
        shell_reply_bytes(session, needs_token ? token : ready);
}

/* What could not go out at once is out, or it is this client's turn again. */
static void on_write_completed(struct nk_tcp_connection *connection)
{
    struct shell_session *session = shell_session_of(connection);
    if (session->state == SHELL_STATE_SENDING) {
        shell_work_continue(session);
    } else if (session->state == SHELL_STATE_HELD) {
        shell_session_go_on(session);
    } else if (session->state == SHELL_STATE_READY) {
        shell_session_enter(session, SHELL_STATE_READY);
        if (nk_tcp_connection_input_ended(connection) && !session->has_rest)
            end_after_input(session, nk_slice_make(NULL, 0));
    }
}

static void on_deadline(struct nk_tcp_connection *connection)
{
    struct shell_session *session = shell_session_of(connection);
    if (nk_tcp_connection_is_blocked(connection)) {
        if (session->state != SHELL_STATE_ENDED && nk_tcp_connection_made_progress(connection))
            set_deadline_in(session, options_of(session)->service.idle_timeout);
        else
            nk_tcp_connection_abort(connection, -ETIMEDOUT);
    } else if (session->state == SHELL_STATE_PAUSED) {
        shell_command_refuse_token(session);
    } else if (session->state == SHELL_STATE_ENDED) {
        nk_tcp_connection_close(connection, NK_CLOSE_NOW);
    } else if (!session->is_admitted) {
        atomic_fetch_add_explicit(&shell_loop_of(connection)->refused, 1, memory_order_relaxed);
        shell_session_end(session, "no token was given in time");
    } else {
        shell_session_end(session, "idle for too long");
    }
}

/* A request that is being answered is finished first. */
static void on_drain(struct nk_tcp_connection *connection)
{
    struct shell_session *session = shell_session_of(connection);
    if (session->state != SHELL_STATE_WORKING && session->state != SHELL_STATE_SENDING)
        shell_session_end(session, stopping);
}

static void on_connection_closed(struct nk_tcp_connection *connection, int reason)
{
    struct shell_session *session = shell_session_of(connection);
    (void)reason;
    if (!session->connection)
        return;
    if (session->state != SHELL_STATE_ENDED)
        log_text(session, "is lost");
    shell_work_abandon(session);
    if (session->directory >= 0)
        close(session->directory);
    free(session->path);
    free(session->former_path);
    free(session->who);
}

void shell_session_handlers(const struct shell_options *options,
                            struct nk_connection_handlers *handlers)
{
    *handlers = (struct nk_connection_handlers){
        .on_connection_completed = on_connection_completed,
        .on_message = options->compat ? on_read : on_lines,
        .on_write_completed = on_write_completed,
        .on_connection_closed = on_connection_closed,
        .on_deadline = on_deadline,
        .on_drain = on_drain,
        .session_size = sizeof(struct shell_session),
        .max_input = (size_t)options->max_line + NK_EVENT_LOOP_BUFFER_SIZE,
        .high_water = 1, /* no further request is read while an answer is queued */
        .keeps_half_open = true,
    };
}
