#include "echo/inetd_service.h"

#include <errno.h>
#include <stdatomic.h>

#include "echo/datagram_loop.h"
#include "echo/inetd_data.h"
#include "net/connection_group.h"
#include "service/service.h"
#include "service/stream.h"

/* Lines that chargen sends at a time: 16 KiB, so that the cost of the call does
 * not count, and no client keeps the loop for long. */
#define CHARGEN_LINES 222

/* Where the socket keeps records each line is one, and so many are sent at a time:
 * each is a call of its own. */
#define CHARGEN_RECORDS 32

/* The service on one loop. */
struct inetd_context {
    const struct inetd_options *options;
    atomic_uint_fast64_t dropped; /* datagrams that are not answered */
};

/* ---- what all have in common ---- */

static uint64_t idle_timeout(const struct nk_tcp_connection *connection)
{
    const struct inetd_context *context =
        nk_connection_group_context(nk_tcp_connection_group(connection));
    return context->options->service.idle_timeout;
}

static void extend_deadline(struct nk_tcp_connection *connection)
{
    service_extend_deadline(connection, idle_timeout(connection));
}

static void on_deadline(struct nk_tcp_connection *connection)
{
    service_on_deadline(connection, idle_timeout(connection));
}

/* None of them looks at what it is told. */
static size_t throw_away(struct nk_tcp_connection *connection, struct nk_slice input)
{
    extend_deadline(connection);
    return input.len;
}

/* Answers a datagram, unless the answer might be answered. */
static void answer_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                            struct nk_slice bytes)
{
    struct inetd_context *context = nk_udp_endpoint_context(endpoint);
    if (datagram_peer_loops(endpoint, peer))
        atomic_fetch_add_explicit(&context->dropped, 1, memory_order_relaxed);
    else
        nk_udp_endpoint_send(endpoint, peer, bytes); /* which counts what it refuses */
}

/* ---- discard ---- */

static const struct nk_connection_handlers discard_stream = {
    .on_connection_completed = extend_deadline,
    .on_message = throw_away,
    .on_deadline = on_deadline,
};

static void discard_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                             struct nk_slice datagram)
{
    (void)endpoint;
    (void)peer;
    (void)datagram;
}

/* ---- chargen ---- */

/* Sends a piece and asks to be called for the next one when the socket has taken
 * this one: what is queued never grows. */
static void chargen_produce(struct nk_tcp_connection *connection)
{
    char lines[CHARGEN_LINES * CHARGEN_LINE_LEN];
    uint64_t *number = nk_tcp_connection_session(connection);
    bool is_line_by_line = nk_tcp_connection_keeps_records(connection);
    size_t count = is_line_by_line ? CHARGEN_RECORDS : CHARGEN_LINES;
    size_t piece = is_line_by_line ? CHARGEN_LINE_LEN : count * CHARGEN_LINE_LEN;
    if (nk_tcp_connection_is_closing(connection))
        return;
    extend_deadline(connection);
    for (size_t i = 0; i < count; i++)
        chargen_line((*number)++, lines + i * CHARGEN_LINE_LEN);
    for (size_t sent = 0; sent < count * CHARGEN_LINE_LEN; sent += piece)
        service_send(connection, nk_slice_make(lines + sent, piece));
    if (!nk_tcp_connection_is_closing(connection))
        nk_tcp_connection_request_write(connection);
}

/* A client that has ended its own direction goes on listening. */
static const struct nk_connection_handlers chargen_stream = {
    .on_connection_completed = chargen_produce,
    .on_message = throw_away,
    .on_write_completed = chargen_produce,
    .on_deadline = on_deadline,
    .session_size = sizeof(uint64_t),
    .keeps_half_open = true,
};

static void chargen_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                             struct nk_slice datagram)
{
    char line[CHARGEN_LINE_LEN];
    (void)datagram;
    chargen_line(peer->datagrams_received - 1, line);
    answer_datagram(endpoint, peer, nk_slice_make(line, sizeof(line)));
}

/* ---- daytime and time ---- */

/* Lingering: a client that has sent something gets the answer, not a reset. */
static void answer_and_close(struct nk_tcp_connection *connection, struct nk_slice answer)
{
    service_send(connection, answer);
    nk_tcp_connection_close(connection, NK_CLOSE_LINGER);
}

static void daytime_answer(struct nk_tcp_connection *connection)
{
    char line[DAYTIME_MAX];
    uint64_t now = nk_event_loop_wall_seconds(nk_tcp_connection_loop(connection));
    answer_and_close(connection, nk_slice_make(line, daytime_line(now, line)));
}

static const struct nk_connection_handlers daytime_stream = {
    .on_connection_completed = daytime_answer,
    .on_message = throw_away,
};

static void daytime_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                             struct nk_slice datagram)
{
    char line[DAYTIME_MAX];
    uint64_t now = nk_event_loop_wall_seconds(nk_udp_endpoint_loop(endpoint));
    (void)datagram;
    answer_datagram(endpoint, peer, nk_slice_make(line, daytime_line(now, line)));
}

static struct nk_slice time_now(struct nk_event_loop *loop, unsigned char bytes[static 4])
{
    time_bytes(nk_event_loop_wall_seconds(loop), bytes);
    return nk_slice_make((const char *)bytes, 4);
}

static void time_answer(struct nk_tcp_connection *connection)
{
    unsigned char bytes[4];
    answer_and_close(connection, time_now(nk_tcp_connection_loop(connection), bytes));
}

static const struct nk_connection_handlers time_stream = {
    .on_connection_completed = time_answer,
    .on_message = throw_away,
};

static void time_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                          struct nk_slice datagram)
{
    unsigned char bytes[4];
    (void)datagram;
    answer_datagram(endpoint, peer, time_now(nk_udp_endpoint_loop(endpoint), bytes));
}

/* ---- running ---- */

static const struct {
    const struct nk_connection_handlers *stream;
    struct nk_udp_handlers datagrams;
} protocols[] = {
    [INETD_DISCARD] = {&discard_stream, {.on_datagram = discard_datagram}},
    [INETD_CHARGEN] = {&chargen_stream, {.on_datagram = chargen_datagram}},
    [INETD_DAYTIME] = {&daytime_stream, {.on_datagram = daytime_datagram}},
    [INETD_TIME] = {&time_stream, {.on_datagram = time_datagram}},
};

static int context_new(void **out, void *state, struct nk_event_loop *loop)
{
    struct inetd_context *context = calloc(1, sizeof(*context));
    (void)loop;
    if (!context)
        return -ENOMEM;
    context->options = state;
    *out = context;
    return 0;
}

static uint64_t dropped_count(const void *pointer)
{
    const struct inetd_context *context = pointer;
    return atomic_load_explicit(&context->dropped, memory_order_relaxed);
}

enum exit_status inetd_service_run(enum inetd_protocol protocol,
                                   const struct inetd_options *options,
                                   const struct service_reporter *reporter)
{
    struct inetd_options state = *options;
    const struct service service = {
        .scheme = "tcp",
        .suffix = "",
        .handlers = protocols[protocol].stream,
        .datagrams = &protocols[protocol].datagrams,
        .context_new = context_new,
        .context_free = free,
        .dropped_count = dropped_count,
        .state = &state,
    };
    return service_run(&service, &options->service, reporter);
}
