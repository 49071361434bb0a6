/* HTTP/1.1 on stream connections: requests in, responses out.
 *
 * The server finds requests in the bytes (http_request.h, http_body.h), calls
 * the site (http_site.h) for each, in order, and sees to everything that is
 * the same for all of them: keep-alive, pipelining, bodies, time-outs, limits,
 * errors, draining. What a request means is the site's business.
 */
#ifndef HTTP_HTTP_SERVER_H
#define HTTP_HTTP_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "http/http_base_path.h"
#include "http/http_cache.h"
#include "http/http_date.h"
#include "http/http_options.h"
#include "http/http_page_file.h"
#include "http/http_quota.h"
#include "http/http_repeat.h"
#include "http/http_request.h"
#include "http/http_tables.h"
#include "http/http_watch.h"
#include "net/connection_group.h"
#include "net/tcp_connection.h"
#include "threads/worker_pool.h"

struct http_auth;
struct http_loop;
struct http_site;

/* One request and where its answer goes. Valid during the callback only. */
struct http_exchange {
    struct nk_tcp_connection *connection;
    struct http_loop *loop;
    const struct http_request *request;
    bool keep_alive; /* as the response will say */
};

/* Answers one request with exactly one of the http_respond functions, or takes
 * it out of the callback with http_exchange_suspend, http_exchange_receive
 * (http_sink.h) or http_exchange_produce (http_stream.h). */
typedef void http_handler_fn(struct http_exchange *exchange);

/* What all loops of one server share; constant while it runs. */
struct http_server {
    struct http_options options;
    const struct http_site *site; /* what requests mean, see http_site.h */
    void *content;                /* the site's own */

    /* Further header lines of every response, each ended by CRLF; "" for none. */
    const char *fields;
    const char *success_fields; /* the same for every response that is no error */

    char base[HTTP_BASE_PATH_SIZE];  /* in front of every path, see http_base_path.h */
    struct http_page_file not_found; /* the body of every 404 */

    struct http_auth *auth; /* who may ask, see http_auth.h; NULL = everybody */

    /* For what may block: directories, compression, passwords. Exists while
     * connections do. */
    struct nk_worker_pool *workers;

    struct http_chaos *chaos; /* what happens to requests, see http_chaos.h; NULL = nothing */

    struct http_quota *quota; /* the requests that are left; NULL = any number */

    struct http_log *log;    /* the access log; NULL = none */
    bool counts;             /* each loop fills its counters */
    uint64_t started;        /* monotonic ns */
    struct http_loop *loops; /* all of them, in their order; complete before they run */
};

/* Files below this size are kept in memory and sent together with their head; larger
 * ones go through sendfile. */
#define HTTP_SMALL_FILE ((size_t)65536)

/* What one loop has compressed, see http_coded.h. */
struct http_coded {
    struct http_cache results;
    struct nk_list_node running; /* what is being made */
};

/* The head of the last plain 200: the next one is usually the same, byte for
 * byte, and then it is copied instead of assembled. */
struct http_last_head {
    const char *type; /* as given; constants, compared by address */
    uint64_t length;
    uint64_t second; /* of its Date */
    unsigned minor_version;
    bool keep_alive;
    size_t len; /* 0 = none yet */
    char text[512];
};

/* A request whose body has not been looked at, while its handler runs. */
struct http_arrival {
    struct nk_slice head;
    size_t rest;     /* bytes that are known to be here behind the head */
    bool keep_alive; /* what the client asked for */
    bool is_taken;
    bool is_kept; /* with a suspended exchange: it may be taken later */
};

/* The state of one loop: nothing here is shared between threads but the counter. */
struct http_loop {
    const struct http_server *server;
    struct nk_event_loop *loop;
    struct http_loop *next; /* in server->loops */
    size_t index;           /* there */
    atomic_uint_fast64_t requests;
    struct http_watch *watch; /* follows the requests; NULL = nobody wants to know */
    bool notes_heads;         /* there is a watch, or chaos */
    struct http_counters counters;
    _Atomic(struct nk_connection_group *) group; /* for its counters; set by its first connection */
    uint64_t date_second;                        /* what date_line shows */
    char date_line[sizeof("Date: \r\n") + HTTP_DATE_SIZE];
    struct http_last_head last_head;
    struct http_repeat repeat;
    struct http_request request;      /* the one being handled */
    struct http_arrival *arrival;     /* its body, when the handler decides about that, or NULL */
    struct http_cache cache;          /* of files as they are, or as they lie beside each other */
    struct nk_timer close_timer;      /* for the large ones that it keeps open */
    struct http_coded coded;          /* of what the server has compressed */
    char small_file[HTTP_SMALL_FILE]; /* last: no memory until it is used */
};

