#include "echo/echo_service.h"

#include <errno.h>

#include "net/connection_group.h"
#include "service/service.h"

/* Below this many queued bytes a held client is read from again: early enough
 * that the kernel's buffer does not run dry. */
#define LOW_WATER ((size_t)16 * 1024)

static void extend_deadline(struct nk_tcp_connection *connection)
{
    const struct echo_options *options =
        nk_connection_group_context(nk_tcp_connection_group(connection));
    uint64_t timeout = options->service.idle_timeout;
    if (timeout > 0)
        nk_tcp_connection_set_deadline(
            connection, nk_event_loop_now(nk_tcp_connection_loop(connection)) + timeout);
}

static size_t on_message(struct nk_tcp_connection *connection, struct nk_slice input)
{
    extend_deadline(connection);
    int error = nk_tcp_connection_send(connection, input);
    if (error && error != -EPIPE) /* -EPIPE: it is being closed already */
        nk_tcp_connection_abort(connection, error);
    return input.len;
}

/* A client that takes its bytes slowly is not idle. */
static void on_deadline(struct nk_tcp_connection *connection)
{
    if (nk_tcp_connection_is_blocked(connection) && nk_tcp_connection_made_progress(connection))
        extend_deadline(connection);
    else
        nk_tcp_connection_abort(connection, -ETIMEDOUT);
}

static const struct nk_connection_handlers handlers = {
    .on_connection_completed = extend_deadline,
    .on_message = on_message,
    .on_write_completed = extend_deadline,
    .on_deadline = on_deadline,
    .low_water = LOW_WATER,
};

/* The options are the same for every loop and nobody changes them. */
static int share_options(void **context, void *state, struct nk_event_loop *loop)
{
    (void)loop;
    *context = state;
    return 0;
}

enum exit_status echo_service_run(const struct echo_options *options,
                                  const struct service_reporter *reporter)
{
    struct echo_options state = *options;
    const struct service service = {
        .scheme = "tcp",
        .suffix = "",
        .handlers = &handlers,
        .context_new = share_options,
        .state = &state,
    };
    return service_run(&service, &options->service, reporter);
}
