/* The inside of the shell server: what the loops share, what a loop has, what is
 * remembered of one client. Internal to shell_service.c (the server's life),
 * shell_session.c (from bytes to requests and the course of a session),
 * shell_command.c (what requests do) and shell_work.c (those that take a worker).
 */
#ifndef SHELL_SHELL_SESSION_H
#define SHELL_SHELL_SESSION_H

#include <stdatomic.h>
#include <stdbool.h>

#include "net/connection_group.h"
#include "shell/shell_list.h"
#include "shell/shell_log.h"
#include "shell/shell_request.h"
#include "shell/shell_service.h"
#include "shell/shell_token.h"
#include "shell/shell_tree.h"
#include "threads/worker_pool.h"

/* What all loops share. Constant while it runs, but for what is atomic. */
struct shell_server {
    struct shell_options options;
    struct shell_tree tree;
    struct shell_token token;
    struct shell_log log;
    struct shell_list_budget budget;
    struct nk_worker_pool *workers;
    atomic_uint_fast64_t sessions; /* the number of the last one */
};

/* The state of one loop. */
struct shell_loop {
    struct shell_server *server;
    struct nk_event_loop *loop;
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t refused; /* sessions ended for wrong or missing tokens */
    char *room;                   /* max_line + 1 bytes for the words of a request */
};

/*                 request line            for a worker
 *     READY ----------------------> done <------------+
 *       ^  \------------------------------> WORKING --+
 *       |                                      ^ | a piece of the listing
 *       +-- the answer is out                  | v
 *                                              SENDING
 */
enum shell_state {
    SHELL_STATE_READY,   /* for the next request */
    SHELL_STATE_HELD,    /* likewise, but others get their turn first */
    SHELL_STATE_WORKING, /* a worker has the request */
    SHELL_STATE_SENDING, /* the client takes a piece, then the worker goes on */
    SHELL_STATE_PAUSED,  /* a wrong token is answered later */
    SHELL_STATE_ENDED,   /* the last line is on its way; nothing is read any more */
};

struct shell_work;

struct shell_session {
    struct nk_tcp_connection *connection; /* NULL until it is completed */
    uint64_t number;
    char *who;               /* the peer, for the log; NULL without one */
    char *path;              /* the directory, from the root; NULL = the start */
    char *former_path;       /* where `cd -` goes; NULL = nowhere yet */
    struct shell_work *work; /* in WORKING and SENDING */
    uint64_t token_deadline; /* of one that is not admitted */
    size_t skipped;          /* bytes of a line that is too long; 0 = none is skipped */
    int directory;           /* descriptor of `path`; -1 = the start's */
    uint8_t state;
    uint8_t wrong_tokens;
    bool is_admitted; /* has given the token, or none is asked for */
    bool has_rest;    /* input is left behind the current request */
};

static inline struct shell_session *shell_session_of(struct nk_tcp_connection *connection)
{
    return nk_tcp_connection_session(connection);
}

static inline struct shell_loop *shell_loop_of(const struct nk_tcp_connection *connection)
{
    return nk_connection_group_context(nk_tcp_connection_group(connection));
}

/* ---- shell_session.c ---- */

void shell_session_handlers(const struct shell_options *options,
                            struct nk_connection_handlers *handlers);

/* Changes the state and sets the deadline that goes with it. */
void shell_session_enter(struct shell_session *session, enum shell_state state);

/* The answer to a request that took a worker is complete: the next one. */
void shell_session_go_on(struct shell_session *session);

/* Says why (NULL: nothing more than "bye") and ends the session. */
void shell_session_end(struct shell_session *session, const char *reason);

/* The directory of the session, from the root. */
const char *shell_session_path(const struct shell_session *session);

/* Writes to the session log, with or without the directory in front. */
void shell_session_log(struct shell_session *session, bool with_path, struct nk_slice what);

/* ---- shell_command.c ---- */

/* Answers a request, or gives it to a worker. */
void shell_command_run(struct shell_session *session, const struct shell_request *request);

/* A second after a wrong token. */
void shell_command_refuse_token(struct shell_session *session);

/* One line, a status or of a payload, in the form that the server speaks. */
void shell_reply_payload(struct shell_session *session, struct nk_slice text);
void shell_reply_ok(struct shell_session *session);
void shell_reply_error(struct shell_session *session, const char *format, ...) NK_FORMAT(2, 3);

/* Bytes that are lines already. */
void shell_reply_bytes(struct shell_session *session, struct nk_slice bytes);

/* "cannot enter 'x': permission denied" */
void shell_reply_failure(struct shell_session *session, const char *action, struct nk_slice name,
                         int error);

/* ---- shell_work.c ---- */

/* Enters the directory `argument`, which is `path` from the root; lists what is
 * there. Both answer when it is done. */
void shell_work_enter(struct shell_session *session, struct nk_slice argument, const char *path);
void shell_work_list(struct shell_session *session, const struct shell_request *request,
                     const char *path);

/* The client has taken a piece: the next one. */
void shell_work_continue(struct shell_session *session);

/* The connection is closed. */
void shell_work_abandon(struct shell_session *session);

#endif
