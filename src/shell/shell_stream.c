#include "shell/shell_stream.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* A terminal that is ready has room for less than a pipe, whose room is a page. */
#define TERMINAL_MAX 256

static size_t find_write_max(int fd)
{
    struct stat status;
    if (isatty(fd))
        return TERMINAL_MAX;
    bool never_blocks = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    return never_blocks ? SIZE_MAX : PIPE_BUF;
}

int shell_stream_open(struct shell_stream *stream, struct nk_event_loop *loop, int fd,
                      nk_channel_fn *on_ready)
{
    int error = nk_channel_open(&stream->channel, loop, fd, on_ready);
    stream->write_max = find_write_max(fd);
    stream->is_open = !error;
    return error;
}

void shell_stream_close(struct shell_stream *stream)
{
    if (stream->is_open)
        nk_channel_close(&stream->channel);
    stream->is_open = false;
}

ssize_t shell_stream_read(struct shell_stream *stream, char *bytes, size_t size)
{
    ssize_t got;
    do {
        got = read(stream->channel.fd, bytes, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EIO && isatty(stream->channel.fd))
        return 0; /* the terminal has hung up */
    return got < 0 ? -errno : got;
}

ssize_t shell_stream_write(struct shell_stream *stream, struct nk_slice bytes)
{
    ssize_t put;
    bytes = nk_slice_first(bytes, stream->write_max);
    do {
        put = write(stream->channel.fd, bytes.data, bytes.len);
    } while (put < 0 && errno == EINTR);
    return put < 0 ? -errno : put;
}
