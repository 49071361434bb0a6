#include "net/transport.h"
#include "os/socket.h"
#include "reactor/channel.h"

static ssize_t plain_recv(struct nk_transport *transport, void *data, size_t len)
{
    return nk_socket_recv(transport->fd, data, len);
}

static ssize_t plain_send(struct nk_transport *transport, const void *data, size_t len, bool more)
{
    return nk_socket_send(transport->fd, data, len, more);
}

static int plain_shutdown(struct nk_transport *transport)
{
    return nk_socket_shutdown_write(transport->fd);
}

static ssize_t plain_send_file(struct nk_transport *transport, int file, off_t *offset, size_t len)
{
    return nk_socket_send_file(transport->fd, file, offset, len);
}

static ssize_t plain_splice(struct nk_transport *transport, int pipe, size_t len)
{
    return nk_socket_splice(transport->fd, pipe, len);
}

static const struct nk_transport_ops plain_ops = {
    .name = "plain",
    .recv = plain_recv,
    .send = plain_send,
    .shutdown = plain_shutdown,
    .send_file = plain_send_file,
    .splice = plain_splice,
};

void nk_plain_transport_init(struct nk_transport *transport, int fd)
{
    *transport = (struct nk_transport){
        .ops = &plain_ops,
        .fd = fd,
        .recv_waits_for = NK_READ,
        .send_waits_for = NK_WRITE,
    };
}
