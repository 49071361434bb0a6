/* Moving bytes that never enter this process: splice and sendfile. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "cat/cat_pump_private.h"
#include "os/socket.h"

/* Bytes kept in the pipe of a relay: a pipe's default capacity. */
#define RELAY_SIZE ((size_t)64 * 1024)

/* One event moves at most this much before others are looked at. */
#define MOVE_SIZE ((size_t)1024 * 1024)

/* Who moves so much at a time moves more soon. */
#define BULK_SIZE ((size_t)64 * 1024)

/* ---- between a pipe and a socket ---- */

/* -EAGAIN from splice does not say which side is not ready. */
static void wait_for_slower_side(struct cat_pump *pump)
{
    struct pollfd sides[] = {
        {.fd = pump->source->fd, .events = POLLIN},
        {.fd = pump->sink->fd, .events = POLLOUT},
    };
    bool source_is_ready = poll(sides, 2, 0) > 0 && sides[0].revents != 0;
    bool waits_for_sink = source_is_ready && sides[1].revents == 0;
    cat_pump_want(pump, !waits_for_sink, waits_for_sink);
}

/* Returns like splice(2). Once per event: what arrives meanwhile is worth moving
 * when there is more of it. In bulk the program at the other end of the pipe is
 * let go first, for the same reason, and because the kernel spins for the lock of
 * a pipe that somebody else is copying from: that takes half of the CPU time. */
static ssize_t splice_once(struct cat_pump *pump)
{
    if (pump->is_bulk)
        (void)sched_yield();
    size_t allowed = cat_pump_allowed(pump, MOVE_SIZE);
    if (allowed == 0)
        return -EAGAIN;
    ssize_t moved = nk_socket_splice(pump->source->fd, pump->sink->fd, allowed);
    if (moved > 0) {
        cat_pump_took(pump, (size_t)moved);
        pump->moved += (uint64_t)moved;
    }
    pump->is_bulk = moved >= (ssize_t)BULK_SIZE;
    return moved;
}

void cat_pump_run_splice(struct cat_pump *pump)
{
    ssize_t moved = cat_pump_may_read(pump) ? splice_once(pump) : -EAGAIN;
    if (!cat_pump_may_read(pump) && (moved > 0 || moved == -EAGAIN)) {
        cat_pump_want(pump, false, false);
    } else if (moved > 0) {
        cat_pump_want(pump, true, false);
    } else if (moved == -EAGAIN) {
        wait_for_slower_side(pump);
    } else if (moved == -EINVAL) {
        cat_pump_copy_instead(pump);
    } else {
        bool at_sink = moved == -EPIPE || pump->sink->kind == CAT_PORT_SOCKET;
        cat_pump_end(pump, (int)moved, moved < 0 && at_sink);
    }
}

/* ---- from a file to a socket ---- */

/* The file's own offset moves on, as if it had been read. */
void cat_pump_run_sendfile(struct cat_pump *pump)
{
    off_t offset = lseek(pump->source->fd, 0, SEEK_CUR);
    size_t allowed = cat_pump_may_read(pump) ? cat_pump_allowed(pump, MOVE_SIZE) : 0;
    if (allowed == 0) {
        cat_pump_want(pump, false, false);
        return;
    }
    if (offset < 0) {
        cat_pump_copy_instead(pump);
        return;
    }
    ssize_t moved = nk_socket_send_file(pump->sink->fd, pump->source->fd, &offset, allowed);
    if (moved > 0) {
        cat_pump_took(pump, (size_t)moved);
        pump->moved += (uint64_t)moved;
        if (lseek(pump->source->fd, offset, SEEK_SET) < 0)
            cat_pump_end(pump, -errno, false);
        else
            cat_pump_want(pump, false, true);
    } else if (moved == -EAGAIN) {
        cat_pump_want(pump, false, true);
    } else if (moved == -EINVAL) {
        cat_pump_copy_instead(pump);
    } else { /* only a failing disk is the file's fault */
        cat_pump_end(pump, (int)moved, moved < 0 && moved != -EIO);
    }
}

/* ---- between two sockets ---- */

static int get_pipe(struct cat_pump *pump)
{
    if (pump->pipe[0] >= 0)
        return 0;
    if (pump->pipes)
        return cat_pipes_take(pump->pipes, pump->pipe);
    return pipe2(pump->pipe, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0;
}

void cat_pump_release_pipe(struct cat_pump *pump)
{
    if (pump->pipe[0] < 0)
        return;
    if (pump->pipes) {
        cat_pipes_give(pump->pipes, pump->pipe, pump->piped == 0);
        return;
    }
    close(pump->pipe[0]);
    close(pump->pipe[1]);
    pump->pipe[0] = -1;
    pump->pipe[1] = -1;
}

/* From the source into our pipe. */
static void fill_pipe(struct cat_pump *pump)
{
    if (!cat_pump_may_read(pump) || pump->piped >= RELAY_SIZE)
        return;
    size_t allowed = cat_pump_allowed(pump, RELAY_SIZE - pump->piped);
    if (allowed == 0)
        return;
    ssize_t got = nk_socket_splice(pump->source->fd, pump->pipe[1], allowed);
    if (got > 0) {
        cat_pump_took(pump, (size_t)got);
        pump->piped += (size_t)got;
    } else if (got != -EAGAIN) {
        cat_pump_end_source(pump, (int)got);
    }
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

void cat_pump_run_relay(struct cat_pump *pump)
{
    if (get_pipe(pump) < 0) {
        cat_pump_copy_instead(pump);
        return;
    }
    fill_pipe(pump);
    if (pump->source_error == -EINVAL && pump->piped == 0) {
        pump->source_ended = false;
        pump->source_error = 0;
        cat_pump_copy_instead(pump);
        return;
    }
    int error = empty_pipe(pump);
    if (pump->pipes && pump->piped == 0)
        cat_pump_release_pipe(pump);
    if (error)
        cat_pump_end(pump, error, true);
    else if (pump->source_ended && pump->piped == 0)
        cat_pump_end(pump, pump->source_error, false);
    else /* an empty pipe takes anything; a filled one waits for the sink first */
        cat_pump_want(pump, cat_pump_may_read(pump) && pump->piped == 0, pump->piped > 0);
}
