#include "keepalive/keepalive_link.h"

#include <errno.h>
#include <stdio.h>

#include "os/socket.h"
#include "os/socket_datagram.h"

/* Messages that a stream may owe. */
#define OUTPUT_MAX ((size_t)64 * KEEPALIVE_MESSAGE_SIZE)

/* Bytes received in one go; what is left comes in the next turn. A datagram that is
 * longer than a message shows. */
#define INPUT_SIZE (4 * KEEPALIVE_MESSAGE_SIZE)

/* ---- sending ---- */

/* Sends what is queued, as far as the kernel takes it. An error shows when receiving. */
static void flush(struct keepalive_link *link)
{
    ssize_t sent = 1;
    while (sent > 0 && nk_buffer_len(&link->output) > 0) {
        struct nk_slice rest = nk_buffer_slice(&link->output);
        sent = nk_socket_send(link->channel.fd, rest.data, rest.len, false);
        if (sent > 0)
            nk_buffer_consume(&link->output, (size_t)sent);
    }
    bool is_waiting = sent == -EAGAIN && nk_buffer_len(&link->output) > 0;
    nk_channel_want(&link->channel, is_waiting ? NK_READ | NK_WRITE : NK_READ);
}

int keepalive_link_send(struct keepalive_link *link,
                        const char message[static KEEPALIVE_MESSAGE_SIZE])
{
    if (!link->is_stream) {
        ssize_t sent = nk_socket_send(link->channel.fd, message, KEEPALIVE_MESSAGE_SIZE, false);
        return sent >= 0 || sent == -EAGAIN || sent == -ENOBUFS ? 0 : (int)sent;
    }
    int error = nk_buffer_append(&link->output, nk_slice_make(message, KEEPALIVE_MESSAGE_SIZE));
    if (!error)
        flush(link);
    return error;
}

/* ---- receiving ---- */

static void refuse(struct keepalive_link *link, uint32_t type)
{
    char what[64];
    snprintf(what, sizeof(what), "a message of the unknown type %u", (unsigned)type);
    link->handlers->on_garbage(link, what);
}

static void deliver(struct keepalive_link *link, struct keepalive_message *message)
{
    uint32_t type = message->type;
    if (keepalive_type_accept(&message->type, link->is_compat))
        link->handlers->on_message(link, message);
    else
        refuse(link, type);
}

static void take_bytes(struct keepalive_link *link, struct nk_slice input)
{
    while (input.len > 0 && link->is_open) {
        struct keepalive_message message;
        bool is_complete;
        uint32_t type;
        size_t taken = keepalive_reader_take(&link->reader, input, &message, &is_complete);
        input = nk_slice_from(input, taken);
        if (keepalive_reader_is_astray(&link->reader, link->is_compat, &type)) {
            refuse(link, type);
            return;
        }
        if (is_complete)
            deliver(link, &message);
    }
}

static void take_record(struct keepalive_link *link, struct nk_slice record)
{
    char what[64];
    struct keepalive_message message;
    if (keepalive_message_read(&message, record) == 0) {
        deliver(link, &message);
        return;
    }
    snprintf(what, sizeof(what), "a message of %s%zu bytes",
             record.len == INPUT_SIZE ? "at least " : "", record.len);
    link->handlers->on_garbage(link, what);
}

static bool is_in_message(const struct keepalive_link *link)
{
    return link->reader.len > 0 && link->reader.len < KEEPALIVE_MESSAGE_SIZE;
}

static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct keepalive_link *link = nk_container_of(channel, struct keepalive_link, channel);
    char bytes[INPUT_SIZE];
    if (events & NK_WRITE)
        flush(link);
    ssize_t len = nk_socket_recv(channel->fd, bytes, sizeof(bytes));
    if (len == -EAGAIN)
        return;
    if (len < 0 || (len == 0 && !link->is_datagram)) {
        link->handlers->on_end(link, (int)len, is_in_message(link));
        return;
    }
    link->handlers->on_traffic(link);
    if (!link->is_open)
        return;
    if (link->is_stream)
        take_bytes(link, nk_slice_make(bytes, (size_t)len));
    else
        take_record(link, nk_slice_make(bytes, (size_t)len));
}

/* ---- life ---- */

int keepalive_link_open(struct keepalive_link *link, struct nk_event_loop *loop, int fd,
                        enum nk_scheme scheme, bool is_compat,
                        const struct keepalive_link_handlers *handlers)
{
    *link = (struct keepalive_link){
        .handlers = handlers,
        .is_stream = scheme == NK_SCHEME_TCP || scheme == NK_SCHEME_UNIX,
        .is_datagram = scheme == NK_SCHEME_UDP || scheme == NK_SCHEME_UNIX_DGRAM,
        .is_compat = is_compat,
    };
    nk_buffer_init(&link->output, OUTPUT_MAX);
    int error = 0;
    if (scheme == NK_SCHEME_UNIX_DGRAM) /* without a name it could not be answered */
        error = nk_socket_autobind(fd);
    if (!error)
        error = nk_channel_open(&link->channel, loop, fd, on_ready);
    if (error) {
        nk_socket_close(fd);
        return error;
    }
    link->is_open = true;
    nk_channel_want(&link->channel, NK_READ);
    return 0;
}

void keepalive_link_close(struct keepalive_link *link)
{
    if (!link->is_open)
        return;
    link->is_open = false;
    nk_channel_close_descriptor(&link->channel);
    nk_buffer_deinit(&link->output);
}