/* The handlers for nk_tcp_server: fills `handlers`, whose limits follow from the
 * options. The context of each connection group is a struct http_loop. */
void http_server_handlers(const struct http_options *options,
                          struct nk_connection_handlers *handlers);

/* A state for `loop`, the next of server->loops. Before anything runs. Returns 0 or
 * -ENOMEM. */
int http_loop_new(struct http_loop **out, struct http_server *server, struct nk_event_loop *loop);
void http_loop_free(struct http_loop *loop);

/* ---- answering; each sends one complete response (no body after HEAD) ---- */

struct http_response {
    int status;
    const char *type;     /* Content-Type, or NULL for none */
    const char *extra;    /* further header lines, each ended by CRLF, or NULL */
    struct nk_slice body; /* copied */
};

void http_respond(struct http_exchange *exchange, const struct http_response *response);

/* The same with a body of `size` bytes of `file` from its start; takes the
 * descriptor. The response's own body is not looked at. */
void http_respond_page(struct http_exchange *exchange, const struct http_response *response,
                       int file, uint64_t size);

/* Only prints what http_respond would send in front of a body of that length.
 * Returns its size, or 0 when it does not fit. */
size_t http_response_print_head(struct http_exchange *exchange,
                                const struct http_response *response, uint64_t length, char *text,
                                size_t size);

/* A complete response, made before: `head` bytes of head, and the body behind it. */
void http_respond_ready(struct http_exchange *exchange, struct nk_slice whole, size_t head);

/* A short plain-text body with the status and, if not NULL, a detail. */
void http_respond_status(struct http_exchange *exchange, int status, const char *detail,
                         const char *extra);

/* Answers OPTIONS with 204, and methods other than GET and HEAD with 405, both
 * with Allow; returns whether it did. */
bool http_respond_method(struct http_exchange *exchange);

/* ---- answering later ---- */

/* What is left of an exchange whose answer takes work elsewhere. */
struct http_suspended {
    struct nk_connection_id connection;
    size_t head_len;
    char *head; /* a copy of the request's bytes; owned */
    bool keep_alive;
    bool has_arrival; /* its body may still be taken */
    struct http_arrival arrival;
};

/* Leaves the callback without an answer; no further request of this connection
 * is looked at until http_exchange_finish. Returns 0, or -ENOMEM, and then
 * nothing has happened. Every `suspended` is resumed exactly once. */
int http_exchange_suspend(struct http_exchange *exchange, struct http_suspended *suspended);

/* Instead of resuming it: the connection is gone. */
void http_suspended_drop(struct http_suspended *suspended);

/* On the connection's loop: makes `exchange` as it was, with the same request,
 * for one http_respond or for the site to look at it again (http_site_handle),
 * which may even suspend it again. Returns false when the connection is gone;
 * then there is nothing to finish. */
bool http_exchange_resume(struct http_exchange *exchange, struct http_suspended *suspended,
                          struct http_loop *loop);

/* After the respond: lets the connection go on with its next request, unless the
 * exchange was suspended again. */
void http_exchange_finish(struct http_exchange *exchange, struct http_suspended *suspended);

/* An answer that a worker thread prepares. Embedded in the caller's object. */
struct http_errand;

struct http_errand {
    /* On a worker thread; may block. Nothing of the exchange may be touched. */
    void (*run)(struct http_errand *errand);

    /* Afterwards, on the loop: answers `exchange`, or hands it to the site again,
     * and frees the errand's memory. NULL: the client has gone. */
    void (*answer)(struct http_errand *errand, struct http_exchange *exchange);

    /* private */
    struct nk_job job;
    struct http_loop *loop;
    struct http_suspended suspended;
};

/* Suspends the exchange and has the errand run. Returns 0, or -ENOMEM or -EAGAIN
 * (too much is queued): then nothing has happened and the exchange still wants
 * its answer. */
int http_errand_start(struct http_errand *errand, struct http_exchange *exchange);

#endif
