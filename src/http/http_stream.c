#include "http/http_stream.h"

#include <errno.h>

#include "http/http_chaos.h"
#include "http/http_session.h"

void http_stream_begin(struct http_stream *stream, struct http_exchange *exchange,
                       const struct http_response *response, uint64_t length)
{
    *stream = (struct http_stream){
        .connection = exchange->connection,
        .is_chunked = length == HTTP_LENGTH_UNKNOWN && exchange->request->minor_version > 0,
        .is_silent = exchange->request->method == HTTP_METHOD_HEAD,
    };
    struct http_session *session = http_session_of(exchange->connection);
    if (length == HTTP_LENGTH_UNKNOWN && !stream->is_chunked) {
        exchange->keep_alive = false;
        session->keep_alive = false;
    }
    session->has_head = true;
    http_respond_head(exchange, response, length);
}

/* It may close the connection, and with it end whoever owns the stream. */
static void put(struct nk_tcp_connection *connection, struct nk_slice bytes)
{
    int error = nk_tcp_connection_send(connection, bytes);
    if (error && error != -EPIPE) /* -EPIPE: it is on its way out already */
        nk_tcp_connection_abort(connection, error);
}

void http_stream_write(struct http_stream *stream, struct nk_slice piece)
{
    static const struct nk_slice line_end = NK_SLICE("\r\n");
    struct nk_tcp_connection *connection = stream->connection;
    char line[sizeof("0123456789abcdef\r\n")];
    if (stream->is_silent || piece.len == 0)
        return;
    if (!stream->is_chunked) {
        put(connection, piece);
        return;
    }
    int len = snprintf(line, sizeof(line), "%zx\r\n", piece.len);
    put(connection, nk_slice_make(line, (size_t)len));
    put(connection, piece);
    put(connection, line_end);
}

void http_stream_end(struct http_stream *stream)
{
    static const struct nk_slice last_chunk = NK_SLICE("0\r\n\r\n");
    http_session_of(stream->connection)->has_head = false;
    http_chaos_end(stream->connection);
    if (stream->is_chunked && !stream->is_silent)
        put(stream->connection, last_chunk);
}
