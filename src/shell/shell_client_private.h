/* The inside of the shell client. Internal to its files:
 *
 *     shell_client.c          its life: signals, the end
 *     shell_client_link.c     the connection: made, lost, made again
 *     shell_client_session.c  requests: of the user's, and of our own
 *     shell_client_answer.c   answers, in lines
 *     shell_client_raw.c      the same in the raw form
 *     shell_client_input.c    where requests come from
 *     shell_client_output.c   where answers go
 *     shell_client_person.c   somebody at a terminal
 *
 * Everything runs on the loop's thread.
 *
 *     DIALLING -> GREETING -> PREPARING -> READY <-> ASKING -> LEAVING
 *        ^            |           |          |          |
 *        +------------+-----------+----------+----------+  the connection is lost
 */
#ifndef SHELL_SHELL_CLIENT_PRIVATE_H
#define SHELL_SHELL_CLIENT_PRIVATE_H

#include <stdlib.h>

#include "base/buffer.h"
#include "net/connection_group.h"
#include "net/dialer.h"
#include "reactor/signal_watch.h"
#include "shell/shell_backoff.h"
#include "shell/shell_client.h"
#include "shell/shell_completion.h"
#include "shell/shell_request.h"
#include "shell/shell_show.h"
#include "shell/shell_stream.h"
#include "shell/shell_text.h"
#include "shell/shell_token.h"
#include "terminal/line_editor.h"
#include "threads/worker_pool.h"

enum shell_client_state {
    SHELL_CLIENT_DIALLING,  /* or waiting to do so */
    SHELL_CLIENT_GREETING,  /* the server's first line is awaited */
    SHELL_CLIENT_PREPARING, /* requests of our own are: the token, the directory */
    SHELL_CLIENT_READY,     /* for a request of the user's */
    SHELL_CLIENT_ASKING,    /* one is being answered */
    SHELL_CLIENT_LEAVING,   /* raw form: for the server's end of stream */
};

/* What an answer is for. */
enum shell_purpose {
    SHELL_FOR_TOKEN,
    SHELL_FOR_RETURN, /* to where the lost session was */
    SHELL_FOR_DIRECTORY,
    SHELL_FOR_USER,
    SHELL_FOR_NOBODY, /* the user's, who does not want to see it any more */
    SHELL_FOR_COMPLETION,
};

/* Answers that may be awaited at a time; a person who interrupts one listing after the
 * other has to wait then. */
#define SHELL_EXPECTED_MAX 16

/* No request, and no line of a script, is longer. */
#define SHELL_CLIENT_REQUEST_MAX ((size_t)1024 * 1024)

/* A longer line of the raw form is cut in pieces: each can be shown, all escaped. */
#define SHELL_CLIENT_RAW_LINE_MAX (SHELL_SHOW_BYTES / SHELL_ESCAPED_MAX)

struct shell_client_link {
    struct nk_worker_pool *pool;
    struct nk_dialer *dialer; /* while it dials */
    struct nk_connection_group *group;
    struct nk_tcp_connection *connection; /* NULL when there is none */
    struct nk_timer retry_timer;
    struct shell_backoff backoff;
    uint64_t deadline;      /* until the server has to have greeted */
    bool look_up_timed_out; /* a worker may still be at it */
    bool was_made;          /* once at least */
    enum exit_status loss;  /* while an answer is being written: what has happened since */
    char *loss_reason;
    char address[NK_ADDRESS_TEXT_MAX];
};

/* The request of the user's that is being answered. */
struct shell_client_request {
    struct nk_buffer text; /* as the user has written it */
    enum shell_command command;
    struct shell_ls_options ls;
    char *error;         /* what the server says; NULL = nothing yet, or no error */
    bool is_answered;    /* its status is here */
    bool has_shown;      /* a part of its answer is */
    bool is_finishing;   /* as soon as all of it is written */
    bool is_to_be_asked; /* as soon as there is a connection again */
    uint64_t lines;
    uint64_t started_at;
};

