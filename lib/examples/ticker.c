/* The smallest use of an event loop: a timer that fires three times, and SIGINT
 * as an event. Prints a line each time and ends.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>

#include "reactor/event_loop.h"
#include "reactor/signal_watch.h"

#define INTERVAL (20 * NK_NANOSECONDS_PER_MILLISECOND)

struct ticker {
    struct nk_event_loop *loop;
    struct nk_timer timer;
    int ticks_left;
};

static void start_timer(struct ticker *ticker)
{
    uint64_t deadline = nk_event_loop_now(ticker->loop) + INTERVAL;
    if (nk_event_loop_set_timer(ticker->loop, &ticker->timer, deadline) < 0)
        nk_event_loop_stop(ticker->loop);
}

static void on_tick(struct nk_timer *timer)
{
    struct ticker *ticker = nk_container_of(timer, struct ticker, timer);
    printf("tick\n");
    if (--ticker->ticks_left > 0)
        start_timer(ticker);
    else
        nk_event_loop_stop(ticker->loop);
}

static void on_signal(void *context, int signal_number)
{
    (void)signal_number;
    nk_event_loop_stop(context);
}

int main(void)
{
    const int signals[] = {SIGINT};
    struct ticker ticker = {.ticks_left = 3};
    struct nk_signal_watch *watch;
    if (nk_event_loop_new(&ticker.loop, NULL) < 0)
        return 1;
    if (nk_signal_watch_new(&watch, ticker.loop, signals, 1, on_signal, ticker.loop) < 0)
        return 1;
    nk_timer_init(&ticker.timer, on_tick);
    start_timer(&ticker);
    int error = nk_event_loop_run(ticker.loop);
    nk_signal_watch_free(watch);
    nk_event_loop_free(ticker.loop);
    return error ? 1 : 0;
}
