/* What the HTTP server remembers of one connection, between the bytes. Internal
 * to http_session.c, which holds the course of a connection, to
 * http_session_head.c, which finds the requests, to http_session_body.c, which
 * takes their bodies, to http_response.c, http_stream.c and http_session_source.c,
 * which send answers at once and in pieces, to http_suspend.c, for answers that are
 * made elsewhere, and to http_chaos.c, for those that break off.
 */
#ifndef HTTP_HTTP_SESSION_H
#define HTTP_HTTP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "http/http_server.h"
#include "net/connection_group.h"

enum http_session_state {
    HTTP_SESSION_WAITING,   /* for the first byte of a request */
    HTTP_SESSION_HEAD,      /* for the rest of a head */
    HTTP_SESSION_BODY,      /* for the rest of a body */
    HTTP_SESSION_STALLED,   /* for the sink of a body */
    HTTP_SESSION_ANSWERING, /* the handler runs */
    HTTP_SESSION_SUSPENDED, /* the answer is being made on another thread */
    HTTP_SESSION_PRODUCING, /* a source sends the answer piece by piece */
    HTTP_SESSION_ENDED,     /* the last response is on its way */
};

struct http_unfinished;
struct http_source;

/* Part of every idle connection's memory, hence its compactness. */
struct http_session {
    struct http_progress progress;
    union {
        struct http_unfinished *unfinished; /* in BODY and STALLED */
        struct http_source *source;         /* in PRODUCING */
    };
    struct http_visitor *visitor; /* with a log or counters, see http_watch.h */
    uint32_t requests;
    uint32_t fault_place; /* see http_chaos.h */
    uint8_t fault;        /* of the current response */
    uint8_t state;
    bool keep_alive;   /* what the current response says */
    bool has_rest;     /* bytes follow the current request */
    bool ends_unasked; /* the client may not know yet that this response is the last */
    bool has_head;     /* the head of a streamed response is out, its end is not */
};

static inline struct http_session *http_session_of(struct nk_tcp_connection *connection)
{
    return nk_tcp_connection_session(connection);
}

static inline struct http_loop *http_loop_of(struct nk_tcp_connection *connection)
{
    return nk_connection_group_context(nk_tcp_connection_group(connection));
}

/* ---- http_session.c ---- */

/* Changes the state and sets the deadline that goes with it. */
void http_session_enter(struct nk_tcp_connection *connection, enum http_session_state state);

/* Refuses what follows the head of the request in the loop's `request`, whose handler
 * has not answered yet, and ends the connection: where the next request would begin is
 * unknown. */
void http_session_refuse(struct nk_tcp_connection *connection, int status, const char *rule);

/* The answer of both refusals: to the method and the version of the loop's `request`,
 * and the last one although more may arrive. */
void http_session_end_with(struct nk_tcp_connection *connection, int status, const char *rule);

/* Lets the handler answer the request in the loop's `request`. */
void http_session_answer(struct nk_tcp_connection *connection);

/* Whether the connection goes on behind the current response, which is decided
 * when its head is made: `wanted` is what the client asked for. */
void http_session_decide_keep_alive(struct http_exchange *exchange, bool wanted);

struct http_exchange http_session_exchange(struct nk_tcp_connection *connection);

/* After a complete response, in a callback: the next request, or the end. */
void http_session_go_on(struct nk_tcp_connection *connection);

/* Behind that from outside of the connection's callbacks, or when reading was paused:
 * nothing else would set its deadline or make it read again. */
void http_session_settle(struct nk_tcp_connection *connection);

/* The client has ended its stream and all of it was looked at. */
void http_session_end_after_input(struct nk_tcp_connection *connection);

/* ---- http_session_head.c ---- */

/* http_request_parse into the loop's request, whose path is then the one below
 * the base path: empty when it lies elsewhere. */
ssize_t http_session_parse(struct http_loop *loop, struct nk_slice input,
                           struct http_progress *progress, struct http_problem *problem);

/* Takes one request off the front. Returns the bytes consumed, 0 when the head is not
 * complete. */
size_t http_session_take_request(struct nk_tcp_connection *connection, struct nk_slice input);

/* Refuses a head that cannot be read, or has not come to its end, and ends the
 * connection; `input` begins with what there is of it. */
void http_session_refuse_head(struct nk_tcp_connection *connection, struct nk_slice input,
                              const struct http_problem *problem);

/* ---- http_session_body.c ---- */

/* A complete head with a body behind it; `rest` begins with the body. Returns
 * the bytes of `rest` that were consumed. */
size_t http_session_begin_body(struct nk_tcp_connection *connection, struct nk_slice head,
                               struct nk_slice rest);

/* More bytes of a body that has begun; returns how many were consumed. */
size_t http_session_take_body(struct nk_tcp_connection *connection, struct nk_slice input);

/* The time in which nothing was read, because output was queued, does not count as
 * the client's. */
void http_session_body_waits_since(struct http_session *session, uint64_t now);

/* http_session_refuse for a body that has begun: the request is made again before. */
void http_session_refuse_body(struct nk_tcp_connection *connection, int status, const char *rule);

/* Forgets the body, if there is one, and tells its sink. */
void http_session_abort_body(struct http_session *session);

/* ---- http_session_source.c ---- */

/* Everything that was queued has gone out. */
void http_session_produce(struct nk_tcp_connection *connection);

void http_session_hurry(struct nk_tcp_connection *connection, bool drains);

void http_session_abort_source(struct http_session *session);

#endif
