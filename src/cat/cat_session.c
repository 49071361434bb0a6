#include "cat/cat_session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "os/socket.h"

/* How often it is looked whether the peer has everything: no event says so. */
#define DELIVERY_INTERVAL (5 * NK_NANOSECONDS_PER_MILLISECOND)

struct cat_session {
    struct nk_event_loop *loop;
    struct cat_session_options options;
    struct cat_port network;
    struct cat_port in;
    struct cat_port out;
    struct cat_pump up;   /* in -> network */
    struct cat_pump down; /* network -> out */
    struct cat_filters filters;
    bool has_up;
    bool has_down;
    bool has_ended;
    bool is_interactive; /* a person types: the peer's end is the end */
    bool is_one_socket;  /* `in` and `out` are the same socket */
    int send_error;      /* the peer is gone for our bytes; its own are read to the end */
    struct nk_timer linger_timer;
    struct nk_timer delivery_timer;
    struct nk_timer idle_timer;
    uint64_t moved; /* both ways, when the idle timer last looked */
    struct nk_task free_task;
};

/* ---- the end ---- */

/* No end is a good one when the peer has lost what it was sent. */
static void end(struct cat_session *session, enum exit_status status, const char *action, int error)
{
    if (session->has_ended)
        return;
    session->has_ended = true;
    if (status == EXIT_STATUS_OK && session->send_error)
        session->options.on_ended(session, EXIT_STATUS_LOST, "send to the peer",
                                  session->send_error);
    else
        session->options.on_ended(session, status, action, error);
}

static void end_lost(struct cat_session *session, const char *action, int error)
{
    end(session, EXIT_STATUS_LOST, action, error);
}

static void end_when_both_have(struct cat_session *session)
{
    if (!session->has_up && !session->has_down)
        end(session, EXIT_STATUS_OK, NULL, 0);
}

static void on_linger(struct nk_timer *timer)
{
    struct cat_session *session = nk_container_of(timer, struct cat_session, linger_timer);
    end(session, EXIT_STATUS_OK, NULL, 0);
}

static void start_linger(struct cat_session *session)
{
    if (session->options.linger == NK_NEVER)
        return;
    uint64_t deadline = nk_event_loop_now(session->loop) + session->options.linger;
    int error = nk_event_loop_set_timer(session->loop, &session->linger_timer, deadline);
    if (error)
        end(session, EXIT_STATUS_FAILED, "wait for the peer", error);
}

/* ---- ending before the peer does ---- */

/* Closing a TCP socket that has received something resets the connection, and a
 * reset overtakes the bytes that are still on their way. A unix socket keeps
 * them. */
static bool is_delivered(const struct cat_session *session)
{
    struct nk_sockaddr local;
    bool is_unix =
        nk_socket_local(session->network.fd, &local) != 0 || local.any.sa_family == AF_UNIX;
    return is_unix || nk_socket_unacknowledged(session->network.fd) == 0;
}

/* When the peer has ended already nobody reads any more, and a reset is only found by
 * asking for it: what was not delivered until then never will be. */
static void end_when_delivered(struct cat_session *session)
{
    uint64_t next = nk_event_loop_now(session->loop) + DELIVERY_INTERVAL;
    if (!session->has_down)
        session->send_error = nk_socket_take_error(session->network.fd);
    if (session->send_error || is_delivered(session) ||
        nk_event_loop_set_timer(session->loop, &session->delivery_timer, next) != 0)
        end(session, EXIT_STATUS_OK, NULL, 0);
}

static void on_delivery(struct nk_timer *timer)
{
    end_when_delivered(nk_container_of(timer, struct cat_session, delivery_timer));
}

/* ---- in -> network ---- */

static void end_of_input(struct cat_session *session)
{
    const struct cat_session_options *options = &session->options;
    if (options->on_eof != CAT_ON_EOF_KEEP) {
        cat_port_end(&session->network);
        cat_trace_end(session->filters.options.trace, RECORD_SENT);
    }
    start_linger(session);
    if (options->on_eof == CAT_ON_EOF_CLOSE || options->once || options->send_only)
        end_when_delivered(session);
    else
        end_when_both_have(session);
}

