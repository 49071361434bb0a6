#include "keepalive/keepalive_service.h"

#include <errno.h>

#include "base/log.h"
#include "keepalive/keepalive_private.h"
#include "service/service.h"

/* A UDP client is remembered for so long besides the time that its answers are held
 * back: it may be silent for long, and would be thawed when it is forgotten. */
#define PEER_IDLE (3600 * NK_NANOSECONDS_PER_SECOND)

struct state {
    struct keepalive_options options;
    uint64_t loops; /* contexts made so far */
};

void keepalive_write_pong(const struct keepalive_options *options,
                          char out[static KEEPALIVE_MESSAGE_SIZE], struct nk_slice data)
{
    uint32_t type = options->is_compat ? keepalive_type_swap(KEEPALIVE_PONG) : KEEPALIVE_PONG;
    keepalive_message_write(out, type, data);
}

bool keepalive_wants_answer(const struct keepalive_message *message, bool *is_known)
{
    uint32_t type = message->type;
    *is_known = keepalive_type_accept(&type, false);
    if (*is_known && type != KEEPALIVE_PING)
        nk_log(NK_LOG_INFO, "a client has sent a message of type %u", (unsigned)type);
    return *is_known && type == KEEPALIVE_PING;
}

static int context_new(void **out, void *pointer, struct nk_event_loop *loop)
{
    struct state *state = pointer;
    struct keepalive_context *context = calloc(1, sizeof(*context));
    (void)loop;
    if (!context)
        return -ENOMEM;
    context->options = &state->options;
    context->random = state->options.seed + state->loops++;
    *out = context;
    return 0;
}

static uint64_t answered_count(const void *pointer)
{
    const struct keepalive_context *context = pointer;
    return atomic_load_explicit(&context->answered, memory_order_relaxed);
}

static uint64_t refused_count(const void *pointer)
{
    const struct keepalive_context *context = pointer;
    return atomic_load_explicit(&context->refused, memory_order_relaxed);
}

static uint64_t dropped_count(const void *pointer)
{
    const struct keepalive_context *context = pointer;
    return atomic_load_explicit(&context->dropped, memory_order_relaxed);
}

enum exit_status keepalive_service_run(const struct keepalive_options *options,
                                       const struct service_reporter *reporter)
{
    struct state state = {.options = *options};
    const struct service service = {
        .scheme = "tcp",
        .suffix = "",
        .handlers = &keepalive_stream_handlers,
        .datagrams = &keepalive_datagram_handlers,
        .peer_idle = options->delay + PEER_IDLE,
        .context_new = context_new,
        .context_free = free,
        .request_count = answered_count,
        .refused_count = refused_count,
        .dropped_count = dropped_count,
        .state = &state,
    };
    return service_run(&service, &options->service, reporter);
}
