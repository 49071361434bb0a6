/* What the HTTP server remembers of one connection, between the bytes. Internal
 * to http_session.c, which holds the course of a connection, to
 * http_session_body.c, which takes the bodies of requests, and to
 * http_suspend.c, for answers that are made elsewhere.
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
    HTTP_SESSION_ANSWERING, /* the handler runs */
    HTTP_SESSION_SUSPENDED, /* the answer is being made on another thread */
    HTTP_SESSION_ENDED,     /* the last response is on its way */
};

struct http_unfinished;

/* Part of every idle connection's memory, hence its compactness. */
struct http_session {
    struct http_progress progress;
    struct http_unfinished *unfinished; /* in BODY only */
    uint32_t requests;
    uint8_t state;
    bool keep_alive;   /* what the current response says */
    bool has_rest;     /* bytes follow the current request */
    bool ends_unasked; /* the client may not know yet that this response is the last */
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

/* http_request_parse into the loop's request, whose path is then the one below
 * the base path: empty when it lies elsewhere. */
ssize_t http_session_parse(struct http_loop *loop, struct nk_slice input,
                           struct http_progress *progress, struct http_problem *problem);

/* Changes the state and sets the deadline that goes with it. */
void http_session_enter(struct nk_tcp_connection *connection, enum http_session_state state);

/* Answers a request that cannot be served and ends the connection: where the
 * next request would begin is unknown. */
void http_session_refuse(struct nk_tcp_connection *connection, int status, const char *rule);

/* The same for a problem that a parser has found. */
void http_session_refuse_problem(struct nk_tcp_connection *connection,
                                 const struct http_problem *problem);

/* Lets the handler answer the complete request in the loop's `request`. */
void http_session_answer(struct nk_tcp_connection *connection);

/* After a complete response: the next request, or the end. */
void http_session_go_on(struct nk_tcp_connection *connection);

/* The client will send nothing more. */
void http_session_end_after_input(struct nk_tcp_connection *connection);

/* ---- http_session_body.c ---- */

/* A complete head with a body behind it; `rest` begins with the body. Returns
 * the bytes of `rest` that were consumed. */
size_t http_session_begin_body(struct nk_tcp_connection *connection, struct nk_slice head,
                               struct nk_slice rest);

/* More bytes of a body that has begun; returns how many were consumed. */
size_t http_session_take_body(struct nk_tcp_connection *connection, struct nk_slice input);

#endif
