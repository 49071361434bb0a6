#include "http/http_endpoints.h"

#include <inttypes.h>
#include <stdlib.h>

#include "http/http_echo.h"
#include "http/http_lines.h"
#include "http/http_peer.h"
#include "http/http_query.h"
#include "http/http_script.h"
#include "http/http_sink.h"
#include "service/values.h"

/* The most that a URL may ask for. */
#define BYTES_MAX (UINT64_C(100) << 30)
#define LINES_MAX UINT64_C(10000000)
#define TIME_MAX (300 * NK_NANOSECONDS_PER_SECOND)
#define REDIRECTS_MAX 100

/* A number in a URL, as text. */
#define NUMBER_MAX 32

/* ---- numbers in URLs ---- */

typedef int parse_fn(const char *text, uint64_t *value, const char **problem);

/* As on a command line, but a number without a unit is in seconds, and may have a fraction. */
static int parse_time(const char *text, uint64_t *value, const char **problem)
{
    uint64_t milliseconds;
    if (value_parse_decimal(text, &milliseconds, problem) < 0)
        return value_parse_duration(text, value, problem);
    *value = milliseconds * NK_NANOSECONDS_PER_MILLISECOND;
    return 0;
}

/* Answers 400 and returns false when it is none, or above `most`. */
static bool read_number(struct http_exchange *exchange, struct nk_slice text, parse_fn *parse,
                        uint64_t most, uint64_t *value)
{
    char copy[NUMBER_MAX];
    const char *problem = "is too long for a number";
    snprintf(copy, sizeof(copy), "%.*s", (int)nk_slice_first(text, sizeof(copy)).len, text.data);
    const bool is_number = text.len < sizeof(copy) && parse(copy, value, &problem) == 0;
    if (is_number && *value <= most)
        return true;
    if (is_number)
        problem = "is more than the limit";
    char detail[128];
    snprintf(detail, sizeof(detail), "'%s' %s", copy, problem);
    http_respond_status(exchange, 400, detail, NULL);
    return false;
}

/* What stands behind the last slash. */
static bool read_last(struct http_exchange *exchange, parse_fn *parse, uint64_t most,
                      uint64_t *value)
{
    const struct nk_slice path = exchange->request->path;
    const size_t slash = nk_slice_find_last(path, '/');
    return read_number(exchange, nk_slice_from(path, slash + 1), parse, most, value);
}

/* The parameter of the query, if it is there. */
static bool read_parameter(struct http_exchange *exchange, const char *name, parse_fn *parse,
                           uint64_t most, uint64_t *value)
{
    struct nk_slice text;
    return !http_query_find(exchange->request->query, name, &text) ||
           read_number(exchange, text, parse, most, value);
}

/* ---- bodies that nobody wants ---- */

struct dropped {
    struct http_sink sink;
    http_handler_fn *handle;
};

static void drop(struct http_sink *sink, struct nk_slice piece)
{
    (void)sink;
    (void)piece;
}

static void end_dropped(struct http_sink *sink, struct http_exchange *exchange)
{
    struct dropped *dropped = nk_container_of(sink, struct dropped, sink);
    http_handler_fn *handle = dropped->handle;
    free(dropped);
    handle(exchange);
}

static void forget_dropped(struct http_sink *sink)
{
    free(nk_container_of(sink, struct dropped, sink));
}

/* Calls the handler behind the body of the request, whatever the method, so that the
 * connection can go on. */
static void handle_behind_body(struct http_exchange *exchange, http_handler_fn *handle)
{
    static const struct http_sink_ops ops = {.take = drop,
                                             .end = end_dropped,
                                             .abort = forget_dropped};
    if (!exchange->loop->arrival) {
        handle(exchange);
        return;
    }
    struct dropped *dropped = malloc(sizeof(*dropped));
    if (!dropped) {
        http_respond_status(exchange, 503, NULL, NULL);
        return;
    }
    *dropped = (struct dropped){.sink.ops = &ops, .handle = handle};
    if (!http_exchange_receive(exchange, &dropped->sink, exchange->loop->server->options.max_body))
        free(dropped);
}

