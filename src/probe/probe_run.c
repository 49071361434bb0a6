#include "probe/probe_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "net/resolver.h"
#include "os/descriptors.h"
#include "probe/probe_private.h"
#include "probe/probe_status.h"
#include "service/raise_signal.h"

static const int watched_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

/* Threads for names: enough that a few slow name servers do not hold up the rest. */
#define RESOLVER_THREADS 8

/* Descriptors that are not for attempts. */
#define DESCRIPTORS_RESERVED 64

/* With `until`: how soon the second probe follows the first. */
#define BACKOFF_INITIAL (100 * NK_NANOSECONDS_PER_MILLISECOND)

/* A picture that moves four times a second is quick enough to be followed. */
#define REFRESH_INTERVAL (250 * NK_NANOSECONDS_PER_MILLISECOND)

/* ---- telling ---- */

void probe_run_break(struct probe_run *run, int error)
{
    if (run->error == 0)
        run->error = error;
    nk_event_loop_stop(run->loop);
}

/* Nobody can be told any more, and so there is nothing more to do. */
static void heed(struct probe_run *run, int result)
{
    if (result == 0)
        return;
    run->unheard = result;
    nk_event_loop_stop(run->loop);
}

void probe_run_report(struct probe_run *run, const struct probe_event *event)
{
    if (!run->unheard)
        heed(run, run->reporter->event(run->reporter->context, event));
}

static struct probe_totals totals_of(const struct probe_run *run)
{
    return (struct probe_totals){
        .targets = run->list,
        .target_count = run->options->target_count,
        .elapsed = nk_clock_monotonic(nk_clock_system()) - run->schedule.start,
        .lateness = &run->lateness,
    };
}

static void on_refresh(struct nk_timer *timer)
{
    struct probe_run *run = nk_container_of(timer, struct probe_run, refresh);
    struct probe_totals totals = totals_of(run);
    uint64_t next = nk_event_loop_now(run->loop) + REFRESH_INTERVAL;
    heed(run, run->reporter->refresh(run->reporter->context, &totals));
    int error = nk_event_loop_set_timer(run->loop, timer, next);
    if (error)
        probe_run_break(run, error);
}

static void on_signal(void *context, int signal_number)
{
    struct probe_run *run = context;
    if (signal_number == SIGUSR1) {
        struct probe_totals totals = totals_of(run);
        heed(run, run->reporter->totals(run->reporter->context, &totals, false, 0));
        return;
    }
    run->signal_number = signal_number;
    nk_event_loop_stop(run->loop);
}

static void on_timeout(struct nk_timer *timer)
{
    nk_event_loop_stop(nk_container_of(timer, struct probe_run, timeout)->loop);
}

/* ---- life ---- */

static void init_target(struct probe_run *run, size_t index)
{
    struct probe_target *target = &run->targets[index];
    uint64_t limit = run->options->interval;
    *target = (struct probe_target){
        .run = run,
        .kind = run->options->kind,
        .name = run->options->targets[index],
        .index = index,
        .due = probe_schedule_due(&run->schedule, index, 0),
        .backoff = {.initial = limit < BACKOFF_INITIAL ? limit : BACKOFF_INITIAL, .limit = limit},
    };
    nk_list_init(&target->attempts);
    nk_list_init(&target->waiting);
    nk_timer_init(&target->timer, probe_target_on_due);
    run->list[index] = target;
}

static int make_targets(struct probe_run *run)
{
    size_t count = run->options->target_count;
    run->targets = calloc(count, sizeof(*run->targets));
    run->list = calloc(count, sizeof(*run->list));
    if (!run->targets || !run->list)
        return -ENOMEM;
    run->schedule = (struct probe_schedule){
        .start = nk_clock_monotonic(nk_clock_system()),
        .interval = run->options->interval,
        .targets = count,
    };
    int error = 0;
    for (size_t i = 0; i < count; i++)
        init_target(run, i);
    for (size_t i = 0; i < count && !error; i++)
        error = nk_event_loop_set_timer(run->loop, &run->targets[i].timer, run->targets[i].due);
    return error;
}

