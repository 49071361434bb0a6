/* An answer that is sent piece by piece.
 *
 * A stream frames the pieces: with a length that is known before, as chunks (RFC 9112
 * 7.1), or for HTTP/1.0 by the end of the connection. A source makes them, as fast as
 * the client takes them. Loop thread only.
 */
#ifndef HTTP_HTTP_STREAM_H
#define HTTP_HTTP_STREAM_H

#include "http/http_server.h"

/* For http_stream_begin: nobody knows it yet. */
#define HTTP_LENGTH_UNKNOWN UINT64_MAX

struct http_stream {
    /* private */
    struct nk_tcp_connection *connection;
    bool is_chunked;
    bool is_silent; /* the answer to HEAD has no body */
};

/* Sends the head of `response`, whose body is not looked at. With a length exactly
 * so many bytes have to follow. */
void http_stream_begin(struct http_stream *stream, struct http_exchange *exchange,
                       const struct http_response *response, uint64_t length);

/* The head alone, for http_stream_begin. */
void http_respond_head(struct http_exchange *exchange, const struct http_response *response,
                       uint64_t length);

/* Sends a piece; an empty one is nothing. What the kernel does not take is queued. */
void http_stream_write(struct http_stream *stream, struct nk_slice piece);

/* The answer is complete. */
void http_stream_end(struct http_stream *stream);

/* ---- sources ---- */

struct http_source;

/* What a source has to say. */
enum http_source_state {
    HTTP_SOURCE_MORE, /* call again as soon as everything so far has gone out */
    HTTP_SOURCE_WAIT, /* http_source_wake will be called */
    HTTP_SOURCE_DONE, /* the answer is complete; the session knows the source no more */
    HTTP_SOURCE_GONE, /* neither, but the exchange was resumed and finished (http_server.h) */
};

struct http_source_ops {
    /* Sends the next pieces, a few at a time. The request of `exchange` holds only the
     * method and the version. Nothing of the answer has been sent before the first
     * call, unless the handler began it. */
    enum http_source_state (*produce)(struct http_source *source, struct http_exchange *exchange);

    /* The connection is gone, and may not be used. The last call. */
    void (*abort)(struct http_source *source);

    /* The client has ended its stream, or with `drains` the server wants to end: who
     * waits for nothing but time need not wait any longer. It may call
     * http_source_wake, and may come more than once. May be NULL. */
    void (*hurry)(struct http_source *source, bool drains);
};

/* Embedded in the object of whoever produces the answer. */
struct http_source {
    const struct http_source_ops *ops;
    /* private, and set by http_exchange_produce */
    struct nk_tcp_connection *connection;
    enum http_method method;
    unsigned minor_version;
    bool is_waiting;
};

/* From a handler, or the end of a sink: leaves the answer, or the rest of it, to
 * `source`, whose ops are set. No further request is looked at until it is done. */
void http_exchange_produce(struct http_exchange *exchange, struct http_source *source);

/* Calls `produce` of a source that waits, from within. */
void http_source_wake(struct http_source *source);

#endif
