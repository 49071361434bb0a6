#include "check/check_http.h"

#include <errno.h>
#include <signal.h>

#include "base/list.h"
#include "check/check_attempt.h"
#include "net/dialer.h"
#include "os/socket.h"
#include "reactor/signal_watch.h"
#include "service/connect_failure.h"
#include "service/raise_signal.h"

/* One name is looked up, once. */
#define RESOLVER_THREADS 1
#define RESOLVER_QUEUE 1

/* What the resource is asked for first: the answer is what all others are held against. */
static const struct check_case plain = {
    .name = "the resource",
    .request = NK_SLICE(CHECK_FOLLOW_UP),
    .answers = "2xx",
};

struct outcome {
    bool is_known;
    enum check_verdict verdict;
    char text[CHECK_TEXT_MAX];
};

struct run {
    const struct check_options *options;
    const struct check_reporter *reporter;
    struct nk_event_loop *loop;
    struct nk_signal_watch *signals;
    struct nk_worker_pool *pool;
    struct nk_connection_group *group;
    struct nk_dialer *dialer;
    struct nk_sockaddr remote; /* that the dialer has found */
    struct check_subject subject;
    char host[NK_ADDRESS_HOST_MAX + 16];
    size_t next;     /* case to begin with */
    size_t reported; /* cases before this one were */
    size_t active;   /* trials under way */
    struct nk_list_node trials;
    struct outcome *outcomes;
    size_t count; /* of all cases */
    int signal_number;
    enum exit_status status;
    bool has_ended;
};

/* An attempt that is connecting or under way. */
struct trial {
    struct nk_list_node node; /* in run->trials */
    struct check_attempt attempt;
    struct run *run;
    struct nk_connector *connector; /* while it connects */
};

static void begin_more(struct run *run);

static void end(struct run *run, enum exit_status status)
{
    if (!run->has_ended)
        run->status = status;
    run->has_ended = true;
    nk_event_loop_stop(run->loop);
}

static void fail_to_connect(struct run *run, const struct nk_connect_failure *failure, int error)
{
    char text[NK_ADDRESS_TEXT_MAX];
    const char *action = "connect to";
    enum exit_status status = connect_failure_status(failure, error, &action);
    if (run->has_ended)
        return;
    run->reporter->failed(run->reporter->context, action,
                          nk_address_print(&run->options->address, text), error);
    end(run, status);
}

/* ---- results ---- */

static void report_in_order(struct run *run)
{
    while (run->reported < run->count && run->outcomes[run->reported].is_known) {
        const struct outcome *outcome = &run->outcomes[run->reported];
        const struct check_result result = {check_case_at(run->reported), outcome->verdict,
                                            outcome->text};
        bool is_wanted = run->options->row == 0 || result.what->row == run->options->row;
        if (is_wanted)
            run->reporter->result(run->reporter->context, &result);
        run->reported++;
    }
}

static void free_trial(struct trial *trial)
{
    trial->run->active--;
    nk_list_remove(&trial->node);
    check_attempt_deinit(&trial->attempt);
    free(trial);
}

static void on_case_done(void *owner, struct check_attempt *attempt)
{
    struct trial *trial = owner;
    struct run *run = trial->run;
    struct outcome *outcome = &run->outcomes[attempt->index];
    outcome->verdict = check_judge(&attempt->log, outcome->text);
    outcome->is_known = true;
    free_trial(trial);
    if (run->has_ended)
        return;
    report_in_order(run);
    begin_more(run);
}

/* ---- cases ---- */

static void on_connected(void *context, int fd)
{
    static const struct nk_connect_failure failure = {.step = NK_CONNECT_CONNECT};
    struct trial *trial = context;
    struct run *run = trial->run;
    trial->connector = NULL;
    if (fd >= 0) {
        check_attempt_begin(&trial->attempt, run->group, fd);
        return;
    }
    fail_to_connect(run, &failure, fd);
    free_trial(trial);
}

