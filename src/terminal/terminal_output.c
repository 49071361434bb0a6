#include "terminal/terminal_output.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "terminal/terminal_settings.h"

#define QUEUE_MAX (4 * (size_t)TERMINAL_OUTPUT_HIGH_WATER)

/* A blocking terminal that polls writable takes at least this much. */
#define SHARED_WRITE_MAX 256

/* One attempt. Returns whether it may be repeated at once. */
static bool write_some(struct terminal_output *output)
{
    struct nk_slice bytes = nk_buffer_slice(&output->queue);
    if (output->is_shared)
        bytes = nk_slice_first(bytes, SHARED_WRITE_MAX);
    ssize_t put;
    do {
        put = write(output->fd, bytes.data, bytes.len);
    } while (put < 0 && errno == EINTR);
    if (put > 0)
        nk_buffer_consume(&output->queue, (size_t)put);
    else if (put < 0 && errno != EAGAIN)
        nk_buffer_consume(&output->queue, bytes.len); /* hung up: reading tells of it */
    return put > 0 && !output->is_shared && nk_buffer_len(&output->queue) > 0;
}

static void want_what_is_needed(struct terminal_output *output)
{
    bool is_empty = nk_buffer_len(&output->queue) == 0;
    if (is_empty)
        nk_buffer_release(&output->queue);
    nk_channel_want(&output->channel, is_empty ? 0 : NK_WRITE);
}

static void on_ready(struct nk_channel *channel, unsigned events)
{
    (void)events;
    struct terminal_output *output = nk_container_of(channel, struct terminal_output, channel);
    while (write_some(output))
        continue;
    want_what_is_needed(output);
    if (terminal_output_is_empty(output) && output->on_drained)
        output->on_drained(output);
}

void terminal_output_write(struct terminal_output *output, struct nk_slice bytes)
{
    if (nk_buffer_append(&output->queue, bytes) != 0)
        return;
    while (!output->is_shared && write_some(output))
        continue;
    want_what_is_needed(output);
}

/* fopencookie's side of the stream. */
static ssize_t write_stream(void *cookie, const char *data, size_t len)
{
    struct terminal_output *output = cookie;
    if (!output->is_muted)
        terminal_output_write(output, nk_slice_make(data, len));
    return (ssize_t)len;
}

int terminal_output_open(struct terminal_output *output, struct nk_event_loop *loop, int fd)
{
    static const cookie_io_functions_t functions = {.write = write_stream};
    int error;
    nk_buffer_init(&output->queue, QUEUE_MAX);
    output->fd = terminal_open_again(fd, &output->is_shared);
    if (output->fd < 0)
        return output->fd;
    output->stream = fopencookie(output, "w", functions);
    error =
        output->stream ? nk_channel_open(&output->channel, loop, output->fd, on_ready) : -ENOMEM;
    if (!error)
        return 0;
    if (output->stream)
        fclose(output->stream);
    close(output->fd);
    output->stream = NULL;
    return error;
}

void terminal_output_close(struct terminal_output *output)
{
    if (!output->stream)
        return;
    terminal_output_mute(output, true);
    fclose(output->stream);
    output->stream = NULL;
    nk_channel_close_descriptor(&output->channel);
    nk_buffer_deinit(&output->queue);
}

void terminal_output_mute(struct terminal_output *output, bool mute)
{
    fflush(output->stream);
    output->is_muted = mute;
}

bool terminal_output_is_full(const struct terminal_output *output)
{
    return nk_buffer_len(&output->queue) > TERMINAL_OUTPUT_HIGH_WATER;
}

bool terminal_output_is_empty(const struct terminal_output *output)
{
    return nk_buffer_len(&output->queue) == 0;
}

void terminal_output_finish(struct terminal_output *output, int patience)
{
    struct pollfd ready = {.fd = output->fd, .events = POLLOUT};
    fflush(output->stream);
    while (!terminal_output_is_empty(output) && poll(&ready, 1, patience) == 1)
        write_some(output);
    want_what_is_needed(output);
}
