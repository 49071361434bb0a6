/* What connect and listen have in common: the loop, the signals, the session and
 * the way its end becomes an exit status. Internal to src/cat.
 */
#ifndef CAT_CAT_RUN_H
#define CAT_CAT_RUN_H

#include "cat/cat_child_session.h"
#include "cat/cat_service.h"
#include "cat/cat_terminal.h"
#include "cat/cat_trace.h"
#include "os/sockaddr.h"
#include "reactor/signal_watch.h"

/* A person on a terminal, who edits lines; NULL when there is none. */
struct cat_run_person {
    struct cat_terminal *terminal;
    /* How the session has ended, while what it left is being shown. */
    enum exit_status status;
    const char *action;
    int error;
};

/* Room for every address printed with its scheme, NUL included. */
#define CAT_ADDRESS_TEXT_MAX (NK_SOCKADDR_TEXT_MAX + 16)

struct cat_run {
    const struct cat_options *options;
    const struct cat_reporter *reporter;
    struct nk_event_loop *loop;
    struct nk_signal_watch *signals;
    struct cat_trace *trace;           /* --hex and --record; NULL = neither is possible */
    bool hides_data;                   /* the hexdump replaces the bytes on standard output */
    struct cat_session *session;       /* NULL until there is a connection */
    struct cat_children *children;     /* --exec: the commands */
    struct cat_child_session *command; /* --exec: instead of the session */
    struct cat_totals totals;          /* of a session that has ended */
    uint64_t connected_at;             /* monotonic ns; 0 = never */
    struct cat_progress_meter meter;
    struct nk_timer progress_timer;
    char peer[CAT_ADDRESS_TEXT_MAX]; /* for people: its address, or "the peer" */
    struct cat_run_person person;
    int signal_number; /* what ended the program, or 0 */
    enum exit_status status;
    bool has_ended;
    /* Fills in the clients of a program that serves many, or NULL. */
    void (*count_clients)(struct cat_run *run, struct cat_totals *totals);
    /* A signal has ended the program, and the totals follow; or NULL. */
    void (*before_end)(struct cat_run *run);
};

/* Makes the loop, watches the signals and opens the record. On failure it is reported and the
 * status returned; nothing is left behind. */
enum exit_status cat_run_open(struct cat_run *run, const struct cat_options *options,
                              const struct cat_reporter *reporter);

/* Runs the loop until cat_run_end or a signal, ends the trace and reports the
 * totals. */
void cat_run_until_end(struct cat_run *run);

/* Frees everything and leaves. */
enum exit_status cat_run_close(struct cat_run *run);

/* Re-raises the signal if one ended the run, else returns the exit status. */
enum exit_status cat_run_leave(const struct cat_run *run);

/* The bytes both ways and the time, of the session that there is or was. */
struct cat_totals cat_run_totals(struct cat_run *run);

/* Opens the terminal if there is one to be used, and then stores the session's ends in
 * *in and *out. Where it cannot be used lines are not edited. */
void cat_run_open_terminal(struct cat_run *run, int *in, int *out);

/* Gives it back, before anybody else prints. */
void cat_run_close_terminal(struct cat_run *run);

/* Ends the run with the status of a session that is gone, when all that it received is
 * shown. */
void cat_run_end_session(struct cat_run *run, enum exit_status status, const char *action,
                         int error);

/* Shows what is moved as a hexdump from now on, or not any more. On a terminal the
 * bytes themselves are not written meanwhile. */
void cat_run_show_hex(struct cat_run *run, bool on);

/* There is a connection: from now on its time counts and its progress is told. Not
 * needed with cat_run_join. */
void cat_run_begin(struct cat_run *run);

/* Joins the connection to standard input and output, or to a command of its own; its
 * end ends the run. */
void cat_run_join(struct cat_run *run, int fd);

/* Reports how the command of a connection has ended; `decides`: it is the only one. */
void cat_run_report_command(const struct cat_run *run, const struct cat_child_session *session,
                            const struct cat_child_session_result *result, bool decides);

/* Clients of a program that serves many: one has come, has gone, or could not be
 * served. */
void cat_run_report_arrival(struct cat_run *run, uint64_t number, const struct nk_sockaddr *peer);
void cat_run_report_departure(const struct cat_run *run, const struct nk_sockaddr *peer,
                              const struct cat_client_end *end);
void cat_run_report_unserved(const struct cat_run *run, const char *action, const char *object,
                             int error);

/* Ends the run. With an `action` the failure is reported first. Only the first call
 * counts. */
void cat_run_end(struct cat_run *run, enum exit_status status, const char *action,
                 const char *object, int error);

/* "tcp://127.0.0.1:80", "unix:/path"; a unix peer without a name is "unix:". `scheme`
 * tells the kinds of unix sockets apart. Returns `text`. */
char *cat_print_address(enum nk_scheme scheme, const struct nk_sockaddr *address,
                        char text[static CAT_ADDRESS_TEXT_MAX]);

#endif
