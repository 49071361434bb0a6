/* A question to a target, over a socket of its own, and what comes back: what the kinds of
 * probes that talk (udp, http) have in common. Loop thread only.
 *
 * The target is reached (probe/probe_dial.h), the question is sent in one piece, and then
 * the kind is told of whatever comes until it finishes the attempt.
 */
#ifndef PROBE_PROBE_EXCHANGE_H
#define PROBE_PROBE_EXCHANGE_H

#include "base/slice.h"
#include "probe/probe_dial.h"
#include "probe/probe_target.h"

/* Room for a question that is put together. */
#define PROBE_QUESTION_MAX 4096

struct probe_exchange;

struct probe_exchange_handlers {
    /* What is asked; the bytes lie in `room`, or elsewhere as long as the run. */
    struct nk_slice (*question)(const struct probe_exchange *exchange,
                                char room[static PROBE_QUESTION_MAX]);

    /* Something has come: no bytes are the end of a stream, or an empty datagram. Returns
     * whether more is waited for, false when the attempt is finished. */
    bool (*on_received)(struct probe_exchange *exchange, struct nk_slice bytes);

    /* The question could not be sent, or nothing more can be received: -errno, where
     * -ENOBUFS means that there was no room for all of a question. Has to finish it. */
    void (*on_failed)(struct probe_exchange *exchange, bool was_sent, int error);
};

/* The beginning of the attempts of such a kind. */
struct probe_exchange {
    struct probe_attempt attempt;
    struct probe_result result; /* of reaching the target; then the kind's to go on with */
    uint64_t sent_at;           /* monotonic ns: the question */
    uint64_t received_at;       /* the latest piece */
    /* private */
    const struct probe_exchange_handlers *handlers;
    struct probe_dial dial;
    struct nk_channel channel;
    bool is_open; /* the channel is, and its socket */
};

static inline struct probe_exchange *probe_exchange_of(struct probe_attempt *attempt)
{
    return nk_container_of(attempt, struct probe_exchange, attempt);
}

/* For the kind's `start`, with what that returns. */
int probe_exchange_start(struct probe_attempt *attempt,
                         const struct probe_exchange_handlers *handlers) NK_NONNULL(1, 2);

/* The kind's `stop`. */
void probe_exchange_stop(struct probe_attempt *attempt) NK_NONNULL(1);

/* For the kind's `expire`: says what was waited for before the target was reached. Returns
 * whether it was; then the kind says so itself. */
bool probe_exchange_expire(struct probe_attempt *attempt, struct probe_result *result)
    NK_NONNULL(1, 2);

/* The attempt is over, as exchange->result says; nothing of it may be touched afterwards. */
void probe_exchange_finish(struct probe_exchange *exchange) NK_NONNULL(1);

#endif
