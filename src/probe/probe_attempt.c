#include <errno.h>
#include <stdlib.h>

#include "probe/probe_private.h"

static void begin_waiting(struct probe_run *run);

/* ---- the end of an attempt ---- */

static void on_release(struct nk_task *task)
{
    free(nk_container_of(task, struct probe_attempt, release));
}

static void take_out(struct probe_attempt *attempt)
{
    struct probe_target *target = attempt->target;
    nk_event_loop_cancel_timer(target->run->loop, &attempt->timer);
    nk_list_remove(&attempt->node);
    target->run->in_flight--;
}

/* Takes the attempt out of everything; its memory lives until the turn is over. */
static void end_attempt(struct probe_attempt *attempt)
{
    struct probe_target *target = attempt->target;
    take_out(attempt);
    target->kind->stop(attempt);
    nk_event_loop_at_turn_end(target->run->loop, &attempt->release, on_release);
}

void probe_target_end_attempts(struct probe_target *target)
{
    struct nk_list_node *node;
    while ((node = nk_list_first(&target->attempts)))
        end_attempt(nk_container_of(node, struct probe_attempt, node));
}

/* Whether it has had all its probes, and all of them have come to something. */
static bool is_through(const struct probe_target *target)
{
    uint64_t count = target->run->options->count;
    return count > 0 && target->sequence >= count && nk_list_is_empty(&target->attempts);
}

void probe_attempt_finish(struct probe_attempt *attempt, const struct probe_result *result)
{
    struct probe_target *target = attempt->target;
    struct probe_run *run = target->run;
    bool is_up = result->status == EXIT_STATUS_OK;
    uint64_t sequence = attempt->sequence;
    probe_target_result(target, sequence, result);
    end_attempt(attempt);
    probe_target_set_state(target, is_up ? PROBE_STATE_UP : PROBE_STATE_DOWN);
    if (is_through(target))
        probe_target_leave(target);
    begin_waiting(run);
}

/* Time is up: nothing has come. */
static void on_wait_over(struct nk_timer *timer)
{
    struct probe_attempt *attempt = nk_container_of(timer, struct probe_attempt, timer);
    const struct probe_kind *kind = attempt->target->kind;
    struct probe_result result = {
        .status = EXIT_STATUS_TIMED_OUT,
        .action = "reach",
        .error = -ETIMEDOUT,
    };
    if (kind->expire)
        kind->expire(attempt, &result);
    probe_attempt_finish(attempt, &result);
}

/* ---- the beginning of one ---- */

/* When the probe after the one that begins now is due. */
static uint64_t next_due(struct probe_target *target)
{
    const struct probe_run *run = target->run;
    uint64_t now = probe_target_clock(target);
    if (run->options->until != PROBE_UNTIL_NEVER)
        return now + probe_backoff_next(&target->backoff, probe_target_random(target));
    target->slot = probe_schedule_next(&run->schedule, target->index, target->slot, now);
    return probe_schedule_due(&run->schedule, target->index, target->slot);
}

static int schedule_next(struct probe_target *target)
{
    const struct probe_options *options = target->run->options;
    if (target->kind->is_session || (options->count > 0 && target->sequence >= options->count))
        return 0;
    target->due = next_due(target);
    return nk_event_loop_set_timer(target->run->loop, &target->timer, target->due);
}

/* An attempt on the target, not begun yet. */
static struct probe_attempt *new_attempt(struct probe_target *target)
{
    struct probe_attempt *attempt = calloc(1, target->kind->attempt_size);
    if (!attempt)
        return NULL;
    attempt->target = target;
    nk_timer_init(&attempt->timer, on_wait_over);
    nk_list_append(&target->attempts, &attempt->node);
    target->run->in_flight++;
    return attempt;
}

static void fail_to_start(struct probe_attempt *attempt, int error)
{
    const struct probe_result result = {
        .status = EXIT_STATUS_FAILED,
        .action = "probe",
        .error = error,
    };
    if (attempt->target->kind->is_session)
        probe_target_end(attempt->target, &result);
    else
        probe_attempt_finish(attempt, &result);
}

static int begin_attempt(struct probe_target *target)
{
    struct probe_run *run = target->run;
    struct probe_attempt *attempt = new_attempt(target);
    if (!attempt)
        return -ENOMEM;
    attempt->started = probe_target_clock(target);
    int error = histogram_record(&run->lateness, attempt->started - target->due, 1);
    if (!target->kind->is_session) {
        attempt->sequence = probe_target_sent(target);
        if (!error)
            error = nk_event_loop_set_timer(run->loop, &attempt->timer,
                                            attempt->started + run->options->wait);
    }
    if (!error)
        error = schedule_next(target);
    if (error) {
        take_out(attempt); /* the kind has not seen it */
        free(attempt);
        return error;
    }
    error = target->kind->start(attempt);
    if (error)
        fail_to_start(attempt, error);
    return 0;
}

static void begin(struct probe_target *target)
{
    struct probe_run *run = target->run;
    if (run->in_flight >= run->in_flight_max) {
        nk_list_remove(&target->waiting);
        nk_list_append(&run->waiting, &target->waiting);
        return;
    }
    int error = begin_attempt(target);
    if (error)
        probe_run_break(run, error);
}

/* Begins those that wait, as far as they may. One that comes to its end at once calls
 * this again. */
static void begin_waiting(struct probe_run *run)
{
    struct nk_list_node *node;
    if (run->is_filling)
        return;
    run->is_filling = true;
    while (run->in_flight < run->in_flight_max && (node = nk_list_first(&run->waiting))) {
        nk_list_remove(node);
        begin(nk_container_of(node, struct probe_target, waiting));
    }
    run->is_filling = false;
}

void probe_target_on_due(struct nk_timer *timer)
{
    begin(nk_container_of(timer, struct probe_target, timer));
}