/* Makes the trial of the case, not yet connected. Returns 0 or -errno. */
static int make_trial(struct run *run, const struct check_case *what, struct trial **out)
{
    struct trial *trial = calloc(1, sizeof(*trial));
    if (!trial)
        return -ENOMEM;
    int error = check_attempt_init(&trial->attempt, what, &run->subject);
    if (error) {
        check_attempt_deinit(&trial->attempt);
        free(trial);
        return error;
    }
    trial->run = run;
    trial->attempt.timeout = run->options->timeout;
    trial->attempt.owner = trial;
    run->active++;
    nk_list_append(&run->trials, &trial->node);
    *out = trial;
    return 0;
}

static void skip(struct run *run, size_t index)
{
    struct outcome *outcome = &run->outcomes[index];
    outcome->is_known = true;
    outcome->verdict = CHECK_SKIPPED;
    snprintf(outcome->text, sizeof(outcome->text), "the resource has no validator for it");
}

static int begin_case(struct run *run, size_t index, struct nk_connect_failure *failure)
{
    const struct check_options *options = run->options;
    const struct check_case *what = check_case_at(index);
    struct trial *trial = NULL;
    bool is_wanted = options->row == 0 || what->row == options->row;
    int error = is_wanted ? make_trial(run, what, &trial) : -ENODATA;
    if (error == -ENODATA) {
        skip(run, index);
        return 0;
    }
    if (error)
        return error;
    const struct nk_connector_options connector_options = {
        .socket_options =
            options->address.scheme == NK_SCHEME_UNIX ? options->address.options : NULL};
    uint64_t deadline = nk_event_loop_now(run->loop) + options->timeout;
    trial->attempt.index = index;
    trial->attempt.on_done = on_case_done;
    error = nk_connector_start_with(&trial->connector, run->loop, &run->remote, &connector_options,
                                    deadline, on_connected, trial, failure);
    if (error)
        free_trial(trial);
    return error;
}

static void begin_more(struct run *run)
{
    struct nk_connect_failure failure = {.step = NK_CONNECT_SOCKET};
    int error = 0;
    while (!error && run->next < run->count && run->active < run->options->parallel)
        error = begin_case(run, run->next++, &failure);
    if (error) {
        fail_to_connect(run, &failure, error);
        return;
    }
    report_in_order(run);
    if (run->active == 0)
        end(run, EXIT_STATUS_OK);
}

/* ---- the resource ---- */

/* The answer itself: responses on the way to it, such as 103, say nothing. */
static ssize_t read_final_answer(struct check_answer *answer, struct nk_slice received)
{
    ssize_t len;
    do {
        len = check_answer_read(answer, received, false, true);
        if (len > 0)
            received = nk_slice_from(received, (size_t)len);
    } while (len > 0 && answer->status < 200);
    return len;
}

static void on_resource_done(void *owner, struct check_attempt *attempt)
{
    struct trial *trial = owner;
    struct run *run = trial->run;
    struct check_answer answer;
    ssize_t len = read_final_answer(&answer, attempt->log.received);
    bool is_fit = len > 0 && answer.status / 100 == 2;
    if (is_fit) {
        check_subject_learn(&run->subject, &answer);
    } else if (!run->has_ended) {
        const char *problem = answer.problem ? answer.problem : "there is no answer";
        run->reporter->unfit(run->reporter->context, len > 0 ? answer.status : 0, problem);
        end(run, attempt->log.end == CHECK_END_SILENT ? EXIT_STATUS_TIMED_OUT : EXIT_STATUS_FAILED);
    }
    free_trial(trial);
    if (is_fit)
        begin_more(run);
}

static void on_dialled(void *context, const struct nk_dialer_result *result)
{
    static const struct nk_connect_failure failure = {.step = NK_CONNECT_SOCKET};
    struct run *run = context;
    struct trial *trial;
    run->dialer = NULL;
    if (result->fd < 0) {
        fail_to_connect(run, &result->failure, result->fd);
        return;
    }
    run->remote = result->remote;
    int error = make_trial(run, &plain, &trial);
    if (error) {
        nk_socket_close(result->fd);
        fail_to_connect(run, &failure, error);
        return;
    }
    trial->attempt.on_done = on_resource_done;
    check_attempt_begin(&trial->attempt, run->group, result->fd);
}

