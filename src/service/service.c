#include "service/service.h"

#include <errno.h>
#include <signal.h>
#include <sys/select.h>

#include "net/tcp_server.h"
#include "reactor/signal_watch.h"
#include "service/confinement.h"
#include "service/connection_limit.h"
#include "service/datagrams.h"
#include "service/listeners.h"
#include "service/raise_signal.h"
#include "threads/thread_pool.h"

/* A UDP peer that is silent for so long is forgotten, unless --idle-timeout says
 * otherwise. */
#define PEER_IDLE (60 * NK_NANOSECONDS_PER_SECOND)

struct run {
    const struct service *service;
    const struct service_options *options;
    const struct service_reporter *reporter;
    struct nk_event_loop *loop;
    struct nk_signal_watch *signals;
    struct nk_thread_pool *pool;
    struct nk_tcp_server *server;
    struct service_datagrams *datagrams;
    int draining_parts; /* of the two above, those that still have to finish */
    void **contexts;
    size_t context_count;
    struct nk_timer drain_timer;
    struct nk_timer end_timer; /* of service->run_for */
    struct service_ending ending;
    bool is_draining;
    uint64_t started;
};

/* ---- statistics ---- */

/* The sum of one of the service's counters over its loops. */
static uint64_t count(const struct run *run, uint64_t (*counter)(const void *context))
{
    uint64_t sum = 0;
    for (size_t i = 0; i < run->context_count && counter; i++)
        sum += counter(run->contexts[i]);
    return sum;
}

static void add_datagrams(const struct run *run, struct service_statistics *sum)
{
    struct nk_udp_statistics udp;
    service_datagrams_statistics(run->datagrams, &udp);
    sum->has_datagrams = service_datagrams_exist(run->datagrams);
    sum->datagrams = udp.received;
    sum->datagrams_denied = udp.denied;
    sum->datagrams_too_long = udp.too_long;
    sum->datagrams_dropped =
        udp.dropped + udp.failed + udp.nameless + count(run, run->service->dropped_count);
    sum->bytes_received += udp.bytes_received;
    sum->bytes_sent += udp.bytes_sent;
}

static void report_statistics(const struct run *run, bool final, enum exit_status status)
{
    uint64_t accepted[NK_THREAD_POOL_MAX];
    struct nk_tcp_server_counters server;
    nk_tcp_server_counters(run->server, &server);
    struct service_statistics sum = {
        .refused = server.shed + count(run, run->service->refused_count),
        .denied = server.denied,
        .cut = server.cut,
        .requests = count(run, run->service->request_count),
        .elapsed = nk_clock_monotonic(nk_clock_system()) - run->started,
        .loop_count = run->context_count,
        .accepted_by_loop = accepted,
    };
    for (size_t i = 0; i < run->context_count; i++) {
        struct nk_connection_counters counters;
        nk_tcp_server_loop_counters(run->server, i, &counters);
        accepted[i] = counters.opened;
        sum.accepted += counters.opened;
        sum.active += counters.active;
        sum.evicted += counters.evicted;
        sum.bytes_received += counters.bytes_received;
        sum.bytes_sent += counters.bytes_sent;
    }
    add_datagrams(run, &sum);
    run->reporter->statistics(run->reporter->context, &sum, final, (int)status);
}

/* ---- stopping ---- */

static void on_drained(void *context)
{
    struct run *run = context;
    run->draining_parts--;
    if (run->draining_parts == 0)
        nk_event_loop_stop(run->loop);
}

static void on_drain_timeout(struct nk_timer *timer)
{
    struct run *run = nk_container_of(timer, struct run, drain_timer);
    nk_tcp_server_cut(run->server);
}

static uint64_t count_active(const struct run *run)
{
    uint64_t active = 0;
    for (size_t i = 0; i < run->context_count; i++) {
        struct nk_connection_counters counters;
        nk_tcp_server_loop_counters(run->server, i, &counters);
        active += counters.active;
    }
    return active;
}

/* `signal_number` is 0 when nobody has sent one. */
static void drain(struct run *run, int signal_number)
{
    run->is_draining = true;
    run->reporter->draining(run->reporter->context, signal_number, count_active(run),
                            run->options->drain);
    run->draining_parts = service_datagrams_drain(run->datagrams) ? 2 : 1;
    nk_tcp_server_drain(run->server);
    uint64_t deadline = nk_event_loop_now(run->loop) + run->options->drain;
    if (nk_event_loop_set_timer(run->loop, &run->drain_timer, deadline) < 0)
        nk_tcp_server_cut(run->server);
}