struct shell_client_raw {
    struct nk_timer timer; /* runs while an answer may still come */
    struct nk_buffer line; /* what its last line has so far */
    bool is_paused;        /* a piece of it waits until the output has room */
    bool is_discarding;    /* nobody wants to see the rest of it */
};

struct shell_client_input {
    struct nk_slice script;     /* what is left of one, or of the line that was typed */
    size_t next_script;         /* of the options */
    char *line;                 /* where that line is, or NULL */
    struct shell_stream stream; /* standard input, when the requests are there */
    struct nk_buffer bytes;
    bool has_ended;
};

struct shell_client_output {
    struct shell_stream stream; /* standard output, unless there is a person */
    struct nk_buffer bytes;
    struct shell_show *show; /* on a terminal; else NULL */
    bool shows_names;        /* the answer goes through it */
    bool is_ending;          /* the program ends when all is written */
};

struct shell_client_person {
    struct line_editor *editor; /* NULL when there is no person */
    bool is_busy;               /* an answer is being shown */
    char *prompt;
    char *line; /* that is being completed, and room for the words of it */
    struct shell_completion completion;
    struct nk_buffer names; /* candidates, each with its NUL */
    size_t name_count;
    const char *suffix;
    bool is_completing;
};

struct shell_client {
    const struct shell_client_options *options;
    const struct shell_client_reporter *reporter;
    struct nk_event_loop *loop;
    struct nk_signal_watch *signals;
    enum shell_client_state state;
    struct shell_token token;
    struct shell_client_link link;
    enum shell_purpose expected[SHELL_EXPECTED_MAX]; /* the next answer's first */
    size_t expected_count;
    char *directory; /* where the session is, as the server has written it; NULL = unknown */
    char *former;    /* and where `cd -` goes */
    char *told;      /* what the answer that tells the directory has said, before its status */
    struct shell_client_request request;
    struct shell_client_raw raw;
    struct shell_client_input input;
    struct shell_client_output output;
    struct shell_client_person person;
    struct shell_client_totals totals;
    uint64_t connected_at; /* monotonic ns; 0 = never */
    enum exit_status status;
    struct { /* to be reported at the end; without an action nothing is */
        const char *action;
        char *object;
        char *reason;
        int error;
    } failure;
    int signal_number; /* what ended the program, or 0 */
    bool has_ended;
};

/* Puts a string in the place of another one, which is freed. */
static inline void shell_client_keep(char **place, char *text)
{
    free(*place);
    *place = text;
}

/* ---- shell_client.c ---- */

/* Ends the program when all is written that there is to write. Only the first call
 * counts. */
void shell_client_end(struct shell_client *client, enum exit_status status);

/* The same with a failure to be reported; the strings are copied. */
void shell_client_fail(struct shell_client *client, enum exit_status status, const char *action,
                       const char *object, int error, const char *reason);

/* All is written: leaves the loop. */
void shell_client_leave(struct shell_client *client);

/* ---- shell_client_link.c ---- */

/* Begins to dial; reports a failure. */
void shell_link_dial(struct shell_client *client);

void shell_link_send(struct shell_client *client, struct nk_slice bytes);

/* Reads on; the output has room again. */
void shell_link_resume(struct shell_client *client);

/* The connection is lost; `reason` is what the server or the system says. Makes it
 * again, or ends the program. */
void shell_link_lose(struct shell_client *client, enum exit_status status, const char *reason);

/* The same for a connection that was lost while the answer was being written. */
void shell_link_heed_loss(struct shell_client *client);

/* Sets when the server has to have said something, or that nothing is awaited. */
void shell_link_wait(struct shell_client *client, bool is_waiting);

/* Closes the connection, if there is one, and stops making one. */
void shell_link_close(struct shell_client *client);
void shell_link_free(struct shell_client *client);

/* ---- shell_client_session.c ---- */

/* The server has greeted: gives it the token, returns to the directory. */
void shell_session_prepare(struct shell_client *client, bool needs_token);

/* What had to be prepared is; asks the first request, or the one that was lost. */
void shell_session_be_ready(struct shell_client *client);

