#include "cat/cat_run.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cat/cat_run_replay.h"
#include "os/socket.h"
#include "service/raise_signal.h"

static const int watched_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

/* ---- totals ---- */

struct cat_totals cat_run_totals(struct cat_run *run)
{
    struct cat_totals totals = run->totals;
    if (run->session) {
        totals.sent = cat_session_sent(run->session);
        totals.received = cat_session_received(run->session);
    }
    if (run->command) {
        totals.sent = cat_child_session_sent(run->command);
        totals.received = cat_child_session_received(run->command);
    }
    if (run->count_clients)
        run->count_clients(run, &totals);
    totals.has_denied = run->options->access_list != NULL;
    if (totals.has_denied)
        totals.denied = access_list_denied_count(run->options->access_list);
    if (run->connected_at > 0)
        totals.elapsed = nk_clock_monotonic(nk_clock_system()) - run->connected_at;
    return totals;
}

static void report_totals(struct cat_run *run, bool final)
{
    struct cat_totals totals = cat_run_totals(run);
    int status = run->signal_number ? 128 + run->signal_number : (int)run->status;
    run->reporter->totals(run->reporter->context, &totals, final, status);
}

static void on_progress(struct nk_timer *timer)
{
    struct cat_run *run = nk_container_of(timer, struct cat_run, progress_timer);
    struct cat_totals totals = cat_run_totals(run);
    struct cat_progress progress =
        cat_progress_measure(&run->meter, totals.sent, totals.received, totals.elapsed);
    uint64_t next = nk_event_loop_now(run->loop) + CAT_PROGRESS_INTERVAL;
    run->reporter->progress(run->reporter->context, &progress);
    int error = nk_event_loop_set_timer(run->loop, timer, next);
    if (error)
        cat_run_end(run, EXIT_STATUS_FAILED, "watch the progress", NULL, error);
}

void cat_run_begin(struct cat_run *run)
{
    cat_trace_begin(run->trace);
    run->connected_at = nk_clock_monotonic(nk_clock_system());
    if (!run->options->progress)
        return;
    bool reads_input = !run->options->exec && !run->options->session.recv_only;
    run->meter.expected = reads_input ? cat_progress_expected(STDIN_FILENO) : 0;
    on_progress(&run->progress_timer);
}

/* ---- signals ---- */

/* Whether SIGHUP means that files have changed, and not that the terminal is gone. */
static bool rereads_files(const struct cat_options *options)
{
    const struct access_rules *access = &options->access;
    return options->access_list && ((access->allow && strchr(access->allow, '@')) ||
                                    (access->deny && strchr(access->deny, '@')));
}

static void on_signal(void *context, int signal_number)
{
    struct cat_run *run = context;
    if (signal_number == SIGUSR1) {
        cat_terminal_hide(run->person.terminal);
        report_totals(run, false);
        cat_terminal_show(run->person.terminal);
        return;
    }
    if (signal_number == SIGHUP && rereads_files(run->options)) {
        (void)access_list_reload(run->options->access_list); /* it logs what is wrong */
        return;
    }
    run->signal_number = signal_number;
    nk_event_loop_stop(run->loop);
}

/* ---- life ---- */

static void on_hexdump(void *context, const char *lines)
{
    const struct cat_run *run = context;
    cat_terminal_hide(run->person.terminal);
    run->reporter->hexdump(run->reporter->context, lines);
    cat_terminal_show(run->person.terminal);
}

static void on_record_failed(void *context, int error)
{
    struct cat_run *run = context;
    cat_run_close_terminal(run);
    run->reporter->failed(run->reporter->context, "write the record", run->options->record, error);
    run->has_ended = true; /* whatever follows in this turn changes nothing any more */
    run->status = EXIT_STATUS_FAILED;
    nk_event_loop_stop(run->loop);
}

/* On a terminal the bytes would stand between the lines that show them. */
static int open_trace(struct cat_run *run)
{
    const struct cat_options *options = run->options;
    const struct cat_trace_options trace_options = {
        .on_hexdump = on_hexdump,
        .hex = options->hex,
        .record = options->record,
        .on_failed = on_record_failed,
        .context = run,
    };
    run->hides_data = options->hex && isatty(STDOUT_FILENO);
    if (!options->hex && !options->record && !isatty(STDIN_FILENO))
        return 0;
    return cat_trace_open(&run->trace, run->loop, &trace_options);
}

