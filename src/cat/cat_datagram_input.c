#include "cat/cat_datagram_input.h"

#include <errno.h>

#include "os/socket_datagram.h"

/* How soon a datagram that was not taken is offered again. */
#define RETRY_INTERVAL NK_NANOSECONDS_PER_MILLISECOND

/* Bytes that may be read now; with CRLF each may become two. */
static size_t room_of(const struct cat_datagram_input *input)
{
    size_t room = nk_buffer_room(&input->bytes);
    return input->options.crlf ? room / 2 : room;
}

/* The next datagram in what was read: all of it, a line, or so many bytes; an
 * empty slice when it is not complete. */
static struct nk_slice next_datagram(const struct cat_datagram_input *input)
{
    struct nk_slice bytes = nk_buffer_slice(&input->bytes);
    size_t size = input->options.size;
    bool is_whole = input->has_ended || room_of(input) == 0;
    if (input->options.lines) {
        size_t end = nk_slice_find(bytes, '\n');
        if (end != NK_SLICE_NOT_FOUND)
            return nk_slice_first(bytes, end + 1);
        return is_whole ? bytes : nk_slice_first(bytes, 0);
    }
    if (size > 0 && bytes.len < size && !is_whole)
        return nk_slice_first(bytes, 0);
    return size > 0 ? nk_slice_first(bytes, size) : bytes;
}

static void end(struct cat_datagram_input *input, int error)
{
    input->is_running = false;
    nk_channel_want(&input->port.channel, 0);
    input->options.on_ended(input->options.context, error);
}

/* Reading stops until the datagram is offered again. */
static void offer_again(struct cat_datagram_input *input)
{
    nk_channel_want(&input->port.channel, 0);
    uint64_t again = nk_event_loop_now(input->loop) + RETRY_INTERVAL;
    int error = nk_event_loop_set_timer(input->loop, &input->retry_timer, again);
    if (error)
        end(input, error);
}

/* Hands over what is complete. */
static void hand_over(struct cat_datagram_input *input)
{
    while (input->is_running) {
        struct nk_slice datagram = next_datagram(input);
        if (datagram.len == 0)
            break;
        int error = input->options.on_datagram(input->options.context, datagram);
        if (error == -ENOBUFS) {
            offer_again(input);
            return;
        }
        if (error) {
            cat_datagram_input_pause(input);
            return;
        }
        nk_buffer_consume(&input->bytes, datagram.len);
    }
    if (!input->is_running)
        return;
    if (input->has_ended)
        end(input, 0);
    else
        nk_channel_want(&input->port.channel, NK_READ);
}

static void on_retry(struct nk_timer *timer)
{
    hand_over(nk_container_of(timer, struct cat_datagram_input, retry_timer));
}

/* Reads once. Returns the bytes that were read, 0 at the end, or -errno. */
static ssize_t read_some(struct cat_datagram_input *input)
{
    char raw[NK_DATAGRAM_MAX / 2];
    size_t room = room_of(input);
    char *tail = raw;
    if (!input->options.crlf) {
        int error = nk_buffer_reserve(&input->bytes, room, &tail, NULL);
        if (error)
            return error;
    }
    ssize_t got = cat_port_read(&input->port, tail, room);
    if (got <= 0)
        return got;
    if (!input->options.crlf) {
        nk_buffer_commit(&input->bytes, (size_t)got);
        return got;
    }
    int error = cat_crlf_filter(&input->crlf, nk_slice_make(raw, (size_t)got), &input->bytes);
    return error ? error : got;
}

static void on_ready(struct cat_port *port)
{
    struct cat_datagram_input *input = nk_container_of(port, struct cat_datagram_input, port);
    ssize_t got = read_some(input);
    if (got == -EAGAIN)
        return;
    if (got < 0) {
        end(input, (int)got);
        return;
    }
    input->has_ended = got == 0;
    hand_over(input);
}

int cat_datagram_input_open(struct cat_datagram_input *input, struct nk_event_loop *loop, int fd,
                            const struct cat_datagram_input_options *options)
{
    int error = cat_port_open(&input->port, loop, fd);
    if (error)
        return error;
    input->port.on_ready = on_ready;
    input->loop = loop;
    input->options = *options;
    nk_buffer_init(&input->bytes, NK_DATAGRAM_MAX);
    nk_timer_init(&input->retry_timer, on_retry);
    return 0;
}

void cat_datagram_input_resume(struct cat_datagram_input *input)
{
    if (input->port.fd < 0 || input->is_running)
        return;
    input->is_running = true;
    if (!input->has_ended || nk_buffer_len(&input->bytes) > 0)
        hand_over(input);
}

void cat_datagram_input_pause(struct cat_datagram_input *input)
{
    if (input->port.fd < 0)
        return;
    input->is_running = false;
    nk_channel_want(&input->port.channel, 0);
    nk_event_loop_cancel_timer(input->loop, &input->retry_timer);
}

void cat_datagram_input_close(struct cat_datagram_input *input)
{
    if (input->port.fd < 0)
        return;
    cat_datagram_input_pause(input);
    cat_port_close(&input->port);
    nk_buffer_deinit(&input->bytes);
}