static void on_up_ended(struct cat_pump *pump, int error, bool at_sink)
{
    struct cat_session *session = nk_container_of(pump, struct cat_session, up);
    session->has_up = false;
    nk_log(NK_LOG_DEBUG, "the input has ended, after %" PRIu64 " bytes", pump->moved);
    cat_port_close(&session->in);
    if (error && !at_sink) {
        end(session, EXIT_STATUS_FAILED, "read standard input", error);
    } else if (error) {
        /* What the peer sent before it went is still there to be read. */
        session->send_error = error;
        end_when_both_have(session);
    } else {
        end_of_input(session);
    }
}

/* ---- network -> out ---- */

static void end_of_peer(struct cat_session *session)
{
    cat_trace_end(session->filters.options.trace, RECORD_RECEIVED);
    /* One socket for both stays open for its other direction. */
    if (session->is_one_socket && nk_socket_shutdown_write(session->out.fd) < 0)
        session->is_one_socket = false; /* its reader has gone, which is the end, too */
    cat_port_close(&session->out);
    if (session->is_interactive || session->options.once)
        end(session, EXIT_STATUS_OK, NULL, 0);
    else
        end_when_both_have(session);
}

static int open_discard(struct cat_port *port, struct nk_event_loop *loop);

/* A command need not read to the end, and what it still has to say is not lost
 * for that. */
static void discard_the_rest(struct cat_session *session)
{
    uint64_t moved = session->down.moved;
    cat_pump_deinit(&session->down);
    int error = open_discard(&session->out, session->loop);
    if (error) {
        end(session, EXIT_STATUS_FAILED, "throw away what nobody reads", error);
        return;
    }
    cat_pump_init(&session->down, &session->network, &session->out);
    session->down.moved = moved;
    session->has_down = true;
    cat_pump_start(&session->down);
}

static void on_down_ended(struct cat_pump *pump, int error, bool at_sink)
{
    struct cat_session *session = nk_container_of(pump, struct cat_session, down);
    session->has_down = false;
    nk_log(NK_LOG_DEBUG, "the peer's direction has ended, after %" PRIu64 " bytes", pump->moved);
    if (error == -EMSGSIZE && !at_sink) /* a record of more than we take */
        end(session, EXIT_STATUS_FAILED, "receive from the peer", error);
    else if (error && !at_sink)
        end_lost(session, "receive from the peer", error);
    else if (error == -EPIPE && session->options.out_may_close)
        discard_the_rest(session);
    else if (error == -EPIPE) /* nobody wants the bytes any more: that is no failure */
        end(session, EXIT_STATUS_OK, NULL, 0);
    else if (error)
        end(session, EXIT_STATUS_FAILED, "write standard output", error);
    else
        end_of_peer(session);
}

/* ---- silence ---- */

static void start_idle_timer(struct cat_session *session)
{
    if (session->options.idle_timeout == 0 || session->has_ended)
        return;
    session->moved = session->up.moved + session->down.moved;
    uint64_t deadline = nk_event_loop_now(session->loop) + session->options.idle_timeout;
    int error = nk_event_loop_set_timer(session->loop, &session->idle_timer, deadline);
    if (error)
        end(session, EXIT_STATUS_FAILED, "watch for silence", error);
}

static void on_idle(struct nk_timer *timer)
{
    struct cat_session *session = nk_container_of(timer, struct cat_session, idle_timer);
    if (session->up.moved + session->down.moved != session->moved)
        start_idle_timer(session);
    else
        end(session, EXIT_STATUS_TIMED_OUT, "go on", -ETIMEDOUT);
}

/* ---- beginning ---- */

/* Takes over `fd` in any case; -1 gives a closed port. */
static int open_port(struct cat_port *port, struct nk_event_loop *loop, int fd)
{
    port->fd = -1;
    if (fd < 0)
        return 0;
    int error = cat_port_open(port, loop, fd);
    if (error)
        close(fd);
    return error;
}

/* Puts the bytes that nobody wants somewhere, so that the peer can send on. */
static int open_discard(struct cat_port *port, struct nk_event_loop *loop)
{
    cat_port_close(port);
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return fd < 0 ? -errno : open_port(port, loop, fd);
}

static int open_ports(struct cat_session *session, int fd, int in, int out)
{
    int error = open_port(&session->network, session->loop, fd);
    int in_error = open_port(&session->in, session->loop, in);
    int out_error = open_port(&session->out, session->loop, out);
    if (!out_error && session->options.send_only)
        out_error = open_discard(&session->out, session->loop);
    if (!error)
        error = in_error ? in_error : out_error;
    return error;
}

static void close_ports(struct cat_session *session)
{
    cat_port_close(&session->network);
    cat_port_close(&session->in);
    cat_port_close(&session->out);
}