/* Threads are only for names. */
static int make_pool(struct probe_run *run)
{
    const struct probe_options *options = run->options;
    size_t names = 0;
    for (size_t i = 0; i < options->target_count; i++) {
        struct nk_address address;
        const char *reason;
        int error = nk_address_parse(&address, options->targets[i], &reason);
        if (error)
            return error;
        names += nk_resolver_is_needed(&address);
    }
    if (names == 0)
        return 0;
    int error =
        nk_worker_pool_start(&run->pool, names < RESOLVER_THREADS ? names : RESOLVER_THREADS,
                             names * PROBE_OVERLAP_MAX);
    run->names =
        (struct probe_names){.loop = run->loop, .pool = run->pool, .family = options->family};
    return error;
}

static int make_limits(struct probe_run *run)
{
    uint64_t limit;
    int error = nk_descriptors_raise_limit(&limit);
    if (error)
        limit = nk_descriptors_limit();
    if (strcmp(nk_event_loop_dispatcher_name(run->loop), "select") == 0 && limit > FD_SETSIZE)
        limit = FD_SETSIZE;
    run->in_flight_max =
        limit > 2 * DESCRIPTORS_RESERVED ? limit - DESCRIPTORS_RESERVED : limit / 2 + 1;
    if (run->options->in_flight > 0 && run->options->in_flight < run->in_flight_max)
        run->in_flight_max = run->options->in_flight;
    return 0;
}

static int make_timers(struct probe_run *run)
{
    uint64_t now = run->schedule.start;
    uint64_t timeout = run->options->timeout;
    int error = 0;
    nk_timer_init(&run->timeout, on_timeout);
    nk_timer_init(&run->refresh, on_refresh);
    if (timeout < NK_NEVER - now)
        error = nk_event_loop_set_timer(run->loop, &run->timeout, now + timeout);
    if (!error && run->reporter->refresh)
        error = nk_event_loop_set_timer(run->loop, &run->refresh, now);
    return error;
}

static int make_loop(struct probe_run *run)
{
    const struct nk_event_loop_options options = {.dispatcher = run->options->dispatcher,
                                                  .name = "main"};
    int error = nk_event_loop_new(&run->loop, &options);
    if (error)
        return error;
    return nk_signal_watch_new(&run->signals, run->loop, watched_signals,
                               NK_ARRAY_LENGTH(watched_signals), on_signal, run);
}

static int open_run(struct probe_run *run)
{
    static int (*const steps[])(struct probe_run *) = {make_loop, make_limits, make_pool,
                                                       make_targets, make_timers};
    int error = 0;
    nk_list_init(&run->waiting);
    if (getrandom(&run->random, sizeof run->random, 0) < 0)
        run->random = nk_clock_monotonic(nk_clock_system());
    run->random |= 1;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(steps) && !error; i++)
        error = steps[i](run);
    return error;
}

/* getaddrinfo cannot be interrupted, and nobody shall wait for it: then a worker and
 * what it uses end with the process. */
static void close_run(struct probe_run *run)
{
    for (size_t i = 0; run->targets && run->list && i < run->options->target_count; i++)
        probe_target_deinit(&run->targets[i]);
    if (run->loop) {
        nk_event_loop_cancel_timer(run->loop, &run->timeout);
        nk_event_loop_cancel_timer(run->loop, &run->refresh);
    }
    run->look_up_was_left |= probe_names_deinit(&run->names);
    probe_metrics_stop(run->metrics);
    nk_signal_watch_free(run->signals);
    histogram_deinit(&run->lateness);
    free(run->targets);
    free(run->list);
    if (run->look_up_was_left)
        return;
    nk_worker_pool_stop(run->pool);
    nk_event_loop_free(run->loop);
}

/* ---- the end ---- */

/* Appends what the target's figures violate. 0 or -errno. */
static int judge(const struct probe_run *run, const struct probe_target *target,
                 struct probe_violation *violations, size_t *count)
{
    struct probe_figures figures;
    int error = probe_statistics_figures(&target->statistics, &figures);
    for (size_t i = 0; i < run->options->threshold_count && !error; i++) {
        const struct probe_threshold *threshold = &run->options->thresholds[i];
        struct probe_violation *violation = &violations[*count];
        if (!probe_threshold_is_violated(threshold, &figures, violation->figure,
                                         sizeof violation->figure))
            continue;
        violation->threshold = threshold->text;
        violation->target = target->name;
        ++*count;
    }
    return error;
}

/* Likewise of all targets; *out is to be freed. A threshold that cannot be judged is not
 * met. */
