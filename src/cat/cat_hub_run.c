#include "cat/cat_hub_run.h"

#include <unistd.h>

#include "cat/cat_hub.h"
#include "cat/cat_listener.h"

struct serving {
    struct cat_run run; /* the first member */
    struct cat_listener listener;
    struct cat_hub *hub;
};

static void on_connected(void *context, uint64_t number, const struct nk_sockaddr *peer)
{
    struct serving *serving = context;
    cat_run_report_arrival(&serving->run, number, peer);
}

static void on_disconnected(void *context, const struct cat_hub_departure *departure)
{
    const struct serving *serving = context;
    const struct cat_client_end end = {
        .number = departure->number,
        .sent = departure->sent,
        .received = departure->received,
        .error = departure->error,
        .is_cut_off = departure->is_cut_off,
    };
    cat_run_report_departure(&serving->run, departure->peer, &end);
}

static void on_room(void *context, bool has_room)
{
    struct serving *serving = context;
    cat_listener_accept(&serving->listener, has_room);
}

static void on_ended(void *context, enum exit_status status, const char *action, int error)
{
    struct serving *serving = context;
    cat_run_end(&serving->run, status, action, NULL, error);
}

static const struct cat_hub_handlers handlers = {
    .connected = on_connected,
    .disconnected = on_disconnected,
    .has_room = on_room,
    .ended = on_ended,
};

/* One that cannot be served is lost, and nobody else. */
static void on_accepted(void *context, int fd)
{
    struct serving *serving = context;
    int error = cat_hub_add(serving->hub, fd);
    if (error)
        cat_run_report_unserved(&serving->run, "serve a client", NULL, error);
}

static void count_clients(struct cat_run *run, struct cat_totals *totals)
{
    const struct serving *serving = nk_container_of(run, struct serving, run);
    totals->has_clients = true;
    totals->clients = serving->hub ? cat_hub_served(serving->hub) : 0;
    totals->active = serving->hub ? cat_hub_active(serving->hub) : 0;
}

/* What was received is written as far as its reader takes it. */
static void before_end(struct cat_run *run)
{
    struct serving *serving = nk_container_of(run, struct serving, run);
    if (serving->hub)
        cat_hub_write_rest(serving->hub);
}

static bool start(struct serving *serving)
{
    struct cat_run *run = &serving->run;
    const struct cat_options *options = run->options;
    const struct cat_hub_options hub_options = {
        .broker = options->broker,
        .max_clients = options->max_clients,
        .on_eof = options->session.on_eof,
        .once = options->session.once,
        .send_only = options->session.send_only,
        .recv_only = options->session.recv_only,
        .idle_timeout = options->session.idle_timeout,
        .crlf = options->crlf,
        .hides_data = run->hides_data,
        .trace = run->trace,
        .sent = &run->totals.sent,
        .received = &run->totals.received,
        .handlers = &handlers,
        .context = serving,
    };
    int error = cat_hub_new(&serving->hub, run->loop, STDIN_FILENO, STDOUT_FILENO, &hub_options);
    if (error)
        cat_run_end(run, EXIT_STATUS_FAILED, "use standard input and output", NULL, error);
    return !error;
}

enum exit_status cat_hub_run(const struct cat_options *options, const struct cat_reporter *reporter)
{
    struct serving serving = {0};
    enum exit_status status = cat_run_open(&serving.run, options, reporter);
    if (status != EXIT_STATUS_OK)
        return status;
    serving.run.count_clients = count_clients;
    serving.run.before_end = before_end;
    if (start(&serving))
        (void)cat_listener_open(&serving.listener, &serving.run, CAT_HUB_BACKLOG, on_accepted,
                                &serving);
    cat_run_until_end(&serving.run);
    cat_listener_close(&serving.listener);
    cat_hub_free(serving.hub);
    return cat_run_close(&serving.run);
}