static void end_by_itself(struct run *run)
{
    if (!run->is_draining)
        drain(run, 0);
}

static void on_end(struct nk_task *task)
{
    struct service_ending *ending = nk_container_of(task, struct service_ending, task);
    end_by_itself(nk_container_of(ending, struct run, ending));
}

static void on_end_timer(struct nk_timer *timer)
{
    end_by_itself(nk_container_of(timer, struct run, end_timer));
}

/* A stop signal while it drains: the process ends the way the shell expects of it. */
static void die(struct run *run, int signal_number)
{
    nk_signal_watch_free(run->signals);
    raise_signal(signal_number);
}

/* A server outlives its terminal: SIGHUP is for what its files say now. */
static void read_again(struct run *run)
{
    (void)access_list_reload(run->options->access_list);
    if (run->service->reopen)
        run->service->reopen(run->service->state);
}

static void on_signal(void *context, int signal_number)
{
    struct run *run = context;
    if (signal_number == SIGUSR1)
        report_statistics(run, false, EXIT_STATUS_OK);
    else if (signal_number == SIGHUP)
        read_again(run);
    else if (!run->is_draining)
        drain(run, signal_number);
    else
        die(run, signal_number);
}

/* ---- building, in the order in which things need each other ---- */

static int make_loop(struct run *run)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGUSR1, SIGHUP};
    const struct nk_event_loop_options options = {
        .dispatcher = run->options->dispatcher,
        .name = "main",
        .busy_poll = run->options->busy_poll,
    };
    int error = nk_event_loop_new(&run->loop, &options);
    if (error)
        return error;
    return nk_signal_watch_new(&run->signals, run->loop, signals, NK_ARRAY_LENGTH(signals),
                               on_signal, run);
}

static int make_pool(struct run *run)
{
    const struct nk_event_loop_options options = {
        .dispatcher = run->options->dispatcher,
        .busy_poll = run->options->busy_poll,
    };
    uint64_t threads = run->options->threads;
    if (threads == SERVICE_THREADS_AUTO)
        threads = nk_thread_pool_usable_cpus();
    if (threads > NK_THREAD_POOL_MAX)
        threads = NK_THREAD_POOL_MAX;
    return nk_thread_pool_new(&run->pool, run->loop, (size_t)threads, &options);
}

static int make_contexts(struct run *run)
{
    size_t count = nk_thread_pool_size(run->pool);
    run->contexts = calloc(count, sizeof(*run->contexts));
    if (!run->contexts)
        return -ENOMEM;
    for (; run->context_count < count; run->context_count++) {
        size_t i = run->context_count;
        int error = 0;
        if (run->service->context_new)
            error = run->service->context_new(&run->contexts[i], run->service->state,
                                              nk_thread_pool_loop(run->pool, i));
        if (error)
            return error;
    }
    return 0;
}

static int make_server(struct run *run)
{
    struct access_list *access_list = run->options->access_list;
    const struct nk_tcp_server_options options = {
        .handlers = run->service->handlers,
        .contexts = run->contexts,
        .backlog = run->options->backlog > INT32_MAX ? INT32_MAX : (int)run->options->backlog,
        .no_delay = run->options->nodelay,
        .reuse_port = run->options->reuseport,
        .max_connections = service_connection_limit(run->service, run->options,
                                                    nk_event_loop_dispatcher_name(run->loop)),
        .admit = access_list ? access_list_admit : NULL,
        .admit_context = access_list,
        .on_drained = on_drained,
        .context = run,
    };
    return nk_tcp_server_new(&run->server, run->loop, run->pool, &options);
}

static int make_datagrams(struct run *run)
{
    uint64_t usual = run->service->peer_idle > 0 ? run->service->peer_idle : PEER_IDLE;
    uint64_t idle = run->options->idle_timeout;
    const struct service_datagrams_options options = {
        .handlers = run->service->datagrams,
        .contexts = run->contexts,
        .peer_idle = idle > 0 ? idle : usual,
        .access_list = run->options->access_list,
        .reuse_port = run->options->reuseport,
        .on_drained = on_drained,
        .context = run,
    };
    return service_datagrams_new(&run->datagrams, run->loop, run->pool, &options);
}

