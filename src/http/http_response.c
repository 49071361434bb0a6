/* Response heads: assembled from constant pieces, sent with their body. */
#include <errno.h>

#include "http/http_chaos.h"
#include "http/http_decimal.h"
#include "http/http_session.h"
#include "http/http_site.h"
#include "http/http_stream.h"

/* Room for every head: the status line, our own fields, and what callers add (a
 * Location of an encoded path at most). */
#define HEAD_SIZE 32768

struct head {
    char *text;
    size_t size;
    size_t len;
    bool is_cut; /* there was no room for all of it */
};

static void put(struct head *head, const char *text, size_t len)
{
    if (len <= head->size - head->len) {
        memcpy(head->text + head->len, text, len);
        head->len += len;
    } else {
        head->is_cut = true;
    }
}

#define PUT_LITERAL(head, literal) put((head), "" literal, sizeof(literal) - 1)

static void put_string(struct head *head, const char *text)
{
    put(head, text, strlen(text));
}

static void put_number(struct head *head, uint64_t number)
{
    char room[HTTP_DECIMAL_MAX];
    const struct nk_slice digits = http_decimal(room, number);
    put(head, digits.data, digits.len);
}

static void put_status_line(struct head *head, int status)
{
    if (status == 200) {
        PUT_LITERAL(head, "HTTP/1.1 200 OK\r\n");
        return;
    }
    PUT_LITERAL(head, "HTTP/1.1 ");
    put_number(head, (uint64_t)status);
    PUT_LITERAL(head, " ");
    put_string(head, http_status_text(status));
    PUT_LITERAL(head, "\r\n");
}

/* The Date field (RFC 9110 6.6.1), written anew once a second. */
static void put_date(struct head *head, struct http_loop *loop)
{
    uint64_t now = nk_event_loop_wall_seconds(loop->loop);
    if (NK_UNLIKELY(now != loop->date_second)) {
        char date[HTTP_DATE_SIZE];
        http_date_print(now, date);
        snprintf(loop->date_line, sizeof(loop->date_line), "Date: %s\r\n", date);
        loop->date_second = now;
    }
    put(head, loop->date_line, sizeof("Date: \r\n") - 1 + HTTP_DATE_SIZE - 1);
}

/* A 204 has no body and no length (RFC 9110 8.6), and that of a 304 would be the one
 * of another response. Without a length the body is in
 * chunks, or ends with the connection (RFC 9112 6.3). */
static void put_length(struct head *head, int status, uint64_t length, unsigned minor_version)
{
    if (status == 204 || status == 304)
        return;
    if (length == HTTP_LENGTH_UNKNOWN) {
        if (minor_version > 0)
            PUT_LITERAL(head, "Transfer-Encoding: chunked\r\n");
        return;
    }
    PUT_LITERAL(head, "Content-Length: ");
    put_number(head, length);
    PUT_LITERAL(head, "\r\n");
}

static void put_connection(struct head *head, const struct http_exchange *exchange)
{
    if (!exchange->keep_alive)
        PUT_LITERAL(head, "Connection: close\r\n");
    else if (exchange->request->minor_version == 0)
        PUT_LITERAL(head, "Connection: keep-alive\r\n");
}

static void put_head(struct head *head, struct http_exchange *exchange,
                     const struct http_response *response, uint64_t length)
{
    put_status_line(head, response->status);
    PUT_LITERAL(head, "Server: netkit\r\n");
    put_date(head, exchange->loop);
    if (response->type) {
        PUT_LITERAL(head, "Content-Type: ");
        put_string(head, response->type);
        PUT_LITERAL(head, "\r\n");
    }
    put_length(head, response->status, length, exchange->request->minor_version);
    PUT_LITERAL(head, "X-Content-Type-Options: nosniff\r\n");
    put_string(head, exchange->loop->server->fields);
    if (response->status < 400)
        put_string(head, exchange->loop->server->success_fields);
    put_connection(head, exchange);
    if (response->extra)
        put_string(head, response->extra);
    PUT_LITERAL(head, "\r\n");
}

/* A response that cannot be queued cannot be taken back either. */
static bool send_or_abort(struct http_exchange *exchange, struct nk_slice bytes)
{
    int error = nk_tcp_connection_send(exchange->connection, bytes);
    if (error && error != -EPIPE) /* -EPIPE: it is on its way out already */
        nk_tcp_connection_abort(exchange->connection, error);
    return error == 0;
}

/* For the access log, the counters and --chaos. */
static void note_head(struct http_exchange *exchange, int status, size_t head, uint64_t body)
{
    if (exchange->loop->watch)
        http_watch_status(http_session_of(exchange->connection)->visitor, status);
    if (exchange->loop->server->chaos)
        http_chaos_begin(exchange, head, status == 204 || status == 304 ? 0 : body);
}