/* Sends a request of the user's. */
void shell_session_ask(struct shell_client *client, struct nk_slice text);

/* Sends one of our own; false when too many are on their way. */
bool shell_session_ask_for(struct shell_client *client, enum shell_purpose purpose,
                           struct nk_slice text);

/* Nobody wants to see the rest of the answer. */
void shell_session_discard(struct shell_client *client);

/* The connection is lost: what was on its way is asked again, or reported. */
void shell_session_forget(struct shell_client *client);

/* The answer is complete: the next request. */
void shell_session_finish(struct shell_client *client);

/* The same without a next one; `failure` is the status when it has failed. */
void shell_session_conclude(struct shell_client *client, enum exit_status failure);

/* ---- shell_client_answer.c ---- */

/* Takes what the server says; returns the bytes consumed. */
size_t shell_answer_take(struct shell_client *client, struct nk_slice input);

/* ---- shell_client_raw.c ---- */

void shell_raw_connected(struct shell_client *client);
size_t shell_raw_take(struct shell_client *client, struct nk_slice input);
void shell_raw_send(struct shell_client *client, struct nk_slice text);

/* Reading goes on. */
void shell_raw_resumed(struct shell_client *client);

/* Nobody wants to see the rest of the answer. Its end cannot be told from the next one, so
 * it is waited for. */
void shell_raw_discard(struct shell_client *client);

/* Behind the last request: the sending direction ends. */
void shell_raw_leave(struct shell_client *client);

/* The connection is closed, by the server in an orderly way, or for another reason. */
void shell_raw_ended(struct shell_client *client, bool is_orderly, enum exit_status status,
                     const char *reason);

/* ---- shell_client_input.c ---- */

/* 0 or -errno. */
NK_MUST_USE int shell_input_open(struct shell_client *client);
void shell_input_close(struct shell_client *client);

/* Whether it is certain that there is no further request. */
bool shell_input_is_over(const struct shell_client *client);

/* The line that a person has typed. */
void shell_input_take_line(struct shell_client *client, struct nk_slice line);

/* Asks the next request, or waits for it. */
void shell_input_next(struct shell_client *client);

/* ---- shell_client_output.c ---- */

/* 0 or -errno. */
NK_MUST_USE int shell_output_open(struct shell_client *client);
void shell_output_close(struct shell_client *client);

/* An answer: its beginning, a line of it, its end. */
void shell_output_begin(struct shell_client *client);
void shell_output_line(struct shell_client *client, struct nk_slice line);
void shell_output_finish(struct shell_client *client);

/* Drops what is not written yet. */
void shell_output_discard(struct shell_client *client);

/* Whether to stop reading the answer until there is room again. */
bool shell_output_is_full(const struct shell_client *client);

/* Whether all is written. */
bool shell_output_is_empty(const struct shell_client *client);

/* Something has been written: reads on, or ends. */
void shell_output_drained(struct shell_client *client);

/* Calls shell_client_leave when all is written. */
void shell_output_end(struct shell_client *client);

/* ---- shell_client_person.c ---- */

/* Opens the terminal if there is one to be used. */
void shell_person_open(struct shell_client *client);
void shell_person_close(struct shell_client *client);

static inline bool shell_person_is_there(const struct shell_client *client)
{
    return client->person.editor != NULL;
}

/* Takes the prompt away while an answer comes, and shows it again. */
void shell_person_set_busy(struct shell_client *client, bool is_busy);

/* Somebody prints to standard error between the two. */
void shell_person_hide(struct shell_client *client);
void shell_person_show(struct shell_client *client);

/* Says why a request failed; NULL = it has not. */
void shell_person_show_error(struct shell_client *client, const char *error);

/* The directory has changed. */
void shell_person_update_prompt(struct shell_client *client);

/* A name for the word that is being completed; all names are here. */
void shell_person_take_name(struct shell_client *client, struct nk_slice name);
void shell_person_end_names(struct shell_client *client, bool is_complete);

/* None will come any more. */
void shell_person_forget_names(struct shell_client *client);

#endif
