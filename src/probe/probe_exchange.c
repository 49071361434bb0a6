#include "probe/probe_exchange.h"

#include <errno.h>

#include "os/socket.h"

/* Reads of the loop's buffer in one callback: a large answer must not hold up the other
 * targets, and the socket stays readable. */
#define READ_BUDGET 16

void probe_exchange_finish(struct probe_exchange *exchange)
{
    if (exchange->result.status != EXIT_STATUS_OK)
        exchange->attempt.target->has_remote = false; /* another address of the name may answer */
    probe_attempt_finish(&exchange->attempt, &exchange->result);
}

/* ---- the answer ---- */

/* Returns whether there may be more. */
static bool receive(struct probe_exchange *exchange, char *buffer)
{
    exchange->received_at = probe_target_clock(exchange->attempt.target);
    ssize_t received = nk_socket_recv(exchange->channel.fd, buffer, NK_EVENT_LOOP_BUFFER_SIZE);
    if (received == -EAGAIN)
        return false;
    if (received >= 0)
        return exchange->handlers->on_received(exchange, nk_slice_make(buffer, (size_t)received));
    exchange->handlers->on_failed(exchange, true, (int)received);
    return false;
}

static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct probe_exchange *exchange = nk_container_of(channel, struct probe_exchange, channel);
    struct nk_event_loop *loop = probe_target_loop(exchange->attempt.target);
    char *buffer = nk_event_loop_borrow_buffer(loop);
    (void)events;
    if (!buffer)
        return;
    for (int i = 0; i < READ_BUDGET && receive(exchange, buffer); i++)
        ;
    nk_event_loop_return_buffer(loop);
}

/* ---- the question ---- */

/* It fits into the send buffer of a new socket, which is why it is sent in one piece. */
static void ask(struct probe_exchange *exchange)
{
    char room[PROBE_QUESTION_MAX];
    struct nk_slice question = exchange->handlers->question(exchange, room);
    exchange->sent_at = probe_target_clock(exchange->attempt.target);
    ssize_t sent = nk_socket_send(exchange->channel.fd, question.data, question.len, false);
    if (sent >= 0 && (size_t)sent < question.len)
        sent = -ENOBUFS;
    if (sent < 0)
        exchange->handlers->on_failed(exchange, false, (int)sent);
}

static int watch(struct probe_exchange *exchange, int fd)
{
    struct nk_event_loop *loop = probe_target_loop(exchange->attempt.target);
    int error = nk_channel_open(&exchange->channel, loop, fd, on_ready);
    if (error) {
        nk_socket_close(fd);
        return error;
    }
    exchange->is_open = true;
    nk_channel_want(&exchange->channel, NK_READ);
    return 0;
}

static void on_dialled(struct probe_dial *dial, int fd, struct probe_result *result)
{
    struct probe_exchange *exchange = nk_container_of(dial, struct probe_exchange, dial);
    int error = fd >= 0 ? watch(exchange, fd) : 0;
    exchange->result = *result;
    if (error)
        exchange->result =
            (struct probe_result){.status = EXIT_STATUS_FAILED, .action = "probe", .error = error};
    if (exchange->is_open)
        ask(exchange);
    else
        probe_exchange_finish(exchange);
}

/* ---- life ---- */

int probe_exchange_start(struct probe_attempt *attempt,
                         const struct probe_exchange_handlers *handlers)
{
    struct probe_exchange *exchange = probe_exchange_of(attempt);
    exchange->handlers = handlers;
    return probe_dial_start(&exchange->dial, attempt->target, on_dialled);
}

void probe_exchange_stop(struct probe_attempt *attempt)
{
    struct probe_exchange *exchange = probe_exchange_of(attempt);
    probe_dial_stop(&exchange->dial);
    if (exchange->is_open)
        nk_channel_close_descriptor(&exchange->channel);
    exchange->is_open = false;
}

bool probe_exchange_expire(struct probe_attempt *attempt, struct probe_result *result)
{
    const struct probe_exchange *exchange = probe_exchange_of(attempt);
    probe_dial_expire(&exchange->dial, result);
    attempt->target->has_remote &= !exchange->is_open; /* another address may answer */
    return exchange->is_open;
}
