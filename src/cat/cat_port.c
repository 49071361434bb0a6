#include "cat/cat_port.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cat/cat_pump.h"
#include "os/socket.h"
#include "os/socket_options.h"
#include "os/socket_record.h"
#include "os/socket_shared.h"

/* A pipe that polls writable has room for a page, a terminal for less; a larger
 * write would block until somebody reads. */
#define PIPE_WRITE_MAX PIPE_BUF
#define TERMINAL_WRITE_MAX 256

static enum cat_port_kind kind_of(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return CAT_PORT_FILE;
    if (S_ISSOCK(status.st_mode))
        return fcntl(fd, F_GETFL) & O_NONBLOCK ? CAT_PORT_SOCKET : CAT_PORT_SHARED_SOCKET;
    if (S_ISFIFO(status.st_mode))
        return CAT_PORT_PIPE;
    return isatty(fd) ? CAT_PORT_TERMINAL : CAT_PORT_FILE;
}

static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct cat_port *port = nk_container_of(channel, struct cat_port, channel);
    if (port->on_ready) {
        port->on_ready(port);
        return;
    }
    bool is_readable = events & (unsigned)(NK_READ | NK_HANGUP);
    bool is_writable = events & (unsigned)(NK_WRITE | NK_HANGUP);
    if (is_writable && port->writes && port->writes->wants_sink)
        cat_pump_run(port->writes, false, true);
    if (is_readable && port->fd >= 0 && port->reads && port->reads->wants_source)
        cat_pump_run(port->reads, true, false);
}

/* The same terminal once more: non-blocking for us alone. Where that is not
 * allowed (another user's terminal) the shared descriptor has to do. */
static int reopen_terminal(int fd)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int own = open(path, (fcntl(fd, F_GETFL) & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return own < 0 ? fd : own;
}

static void log_options(int fd)
{
    char text[NK_SOCKET_OPTIONS_TEXT_MAX];
    if (nk_log_enabled(NK_LOG_DEBUG))
        nk_log(NK_LOG_DEBUG, "the options of the socket: %s", nk_socket_options_print(fd, text));
}

int cat_port_open(struct cat_port *port, struct nk_event_loop *loop, int fd)
{
    struct cat_port opened = {.fd = fd, .given = fd, .kind = kind_of(fd)};
    if (opened.kind == CAT_PORT_TERMINAL)
        opened.fd = reopen_terminal(fd);
    if (opened.kind == CAT_PORT_SOCKET)
        log_options(fd);
    if (nk_socket_keeps_records(fd))
        opened.keeps_records = nk_socket_mark_records(fd) == 0;
    int error = nk_channel_open(&port->channel, loop, opened.fd, on_ready);
    if (error) {
        if (opened.fd != fd)
            close(opened.fd);
        return error;
    }
    opened.channel = port->channel;
    *port = opened;
    return 0;
}

static void close_standard(int fd)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, fd) < 0)
        close(fd);
    if (null >= 0)
        close(null);
}

void cat_port_close(struct cat_port *port)
{
    if (port->fd < 0)
        return;
    nk_channel_close(&port->channel);
    if (port->fd != port->given)
        close(port->fd);
    if (port->given <= STDERR_FILENO)
        close_standard(port->given);
    else
        close(port->given);
    port->fd = -1;
}

ssize_t cat_port_read(struct cat_port *port, void *data, size_t len)
{
    if (port->kind == CAT_PORT_SOCKET)
        return nk_socket_recv(port->fd, data, len);
    if (port->kind == CAT_PORT_SHARED_SOCKET)
        return nk_socket_shared_recv(port->fd, data, len);
    ssize_t got;
    do {
        got = read(port->fd, data, len);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EIO && port->kind == CAT_PORT_TERMINAL)
        return 0; /* the terminal has hung up */
    return got < 0 ? -errno : got;
}

ssize_t cat_port_read_record(struct cat_port *port, void *data, size_t len, bool *has_ended)
{
    if (port->keeps_records)
        return nk_socket_receive_record(port->fd, data, len, has_ended);
    ssize_t got = cat_port_read(port, data, len);
    *has_ended = got == 0;
    return got;
}

ssize_t cat_port_write(struct cat_port *port, const void *data, size_t len)
{
    if (port->kind == CAT_PORT_SOCKET)
        return nk_socket_send(port->fd, data, len, false);
    if (port->kind == CAT_PORT_SHARED_SOCKET)
        return nk_socket_shared_send(port->fd, data, len);
    if (port->kind == CAT_PORT_PIPE && len > PIPE_WRITE_MAX)
        len = PIPE_WRITE_MAX;
    if (port->kind == CAT_PORT_TERMINAL && port->fd == port->given && len > TERMINAL_WRITE_MAX)
        len = TERMINAL_WRITE_MAX;
    ssize_t put;
    do {
        put = write(port->fd, data, len);
    } while (put < 0 && errno == EINTR);
    return put < 0 ? -errno : put;
}

void cat_port_end(struct cat_port *port)
{
    if (port->kind != CAT_PORT_SOCKET)
        cat_port_close(port);
    else if (nk_socket_shutdown_write(port->fd) < 0)
        return; /* the peer has reset it: reading will say so */
}

void cat_port_update(struct cat_port *port)
{
    unsigned events = 0;
    if (port->fd < 0)
        return;
    if (port->reads && port->reads->wants_source)
        events |= NK_READ;
    if (port->writes && port->writes->wants_sink)
        events |= NK_WRITE;
    nk_channel_want(&port->channel, events);
}