static bool is_same_socket(const struct cat_port *one, const struct cat_port *other)
{
    struct stat first;
    struct stat second;
    return one->fd >= 0 && other->fd >= 0 && fstat(one->fd, &first) == 0 &&
           fstat(other->fd, &second) == 0 && S_ISSOCK(first.st_mode) &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static int reply(void *context, struct nk_slice bytes)
{
    struct cat_session *session = context;
    return cat_pump_put(&session->up, bytes);
}

static void on_echo(void *context, bool peer_echoes)
{
    struct cat_session *session = context;
    if (session->options.on_echo)
        session->options.on_echo(session, peer_echoes);
}

static void add_filters(struct cat_session *session)
{
    cat_filters_init(&session->filters, &session->options.filters);
    session->filters.reply = reply;
    session->filters.on_echo = on_echo;
    session->filters.context = session;
    /* A person may want to see the bytes later, and types slowly enough. */
    if (!session->is_interactive && !cat_filters_have_work(&session->options.filters))
        return;
    session->up.filter = cat_filter_up;
    session->down.filter = cat_filter_down;
    session->up.filter_context = &session->filters;
    session->down.filter_context = &session->filters;
}

static void connect_pumps(struct cat_session *session)
{
    const struct cat_session_options *options = &session->options;
    session->up = (struct cat_pump){.on_ended = on_up_ended,
                                    .rate_limit = options->rate_limit,
                                    .loop = session->loop};
    session->down = (struct cat_pump){.on_ended = on_down_ended,
                                      .rate_limit = options->rate_limit,
                                      .loop = session->loop};
    add_filters(session);
    session->has_up = session->in.fd >= 0 && !options->recv_only;
    session->has_down = session->out.fd >= 0;
    if (session->has_up)
        cat_pump_init(&session->up, &session->in, &session->network);
    if (session->has_down)
        cat_pump_init(&session->down, &session->network, &session->out);
}

static void begin(struct cat_session *session)
{
    session->is_interactive = session->options.interactive ||
                              (session->in.kind == CAT_PORT_TERMINAL && session->in.fd >= 0);
    session->is_one_socket = is_same_socket(&session->in, &session->out);
    connect_pumps(session);
    if (session->has_down)
        cat_pump_start(&session->down);
    if (session->has_up)
        cat_pump_start(&session->up);
    else if (!session->options.recv_only)
        end_of_input(session);
    start_idle_timer(session);
}

/* The standard descriptors stay open until the program ends. */
static void close_pipe_end(int fd)
{
    if (fd > STDERR_FILENO)
        close(fd);
}

int cat_session_start(struct cat_session **out_session, struct nk_event_loop *loop, int fd, int in,
                      int out, const struct cat_session_options *options)
{
    struct cat_session *session = calloc(1, sizeof(*session));
    if (!session) {
        close(fd);
        close_pipe_end(in);
        close_pipe_end(out);
        return -ENOMEM;
    }
    session->loop = loop;
    session->options = *options;
    nk_timer_init(&session->linger_timer, on_linger);
    nk_timer_init(&session->delivery_timer, on_delivery);
    nk_timer_init(&session->idle_timer, on_idle);
    int error = open_ports(session, fd, in, out);
    if (error) {
        close_ports(session);
        free(session);
        return error;
    }
    *out_session = session;
    begin(session);
    return 0;
}

static void free_now(struct nk_task *task)
{
    struct cat_session *session = nk_container_of(task, struct cat_session, free_task);
    free(session);
}

void cat_session_free(struct cat_session *session)
{
    if (!session)
        return;
    session->has_ended = true;
    nk_event_loop_cancel_timer(session->loop, &session->linger_timer);
    nk_event_loop_cancel_timer(session->loop, &session->delivery_timer);
    nk_event_loop_cancel_timer(session->loop, &session->idle_timer);
    close_ports(session);
    cat_pump_deinit(&session->up);
    cat_pump_deinit(&session->down);
    nk_event_loop_at_turn_end(session->loop, &session->free_task, free_now);
}

void *cat_session_owner(const struct cat_session *session)
{
    return session->options.owner;
}

struct cat_filter_options *cat_session_filters(struct cat_session *session)
{
    return &session->filters.options;
}

uint64_t cat_session_sent(const struct cat_session *session)
{
    return session->up.moved;
}

uint64_t cat_session_received(const struct cat_session *session)
{
    return session->down.moved;
}
