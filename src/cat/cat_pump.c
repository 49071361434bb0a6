#include "cat/cat_pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "os/socket.h"

/* Bytes on their way in copy mode. 256 KiB: a bulk transfer's cost per system
 * call is small beside the copying then, and slow sinks still bound memory. */
#define BUFFER_SIZE ((size_t)256 * 1024)

/* One read in copy mode. */
#define READ_SIZE ((size_t)64 * 1024)

/* Bytes kept in the pipe of a relay: a pipe's default capacity. */
#define RELAY_SIZE ((size_t)64 * 1024)

/* One event moves at most this much before others are looked at. */
#define MOVE_SIZE ((size_t)1024 * 1024)

/* The same for a pair that splice moves less at a time. */
#define SPLICES_PER_EVENT 8

/* Pipes that splice moves to or from are made this large, which halves the cost
 * of a byte: fewer turns, and fewer of those in which one side has to wait. */
#define PIPE_SIZE (1024 * 1024)

static enum cat_pump_mode choose_mode(const struct cat_pump *pump)
{
    enum cat_port_kind from = pump->source->kind;
    enum cat_port_kind to = pump->sink->kind;
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
    pump->is_paused = false;
    pump->has_ended = false;
    pump->wants_source = false;
    pump->wants_sink = false;
    source->reads = pump;
    sink->writes = pump;
    if (pump->mode == CAT_PUMP_SPLICE)
        enlarge_pipe(source->kind == CAT_PORT_PIPE ? source->fd : sink->fd);
}

static void close_pipe(struct cat_pump *pump)
{
    for (int i = 0; i < 2; i++) {
        if (pump->pipe[i] >= 0)
            close(pump->pipe[i]);
        pump->pipe[i] = -1;
    }
}

void cat_pump_deinit(struct cat_pump *pump)
{
    if (!pump->source)
        return; /* never initialised */
    close_pipe(pump);
    nk_buffer_deinit(&pump->buffer);
}

/* ---- ending ---- */

static void want(struct cat_pump *pump, bool source, bool sink)
{
    pump->wants_source = source;
    pump->wants_sink = sink;
    cat_port_update(pump->source);
    cat_port_update(pump->sink);
}

static void end(struct cat_pump *pump, int error, bool at_sink)
{
    if (pump->has_ended)
        return;
    pump->has_ended = true;
    want(pump, false, false);
    close_pipe(pump);
    nk_buffer_release(&pump->buffer);
    pump->on_ended(pump, error, at_sink);
}

/* The source gives nothing any more, for this reason or because it has ended. */
static void end_source(struct cat_pump *pump, int error)
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
    ssize_t got = cat_port_read(pump->source, chunk, sizeof(chunk));
    if (got < 0)
        return (int)got;
    if (got > 0)
        return pump->filter(pump->filter_context, nk_slice_make(chunk, (size_t)got), &pump->buffer);
    end_source(pump, 0);
    return 0;
}

static int read_plain(struct cat_pump *pump)
{
    char *tail;
    size_t room = nk_buffer_room(&pump->buffer);
    int error = nk_buffer_reserve(&pump->buffer, room < READ_SIZE ? room : READ_SIZE, &tail, &room);
    if (error)
        return error;
    ssize_t got = cat_port_read(pump->source, tail, room);
    if (got < 0)
        return (int)got;
    if (got == 0)
        end_source(pump, 0);
    else
        nk_buffer_commit(&pump->buffer, (size_t)got);
    return 0;
}

static bool wants_more(const struct cat_pump *pump)
{
    size_t needed = pump->filter ? BUFFER_SIZE / 2 : 1;
    return !pump->source_ended && !pump->is_paused && nk_buffer_room(&pump->buffer) >= needed;
}

/* Pipes and terminals may be written only when the loop has found them ready. */
static int write_sink(struct cat_pump *pump, bool sink_is_ready)
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

/* Reads once, because a source that is no socket may be read only once per
 * readiness, and writes at once what came. */
static void run_copy(struct cat_pump *pump, bool source_is_ready, bool sink_is_ready)
{
    int error = 0;
    if (source_is_ready && wants_more(pump)) {
        error = pump->filter ? read_filtered(pump) : read_plain(pump);
        if (error && error != -EAGAIN)
            end_source(pump, error);
    }
    error = write_sink(pump, sink_is_ready);
    bool is_empty = nk_buffer_len(&pump->buffer) == 0;
    if (error)
        end(pump, error, true);
    else if (pump->source_ended && is_empty)
        end(pump, pump->source_error, false);
    else
        want(pump, wants_more(pump), !is_empty);
}

/* ---- letting the kernel move ---- */

/* -EAGAIN from splice does not say which side is not ready. */
static void wait_for_slower_side(struct cat_pump *pump)
{
    struct pollfd sides[] = {
        {.fd = pump->source->fd, .events = POLLIN},
        {.fd = pump->sink->fd, .events = POLLOUT},
    };
    bool source_is_ready = poll(sides, 2, 0) > 0 && sides[0].revents != 0;
    bool waits_for_sink = source_is_ready && sides[1].revents == 0;
    want(pump, !waits_for_sink, waits_for_sink);
}

static void fall_back_to_copying(struct cat_pump *pump)
{
    pump->mode = CAT_PUMP_COPY;
    close_pipe(pump);
    want(pump, wants_more(pump), false);
}

