/* Whether a web server answers, with what status, and how long each step takes. */
#include <errno.h>

#include "probe/probe_exchange.h"
#include "probe/probe_kinds.h"
#include "probe/probe_response.h"

_Static_assert(PROBE_QUESTION_MAX > NK_ADDRESS_PATH_MAX + NK_ADDRESS_HOST_MAX + 256,
               "every request fits");

struct http_attempt {
    struct probe_exchange exchange; /* its result has the times so far */
    struct probe_response response;
    char detail[sizeof "status 999 is not expected"];
};

static struct http_attempt *mine_of(struct probe_exchange *exchange)
{
    return nk_container_of(exchange, struct http_attempt, exchange);
}

/* ---- the request ---- */

/* The authority as Host has it: without a zone, which means nothing elsewhere (RFC 6874)
 * and without the usual port. */
static struct nk_slice question(const struct probe_exchange *exchange,
                                char room[static PROBE_QUESTION_MAX])
{
    const struct probe_http_options *options = probe_target_options(exchange->attempt.target);
    struct nk_address address;
    char port[sizeof ":65535"] = "";
    probe_target_address(exchange->attempt.target, &address);
    bool is_v6 = strchr(address.host, ':') != NULL;
    if (address.port != 80)
        snprintf(port, sizeof port, ":%u", (unsigned)address.port);
    int len = snprintf(room, PROBE_QUESTION_MAX,
                       "%s %s HTTP/1.1\r\nHost: %s%.*s%s%s\r\nUser-Agent: netkit\r\n"
                       "Accept: */*\r\nConnection: close\r\n\r\n",
                       options->is_head ? "HEAD" : "GET", address.path[0] ? address.path : "/",
                       is_v6 ? "[" : "", (int)strcspn(address.host, "%"), address.host,
                       is_v6 ? "]" : "", port);
    return nk_slice_make(room, (size_t)len);
}

/* ---- the end ---- */

static void fail(struct http_attempt *mine, enum exit_status status, const char *action, int error,
                 const char *reason)
{
    struct probe_result *result = &mine->exchange.result;
    result->status = status;
    result->action = action;
    result->error = error;
    result->reason = reason;
    probe_exchange_finish(&mine->exchange);
}

/* The response is there. */
static void conclude(struct http_attempt *mine)
{
    struct probe_exchange *exchange = &mine->exchange;
    struct probe_result *result = &exchange->result;
    const struct probe_http_options *options = probe_target_options(exchange->attempt.target);
    result->code = mine->response.code;
    result->phases[PROBE_PHASE_TOTAL] = exchange->received_at - exchange->attempt.started;
    result->rtt = result->phases[PROBE_PHASE_TOTAL] - result->phases[PROBE_PHASE_RESOLVE];
    if (probe_number_set_holds(options->expected, (uint16_t)mine->response.code)) {
        probe_exchange_finish(exchange);
        return;
    }
    snprintf(mine->detail, sizeof mine->detail, "status %u is not expected", mine->response.code);
    result->detail = mine->detail;
    fail(mine, EXIT_STATUS_FAILED, "accept", -EPROTO, mine->detail);
}

/* ---- the response ---- */

/* The connection has ended, in an orderly way. */
static void on_end(struct http_attempt *mine)
{
    if (probe_response_end(&mine->response) == 0)
        conclude(mine);
    else
        fail(mine, EXIT_STATUS_LOST, "read the response of", -ECONNRESET,
             "the connection ended before the response did");
}

static bool on_received(struct probe_exchange *exchange, struct nk_slice bytes)
{
    struct http_attempt *mine = mine_of(exchange);
    uint64_t *first_byte = &exchange->result.phases[PROBE_PHASE_FIRST_BYTE];
    if (bytes.len == 0) {
        on_end(mine);
        return false;
    }
    if (*first_byte == 0)
        *first_byte = exchange->received_at - exchange->sent_at;
    if (probe_response_take(&mine->response, bytes)) {
        fail(mine, EXIT_STATUS_FAILED, "understand the response of", -EBADMSG,
             mine->response.problem);
        return false;
    }
    if (mine->response.state != PROBE_RESPONSE_COMPLETE)
        return true;
    conclude(mine);
    return false;
}

static void on_failed(struct probe_exchange *exchange, bool was_sent, int error)
{
    fail(mine_of(exchange), error == -ENOBUFS ? EXIT_STATUS_FAILED : EXIT_STATUS_LOST,
         was_sent ? "read the response of" : "send a request to", error, NULL);
}

static const struct probe_exchange_handlers handlers = {question, on_received, on_failed};

/* ---- the kind ---- */

static int start(struct probe_attempt *attempt)
{
    const struct probe_http_options *options = probe_target_options(attempt->target);
    probe_response_init(&mine_of(probe_exchange_of(attempt))->response, options->is_head);
    return probe_exchange_start(attempt, &handlers);
}

static void expire(struct probe_attempt *attempt, struct probe_result *result)
{
    const struct probe_exchange *exchange = probe_exchange_of(attempt);
    bool has_begun = exchange->result.phases[PROBE_PHASE_FIRST_BYTE] > 0;
    if (!probe_exchange_expire(attempt, result))
        return;
    memcpy(result->phases, exchange->result.phases, sizeof result->phases);
    result->action = "read the response of";
    result->reason = has_begun ? "it did not end in time" : "it did not begin in time";
}

const struct probe_kind probe_http_kind = {
    .name = "http",
    .attempt_size = sizeof(struct http_attempt),
    .start = start,
    .stop = probe_exchange_stop,
    .expire = expire,
};
