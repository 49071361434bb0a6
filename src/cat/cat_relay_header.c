/* The PROXY protocol in front of a client's bytes, and in front of ours. */
#include <errno.h>

#include "cat/cat_relay_private.h"
#include "os/socket.h"

/* The protocol's own advice: a few seconds, and more than the 3 that a segment which
 * was lost takes to come again. */
#define HEADER_TIMEOUT (5 * NK_NANOSECONDS_PER_SECOND)

/* Looked at in one go: more than any header without extensions. */
#define PEEK_SIZE 512

/* ---- the client's ---- */

static void refuse(struct relay_link *link, int error, const char *reason)
{
    link->reason = reason;
    relay_link_fail(link, "take a PROXY header from", error);
}

/* Whoever comes and says nothing at all wants to know whether somebody is there. */
static void end_early(struct relay_link *link, bool has_said_something, ssize_t error)
{
    if (has_said_something)
        refuse(link, error < 0 ? (int)error : -ECONNRESET, NULL);
    else
        relay_link_drop(link);
}

static void complete(struct relay_link *link)
{
    const struct proxy_header *header = &link->parser->header;
    if (header->has_addresses) {
        link->address = header->source;
        link->local = header->destination;
    }
    free(link->parser);
    link->parser = NULL;
    link->client.on_ready = NULL;
    nk_channel_want(&link->client.channel, 0);
    nk_event_loop_cancel_timer(link->relay->loop, &link->timer);
    relay_link_dial(link);
}

/* Only the bytes of the header are taken; what follows stays in the socket. */
static void on_client_ready(struct cat_port *port)
{
    struct relay_link *link = nk_container_of(port, struct relay_link, client);
    char bytes[PEEK_SIZE];
    ssize_t there = nk_socket_peek(port->fd, bytes, sizeof(bytes));
    if (there == -EAGAIN)
        return;
    if (there <= 0) {
        end_early(link, proxy_parser_has_begun(link->parser), there);
        return;
    }
    ssize_t used = proxy_parser_input(link->parser, nk_slice_make(bytes, (size_t)there));
    if (used < 0) {
        refuse(link, (int)used, proxy_parser_problem(link->parser));
        return;
    }
    ssize_t got = nk_socket_recv(port->fd, bytes, (size_t)used);
    if (got != used)
        end_early(link, true, got < 0 ? got : -EIO);
    else if (proxy_parser_is_complete(link->parser))
        complete(link);
}

void relay_header_timeout(struct relay_link *link)
{
    refuse(link, -ETIMEDOUT, NULL);
}

void relay_header_read(struct relay_link *link)
{
    struct nk_event_loop *loop = link->relay->loop;
    uint64_t deadline = nk_event_loop_now(loop) + HEADER_TIMEOUT;
    link->state = RELAY_READING_HEADER;
    link->parser = malloc(sizeof(*link->parser));
    if (!link->parser || nk_event_loop_set_timer(loop, &link->timer, deadline) != 0) {
        relay_link_fail(link, "take a PROXY header from", -ENOMEM);
        return;
    }
    proxy_parser_init(link->parser);
    link->client.on_ready = on_client_ready;
    nk_channel_want(&link->client.channel, NK_READ);
}

/* ---- ours ---- */

/* The header is the same each time it is written, so what is left of it is not
 * kept. */
static void send_header(struct relay_link *link)
{
    char text[PROXY_PROTOCOL_MAX];
    const struct proxy_header header = {
        .has_addresses = true,
        .source = link->address,
        .destination = link->local,
    };
    size_t len = proxy_header_print(&header, link->relay->options->send_proxy, text);
    ssize_t sent = cat_port_write(&link->target, text + link->header_sent, len - link->header_sent);
    if (sent < 0 && sent != -EAGAIN) {
        relay_link_fail(link, "send to", (int)sent);
        return;
    }
    link->header_sent += sent > 0 ? (size_t)sent : 0;
    if (link->header_sent < len) {
        nk_channel_want(&link->target.channel, NK_WRITE);
        return;
    }
    link->target.on_ready = NULL;
    relay_stream_join(link);
}

static void on_target_ready(struct cat_port *port)
{
    send_header(nk_container_of(port, struct relay_link, target));
}

void relay_header_send(struct relay_link *link)
{
    link->state = RELAY_SENDING_HEADER;
    link->target.on_ready = on_target_ready;
    send_header(link);
}
