/* Where the body of a request goes while it arrives.
 *
 * A handler that wants the body of its request takes it with http_exchange_receive
 * instead of answering: right after the head, before the client was told to go on
 * (RFC 9110 10.1.1). A handler that answers at once has refused the body, and the
 * connection ends behind the answer. GET, HEAD and OPTIONS are different: their
 * bodies mean nothing, are read and dropped, and the handler is called behind them,
 * unless the route takes the bodies of all methods (http_site.h).
 *
 * The sink is told of the end exactly once: by `end` when the body is complete, by
 * `abort` when it never will be, or by its own call of http_sink_refuse. Behind that
 * the session knows it no more. Loop thread only.
 */
#ifndef HTTP_HTTP_SINK_H
#define HTTP_HTTP_SINK_H

#include "http/http_server.h"

struct http_sink;

struct http_sink_ops {
    /* The next bytes of the body, at least one and at most NK_EVENT_LOOP_BUFFER_SIZE,
     * valid during the call. It may pause, refuse, or send parts of an answer
     * (http_stream.h): while they do not go out no more is read. */
    void (*take)(struct http_sink *sink, struct nk_slice piece);

    /* The body is complete: answers `exchange`, or takes it out of the callback, as a
     * handler does. The request is the one that the handler had. */
    void (*end)(struct http_sink *sink, struct http_exchange *exchange);

    /* The client has left, was too slow, or broke the framing. Nothing can be answered
     * and the connection may not be used. */
    void (*abort)(struct http_sink *sink);
};

/* Embedded in the object of whoever takes the body. */
struct http_sink {
    const struct http_sink_ops *ops;
    struct nk_tcp_connection *connection; /* until it was told of the end */
};

/* Takes the body of a request, at most `max` bytes of it, for `sink`, whose ops are
 * set. Returns false when it was refused with 413 or 503: then the request is
 * answered and nothing of the sink is called. Without a body `end` is called from
 * within. */
bool http_exchange_receive(struct http_exchange *exchange, struct http_sink *sink, uint64_t max);

/* From `take`: this was the last piece, and nothing else is told but an abort, until
 * http_sink_resume, which is for outside of the sink's callbacks and may call `end`
 * from within. */
void http_sink_pause(struct http_sink *sink);
void http_sink_resume(struct http_sink *sink);

/* Answers while the body still arrives, and ends the connection behind it. */
void http_sink_refuse(struct http_sink *sink, int status, const char *detail);

#endif