/* ---- what the client has sent, and who it is ---- */

static void respond_text(struct http_exchange *exchange, struct nk_slice text)
{
    const struct http_response response = {
        .status = 200,
        .type = "text/plain; charset=utf-8",
        .extra = "Cache-Control: no-store\r\n",
        .body = text,
    };
    http_respond(exchange, &response);
}

static void respond_headers(struct http_exchange *exchange)
{
    const struct http_request *request = exchange->request;
    size_t size = 0;
    for (size_t i = 0; i < request->header_count; i++)
        size += request->headers[i].name.len + request->headers[i].value.len + sizeof(": \n");
    char *text = malloc(size + 1);
    if (!text) {
        http_respond_status(exchange, 503, NULL, NULL);
        return;
    }
    size_t len = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        int written = snprintf(text + len, size + 1 - len, "%.*s: %.*s\n", (int)header->name.len,
                               header->name.data, (int)header->value.len, header->value.data);
        len += written > 0 ? (size_t)written : 0;
    }
    respond_text(exchange, nk_slice_make(text, len));
    free(text);
}

static void respond_ip(struct http_exchange *exchange)
{
    char line[NK_SOCKADDR_TEXT_MAX + 1];
    const size_t len = strlen(http_peer_print(exchange->connection, line));
    line[len] = '\n';
    respond_text(exchange, nk_slice_make(line, len + 1));
}

/* ---- statuses ---- */

/* Fields without which a status is not what it says (RFC 9110 15). */
static const struct {
    int status;
    const char *fields;
} status_fields[] = {
    {301, "Location: ../ip\r\n"},
    {302, "Location: ../ip\r\n"},
    {303, "Location: ../ip\r\n"},
    {307, "Location: ../ip\r\n"},
    {308, "Location: ../ip\r\n"},
    {401, "WWW-Authenticate: Basic realm=\"netkit\"\r\n"},
    {405, "Allow: GET, HEAD, OPTIONS\r\n"},
    {407, "Proxy-Authenticate: Basic realm=\"netkit\"\r\n"},
    {416, "Content-Range: bytes */0\r\n"},
    {426, "Upgrade: netkit\r\nConnection: Upgrade\r\n"},
    {429, "Retry-After: 1\r\n"},
    {503, "Retry-After: 1\r\n"},
};

static void respond_status(struct http_exchange *exchange)
{
    uint64_t status;
    if (!read_last(exchange, value_parse_count, 599, &status))
        return;
    if (status < 200) {
        http_respond_status(exchange, 400, "a final status is 200 to 599 (RFC 9110 15)", NULL);
        return;
    }
    const char *fields = NULL;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(status_fields); i++) {
        if (status_fields[i].status == (int)status)
            fields = status_fields[i].fields;
    }
    const struct http_response response = {.status = (int)status, .extra = fields};
    if (status == 205 || status == 304) /* no content (RFC 9110 15.3.6, 15.4.5) */
        http_respond(exchange, &response);
    else
        http_respond_status(exchange, (int)status, NULL, fields);
}

static void respond_redirect(struct http_exchange *exchange)
{
    uint64_t count;
    char location[sizeof("Location: \r\n") + 20];
    if (!read_last(exchange, value_parse_count, REDIRECTS_MAX, &count))
        return;
    if (count == 0) {
        http_respond_status(exchange, 200, NULL, NULL);
        return;
    }
    /* Relative, so that it is right below any base path. */
    snprintf(location, sizeof(location), "Location: %" PRIu64 "\r\n", count - 1);
    http_respond_status(exchange, 302, NULL, location);
}

/* ---- time and size ---- */

static void respond_delay(struct http_exchange *exchange)
{
    struct http_script script = {.is_plain = true};
    if (read_last(exchange, parse_time, TIME_MAX, &script.delay))
        http_script_respond(exchange, &script);
}

static void respond_bytes(struct http_exchange *exchange)
{
    struct http_script script = {.delay = 0};
    if (!read_last(exchange, value_parse_size, BYTES_MAX, &script.length))
        return;
    script.pace.bytes = script.length;
    http_script_respond(exchange, &script);
}