enum exit_status cat_run_open(struct cat_run *run, const struct cat_options *options,
                              const struct cat_reporter *reporter)
{
    const struct nk_event_loop_options loop_options = {.dispatcher = options->dispatcher,
                                                       .name = "main"};
    *run = (struct cat_run){.options = options, .reporter = reporter};
    nk_timer_init(&run->progress_timer, on_progress);
    int error = nk_event_loop_new(&run->loop, &loop_options);
    if (!error)
        error = nk_signal_watch_new(&run->signals, run->loop, watched_signals,
                                    NK_ARRAY_LENGTH(watched_signals), on_signal, run);
    if (!error && options->exec)
        error = cat_children_new(&run->children, run->loop);
    if (error) {
        reporter->failed(reporter->context, "start", NULL, error);
        nk_signal_watch_free(run->signals);
        nk_event_loop_free(run->loop);
        return EXIT_STATUS_FAILED;
    }
    error = open_trace(run);
    if (error) {
        cat_run_end(run, EXIT_STATUS_FAILED, "write the record", options->record, error);
        (void)cat_run_close(run);
        return EXIT_STATUS_FAILED;
    }
    return EXIT_STATUS_OK;
}

void cat_run_until_end(struct cat_run *run)
{
    int error = nk_event_loop_run(run->loop);
    cat_run_close_terminal(run);
    if (error) {
        run->status = EXIT_STATUS_FAILED;
        run->reporter->failed(run->reporter->context, "run the event loop", NULL, error);
    }
    if (run->signal_number && run->before_end)
        run->before_end(run);
    cat_trace_close(run->trace); /* now, because it may still fail */
    run->trace = NULL;
    nk_event_loop_cancel_timer(run->loop, &run->progress_timer);
    report_totals(run, true);
}

enum exit_status cat_run_leave(const struct cat_run *run)
{
    if (run->signal_number)
        raise_signal(run->signal_number);
    return run->status;
}

enum exit_status cat_run_close(struct cat_run *run)
{
    cat_session_free(run->session);
    cat_child_session_free(run->command);
    cat_children_free(run->children);
    cat_run_stop_input(run);
    nk_signal_watch_free(run->signals);
    nk_event_loop_free(run->loop);
    return cat_run_leave(run);
}

void cat_run_end(struct cat_run *run, enum exit_status status, const char *action,
                 const char *object, int error)
{
    if (run->has_ended)
        return;
    run->has_ended = true;
    if (action)
        run->reporter->failed(run->reporter->context, action, object, error);
    if (status == EXIT_STATUS_OK && !cat_run_has_all(run))
        status = EXIT_STATUS_FAILED;
    run->status = status;
    nk_event_loop_stop(run->loop);
}

void cat_run_show_hex(struct cat_run *run, bool on)
{
    cat_trace_show_hex(run->trace, on);
    run->hides_data = on && isatty(STDOUT_FILENO);
    if (run->session)
        cat_session_filters(run->session)->hides_data = run->hides_data;
}

static void on_session_ended(struct cat_session *session, enum exit_status status,
                             const char *action, int error)
{
    struct cat_run *run = cat_session_owner(session);
    run->totals = cat_run_totals(run);
    run->session = NULL;
    cat_session_free(session);
    cat_run_end_session(run, status, action, error);
}

/* A peer that has gone again has no address. */
static void remember_peer(struct cat_run *run, int fd)
{
    struct nk_sockaddr peer;
    if (nk_socket_peer(fd, &peer) == 0)
        cat_print_address(run->options->address.scheme, &peer, run->peer);
    if (run->peer[0] == '\0')
        snprintf(run->peer, sizeof(run->peer), "the peer");
}

static void on_echo(struct cat_session *session, bool peer_echoes)
{
    const struct cat_run *run = cat_session_owner(session);
    cat_terminal_set_echo(run->person.terminal, peer_echoes);
}

/* ---- a command instead of standard input and output ---- */

void cat_run_report_command(const struct cat_run *run, const struct cat_child_session *session,
                            const struct cat_child_session_result *result, bool decides)
{
    char address[CAT_ADDRESS_TEXT_MAX];
    const struct cat_command_end end = {
        .command = run->options->exec,
        .address = address,
        .pid = cat_child_session_pid(session),
        .exit = result->exit,
        .has_failed = result->command_failed,
        .decides = decides,
    };
    cat_print_address(run->options->address.scheme, cat_child_session_peer(session), address);
    run->reporter->command_ended(run->reporter->context, &end);
}

