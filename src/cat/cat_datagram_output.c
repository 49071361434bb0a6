#include "cat/cat_datagram_output.h"

#include <errno.h>
#include <poll.h>

#include "os/socket_datagram.h"

/* Bytes that standard output has not taken yet; then the rest waits in the kernel.
 * A batch that was received together is still kept: 64 messages, each of which can
 * be a run of datagrams. */
#define FULL ((size_t)1024 * 1024)
#define OUTPUT_MAX (FULL + (size_t)64 * NK_DATAGRAM_RUN_MAX)

/* Writes in a row: to a pipe each is a page, and a pipe has room for 16. */
#define WRITES_MAX 16

static bool is_writable(const struct cat_port *port)
{
    struct pollfd ready = {.fd = port->fd, .events = POLLOUT};
    return poll(&ready, 1, 0) == 1 && (ready.revents & (POLLOUT | POLLERR | POLLHUP));
}

/* Writes what is taken without waiting. Returns 0 or -errno, never -EAGAIN. */
static int write_some(struct cat_datagram_output *output)
{
    for (int i = 0; i < WRITES_MAX; i++) {
        struct nk_slice bytes = nk_buffer_slice(&output->bytes);
        if (bytes.len == 0 || !is_writable(&output->port))
            return 0;
        ssize_t put = cat_port_write(&output->port, bytes.data, bytes.len);
        if (put < 0)
            return put == -EAGAIN ? 0 : (int)put;
        nk_buffer_consume(&output->bytes, (size_t)put);
    }
    return 0;
}

static void on_ready(struct cat_port *port)
{
    struct cat_datagram_output *output = nk_container_of(port, struct cat_datagram_output, port);
    int error = write_some(output);
    if (error) {
        nk_channel_want(&port->channel, 0);
        output->options.on_failed(output->options.context, error);
        return;
    }
    if (nk_buffer_len(&output->bytes) > 0)
        return;
    nk_channel_want(&port->channel, 0);
    output->options.on_written(output->options.context);
}

int cat_datagram_output_open(struct cat_datagram_output *output, struct nk_event_loop *loop, int fd,
                             const struct cat_datagram_output_options *options)
{
    int error = cat_port_open(&output->port, loop, fd);
    if (error)
        return error;
    output->port.on_ready = on_ready;
    output->options = *options;
    nk_buffer_init(&output->bytes, OUTPUT_MAX);
    return 0;
}

int cat_datagram_output_put(struct cat_datagram_output *output, struct nk_slice bytes)
{
    int error = nk_buffer_append(&output->bytes, bytes);
    if (!error)
        nk_channel_want(&output->port.channel, NK_WRITE);
    return error;
}

bool cat_datagram_output_is_full(const struct cat_datagram_output *output)
{
    return nk_buffer_len(&output->bytes) >= FULL;
}

bool cat_datagram_output_is_empty(const struct cat_datagram_output *output)
{
    return nk_buffer_len(&output->bytes) == 0;
}

void cat_datagram_output_flush(struct cat_datagram_output *output)
{
    size_t before;
    do {
        before = nk_buffer_len(&output->bytes);
    } while (write_some(output) == 0 && nk_buffer_len(&output->bytes) < before);
}

void cat_datagram_output_close(struct cat_datagram_output *output)
{
    if (output->port.fd < 0)
        return;
    cat_port_close(&output->port);
    nk_buffer_deinit(&output->bytes);
}
