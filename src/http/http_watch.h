/* Follows each request from its arrival to the last byte of its response, for the
 * access log and the counters. Loop thread only.
 *
 *     begin ---> status ---> handed over ---> finished
 *              (a head goes   (nothing more   (the kernel has taken all of it,
 *               out)           will follow)    or the connection is gone)
 *
 * Without a log and counters http_loop.watch is NULL, and all that is left of this is
 * one comparison a step.
 */
#ifndef HTTP_HTTP_WATCH_H
#define HTTP_HTTP_WATCH_H

#include "http/http_counters.h"
#include "http/http_log.h"
#include "http/http_request.h"
#include "net/tcp_connection.h"

struct http_watch;
struct http_visitor;

struct http_watch_options {
    struct http_log *log;           /* NULL = none */
    struct http_counters *counters; /* NULL = none */
    struct nk_event_loop *loop;
    size_t index; /* of the loop */
};

/* Returns 0 or -ENOMEM. */
int http_watch_new(struct http_watch **out, const struct http_watch_options *options);
void http_watch_free(struct http_watch *watch); /* NULL is fine */

/* Hands what was logged to the writer. */
void http_watch_flush(struct http_watch *watch);

/* `*visitor` is what the session of the connection keeps for it; NULL at first. */

/* A request has arrived; nothing, when it is the one that has begun already. */
void http_watch_begin(struct http_watch *watch, struct http_visitor **visitor,
                      struct nk_tcp_connection *connection, const struct http_request *request);

/* One is refused that cannot be read. `head` is what there is of its head, of which the
 * first line is kept. Both texts are copied. */
void http_watch_refuse(struct http_watch *watch, struct http_visitor **visitor,
                       struct nk_tcp_connection *connection, struct nk_slice head,
                       const char *rule);

/* The head of its response is being sent. */
void http_watch_status(struct http_visitor *visitor, int status);

/* Why it is refused, in words that are copied. */
void http_watch_rule(struct http_visitor *visitor, const char *rule);

/* Whose request it is; the name is copied. */
void http_watch_user(struct http_visitor *visitor, const char *name);

/* All of its response has been sent or queued. */
void http_watch_hand_over(struct http_visitor *visitor);

/* The connection's output has drained. */
void http_watch_drained(struct http_visitor *visitor);

/* The connection is closed: frees the visitor (NULL is fine). */
void http_watch_end(struct http_visitor *visitor);

#endif
