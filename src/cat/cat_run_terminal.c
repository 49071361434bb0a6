/* connect and listen with a person on a terminal: what the person may ask for, and
 * how it ends. */
#include <signal.h>

#include "cat/cat_run.h"

static void on_status(void *context, struct cat_terminal_status *status)
{
    struct cat_run *run = context;
    struct cat_totals totals = cat_run_totals(run);
    *status = (struct cat_terminal_status){
        .address = run->peer,
        .sent = totals.sent,
        .received = totals.received,
        .elapsed = totals.elapsed,
        .hex = run->hides_data,
        .crlf = run->session && cat_session_filters(run->session)->crlf,
    };
}

static void on_set_hex(void *context, bool on)
{
    cat_run_show_hex(context, on);
}

static void on_set_crlf(void *context, bool on)
{
    struct cat_run *run = context;
    if (run->session)
        cat_session_filters(run->session)->crlf = on;
}

static void on_quit(void *context)
{
    cat_run_end(context, EXIT_STATUS_OK, NULL, NULL, 0);
}

/* As if nobody had taken the key: a shell sees what has ended the program. */
static void on_interrupt(void *context)
{
    struct cat_run *run = context;
    run->signal_number = SIGINT;
    nk_event_loop_stop(run->loop);
}

/* A terminal hands over a typed line as a record, a pipe may join two; and a progress
 * line has no room beside the one being typed. */
static bool wants_terminal(const struct cat_run *run)
{
    const struct cat_options *options = run->options;
    return options->edit && !options->replay && !options->session.recv_only && !options->progress &&
           options->address.scheme != NK_SCHEME_UNIX_SEQPACKET && cat_terminal_is_there();
}

void cat_run_open_terminal(struct cat_run *run, int *in, int *out)
{
    const struct cat_terminal_hooks hooks = {
        .context = run,
        .status = on_status,
        .set_hex = on_set_hex,
        .set_crlf = on_set_crlf,
        .quit = on_quit,
        .interrupt = on_interrupt,
    };
    if (!wants_terminal(run))
        return;
    /* A terminal without a cursor is read and written as it is. */
    int error = cat_terminal_open(&run->person.terminal, run->loop, &hooks, in, out);
    (void)error;
}

void cat_run_close_terminal(struct cat_run *run)
{
    cat_terminal_free(run->person.terminal);
    run->person.terminal = NULL;
}

static void on_shown(void *context)
{
    struct cat_run *run = context;
    cat_run_close_terminal(run);
    cat_run_end(run, run->person.status, run->person.action, NULL, run->person.error);
}

void cat_run_end_session(struct cat_run *run, enum exit_status status, const char *action,
                         int error)
{
    run->person.status = status;
    run->person.action = action;
    run->person.error = error;
    if (run->person.terminal)
        cat_terminal_finish(run->person.terminal, on_shown);
    else
        on_shown(run);
}
