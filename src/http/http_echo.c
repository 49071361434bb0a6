#include "http/http_echo.h"

#include <stdlib.h>

#include "http/http_sink.h"
#include "http/http_stream.h"

/* A longer type of a body is not repeated. */
#define TYPE_MAX 256

struct echo {
    struct http_sink sink;
    struct http_stream stream;
};

static void take(struct http_sink *sink, struct nk_slice piece)
{
    struct echo *echo = nk_container_of(sink, struct echo, sink);
    http_stream_write(&echo->stream, piece);
}

static void end(struct http_sink *sink, struct http_exchange *exchange)
{
    struct echo *echo = nk_container_of(sink, struct echo, sink);
    struct http_stream stream = echo->stream;
    (void)exchange;
    free(echo);
    http_stream_end(&stream);
}

static void forget(struct http_sink *sink)
{
    free(nk_container_of(sink, struct echo, sink));
}

static const struct http_sink_ops ops = {.take = take, .end = end, .abort = forget};

/* The header line that repeats the type of the body. */
static void print_type(const struct http_request *request, char *line, size_t size)
{
    const struct nk_slice *type = http_request_header(request, "Content-Type");
    struct nk_slice name = NK_SLICE("application/octet-stream");
    if (type && type->len > 0 && type->len <= TYPE_MAX)
        name = *type;
    snprintf(line, size, "Content-Type: %.*s\r\n", (int)name.len, name.data);
}

/* The lengths are the same, if there is one: a body that comes in chunks goes so. */
static uint64_t length_of(const struct http_request *request)
{
    if (request->framing == HTTP_FRAMING_CHUNKED)
        return HTTP_LENGTH_UNKNOWN;
    return request->framing == HTTP_FRAMING_LENGTH ? request->content_length : 0;
}

void http_echo_handle(struct http_exchange *exchange)
{
    char type[sizeof("Content-Type: \r\n") + TYPE_MAX];
    print_type(exchange->request, type, sizeof(type));
    const struct http_response response = {.status = 200, .extra = type};
    const uint64_t length = length_of(exchange->request);
    if (length == 0) {
        http_respond(exchange, &response);
        return;
    }
    struct echo *echo = calloc(1, sizeof(*echo));
    if (!echo) {
        http_respond_status(exchange, 503, NULL, NULL);
        return;
    }
    echo->sink.ops = &ops;
    if (http_exchange_receive(exchange, &echo->sink, exchange->loop->server->options.max_body))
        http_stream_begin(&echo->stream, exchange, &response, length);
    else
        free(echo);
}
