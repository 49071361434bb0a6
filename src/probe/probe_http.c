/* Whether a web server answers, with what status, and how long each step takes. */
#include <errno.h>

#include "os/socket.h"
#include "probe/probe_dial.h"
#include "probe/probe_kinds.h"
#include "probe/probe_response.h"

/* Reads of the loop's buffer in one callback: a large body must not hold up the other
 * targets, and the socket stays readable. */
#define READ_BUDGET 16

#define REQUEST_MAX (NK_ADDRESS_PATH_MAX + NK_ADDRESS_HOST_MAX + 256)

struct http_attempt {
    struct probe_attempt attempt;
    struct probe_dial dial;
    struct nk_channel channel;
    bool is_open; /* the channel is, and its socket */
    uint64_t sent_at;
    struct probe_result result; /* with the times so far */
    struct probe_response response;
    char detail[sizeof "status 999 is not expected"];
};

/* ---- the end ---- */

static void finish(struct http_attempt *mine)
{
    if (mine->result.status != EXIT_STATUS_OK)
        mine->attempt.target->has_remote = false; /* another address of the name may answer */
    probe_attempt_finish(&mine->attempt, &mine->result);
}

static void fail(struct http_attempt *mine, enum exit_status status, const char *action, int error,
                 const char *reason)
{
    mine->result.status = status;
    mine->result.action = action;
    mine->result.error = error;
    mine->result.reason = reason;
    finish(mine);
}

/* The response is there. */
static void conclude(struct http_attempt *mine)
{
    const struct probe_http_options *options = probe_target_options(mine->attempt.target);
    uint64_t now = probe_target_clock(mine->attempt.target);
    uint64_t all = now - mine->attempt.started;
    mine->result.code = mine->response.code;
    mine->result.phases[PROBE_PHASE_TOTAL] = all;
    mine->result.rtt = all - mine->result.phases[PROBE_PHASE_RESOLVE];
    if (probe_number_set_holds(options->expected, (uint16_t)mine->response.code)) {
        finish(mine);
        return;
    }
    snprintf(mine->detail, sizeof mine->detail, "status %u is not expected", mine->response.code);
    mine->result.detail = mine->detail;
    fail(mine, EXIT_STATUS_FAILED, "accept", -EPROTO, mine->detail);
}

/* ---- the response ---- */

/* The connection has ended, by `error` or, with 0, in an orderly way. */
static void on_end(struct http_attempt *mine, int error)
{
    if (error) {
        fail(mine, EXIT_STATUS_LOST, "read the response of", error, NULL);
        return;
    }
    if (probe_response_end(&mine->response) == 0)
        conclude(mine);
    else
        fail(mine, EXIT_STATUS_LOST, "read the response of", -ECONNRESET,
             "the connection ended before the response did");
}

/* Returns whether there may be more. */
static bool read_some(struct http_attempt *mine, char *buffer)
{
    struct probe_target *target = mine->attempt.target;
    ssize_t received = nk_socket_recv(mine->channel.fd, buffer, NK_EVENT_LOOP_BUFFER_SIZE);
    if (received == -EAGAIN)
        return false;
    if (received <= 0) {
        on_end(mine, (int)received);
        return false;
    }
    if (mine->result.phases[PROBE_PHASE_FIRST_BYTE] == 0)
        mine->result.phases[PROBE_PHASE_FIRST_BYTE] = probe_target_clock(target) - mine->sent_at;
    if (probe_response_take(&mine->response, nk_slice_make(buffer, (size_t)received))) {
        fail(mine, EXIT_STATUS_FAILED, "understand the response of", -EBADMSG,
             mine->response.problem);
        return false;
    }
    if (mine->response.state == PROBE_RESPONSE_COMPLETE) {
        conclude(mine);
        return false;
    }
    return true;
}

static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct http_attempt *mine = nk_container_of(channel, struct http_attempt, channel);
    struct nk_event_loop *loop = probe_target_loop(mine->attempt.target);
    char *buffer = nk_event_loop_borrow_buffer(loop);
    (void)events;
    if (!buffer)
        return;
    for (int i = 0; i < READ_BUDGET && read_some(mine, buffer); i++)
        ;
    nk_event_loop_return_buffer(loop);
}

