#include "http/http_lines.h"

#include <inttypes.h>
#include <stdlib.h>

#include "http/http_stream.h"

/* Lines that are queued before others get their turn: some 16 KiB. */
#define BUDGET 1000

struct lines {
    struct http_source source;
    struct http_stream stream;
    uint64_t count;
    uint64_t sent;
};

static enum http_source_state produce(struct http_source *source, struct http_exchange *exchange)
{
    struct lines *lines = nk_container_of(source, struct lines, source);
    char line[2 * 20 + sizeof(" of \n")];
    for (int i = 0; i < BUDGET && lines->sent < lines->count; i++) {
        lines->sent++;
        int len =
            snprintf(line, sizeof(line), "%" PRIu64 " of %" PRIu64 "\n", lines->sent, lines->count);
        http_stream_write(&lines->stream, nk_slice_make(line, (size_t)len));
        if (nk_tcp_connection_is_closing(exchange->connection))
            return HTTP_SOURCE_WAIT; /* the lines have gone, too */
    }
    if (lines->sent < lines->count)
        return HTTP_SOURCE_MORE;
    struct http_stream stream = lines->stream;
    free(lines);
    http_stream_end(&stream);
    return HTTP_SOURCE_DONE;
}

static void abandon(struct http_source *source)
{
    free(nk_container_of(source, struct lines, source));
}

static const struct http_source_ops ops = {.produce = produce, .abort = abandon};

void http_lines_respond(struct http_exchange *exchange, uint64_t count)
{
    const struct http_response response = {.status = 200, .type = "text/plain; charset=utf-8"};
    struct lines *lines = calloc(1, sizeof(*lines));
    if (!lines) {
        http_respond_status(exchange, 503, NULL, NULL);
        return;
    }
    lines->source.ops = &ops;
    lines->count = exchange->request->method == HTTP_METHOD_HEAD ? 0 : count;
    http_stream_begin(&lines->stream, exchange, &response, HTTP_LENGTH_UNKNOWN);
    http_exchange_produce(exchange, &lines->source);
}