static int confine(struct run *run)
{
    return service_confine(run->service, run->options);
}

static int start_threads(struct run *run)
{
    run->ending.loop = run->loop;
    run->ending.drain = on_end;
    if (run->service->attach)
        run->service->attach(run->service->state, &run->ending);
    int error = nk_thread_pool_run(run->pool);
    if (!error && run->service->start)
        error = run->service->start(run->service->state);
    return error;
}

struct step {
    int (*take)(struct run *run);
    const char *what;
};

static enum exit_status take_steps(struct run *run, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int error = steps[i].take(run);
        if (error) {
            run->reporter->failed(run->reporter->context, "start", steps[i].what, error);
            return error == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
        }
    }
    return EXIT_STATUS_OK;
}

/* Threads come last: what is done to the process has to be done to all of them. */
static enum exit_status build(struct run *run)
{
    static const struct step before_listening[] = {
        {make_loop, "the event loop"},  {make_pool, "the event loops"},
        {make_contexts, "the service"}, {make_server, "the server"},
        {make_datagrams, "the server"},
    };
    static const struct step after_listening[] = {
        {confine, "the confinement"},
        {start_threads, "the threads"},
    };
    enum exit_status status = take_steps(run, before_listening, NK_ARRAY_LENGTH(before_listening));
    if (status == EXIT_STATUS_OK)
        status =
            service_listen(run->server, run->datagrams, run->service, run->options, run->reporter);
    if (status == EXIT_STATUS_OK)
        status = take_steps(run, after_listening, NK_ARRAY_LENGTH(after_listening));
    return status;
}

/* What was built, in reverse. A server that has not started is freed before its
 * loops are; one that has drained, after they have stopped. */
static void take_down(struct run *run, bool has_started)
{
    service_datagrams_free(run->datagrams);
    if (!has_started)
        nk_tcp_server_free(run->server);
    if (run->service->stop)
        run->service->stop(run->service->state);
    nk_thread_pool_stop(run->pool);
    if (has_started) {
        nk_event_loop_turn(run->loop, 0);
        nk_tcp_server_free(run->server);
    }
    for (size_t i = 0; i < run->context_count && run->service->context_free; i++)
        run->service->context_free(run->contexts[i]);
    free(run->contexts);
    nk_signal_watch_free(run->signals);
    nk_event_loop_free(run->loop);
}

/* Serves until everything has drained. */
static enum exit_status serve(struct run *run)
{
    const struct service *service = run->service;
    struct nk_tcp_server_counters counters;
    uint64_t end = nk_event_loop_now(run->loop) + service->run_for;
    int error = 0;
    nk_tcp_server_start(run->server);
    service_datagrams_start(run->datagrams);
    if (service->run_for > 0)
        error = nk_event_loop_set_timer(run->loop, &run->end_timer, end);
    if (!error)
        error = nk_event_loop_run(run->loop);
    nk_event_loop_cancel_timer(run->loop, &run->end_timer);
    nk_event_loop_cancel_timer(run->loop, &run->drain_timer);
    nk_tcp_server_counters(run->server, &counters);
    if (error)
        run->reporter->failed(run->reporter->context, "run", "the event loop", error);
    if (error || counters.cut > 0)
        return EXIT_STATUS_FAILED;
    return service->outcome ? service->outcome(service->state) : EXIT_STATUS_OK;
}

enum exit_status service_run(const struct service *service, const struct service_options *options,
                             const struct service_reporter *reporter)
{
    struct run run = {
        .service = service,
        .options = options,
        .reporter = reporter,
        .started = nk_clock_monotonic(nk_clock_system()),
    };
    nk_timer_init(&run.drain_timer, on_drain_timeout);
    nk_timer_init(&run.end_timer, on_end_timer);
    atomic_flag_clear(&run.ending.is_asked);
    enum exit_status status = build(&run);
    bool has_started = status == EXIT_STATUS_OK;
    if (has_started) {
        status = serve(&run);
        report_statistics(&run, true, status);
    }
    take_down(&run, has_started);
    return status;
}
