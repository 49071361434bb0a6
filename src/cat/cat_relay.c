#include "cat/cat_relay.h"

#include <errno.h>
#include <signal.h>

#include "cat/cat_relay_private.h"
#include "net/resolver.h"
#include "os/descriptors.h"
#include "reactor/event_dispatcher.h"
#include "service/raise_signal.h"

/* Threads that look up the name of the other side. */
#define RESOLVER_THREADS 2

/* Descriptors that belong to no client: standard ones, listeners, the loop's. */
#define RESERVED_DESCRIPTORS 32

/* A client has two sockets; the third share is for the pipes, which are needed only
 * while bytes are on their way. Where they do not suffice, bytes are copied. */
#define DESCRIPTORS_PER_CLIENT 3
#define DESCRIPTORS_PER_PIPE 2

/* ---- statistics ---- */

static void report_statistics(const struct relay *relay, bool final, enum exit_status status)
{
    struct cat_relay_statistics sum = relay->totals;
    struct nk_list_node *node;
    struct nk_list_node *following;
    NK_LIST_FOR_EACH (node, following, &relay->links) {
        const struct relay_link *link = nk_container_of(node, struct relay_link, node);
        sum.bytes_sent += relay_link_sent(link);
        sum.bytes_received += relay_link_received(link);
    }
    for (size_t i = 0; i < relay->acceptor_count; i++)
        sum.refused += nk_acceptor_shed_count(relay->acceptors[i]);
    sum.dropped = relay_peers_dropped(relay);
    if (relay->options->access_list)
        sum.denied = access_list_denied_count(relay->options->access_list);
    sum.elapsed = nk_clock_monotonic(nk_clock_system()) - relay->started;
    relay->reporter->statistics(relay->reporter->context, &sum, final, (int)status);
}

/* ---- the end ---- */

/* The last one stops the loop. */
static void cut_all(struct relay *relay)
{
    struct nk_list_node *node;
    while ((node = nk_list_first(&relay->links)) != NULL)
        relay_link_cut(nk_container_of(node, struct relay_link, node));
}

static void on_drain_timeout(struct nk_timer *timer)
{
    cut_all(nk_container_of(timer, struct relay, drain_timer));
}

static void drain(struct relay *relay, int signal_number)
{
    const struct service_reporter *reporter = relay->reporter->base;
    relay->stop_signal = signal_number;
    reporter->draining(reporter->context, signal_number, relay->totals.active,
                       relay->options->drain);
    relay_peers_drain(relay);
    relay_stop_listening(relay);
    if (relay->totals.active == 0) {
        nk_event_loop_stop(relay->loop);
        return;
    }
    uint64_t deadline = nk_event_loop_now(relay->loop) + relay->options->drain;
    if (nk_event_loop_set_timer(relay->loop, &relay->drain_timer, deadline) < 0)
        cut_all(relay);
}

/* The second stop signal: the process ends the way the shell expects of it. */
static void die(struct relay *relay, int signal_number)
{
    nk_signal_watch_free(relay->signals);
    raise_signal(signal_number);
}

static void on_signal(void *context, int signal_number)
{
    struct relay *relay = context;
    if (signal_number == SIGUSR1)
        report_statistics(relay, false, EXIT_STATUS_OK);
    else if (signal_number == SIGHUP)
        (void)access_list_reload(relay->options->access_list);
    else if (relay->stop_signal == 0)
        drain(relay, signal_number);
    else
        die(relay, signal_number);
}

void relay_link_gone(struct relay *relay)
{
    if (relay->totals.active == 0)
        cat_pipes_close_kept(&relay->pipes);
    if (!relay->has_stopped_accepting)
        relay_resume(relay);
    else if (relay->totals.active == 0)
        nk_event_loop_stop(relay->loop);
}