/* Sends the head of a response with a body of `length`. */
static bool begin(struct http_exchange *exchange, int status, struct nk_slice head, uint64_t length)
{
    if (NK_UNLIKELY(exchange->loop->notes_heads))
        note_head(exchange, status, head.len, length);
    return send_or_abort(exchange, head);
}

static bool is_last_head(const struct http_exchange *exchange, const struct http_response *response,
                         uint64_t length)
{
    const struct http_last_head *last = &exchange->loop->last_head;
    return last->len > 0 && response->status == 200 && !response->extra &&
           response->type == last->type && length == last->length &&
           exchange->keep_alive == last->keep_alive &&
           exchange->request->minor_version == last->minor_version &&
           nk_event_loop_wall_seconds(exchange->loop->loop) == last->second;
}

static void remember_head(const struct http_exchange *exchange,
                          const struct http_response *response, uint64_t length,
                          const struct head *head)
{
    struct http_last_head *last = &exchange->loop->last_head;
    if (response->status != 200 || response->extra || head->len > sizeof(last->text))
        return;
    last->type = response->type;
    last->length = length;
    last->second = exchange->loop->date_second;
    last->minor_version = exchange->request->minor_version;
    last->keep_alive = exchange->keep_alive;
    last->len = head->len;
    memcpy(last->text, head->text, head->len);
}

static bool send_head(struct http_exchange *exchange, const struct http_response *response,
                      uint64_t length)
{
    const struct http_last_head *last = &exchange->loop->last_head;
    if (NK_LIKELY(is_last_head(exchange, response, length)))
        return begin(exchange, 200, nk_slice_make(last->text, last->len), length);
    char text[HEAD_SIZE];
    struct head head = {text, sizeof(text), 0, false};
    put_head(&head, exchange, response, length);
    remember_head(exchange, response, length, &head);
    return begin(exchange, response->status, nk_slice_make(head.text, head.len), length);
}

size_t http_response_print_head(struct http_exchange *exchange,
                                const struct http_response *response, uint64_t length, char *text,
                                size_t size)
{
    struct head head = {text, size, 0, false};
    put_head(&head, exchange, response, length);
    return head.is_cut ? 0 : head.len;
}

void http_respond_ready(struct http_exchange *exchange, struct nk_slice whole, size_t head)
{
    static const struct nk_slice version = NK_SLICE("HTTP/1.1 ");
    uint64_t status = 0;
    if (NK_UNLIKELY(exchange->loop->notes_heads) &&
        nk_slice_parse_decimal(nk_slice_first(nk_slice_from(whole, version.len), 3), &status) == 0)
        note_head(exchange, (int)status, head, whole.len - head);
    (void)send_or_abort(exchange, whole);
}

void http_respond_head(struct http_exchange *exchange, const struct http_response *response,
                       uint64_t length)
{
    (void)send_head(exchange, response, length);
}

void http_respond(struct http_exchange *exchange, const struct http_response *response)
{
    bool has_body = exchange->request->method != HTTP_METHOD_HEAD && response->body.len > 0;
    if (send_head(exchange, response, response->body.len) && has_body)
        (void)send_or_abort(exchange, response->body);
}

/* The page that a person wants to be shown instead of a line of text. */
static void respond_page(struct http_exchange *exchange, int status,
                         const struct http_page_file *page, const char *extra)
{
    const struct http_response response = {
        .status = status,
        .type = page->type,
        .extra = extra,
        .body = nk_slice_make(page->text, page->len),
    };
    http_respond(exchange, &response);
}

void http_respond_status(struct http_exchange *exchange, int status, const char *detail,
                         const char *extra)
{
    const struct http_page_file *not_found = &exchange->loop->server->not_found;
    if (status == 404 && not_found->type) {
        respond_page(exchange, status, not_found, extra);
        return;
    }
    if (detail && exchange->loop->watch)
        http_watch_rule(http_session_of(exchange->connection)->visitor, detail);
    char body[512];
    int len = snprintf(body, sizeof(body), "%d %s%s%s\n", status, http_status_text(status),
                       detail ? ": " : "", detail ? detail : "");
    if (len < 0 || (size_t)len >= sizeof(body))
        len = 0;
    const struct http_response response = {
        .status = status,
        .type = status == 204 ? NULL : "text/plain; charset=utf-8",
        .extra = extra,
        .body = nk_slice_make(body, status == 204 ? 0 : (size_t)len),
    };
    http_respond(exchange, &response);
}

bool http_respond_method(struct http_exchange *exchange)
{
    const struct http_server *server = exchange->loop->server;
    enum http_method method = exchange->request->method;
    if (method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD)
        return false;
    bool takes_files =
        server->options.upload && !http_site_has_route(server->site, exchange->request);
    const char *allow =
        takes_files ? "Allow: GET, HEAD, OPTIONS, PUT, POST\r\n" : "Allow: GET, HEAD, OPTIONS\r\n";
    http_respond_status(exchange, method == HTTP_METHOD_OPTIONS ? 204 : 405, NULL, allow);
    return true;
}
