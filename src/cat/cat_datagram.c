/* `netkit connect udp://...` and `unix-dgram:...`: one read (or one line) is one
 * datagram, and every answer is written to standard output.
 *
 * A datagram has no end of stream and no promise: after the end of input the
 * answers are waited for, and when none came that is what is reported, never
 * success.
 */
#include <errno.h>
#include <unistd.h>

#include "cat/cat_run.h"
#include "net/resolver.h"
#include "net/udp_endpoint.h"

/* One name is looked up at a time. */
#define RESOLVER_THREADS 1
#define RESOLVER_QUEUE 1

/* Answers that standard output has not taken yet; then the rest waits in the
 * kernel. */
#define OUTPUT_MAX ((size_t)1024 * 1024)

/* How soon a datagram that found the backlog full is tried again. */
#define RETRY_INTERVAL NK_NANOSECONDS_PER_MILLISECOND

struct talk {
    struct cat_run run;
    struct nk_worker_pool *pool;
    struct nk_resolver *resolver; /* while it looks up */
    struct nk_udp_endpoint *endpoint;
    struct cat_port in;
    struct cat_port out;
    struct nk_timer wait_timer;
    struct nk_timer retry_timer;
    struct nk_buffer input;  /* read and not sent yet */
    struct nk_buffer output; /* received and not written yet */
    uint64_t answers;
    bool input_ended;
    bool is_done; /* over as soon as the output is written */
};

static void finish(struct talk *talk, enum exit_status status, const char *action, int error)
{
    char text[NK_ADDRESS_TEXT_MAX];
    if (action)
        nk_address_print(&talk->run.options->address, text);
    cat_run_end(&talk->run, status, action, action ? text : NULL, error);
}

/* ---- standard output ---- */

static void write_output(struct talk *talk)
{
    struct nk_slice bytes = nk_buffer_slice(&talk->output);
    ssize_t put = bytes.len > 0 ? cat_port_write(&talk->out, bytes.data, bytes.len) : 0;
    if (put < 0 && put != -EAGAIN) {
        if (put == -EPIPE) /* nobody wants the answers any more: that is no failure */
            finish(talk, EXIT_STATUS_OK, NULL, 0);
        else
            cat_run_end(&talk->run, EXIT_STATUS_FAILED, "write standard output", NULL, (int)put);
        return;
    }
    nk_buffer_consume(&talk->output, put > 0 ? (size_t)put : 0);
    bool is_empty = nk_buffer_len(&talk->output) == 0;
    nk_channel_want(&talk->out.channel, is_empty ? 0 : NK_WRITE);
    if (is_empty)
        nk_udp_endpoint_resume(talk->endpoint);
    if (is_empty && talk->is_done)
        finish(talk, EXIT_STATUS_OK, NULL, 0);
}

static void on_output_ready(struct cat_port *port)
{
    write_output(nk_container_of(port, struct talk, out));
}

static bool has_enough(const struct talk *talk)
{
    uint64_t wanted = talk->run.options->datagram.replies;
    return talk->input_ended && wanted > 0 && talk->answers >= wanted;
}

static void on_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                        struct nk_slice datagram)
{
    struct talk *talk = nk_udp_endpoint_context(endpoint);
    (void)peer;
    talk->answers++;
    talk->run.totals.received += datagram.len;
    if (nk_buffer_append(&talk->output, datagram) < 0) {
        cat_run_end(&talk->run, EXIT_STATUS_FAILED, "keep an answer", NULL, -ENOBUFS);
        return;
    }
    if (nk_buffer_room(&talk->output) < NK_DATAGRAM_MAX)
        nk_udp_endpoint_pause(endpoint);
    nk_channel_want(&talk->out.channel, NK_WRITE);
    talk->is_done = has_enough(talk);
    if (talk->is_done && nk_buffer_len(&talk->output) == 0)
        finish(talk, EXIT_STATUS_OK, NULL, 0);
}

static void on_error(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error)
{
    struct talk *talk = nk_udp_endpoint_context(endpoint);
    (void)peer;
    finish(talk, cat_status_of_connect_error(error), "send to", error);
}