static int judge_all(const struct probe_run *run, struct probe_violation **out, size_t *count)
{
    const struct probe_options *options = run->options;
    size_t room = options->target_count * options->threshold_count;
    int error = 0;
    if (room == 0)
        return 0;
    *out = calloc(room, sizeof(**out));
    if (!*out)
        return -ENOMEM;
    for (size_t i = 0; i < options->target_count && !error; i++)
        error = judge(run, &run->targets[i], *out, count);
    return error;
}

static enum exit_status status_of(const struct probe_run *run, bool is_violated)
{
    struct probe_outcome outcome = {
        .has_until = run->options->until != PROBE_UNTIL_NEVER,
        .is_reached = true,
        .is_violated = is_violated,
    };
    uint64_t last = 0;
    uint64_t last_end = 0;
    for (size_t i = 0; i < run->options->threshold_count; i++)
        outcome.rates_loss |= probe_threshold_rates_loss(&run->options->thresholds[i]);
    for (size_t i = 0; i < run->options->target_count; i++) {
        const struct probe_target *target = &run->targets[i];
        outcome.is_reached &= target->is_reached;
        outcome.sent += target->statistics.sent;
        outcome.replies += target->statistics.replies;
        outcome.missed += probe_statistics_missed(&target->statistics);
        outcome.losses += target->statistics.losses;
        outcome.is_unknown |= target->state == PROBE_STATE_UNKNOWN;
        if (target->end_status != EXIT_STATUS_OK && target->end_order > last_end) {
            last_end = target->end_order;
            outcome.last_end = target->end_status;
        }
        if (target->statistics.last_failure_order > last) {
            last = target->statistics.last_failure_order;
            outcome.last_failure = target->statistics.last_failure;
        }
    }
    return probe_status_of(&outcome);
}

/* Judges the run and says so. Returns the exit status. */
static enum exit_status conclude(struct probe_run *run)
{
    const struct probe_reporter *reporter = run->reporter;
    struct probe_totals totals = totals_of(run);
    struct probe_violation *violations = NULL;
    int error = judge_all(run, &violations, &totals.violation_count);
    if (error)
        reporter->failed(reporter->context, "judge the figures", NULL, error);
    totals.violations = violations;
    enum exit_status status = status_of(run, totals.violation_count > 0);
    if (run->error || error)
        status = EXIT_STATUS_FAILED;
    int shown = run->signal_number ? 128 + run->signal_number : (int)status;
    if (!run->unheard)
        (void)reporter->totals(reporter->context, &totals, true, shown);
    free(violations);
    return status;
}

static enum exit_status run_loop(struct probe_run *run)
{
    const struct probe_reporter *reporter = run->reporter;
    int error = nk_event_loop_run(run->loop);
    if (!run->error)
        run->error = error;
    if (run->error)
        reporter->failed(reporter->context, "go on probing", NULL, run->error);
    enum exit_status status = conclude(run);
    if (run->unheard)
        return run->unheard == -EPIPE ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
    return status;
}

static void fill_totals(void *context, struct probe_totals *totals)
{
    *totals = totals_of(context);
}

/* Where the figures can be fetched is known before the first of them. */
static enum exit_status open_metrics(struct probe_run *run)
{
    const struct probe_reporter *reporter = run->reporter;
    char text[NK_ADDRESS_TEXT_MAX];
    char url[PROBE_METRICS_URL_MAX];
    if (!run->options->metrics)
        return EXIT_STATUS_OK;
    int error =
        probe_metrics_start(&run->metrics, run->loop, run->options->metrics, fill_totals, run, url);
    if (!error) {
        reporter->listening(reporter->context, url);
        return EXIT_STATUS_OK;
    }
    nk_address_print(run->options->metrics, text);
    reporter->failed(reporter->context, "listen on", text, error);
    return EXIT_STATUS_CANNOT_LISTEN;
}

enum exit_status probe_run(const struct probe_options *options,
                           const struct probe_reporter *reporter)
{
    struct probe_run run = {.options = options, .reporter = reporter};
    enum exit_status status;
    int error = open_run(&run);
    if (error) {
        reporter->failed(reporter->context, "start", NULL, error);
        status = EXIT_STATUS_FAILED;
    } else {
        status = open_metrics(&run);
        if (status == EXIT_STATUS_OK)
            status = run_loop(&run);
    }
    close_run(&run);
    if (run.signal_number)
        raise_signal(run.signal_number);
    return status;
}
