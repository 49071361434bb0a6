/* Whether somebody answers a datagram.
 *
 * Every probe has a socket of its own: what comes to it is an answer to this probe,
 * though the protocol may be any, and one that is late is nobody else's.
 */
#include <errno.h>

#include "probe/probe_exchange.h"
#include "probe/probe_kinds.h"

static struct nk_slice question(const struct probe_exchange *exchange,
                                char room[static PROBE_QUESTION_MAX])
{
    const struct probe_datagram_options *options = probe_target_options(exchange->attempt.target);
    (void)room;
    return options->data;
}

/* Whatever has come, there was an answer. */
static bool on_received(struct probe_exchange *exchange, struct nk_slice answer)
{
    (void)answer;
    exchange->result = (struct probe_result){
        .status = EXIT_STATUS_OK,
        .rtt = exchange->received_at - exchange->sent_at,
        .detail = "open",
    };
    probe_exchange_finish(exchange);
    return false;
}

static void on_failed(struct probe_exchange *exchange, bool was_sent, int error)
{
    exchange->result = (struct probe_result){
        .status = exit_status_of_connect_error(error),
        .detail = error == -ECONNREFUSED ? "closed" : NULL,
        .action = was_sent ? "reach" : "send to",
        .error = error,
    };
    probe_exchange_finish(exchange);
}

static const struct probe_exchange_handlers handlers = {question, on_received, on_failed};

static int start(struct probe_attempt *attempt)
{
    return probe_exchange_start(attempt, &handlers);
}

static void expire(struct probe_attempt *attempt, struct probe_result *result)
{
    if (probe_exchange_expire(attempt, result))
        result->detail = "no answer"; /* the action is right already */
}

const struct probe_kind probe_datagram_kind = {
    .name = "udp",
    .attempt_size = sizeof(struct probe_exchange),
    .start = start,
    .stop = probe_exchange_stop,
    .expire = expire,
};