/* A run in which nothing succeeded is no success. */
static enum exit_status status_of(const struct relay *relay)
{
    const struct cat_relay_statistics *totals = &relay->totals;
    bool all_failed = totals->failed > 0 && totals->joined == 0;
    if (totals->cut > 0)
        return EXIT_STATUS_FAILED;
    return all_failed || relay->options->once ? relay->last_failure : EXIT_STATUS_OK;
}

/* ---- building, in the order in which things need each other ---- */

static int make_loop(struct relay *relay)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGUSR1, SIGHUP};
    const struct nk_event_loop_options options = {.dispatcher = relay->options->dispatcher,
                                                  .name = "main"};
    int error = nk_event_loop_new(&relay->loop, &options);
    if (error)
        return error;
    return nk_signal_watch_new(&relay->signals, relay->loop, signals, NK_ARRAY_LENGTH(signals),
                               on_signal, relay);
}

/* As many clients as there are descriptors for, or as were asked for. */
static int set_limit(struct relay *relay)
{
    uint64_t most;
    if (nk_descriptors_raise_limit(&most) < 0)
        most = nk_descriptors_limit();
    const char *dispatcher = nk_event_loop_dispatcher_name(relay->loop);
    size_t capacity = nk_event_dispatcher_by_name(dispatcher)->capacity;
    if (capacity > 0 && most > capacity)
        most = capacity;
    most = most > RESERVED_DESCRIPTORS ? most - RESERVED_DESCRIPTORS : 0;
    most = most < DESCRIPTORS_PER_CLIENT ? 1 : most / DESCRIPTORS_PER_CLIENT;
    uint64_t wanted = relay->options->max_conns;
    bool is_given = wanted != SERVICE_MAX_CONNS_AUTO && wanted > 0;
    relay->limit = is_given && wanted < most ? wanted : most;
    cat_pipes_init(&relay->pipes, (size_t)most / DESCRIPTORS_PER_PIPE);
    return 0;
}

/* Every client may have a look-up in the queue. */
static int make_pool(struct relay *relay)
{
    if (!nk_resolver_is_needed(&relay->options->to))
        return 0;
    return nk_worker_pool_start(&relay->pool, RESOLVER_THREADS, relay->limit);
}

static enum exit_status build(struct relay *relay)
{
    static int (*const steps[])(struct relay *) = {make_loop, set_limit, make_pool};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(steps); i++) {
        int error = steps[i](relay);
        if (error) {
            const struct service_reporter *reporter = relay->reporter->base;
            reporter->failed(reporter->context, "start", "the relay", error);
            return error == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
        }
    }
    return relay_listen(relay);
}

/* getaddrinfo cannot be interrupted, and nobody shall wait for it: then a worker
 * and what it uses end with the process. */
static void take_down(struct relay *relay)
{
    relay_stop_listening(relay);
    relay_peers_close(relay);
    cut_all(relay); /* there is something left only when the loop has failed */
    nk_signal_watch_free(relay->signals);
    if (relay->look_up_was_left)
        return;
    nk_worker_pool_stop(relay->pool);
    nk_event_loop_free(relay->loop);
    cat_pipes_close_kept(&relay->pipes);
}

enum exit_status cat_relay_run(const struct cat_relay_options *options,
                               const struct cat_relay_reporter *reporter)
{
    struct relay relay = {
        .options = options,
        .reporter = reporter,
        .started = nk_clock_monotonic(nk_clock_system()),
    };
    nk_list_init(&relay.links);
    nk_timer_init(&relay.drain_timer, on_drain_timeout);
    enum exit_status status = build(&relay);
    if (status == EXIT_STATUS_OK) {
        relay_resume(&relay);
        int error = nk_event_loop_run(relay.loop);
        status = error ? EXIT_STATUS_FAILED : status_of(&relay);
        if (error)
            reporter->base->failed(reporter->base->context, "run", "the event loop", error);
        nk_event_loop_cancel_timer(relay.loop, &relay.drain_timer);
        report_statistics(&relay, true, status);
    }
    take_down(&relay);
    return status;
}