static const struct nk_udp_handlers handlers = {
    .on_datagram = on_datagram,
    .on_error = on_error,
};

/* ---- the end of the wait ---- */

static void on_waited(struct nk_timer *timer)
{
    struct talk *talk = nk_container_of(timer, struct talk, wait_timer);
    uint64_t wanted =
        talk->run.options->datagram.replies > 0 ? talk->run.options->datagram.replies : 1;
    if (talk->answers >= wanted || talk->run.options->session.send_only)
        talk->is_done = true;
    else
        finish(talk, EXIT_STATUS_TIMED_OUT, "get an answer from", -ENODATA);
    if (talk->is_done)
        write_output(talk);
}

static void end_input(struct talk *talk)
{
    uint64_t wait = talk->run.options->session.send_only ? 0 : talk->run.options->datagram.wait;
    talk->input_ended = true;
    nk_channel_want(&talk->in.channel, 0);
    if (has_enough(talk)) {
        talk->is_done = true;
        write_output(talk);
        return;
    }
    uint64_t deadline = nk_event_loop_now(talk->run.loop) + wait;
    int error = nk_event_loop_set_timer(talk->run.loop, &talk->wait_timer, deadline);
    if (error)
        finish(talk, EXIT_STATUS_FAILED, "wait for", error);
}

/* ---- standard input ---- */

/* The next datagram in what was read: all of it, a line, or so many bytes; an
 * empty slice when it is not complete. */
static struct nk_slice next_datagram(const struct talk *talk)
{
    struct nk_slice bytes = nk_buffer_slice(&talk->input);
    size_t size = talk->run.options->datagram.size;
    bool is_whole = talk->input_ended || nk_buffer_room(&talk->input) == 0;
    if (talk->run.options->datagram.lines) {
        size_t end = nk_slice_find(bytes, '\n');
        if (end != NK_SLICE_NOT_FOUND)
            return nk_slice_first(bytes, end + 1);
        return is_whole ? bytes : nk_slice_first(bytes, 0);
    }
    if (size > 0 && bytes.len < size && !is_whole)
        return nk_slice_first(bytes, 0);
    return size > 0 ? nk_slice_first(bytes, size) : bytes;
}

/* Sends what is complete. A full backlog stops the reading for a moment. */
static void send_input(struct talk *talk)
{
    for (;;) {
        struct nk_slice datagram = next_datagram(talk);
        if (datagram.len == 0)
            break;
        int error =
            nk_udp_endpoint_send(talk->endpoint, nk_udp_endpoint_remote(talk->endpoint), datagram);
        if (error == -ENOBUFS) {
            nk_channel_want(&talk->in.channel, 0);
            uint64_t again = nk_event_loop_now(talk->run.loop) + RETRY_INTERVAL;
            error = nk_event_loop_set_timer(talk->run.loop, &talk->retry_timer, again);
            if (!error)
                return;
        }
        if (error) {
            on_error(talk->endpoint, NULL, error);
            return;
        }
        talk->run.totals.sent += datagram.len;
        nk_buffer_consume(&talk->input, datagram.len);
    }
    if (talk->input_ended)
        end_input(talk);
    else
        nk_channel_want(&talk->in.channel, NK_READ);
}

static void on_retry(struct nk_timer *timer)
{
    send_input(nk_container_of(timer, struct talk, retry_timer));
}

static void on_input_ready(struct cat_port *port)
{
    struct talk *talk = nk_container_of(port, struct talk, in);
    char *tail;
    size_t room;
    int error = nk_buffer_reserve(&talk->input, nk_buffer_room(&talk->input), &tail, &room);
    ssize_t got = error ? error : cat_port_read(port, tail, nk_buffer_room(&talk->input));
    if (got == -EAGAIN)
        return;
    if (got < 0) {
        cat_run_end(&talk->run, EXIT_STATUS_FAILED, "read standard input", NULL, (int)got);
        return;
    }
    nk_buffer_commit(&talk->input, (size_t)got);
    talk->input_ended = got == 0;
    send_input(talk);
}