static int dial(struct run *run)
{
    const struct nk_dialer_options options = {
        .pool = run->pool,
        .deadline = nk_event_loop_now(run->loop) + run->options->timeout,
        .on_done = on_dialled,
        .context = run,
    };
    return nk_dialer_start(&run->dialer, run->loop, &run->options->address, &options);
}

/* ---- life ---- */

static void on_signal(void *context, int signal_number)
{
    struct run *run = context;
    run->signal_number = signal_number;
    end(run, EXIT_STATUS_FAILED);
}

/* What Host says: the port is left out where it is the usual one. */
static void print_host(struct run *run)
{
    const struct nk_address *address = &run->options->address;
    const char *host = *address->host == '\0' ? "localhost" : address->host;
    bool is_v6 = strchr(host, ':') != NULL;
    size_t len = strcspn(host, "%"); /* a zone means nothing to the server */
    if (address->scheme == NK_SCHEME_UNIX)
        snprintf(run->host, sizeof(run->host), "localhost");
    else if (address->port == 80)
        snprintf(run->host, sizeof(run->host), is_v6 ? "[%.*s]" : "%.*s", (int)len, host);
    else
        snprintf(run->host, sizeof(run->host), is_v6 ? "[%.*s]:%u" : "%.*s:%u", (int)len, host,
                 (unsigned)address->port);
    run->subject.host = run->host;
    run->subject.path = run->options->path;
}

static int open_run(struct run *run)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct nk_event_loop_options loop_options = {.dispatcher = run->options->dispatcher,
                                                       .name = "main"};
    nk_list_init(&run->trials);
    while (check_case_at(run->count))
        run->count++;
    run->outcomes = calloc(run->count, sizeof(*run->outcomes));
    int error = run->outcomes ? nk_event_loop_new(&run->loop, &loop_options) : -ENOMEM;
    if (!error)
        error = nk_signal_watch_new(&run->signals, run->loop, signals, NK_ARRAY_LENGTH(signals),
                                    on_signal, run);
    if (!error)
        error = check_attempt_group_new(&run->group, run->loop);
    if (!error)
        error = nk_worker_pool_start(&run->pool, RESOLVER_THREADS, RESOLVER_QUEUE);
    if (!error)
        error = dial(run);
    return error;
}

/* Trials that a signal or a failure has left. */
static void abandon(struct run *run)
{
    run->has_ended = true;
    if (run->group)
        nk_connection_group_cut(run->group);
    while (!nk_list_is_empty(&run->trials)) { /* those that were still connecting */
        struct trial *trial = nk_container_of(run->trials.next, struct trial, node);
        nk_connector_cancel(trial->connector);
        free_trial(trial);
    }
}

static void close_run(struct run *run)
{
    if (run->dialer)
        nk_dialer_cancel(run->dialer);
    abandon(run);
    nk_worker_pool_stop(run->pool);
    if (run->loop)
        (void)nk_event_loop_turn(run->loop, 0);
    nk_connection_group_free(run->group);
    nk_signal_watch_free(run->signals);
    nk_event_loop_free(run->loop);
    free(run->outcomes);
}

enum exit_status check_http_run(const struct check_options *options,
                                const struct check_reporter *reporter)
{
    struct run run = {.options = options, .reporter = reporter};
    print_host(&run);
    int error = open_run(&run);
    if (!error)
        error = nk_event_loop_run(run.loop);
    if (error) {
        reporter->failed(reporter->context, "start", "the checks", error);
        run.status = EXIT_STATUS_FAILED;
    }
    close_run(&run);
    if (run.signal_number != 0) {
        reporter->interrupted(reporter->context, run.signal_number);
        raise_signal(run.signal_number);
    }
    return run.status;
}