/* ---- the request ---- */

/* The authority as Host has it: without a zone, which means nothing elsewhere (RFC 6874)
 * and without the usual port. Returns the length of the request. */
static size_t print_request(const struct http_attempt *mine, char text[static REQUEST_MAX])
{
    const struct probe_http_options *options = probe_target_options(mine->attempt.target);
    struct nk_address address;
    char port[sizeof ":65535"] = "";
    probe_target_address(mine->attempt.target, &address);
    bool is_v6 = strchr(address.host, ':') != NULL;
    if (address.port != 80)
        snprintf(port, sizeof port, ":%u", (unsigned)address.port);
    return (size_t)snprintf(text, REQUEST_MAX,
                            "%s %s HTTP/1.1\r\nHost: %s%.*s%s%s\r\nUser-Agent: netkit\r\n"
                            "Accept: */*\r\nConnection: close\r\n\r\n",
                            options->is_head ? "HEAD" : "GET", address.path[0] ? address.path : "/",
                            is_v6 ? "[" : "", (int)strcspn(address.host, "%"), address.host,
                            is_v6 ? "]" : "", port);
}

/* A request fits into the send buffer of a new connection, which is why it is sent in
 * one piece. */
static int ask(struct http_attempt *mine, int fd)
{
    char request[REQUEST_MAX];
    size_t len = print_request(mine, request);
    int error =
        nk_channel_open(&mine->channel, probe_target_loop(mine->attempt.target), fd, on_ready);
    if (error) {
        nk_socket_close(fd);
        return error;
    }
    mine->is_open = true;
    nk_channel_want(&mine->channel, NK_READ);
    mine->sent_at = probe_target_clock(mine->attempt.target);
    ssize_t sent = nk_socket_send(fd, request, len, false);
    if (sent < 0)
        return (int)sent;
    return (size_t)sent < len ? -ENOBUFS : 0;
}

static void on_dialled(struct probe_dial *dial, int fd, struct probe_result *result)
{
    struct http_attempt *mine = nk_container_of(dial, struct http_attempt, dial);
    mine->result = *result;
    if (fd < 0) {
        finish(mine);
        return;
    }
    int error = ask(mine, fd);
    if (error)
        fail(mine, mine->is_open && error != -ENOBUFS ? EXIT_STATUS_LOST : EXIT_STATUS_FAILED,
             "send a request to", error, NULL);
}

/* ---- the kind ---- */

static int start(struct probe_attempt *attempt)
{
    struct http_attempt *mine = nk_container_of(attempt, struct http_attempt, attempt);
    const struct probe_http_options *options = probe_target_options(attempt->target);
    probe_response_init(&mine->response, options->is_head);
    return probe_dial_start(&mine->dial, attempt->target, on_dialled);
}

static void stop(struct probe_attempt *attempt)
{
    struct http_attempt *mine = nk_container_of(attempt, struct http_attempt, attempt);
    probe_dial_stop(&mine->dial);
    if (mine->is_open)
        nk_channel_close_descriptor(&mine->channel);
    mine->is_open = false;
}

static void expire(struct probe_attempt *attempt, struct probe_result *result)
{
    struct http_attempt *mine = nk_container_of(attempt, struct http_attempt, attempt);
    bool has_begun = mine->result.phases[PROBE_PHASE_FIRST_BYTE] > 0;
    probe_dial_expire(&mine->dial, result);
    if (!mine->is_open)
        return;
    memcpy(result->phases, mine->result.phases, sizeof result->phases);
    result->action = "read the response of";
    result->reason = has_begun ? "it did not end in time" : "it did not begin in time";
    attempt->target->has_remote = false;
}

const struct probe_kind probe_http_kind = {
    .name = "http",
    .attempt_size = sizeof(struct http_attempt),
    .start = start,
    .stop = stop,
    .expire = expire,
};
