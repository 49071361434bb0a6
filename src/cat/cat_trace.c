#include "cat/cat_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cat/hexdump.h"

/* Room for what one turn records; when it is used up the file is written in the
 * middle of the turn. */
#define BUFFER_SIZE ((size_t)2 * RECORD_LINE_MAX)

/* Hexdump lines that are shown with one call: a KiB of data. */
#define LINES_PER_CALL 64

#define FILE_MODE 0666 /* less the umask, as for any file that a program writes */

static const char marks[] = {[RECORD_SENT] = '>', [RECORD_RECEIVED] = '<'};

struct cat_trace {
    struct nk_event_loop *loop;
    struct cat_trace_options options;
    int fd; /* -1 = nothing is recorded, or not any more */
    struct nk_buffer buffer;
    struct nk_timer write_timer;
    uint64_t started_at; /* loop time, ns */
    bool has_begun;
    bool has_ended[2];   /* by direction */
    uint64_t offsets[2]; /* of the next byte in the hexdump, by direction */
};

/* ---- the file ---- */

static void fail(struct cat_trace *trace, int error)
{
    close(trace->fd);
    trace->fd = -1;
    trace->options.on_failed(trace->options.context, error);
}

static int write_all(int fd, struct nk_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.data, bytes.len);
        if (put < 0 && errno != EINTR)
            return -errno;
        bytes = nk_slice_from(bytes, put > 0 ? (size_t)put : 0);
    }
    return 0;
}

static void write_out(struct cat_trace *trace)
{
    struct nk_slice bytes = nk_buffer_slice(&trace->buffer);
    nk_event_loop_cancel_timer(trace->loop, &trace->write_timer);
    if (trace->fd < 0 || bytes.len == 0)
        return;
    int error = write_all(trace->fd, bytes);
    nk_buffer_consume(&trace->buffer, bytes.len);
    if (error)
        fail(trace, error);
}

static void on_write(struct nk_timer *timer)
{
    write_out(nk_container_of(timer, struct cat_trace, write_timer));
}

/* A timer that is due already runs when this turn's events have been served. */
static void write_soon(struct cat_trace *trace)
{
    uint64_t now = nk_event_loop_now(trace->loop);
    if (nk_buffer_room(&trace->buffer) < RECORD_LINE_MAX ||
        nk_event_loop_set_timer(trace->loop, &trace->write_timer, now) != 0)
        write_out(trace);
}

/* Opening a pipe waits for its reader unless it is told not to; writing it may
 * wait like any program's writing. */
static int open_file(const char *path)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FILE_MODE);
    if (fd < 0)
        return -errno;
    if (fcntl(fd, F_SETFL, 0) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

/* ---- what is told ---- */

static uint64_t elapsed(const struct cat_trace *trace)
{
    uint64_t now = nk_event_loop_now(trace->loop);
    return now > trace->started_at ? now - trace->started_at : 0;
}

static void keep(struct cat_trace *trace, int error)
{
    if (error)
        fail(trace, error);
    else
        write_soon(trace);
}

static void record(struct cat_trace *trace, enum record_direction direction, struct nk_slice bytes)
{
    do {
        struct nk_slice chunk = nk_slice_first(bytes, RECORD_CHUNK_MAX);
        keep(trace, record_write_chunk(&trace->buffer, elapsed(trace), direction, chunk));
        bytes = nk_slice_from(bytes, chunk.len);
    } while (bytes.len > 0 && trace->fd >= 0);
}

static void show(struct cat_trace *trace, enum record_direction direction, struct nk_slice bytes)
{
    char lines[LINES_PER_CALL * HEXDUMP_LINE_MAX];
    do {
        size_t len = 0;
        for (int i = 0; i < LINES_PER_CALL && (i == 0 || bytes.len > 0); i++) {
            struct nk_slice part = nk_slice_first(bytes, HEXDUMP_BYTES_PER_LINE);
            len += hexdump_line(lines + len, marks[direction], trace->offsets[direction], part);
            trace->offsets[direction] += part.len;
            bytes = nk_slice_from(bytes, part.len);
        }
        trace->options.on_hexdump(trace->options.context, lines);
    } while (bytes.len > 0);
}

void cat_trace_begin(struct cat_trace *trace)
{
    if (!trace || trace->has_begun)
        return;
    trace->has_begun = true;
    trace->started_at = nk_event_loop_now(trace->loop);
}

void cat_trace_show_hex(struct cat_trace *trace, bool on)
{
    if (trace)
        trace->options.hex = on;
}

void cat_trace_chunk(struct cat_trace *trace, enum record_direction direction,
                     struct nk_slice bytes)
{
    if (!trace)
        return;
    if (trace->options.hex)
        show(trace, direction, bytes);
    else
        trace->offsets[direction] += bytes.len;
    if (trace->fd >= 0 && !trace->has_ended[direction])
        record(trace, direction, bytes);
}

void cat_trace_end(struct cat_trace *trace, enum record_direction direction)
{
    if (!trace || trace->has_ended[direction])
        return;
    trace->has_ended[direction] = true;
    if (trace->fd >= 0)
        keep(trace, record_write_end(&trace->buffer, elapsed(trace), direction));
}

/* ---- life ---- */

/* The header is written at once: a disk that is full already is found out now. */
static int open_record(struct cat_trace *trace)
{
    if (!trace->options.record)
        return 0;
    int error = record_write_header(&trace->buffer);
    if (error)
        return error;
    trace->fd = open_file(trace->options.record);
    if (trace->fd < 0)
        return trace->fd;
    struct nk_slice bytes = nk_buffer_slice(&trace->buffer);
    error = write_all(trace->fd, bytes);
    nk_buffer_consume(&trace->buffer, bytes.len);
    if (error)
        close(trace->fd);
    return error;
}

int cat_trace_open(struct cat_trace **out, struct nk_event_loop *loop,
                   const struct cat_trace_options *options)
{
    struct cat_trace *trace = calloc(1, sizeof(*trace));
    if (!trace)
        return -ENOMEM;
    trace->loop = loop;
    trace->options = *options;
    trace->fd = -1;
    trace->started_at = nk_event_loop_now(loop);
    nk_buffer_init(&trace->buffer, BUFFER_SIZE);
    nk_timer_init(&trace->write_timer, on_write);
    int error = open_record(trace);
    if (error) {
        nk_buffer_deinit(&trace->buffer);
        free(trace);
        return error;
    }
    *out = trace;
    return 0;
}

void cat_trace_close(struct cat_trace *trace)
{
    if (!trace)
        return;
    write_out(trace);
    if (trace->fd >= 0 && close(trace->fd) < 0)
        trace->options.on_failed(trace->options.context, -errno);
    nk_buffer_deinit(&trace->buffer);
    free(trace);
}