/* ---- beginning ---- */

static int open_standard(struct talk *talk)
{
    int error = cat_port_open(&talk->in, talk->run.loop, STDIN_FILENO);
    if (!error)
        error = cat_port_open(&talk->out, talk->run.loop, STDOUT_FILENO);
    talk->in.on_ready = on_input_ready;
    talk->out.on_ready = on_output_ready;
    return error;
}

static void begin(struct talk *talk, const struct nk_sockaddr *remote)
{
    const char *options = talk->run.options->address.options;
    const struct nk_udp_options endpoint_options = {
        .handlers = &handlers,
        .context = talk,
        .socket_options = options[0] ? options : NULL,
    };
    int error =
        nk_udp_endpoint_connect(&talk->endpoint, talk->run.loop, NULL, remote, &endpoint_options);
    if (error) {
        finish(talk, cat_status_of_connect_error(error), "connect to", error);
        return;
    }
    error = open_standard(talk);
    if (error) {
        cat_run_end(&talk->run, EXIT_STATUS_FAILED, "use standard input and output", NULL, error);
        return;
    }
    talk->run.connected_at = nk_clock_monotonic(nk_clock_system());
    nk_udp_endpoint_resume(talk->endpoint);
    if (talk->run.options->session.recv_only)
        return;
    nk_channel_want(&talk->in.channel, NK_READ);
}

static void on_resolved(void *context, int result, const struct nk_sockaddr *addresses)
{
    struct talk *talk = context;
    talk->resolver = NULL;
    if (result > 0)
        begin(talk, &addresses[0]);
    else
        finish(talk, EXIT_STATUS_UNRESOLVED, "resolve", result);
}

static void start(struct talk *talk)
{
    const struct nk_address *address = &talk->run.options->address;
    struct nk_sockaddr remote;
    int error;
    if (nk_scheme_is_unix(address->scheme)) {
        error = nk_sockaddr_from_unix_path(&remote, address->path);
        if (error)
            finish(talk, EXIT_STATUS_REFUSED, "connect to", error);
        else
            begin(talk, &remote);
        return;
    }
    error = nk_worker_pool_start(&talk->pool, RESOLVER_THREADS, RESOLVER_QUEUE);
    if (!error)
        error = nk_resolver_start(&talk->resolver, talk->run.loop, talk->pool, address->host,
                                  address->port, talk->run.options->family, SOCK_DGRAM, on_resolved,
                                  talk);
    if (error)
        finish(talk, EXIT_STATUS_FAILED, "resolve", error);
}

static void close_talk(struct talk *talk)
{
    nk_udp_endpoint_close(talk->endpoint);
    cat_port_close(&talk->in);
    cat_port_close(&talk->out);
    nk_event_loop_cancel_timer(talk->run.loop, &talk->wait_timer);
    nk_event_loop_cancel_timer(talk->run.loop, &talk->retry_timer);
    nk_buffer_deinit(&talk->input);
    nk_buffer_deinit(&talk->output);
    nk_worker_pool_stop(talk->pool);
}

enum exit_status cat_datagram_run(const struct cat_options *options,
                                  const struct cat_reporter *reporter)
{
    struct talk talk = {.in.fd = -1, .out.fd = -1};
    enum exit_status status = cat_run_open(&talk.run, options, reporter);
    if (status != EXIT_STATUS_OK)
        return status;
    nk_timer_init(&talk.wait_timer, on_waited);
    nk_timer_init(&talk.retry_timer, on_retry);
    nk_buffer_init(&talk.input, NK_DATAGRAM_MAX);
    nk_buffer_init(&talk.output, OUTPUT_MAX);
    start(&talk);
    cat_run_until_end(&talk.run);
    if (talk.resolver) /* getaddrinfo cannot be interrupted: it ends with the process */
        return cat_run_leave(&talk.run);
    close_talk(&talk);
    return cat_run_close(&talk.run);
}
