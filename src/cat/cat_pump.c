#include "cat/cat_pump.h"

#include <errno.h>
#include <fcntl.h>

#include "cat/cat_pump_private.h"

/* Bytes on their way in copy mode. 256 KiB: a bulk transfer's cost per system
 * call is small beside the copying then, and slow sinks still bound memory. */
#define BUFFER_SIZE ((size_t)256 * 1024)

/* One read in copy mode. */
#define READ_SIZE ((size_t)64 * 1024)

/* Pipes that splice moves to or from are made this large, which halves the cost
 * of a byte: fewer turns, and fewer of those in which one side has to wait. */
#define PIPE_SIZE (1024 * 1024)

static enum cat_pump_mode choose_mode(const struct cat_pump *pump)
{
    enum cat_port_kind from = pump->source->kind;
    enum cat_port_kind to = pump->sink->kind;
    if (pump->source->keeps_records || pump->sink->keeps_records)
        return CAT_PUMP_PACKET;
    if (pump->filter)
        return CAT_PUMP_COPY;
    if (from == CAT_PORT_FILE && to == CAT_PORT_SOCKET)
        return CAT_PUMP_SENDFILE;
    if (from == CAT_PORT_SOCKET && to == CAT_PORT_SOCKET)
        return CAT_PUMP_RELAY;
    bool has_socket = from == CAT_PORT_SOCKET || to == CAT_PORT_SOCKET;
    bool has_pipe = from == CAT_PORT_PIPE || to == CAT_PORT_PIPE;
    return has_socket && has_pipe ? CAT_PUMP_SPLICE : CAT_PUMP_COPY;
}

/* Beyond what the kernel grants a user (pipe(7)) a pipe stays as it is. */
static void enlarge_pipe(int fd)
{
    if (fcntl(fd, F_GETPIPE_SZ) < PIPE_SIZE && fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE) < 0)
        return;
}

/* ---- the limit ---- */

static void on_allowed(struct nk_timer *timer)
{
    struct cat_pump *pump = nk_container_of(timer, struct cat_pump, rate_timer);
    cat_pump_want(pump, cat_pump_may_read(pump), pump->wants_sink);
}

size_t cat_pump_allowed(struct cat_pump *pump, size_t wanted)
{
    if (pump->rate_limit == 0)
        return wanted;
    size_t allowed = nk_byte_rate_allowed(&pump->rate, nk_event_loop_now(pump->loop));
    uint64_t ready_at = nk_byte_rate_ready_at(&pump->rate);
    if (allowed == 0 && nk_event_loop_set_timer(pump->loop, &pump->rate_timer, ready_at) != 0)
        return 1; /* without memory it goes on, slowly */
    return allowed < wanted ? allowed : wanted;
}

void cat_pump_took(struct cat_pump *pump, size_t bytes)
{
    if (pump->rate_limit > 0)
        nk_byte_rate_take(&pump->rate, bytes);
}

static void stop_waiting(struct cat_pump *pump)
{
    if (pump->rate_limit > 0)
        nk_event_loop_cancel_timer(pump->loop, &pump->rate_timer);
}

/* ---- life ---- */

void cat_pump_init(struct cat_pump *pump, struct cat_port *source, struct cat_port *sink)
{
    pump->source = source;
    pump->sink = sink;
    pump->moved = 0;
    pump->mode = choose_mode(pump);
    nk_buffer_init(&pump->buffer, BUFFER_SIZE);
    pump->pipe[0] = -1;
    pump->pipe[1] = -1;
    pump->piped = 0;
    pump->source_ended = false;
    pump->source_error = 0;
    pump->is_bulk = false;
    pump->has_record = false;
    nk_timer_init(&pump->rate_timer, on_allowed);
    if (pump->rate_limit > 0)
        nk_byte_rate_init(&pump->rate, pump->rate_limit, nk_event_loop_now(pump->loop));
    pump->has_ended = false;
    pump->wants_source = false;
    pump->wants_sink = false;
    source->reads = pump;
    sink->writes = pump;
    if (pump->mode == CAT_PUMP_SPLICE)
        enlarge_pipe(source->kind == CAT_PORT_PIPE ? source->fd : sink->fd);
}

void cat_pump_deinit(struct cat_pump *pump)
{
    if (!pump->source)
        return; /* never initialised */
    stop_waiting(pump);
    cat_pump_release_pipe(pump);
    nk_buffer_deinit(&pump->buffer);
}

/* ---- ending ---- */

void cat_pump_want(struct cat_pump *pump, bool source, bool sink)
{
    pump->wants_source = source;
    pump->wants_sink = sink;
    cat_port_update(pump->source);
    cat_port_update(pump->sink);
}

void cat_pump_end(struct cat_pump *pump, int error, bool at_sink)
{
    if (pump->has_ended)
        return;
    pump->has_ended = true;
    stop_waiting(pump);
    cat_pump_want(pump, false, false);
    cat_pump_release_pipe(pump);
    nk_buffer_release(&pump->buffer);
    pump->on_ended(pump, error, at_sink);
}

void cat_pump_end_source(struct cat_pump *pump, int error)
{
    pump->source_ended = true;
    pump->source_error = error;
}

/* ---- copying ---- */

