#include "probe/probe_target.h"

#include <assert.h>
#include <stdlib.h>

#include "probe/probe_private.h"

/* ---- what a kind finds around it ---- */

struct nk_event_loop *probe_target_loop(const struct probe_target *target)
{
    return target->run->loop;
}

struct nk_worker_pool *probe_target_pool(const struct probe_target *target)
{
    return target->run->pool;
}

const void *probe_target_options(const struct probe_target *target)
{
    return target->run->options->kind_options;
}

uint64_t probe_target_clock(const struct probe_target *target)
{
    (void)target;
    return nk_clock_monotonic(nk_clock_system());
}

/* xorshift64: nobody gains anything by guessing it. */
uint32_t probe_target_random(struct probe_target *target)
{
    uint64_t *state = &target->run->random;
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

void probe_target_address(const struct probe_target *target, struct nk_address *address)
{
    const char *reason;
    int error = nk_address_parse(address, target->name, &reason);
    assert(error == 0);
    (void)error;
}

/* ---- life ---- */

void probe_target_leave(struct probe_target *target)
{
    struct probe_run *run = target->run;
    if (target->has_ended)
        return;
    target->has_ended = true;
    nk_event_loop_cancel_timer(run->loop, &target->timer);
    nk_list_remove(&target->waiting);
    probe_target_end_attempts(target);
    if (++run->ended == run->options->target_count)
        nk_event_loop_stop(run->loop);
}

void probe_target_deinit(struct probe_target *target)
{
    nk_event_loop_cancel_timer(target->run->loop, &target->timer);
    nk_list_remove(&target->waiting);
    probe_target_end_attempts(target);
    probe_statistics_deinit(&target->statistics);
}

/* ---- what happens to a target ---- */

static void report(struct probe_target *target, struct probe_event event)
{
    event.target = target;
    probe_run_report(target->run, &event);
}

uint64_t probe_target_sent(struct probe_target *target)
{
    target->sequence++;
    target->statistics.sent++;
    report(target, (struct probe_event){.kind = PROBE_EVENT_SENT, .sequence = target->sequence});
    return target->sequence;
}

void probe_target_result(struct probe_target *target, uint64_t sequence,
                         const struct probe_result *result)
{
    bool is_reply = result->status == EXIT_STATUS_OK;
    int error = probe_statistics_add(&target->statistics, result, ++target->run->order);
    report(target, (struct probe_event){
                       .kind = is_reply ? PROBE_EVENT_REPLY : PROBE_EVENT_MISSED,
                       .sequence = sequence,
                       .result = result,
                   });
    if (error)
        probe_run_break(target->run, error);
}

void probe_target_duplicate(struct probe_target *target, uint64_t sequence)
{
    target->statistics.duplicates++;
    report(target, (struct probe_event){.kind = PROBE_EVENT_DUPLICATE, .sequence = sequence});
}

void probe_target_note(struct probe_target *target, const char *name, uint64_t number,
                       const char *text)
{
    report(target, (struct probe_event){
                       .kind = PROBE_EVENT_NOTE, .name = name, .number = number, .text = text});
}

/* Whether this is what the run was waiting for. */
static bool is_awaited(const struct probe_run *run, enum probe_state state)
{
    return (run->options->until == PROBE_UNTIL_UP && state == PROBE_STATE_UP) ||
           (run->options->until == PROBE_UNTIL_DOWN && state == PROBE_STATE_DOWN);
}

void probe_target_set_state(struct probe_target *target, enum probe_state state)
{
    uint64_t now = probe_target_clock(target);
    if (target->state == state || target->has_ended)
        return;
    report(target, (struct probe_event){
                       .kind = state == PROBE_STATE_UP ? PROBE_EVENT_UP : PROBE_EVENT_DOWN,
                       .sequence = target->sequence,
                       .lasted = target->state_since > 0 ? now - target->state_since : 0,
                   });
    target->state = state;
    target->state_since = now;
    if (state == PROBE_STATE_UP)
        target->end_status = EXIT_STATUS_OK;
    if (!is_awaited(target->run, state))
        return;
    target->is_reached = true;
    probe_target_leave(target);
}

static void report_end(struct probe_target *target, const struct probe_result *result)
{
    target->end_status = result->status;
    target->end_order = ++target->run->order;
    target->statistics.losses += result->status != EXIT_STATUS_OK;
    report(target, (struct probe_event){.kind = PROBE_EVENT_ENDED, .result = result});
}

void probe_target_lost(struct probe_target *target, const struct probe_result *result)
{
    if (target->has_ended)
        return;
    report_end(target, result);
    probe_target_set_state(target, PROBE_STATE_DOWN);
}

void probe_target_end(struct probe_target *target, const struct probe_result *result)
{
    if (target->has_ended)
        return;
    report_end(target, result);
    probe_target_leave(target);
}