/* While bytes are moved more arrive: taking them at once saves waking up for
 * them. Returns like splice(2). An end or an error behind some bytes is
 * returned at once: the kernel tells of a reset only once. */
static ssize_t splice_on(struct cat_pump *pump)
{
    ssize_t moved = 0;
    ssize_t total = 0;
    for (int i = 0; i < SPLICES_PER_EVENT; i++) {
        moved = nk_socket_splice(pump->source->fd, pump->sink->fd, MOVE_SIZE);
        if (moved <= 0)
            break;
        pump->moved += (uint64_t)moved;
        total += moved;
    }
    return total > 0 && (moved > 0 || moved == -EAGAIN) ? total : moved;
}

static void run_splice(struct cat_pump *pump)
{
    if (pump->is_paused) {
        want(pump, false, false);
        return;
    }
    ssize_t moved = splice_on(pump);
    if (moved > 0) {
        want(pump, true, false);
    } else if (moved == -EAGAIN) {
        wait_for_slower_side(pump);
    } else if (moved == -EINVAL) {
        fall_back_to_copying(pump);
    } else {
        bool at_sink = moved == -EPIPE || pump->sink->kind == CAT_PORT_SOCKET;
        end(pump, (int)moved, moved < 0 && at_sink);
    }
}

/* The file's own offset moves on, as if it had been read. */
static void run_sendfile(struct cat_pump *pump)
{
    off_t offset = lseek(pump->source->fd, 0, SEEK_CUR);
    if (pump->is_paused) {
        want(pump, false, false);
        return;
    }
    if (offset < 0) {
        fall_back_to_copying(pump);
        return;
    }
    ssize_t moved = nk_socket_send_file(pump->sink->fd, pump->source->fd, &offset, MOVE_SIZE);
    if (moved > 0) {
        pump->moved += (uint64_t)moved;
        if (lseek(pump->source->fd, offset, SEEK_SET) < 0)
            end(pump, -errno, false);
        else
            want(pump, false, true);
    } else if (moved == -EAGAIN) {
        want(pump, false, true);
    } else if (moved == -EINVAL) {
        fall_back_to_copying(pump);
    } else { /* only a failing disk is the file's fault */
        end(pump, (int)moved, moved < 0 && moved != -EIO);
    }
}

/* From the source into our pipe. */
static void fill_pipe(struct cat_pump *pump)
{
    if (pump->source_ended || pump->is_paused || pump->piped >= RELAY_SIZE)
        return;
    ssize_t got = nk_socket_splice(pump->source->fd, pump->pipe[1], RELAY_SIZE - pump->piped);
    if (got > 0)
        pump->piped += (size_t)got;
    else if (got != -EAGAIN)
        end_source(pump, (int)got);
}

static int empty_pipe(struct cat_pump *pump)
{
    if (pump->piped == 0)
        return 0;
    ssize_t put = nk_socket_splice(pump->pipe[0], pump->sink->fd, pump->piped);
    if (put > 0) {
        pump->piped -= (size_t)put;
        pump->moved += (uint64_t)put;
    }
    return put < 0 && put != -EAGAIN ? (int)put : 0;
}

static void run_relay(struct cat_pump *pump)
{
    if (pump->pipe[0] < 0 && pipe2(pump->pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
        fall_back_to_copying(pump);
        return;
    }
    fill_pipe(pump);
    if (pump->source_error == -EINVAL && pump->piped == 0) {
        pump->source_ended = false;
        pump->source_error = 0;
        fall_back_to_copying(pump);
        return;
    }
    int error = empty_pipe(pump);
    if (error)
        end(pump, error, true);
    else if (pump->source_ended && pump->piped == 0)
        end(pump, pump->source_error, false);
    else /* an empty pipe takes anything; a filled one waits for the sink first */
        want(pump, !pump->source_ended && !pump->is_paused && pump->piped == 0, pump->piped > 0);
}

/* ---- running ---- */

void cat_pump_run(struct cat_pump *pump, bool source_is_ready, bool sink_is_ready)
{
    if (pump->has_ended)
        return;
    switch (pump->mode) {
    case CAT_PUMP_COPY:
        run_copy(pump, source_is_ready, sink_is_ready);
        break;
    case CAT_PUMP_SPLICE:
        run_splice(pump);
        break;
    case CAT_PUMP_SENDFILE:
        run_sendfile(pump);
        break;
    case CAT_PUMP_RELAY:
        run_relay(pump);
        break;
    }
}

void cat_pump_start(struct cat_pump *pump)
{
    want(pump, true, pump->mode == CAT_PUMP_SENDFILE);
}

void cat_pump_pause(struct cat_pump *pump)
{
    pump->is_paused = true;
    if (!pump->has_ended)
        want(pump, false, pump->wants_sink);
}

void cat_pump_resume(struct cat_pump *pump)
{
    pump->is_paused = false;
    if (!pump->has_ended)
        want(pump, !pump->source_ended, pump->wants_sink);
}

void cat_pump_finish(struct cat_pump *pump)
{
    if (pump->has_ended)
        return;
    end_source(pump, 0);
    if (nk_buffer_len(&pump->buffer) == 0 && pump->piped == 0)
        end(pump, 0, false);
    else
        want(pump, false, true);
}
