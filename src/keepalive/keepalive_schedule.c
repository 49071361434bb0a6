#include "keepalive/keepalive_schedule.h"

void keepalive_schedule_init(struct keepalive_schedule *schedule, uint64_t time, uint64_t interval,
                             uint64_t probes, uint64_t now)
{
    *schedule = (struct keepalive_schedule){
        .time = time,
        .interval = interval,
        .probes = probes,
        .next = now + time,
    };
}

bool keepalive_schedule_heard(struct keepalive_schedule *schedule, uint64_t now)
{
    bool was_waiting = schedule->unanswered > 0;
    schedule->unanswered = 0;
    schedule->next = now + schedule->time;
    return was_waiting;
}

enum keepalive_action keepalive_schedule_turn(struct keepalive_schedule *schedule, uint64_t now)
{
    if (now < schedule->next)
        return KEEPALIVE_WAIT;
    if (schedule->unanswered >= schedule->probes)
        return KEEPALIVE_DEAD;
    schedule->unanswered++;
    schedule->next += schedule->interval;
    if (schedule->next <= now)
        schedule->next = now + schedule->interval;
    return KEEPALIVE_SEND;
}