static void respond_stream(struct http_exchange *exchange)
{
    uint64_t count;
    if (read_last(exchange, value_parse_count, LINES_MAX, &count))
        http_lines_respond(exchange, count);
}

static void respond_drip(struct http_exchange *exchange)
{
    struct http_script script = {.pace = {10, 2 * NK_NANOSECONDS_PER_SECOND}};
    if (!read_parameter(exchange, "bytes", value_parse_size, BYTES_MAX, &script.pace.bytes) ||
        !read_parameter(exchange, "duration", parse_time, TIME_MAX, &script.pace.duration) ||
        !read_parameter(exchange, "delay", parse_time, TIME_MAX, &script.delay))
        return;
    script.length = script.pace.bytes;
    http_script_respond(exchange, &script);
}

/* ---- faults ---- */

/* The rest of an answer that is promised and never comes. */
#define NEVER_SENT UINT64_C(65536)

struct fault {
    const char *name;
    bool has_size; /* how much is sent before it stands behind the name */
    struct http_script script;
};

static const struct fault faults[] = {
    {"reset", false, {.has_no_head = true, .end = HTTP_SCRIPT_RESET}},
    {"reset-after", true, {.end = HTTP_SCRIPT_RESET}},
    {"close", false, {.has_no_head = true, .end = HTTP_SCRIPT_CUT}},
    {"truncate", true, {.end = HTTP_SCRIPT_CUT}},
    {"hang", false, {.has_no_head = true, .end = HTTP_SCRIPT_HANG}},
    {"hang-after", true, {.end = HTTP_SCRIPT_HANG}},
    {"bad-chunk",
     false,
     {.length = HTTP_LENGTH_UNKNOWN, .pace = {100, 0}, .end = HTTP_SCRIPT_BAD_CHUNK}},
    {"slow", false, {.length = 60, .pace = {60, 60 * NK_NANOSECONDS_PER_SECOND}}},
};

/* The fault that stands behind /_/fault/, and its size, if it has one. */
static const struct fault *find_fault(struct nk_slice path, struct nk_slice *size)
{
    const struct nk_slice all = nk_slice_from(path, sizeof("/_/fault/") - 1);
    const size_t slash = nk_slice_find(all, '/');
    const struct nk_slice name = nk_slice_first(all, slash);
    *size = nk_slice_from(all, slash == NK_SLICE_NOT_FOUND ? all.len : slash + 1);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(faults); i++) {
        if (nk_slice_equal(name, nk_slice_of_string(faults[i].name)) &&
            faults[i].has_size == (slash != NK_SLICE_NOT_FOUND))
            return &faults[i];
    }
    return NULL;
}

static void respond_fault(struct http_exchange *exchange)
{
    struct nk_slice size;
    const struct fault *fault = find_fault(exchange->request->path, &size);
    if (!fault) {
        http_respond_status(exchange, 404, NULL, NULL);
        return;
    }
    struct http_script script = fault->script;
    if (fault->has_size) {
        if (!read_number(exchange, size, value_parse_size, BYTES_MAX, &script.pace.bytes))
            return;
        script.length = script.pace.bytes + NEVER_SENT;
    }
    http_script_respond(exchange, &script);
}

/* ---- all of them ---- */

static const struct http_route endpoints[] = {
    {"/_/headers", respond_headers, false}, {"/_/ip", respond_ip, false},
    {"/_/status/", respond_status, false},  {"/_/redirect/", respond_redirect, false},
    {"/_/delay/", respond_delay, false},    {"/_/bytes/", respond_bytes, false},
    {"/_/stream/", respond_stream, false},  {"/_/drip", respond_drip, false},
    {"/_/fault/", respond_fault, false},
};

static void handle(struct http_exchange *exchange)
{
    const struct http_route *route =
        http_route_find(endpoints, NK_ARRAY_LENGTH(endpoints), exchange->request->path);
    handle_behind_body(exchange, route->handle);
}

void http_endpoints_add(struct http_site *site)
{
    http_site_add_receiver(site, "/_/echo", http_echo_handle);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(endpoints); i++)
        http_site_add(site, endpoints[i].path, handle);
}
