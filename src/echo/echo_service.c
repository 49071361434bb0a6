#include "echo/echo_service.h"

#include <errno.h>

#include "echo/echo_private.h"
#include "net/connection_group.h"
#include "service/service.h"
#include "service/stream.h"

/* A UDP client is remembered for so long besides the time that its replies are
 * held back. */
#define PEER_IDLE (60 * NK_NANOSECONDS_PER_SECOND)

/* Room for output besides the longest message. */
#define OUTPUT_RESERVE ((size_t)16 * 1024 * 1024)

struct echo_context *echo_context_of(const struct nk_tcp_connection *connection)
{
    return nk_connection_group_context(nk_tcp_connection_group(connection));
}

int echo_build(struct echo_context *context, const struct echo_message *message,
               struct nk_slice *reply)
{
    size_t len = echo_reply_len(&context->options->style, message);
    if (len > context->scratch_size) {
        char *scratch = realloc(context->scratch, len);
        if (!scratch)
            return -ENOMEM;
        context->scratch = scratch;
        context->scratch_size = len;
    }
    echo_reply_write(&context->options->style, message, context->scratch);
    *reply = nk_slice_make(context->scratch, len);
    return 0;
}

/* ---- plain streams: what comes goes back ---- */

void echo_extend_deadline(struct nk_tcp_connection *connection)
{
    service_extend_deadline(connection, echo_context_of(connection)->options->service.idle_timeout);
}

static size_t on_message(struct nk_tcp_connection *connection, struct nk_slice input)
{
    echo_extend_deadline(connection);
    if (input.len == 0 && nk_tcp_connection_input_ended(connection))
        return 0; /* the end is no empty record */
    service_send(connection, input);
    return input.len;
}

static void on_deadline(struct nk_tcp_connection *connection)
{
    service_on_deadline(connection, echo_context_of(connection)->options->service.idle_timeout);
}

static const struct nk_connection_handlers plain_handlers = {
    .on_connection_completed = echo_extend_deadline,
    .on_message = on_message,
    .on_write_completed = echo_extend_deadline,
    .on_deadline = on_deadline,
    .low_water = ECHO_LOW_WATER,
};

/* ---- running ---- */

static bool is_plain(const struct echo_options *options)
{
    return options->framing == ECHO_FRAMING_RAW && options->delay == 0 &&
           options->style.transform == ECHO_TRANSFORM_NONE && options->style.prefix.len == 0;
}

/* The limits of the connections follow from the options. */
static struct nk_connection_handlers make_handlers(const struct echo_options *options)
{
    struct nk_connection_handlers handlers = echo_message_handlers;
    if (is_plain(options))
        return plain_handlers;
    if (options->framing != ECHO_FRAMING_RAW)
        handlers.max_input = (size_t)options->max_frame + NK_EVENT_LOOP_BUFFER_SIZE;
    handlers.max_output =
        2 * ((size_t)options->max_frame + options->style.prefix.len) + OUTPUT_RESERVE;
    handlers.on_drain = options->delay > 0 ? echo_on_drain : NULL;
    return handlers;
}

static int context_new(void **out, void *state, struct nk_event_loop *loop)
{
    struct echo_context *context = calloc(1, sizeof(*context));
    (void)loop;
    if (!context)
        return -ENOMEM;
    context->options = state;
    *out = context;
    return 0;
}

static void context_free(void *pointer)
{
    struct echo_context *context = pointer;
    if (context)
        free(context->scratch);
    free(context);
}

static uint64_t refused_count(const void *pointer)
{
    const struct echo_context *context = pointer;
    return atomic_load_explicit(&context->refused, memory_order_relaxed);
}

static uint64_t dropped_count(const void *pointer)
{
    const struct echo_context *context = pointer;
    return atomic_load_explicit(&context->dropped, memory_order_relaxed);
}

enum exit_status echo_service_run(const struct echo_options *options,
                                  const struct service_reporter *reporter)
{
    struct echo_options state = *options;
    const struct nk_connection_handlers handlers = make_handlers(options);
    const struct service service = {
        .scheme = "tcp",
        .suffix = "",
        .handlers = &handlers,
        .datagrams = &echo_datagram_handlers,
        .peer_idle = options->delay + PEER_IDLE,
        .context_new = context_new,
        .context_free = context_free,
        .refused_count = refused_count,
        .dropped_count = dropped_count,
        .state = &state,
    };
    return service_run(&service, &options->service, reporter);
}