/* ---- many clients ---- */

void cat_run_report_arrival(struct cat_run *run, uint64_t number, const struct nk_sockaddr *peer)
{
    char address[CAT_ADDRESS_TEXT_MAX];
    if (run->connected_at == 0)
        run->connected_at = nk_clock_monotonic(nk_clock_system());
    cat_trace_begin(run->trace);
    cat_print_address(run->options->address.scheme, peer, address);
    run->reporter->joined(run->reporter->context, number, address);
}

void cat_run_report_departure(const struct cat_run *run, const struct nk_sockaddr *peer,
                              const struct cat_client_end *end)
{
    char address[CAT_ADDRESS_TEXT_MAX];
    struct cat_client_end told = *end;
    told.address = cat_print_address(run->options->address.scheme, peer, address);
    run->reporter->left(run->reporter->context, &told);
}

/* Who has gone before he was accepted wanted nothing. */
void cat_run_report_unserved(const struct cat_run *run, const char *action, const char *object,
                             int error)
{
    if (error != -ENOTCONN)
        run->reporter->failed(run->reporter->context, action, object, error);
}

static void on_command_ended(struct cat_child_session *command,
                             const struct cat_child_session_result *result)
{
    struct cat_run *run = cat_child_session_owner(command);
    run->totals = cat_run_totals(run);
    run->command = NULL;
    cat_run_report_command(run, command, result, true);
    cat_child_session_free(command);
    cat_run_end(run, result->status, result->action, NULL, result->error);
}

/* The bytes go to the command, whatever standard output is. */
static void join_command(struct cat_run *run, int fd, const struct cat_session_options *options)
{
    struct cat_child_session_options command_options = {
        .children = run->children,
        .command = run->options->exec,
        .session = *options,
        .on_ended = on_command_ended,
        .owner = run,
    };
    command_options.session.filters.hides_data = false;
    int error = cat_child_session_start(&run->command, run->loop, fd, &command_options);
    if (error)
        cat_run_end(run, EXIT_STATUS_FAILED, "run", run->options->exec, error);
}

void cat_run_join(struct cat_run *run, int fd)
{
    int out = STDOUT_FILENO;
    struct cat_session_options options = run->options->session;
    options.on_ended = on_session_ended;
    options.owner = run;
    options.filters = (struct cat_filter_options){
        .trace = run->trace,
        .crlf = run->options->crlf,
        .telnet = run->options->telnet,
        .hides_data = run->hides_data,
        .on_received = run->options->replay ? cat_run_check : NULL,
        .received_context = run,
    };
    int in = cat_run_input(run);
    if (in < 0) {
        close(fd);
        return;
    }
    cat_run_begin(run);
    if (run->options->exec) {
        join_command(run, fd, &options);
        return;
    }
    remember_peer(run, fd);
    cat_run_open_terminal(run, &in, &out);
    options.interactive = run->person.terminal != NULL;
    options.on_echo = on_echo;
    int error = cat_session_start(&run->session, run->loop, fd, in, out, &options);
    if (error)
        cat_run_end(run, EXIT_STATUS_FAILED, "use standard input and output", NULL, error);
}

char *cat_print_address(enum nk_scheme scheme, const struct nk_sockaddr *address,
                        char text[static CAT_ADDRESS_TEXT_MAX])
{
    char bare[NK_SOCKADDR_TEXT_MAX];
    static const char *const unix_prefixes[] = {
        [NK_SCHEME_UNIX] = "unix:",
        [NK_SCHEME_UNIX_DGRAM] = "unix-dgram:",
        [NK_SCHEME_UNIX_SEQPACKET] = "unix-seqpacket:",
    };
    const char *prefix = scheme == NK_SCHEME_UDP ? "udp://" : "tcp://";
    if (address->any.sa_family == AF_UNIX)
        prefix = unix_prefixes[nk_scheme_is_unix(scheme) ? scheme : NK_SCHEME_UNIX];
    snprintf(text, CAT_ADDRESS_TEXT_MAX, "%s%s", prefix, nk_sockaddr_print(address, bare));
    return text;
}