/* Bytes pass through a chunk on the stack, small enough that a filter may
 * lengthen them several times. */
static int read_filtered(struct cat_pump *pump)
{
    char chunk[16384];
    size_t allowed = cat_pump_allowed(pump, sizeof(chunk));
    ssize_t got = allowed > 0 ? cat_port_read(pump->source, chunk, allowed) : -EAGAIN;
    if (got < 0)
        return (int)got;
    cat_pump_took(pump, (size_t)got);
    if (got > 0)
        return pump->filter(pump->filter_context, nk_slice_make(chunk, (size_t)got), &pump->buffer);
    cat_pump_end_source(pump, 0);
    return 0;
}

static int read_plain(struct cat_pump *pump)
{
    char *tail;
    size_t room = nk_buffer_room(&pump->buffer);
    int error = nk_buffer_reserve(&pump->buffer, room < READ_SIZE ? room : READ_SIZE, &tail, &room);
    if (error)
        return error;
    size_t allowed = cat_pump_allowed(pump, room);
    ssize_t got = allowed > 0 ? cat_port_read(pump->source, tail, allowed) : -EAGAIN;
    if (got < 0)
        return (int)got;
    if (got == 0)
        cat_pump_end_source(pump, 0);
    cat_pump_took(pump, (size_t)got);
    nk_buffer_commit(&pump->buffer, (size_t)got);
    return 0;
}

bool cat_pump_may_read(const struct cat_pump *pump)
{
    return !pump->source_ended && !nk_timer_is_running(&pump->rate_timer);
}

static bool wants_more(const struct cat_pump *pump)
{
    size_t needed = pump->filter ? BUFFER_SIZE / 2 : 1;
    return cat_pump_may_read(pump) && nk_buffer_room(&pump->buffer) >= needed;
}

int cat_pump_write(struct cat_pump *pump, bool sink_is_ready)
{
    bool may_block = pump->sink->kind == CAT_PORT_PIPE || pump->sink->kind == CAT_PORT_TERMINAL;
    struct nk_slice bytes = nk_buffer_slice(&pump->buffer);
    if (bytes.len == 0 || (may_block && !sink_is_ready))
        return 0;
    ssize_t put = cat_port_write(pump->sink, bytes.data, bytes.len);
    if (put < 0)
        return put == -EAGAIN ? 0 : (int)put;
    pump->moved += (uint64_t)put;
    nk_buffer_consume(&pump->buffer, (size_t)put);
    return 0;
}

void cat_pump_go_on(struct cat_pump *pump, int write_error, bool wants_source)
{
    bool has_rest = nk_buffer_len(&pump->buffer) > 0 || pump->has_record;
    if (write_error)
        cat_pump_end(pump, write_error, true);
    else if (pump->source_ended && !has_rest)
        cat_pump_end(pump, pump->source_error, false);
    else
        cat_pump_want(pump, wants_source, has_rest);
}

/* Reads once, because a source that is no socket may be read only once per
 * readiness, and writes at once what came. */
static void run_copy(struct cat_pump *pump, bool source_is_ready, bool sink_is_ready)
{
    if (source_is_ready && wants_more(pump)) {
        int error = pump->filter ? read_filtered(pump) : read_plain(pump);
        if (error && error != -EAGAIN)
            cat_pump_end_source(pump, error);
    }
    int error = cat_pump_write(pump, sink_is_ready);
    cat_pump_go_on(pump, error, wants_more(pump));
}

/* What was put when it had ended already. Nobody waits for it. */
static void run_ended(struct cat_pump *pump, bool sink_is_ready)
{
    if (cat_pump_write(pump, sink_is_ready) < 0)
        nk_buffer_consume(&pump->buffer, nk_buffer_len(&pump->buffer));
    cat_pump_want(pump, false, nk_buffer_len(&pump->buffer) > 0);
}

void cat_pump_copy_instead(struct cat_pump *pump)
{
    pump->mode = CAT_PUMP_COPY;
    cat_pump_release_pipe(pump);
    cat_pump_want(pump, wants_more(pump), false);
}

/* ---- running ---- */

void cat_pump_run(struct cat_pump *pump, bool source_is_ready, bool sink_is_ready)
{
    if (pump->has_ended) {
        run_ended(pump, sink_is_ready);
        return;
    }
    switch (pump->mode) {
    case CAT_PUMP_COPY:
        run_copy(pump, source_is_ready, sink_is_ready);
        break;
    case CAT_PUMP_PACKET:
        cat_pump_run_packet(pump, source_is_ready, sink_is_ready);
        break;
    case CAT_PUMP_SPLICE:
        cat_pump_run_splice(pump);
        break;
    case CAT_PUMP_SENDFILE:
        cat_pump_run_sendfile(pump);
        break;
    case CAT_PUMP_RELAY:
        cat_pump_run_relay(pump);
        break;
    }
}

void cat_pump_start(struct cat_pump *pump)
{
    cat_pump_want(pump, true, pump->mode == CAT_PUMP_SENDFILE);
}

int cat_pump_put(struct cat_pump *pump, struct nk_slice bytes)
{
    int error = nk_buffer_append(&pump->buffer, bytes);
    if (!error)
        cat_pump_want(pump, pump->wants_source, true);
    return error;
}
