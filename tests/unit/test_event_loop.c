/* The turn of the loop: its order, its clock, its door for other threads. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "reactor_fixture.h"

/* ---- the order of a turn ---- */

static char order[64];

static void note(char what)
{
    size_t len = strlen(order);

    assert_true(len + 1 < sizeof order);
    order[len] = what;
    order[len + 1] = '\0';
}

struct turn_probe {
    struct nk_event_loop *loop;
    struct nk_channel channel;
    struct nk_timer timer;
    struct nk_task posted;
    struct nk_task turn_end;
};

static void at_end(struct nk_task *task)
{
    (void)task;
    note('e');
}

static void on_posted(struct nk_task *task)
{
    (void)task;
    note('p');
}

static void on_timer(struct nk_timer *timer)
{
    (void)timer;
    note('t');
}

static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct turn_probe *probe = nk_container_of(channel, struct turn_probe, channel);

    (void)events;
    note('c');
    nk_event_loop_at_turn_end(probe->loop, &probe->turn_end, at_end);
    nk_event_loop_post(probe->loop, &probe->posted, on_posted);
    nk_channel_close_descriptor(channel);
}

/* Channels, then tasks, then timers, then freeing: a task posted by a callback
 * runs in the same turn, and nothing is freed before everybody was called. */
static void a_turn_runs_in_the_documented_order(void **state)
{
    struct turn_probe probe = {.loop = new_loop()};
    int one;
    int other;

    (void)state;
    order[0] = '\0';
    unix_pair(&one, &other);
    write_text(other, "x");
    assert_int_equal(nk_channel_open(&probe.channel, probe.loop, one, on_ready), 0);
    nk_channel_want(&probe.channel, NK_READ);
    nk_timer_init(&probe.timer, on_timer);
    assert_int_equal(nk_event_loop_set_timer(probe.loop, &probe.timer, 0), 0);
    turn_idle(probe.loop, 1);
    assert_string_equal(order, "cpte");
    close(other);
    nk_event_loop_free(probe.loop);
}

/* ---- time ---- */

struct tick {
    struct nk_timer timer;
    struct nk_event_loop *loop;
    uint64_t interval;
    uint64_t last;
    int count;
};

static void on_tick(struct nk_timer *timer)
{
    struct tick *tick = nk_container_of(timer, struct tick, timer);
    uint64_t now = nk_event_loop_now(tick->loop);

    tick->count++;
    tick->last = now;
    assert_int_equal(nk_event_loop_set_timer(tick->loop, timer, now + tick->interval), 0);
}

/* With an injected clock a schedule of hours runs without waiting, and nothing
 * happens between two of its moments. */
static void a_manual_clock_drives_the_schedule(void **state)
{
    struct nk_manual_clock manual;
    struct nk_event_loop *loop = new_loop_with_clock(&manual);
    struct tick hourly = {.loop = loop, .interval = 3600 * SECOND};

    (void)state;
    nk_timer_init(&hourly.timer, on_tick);
    assert_int_equal(nk_event_loop_set_timer(loop, &hourly.timer, 3600 * SECOND), 0);
    turn_idle(loop, 3);
    assert_int_equal(hourly.count, 0);
    nk_manual_clock_advance(&manual, 3599 * SECOND - 1);
    turn_idle(loop, 1);
    assert_int_equal(hourly.count, 0);
    nk_manual_clock_advance(&manual, 1);
    for (int hour = 1; hour <= 48; hour++) {
        turn_idle(loop, 2);
        assert_int_equal(hourly.count, hour);
        assert_true(hourly.last == (uint64_t)hour * 3600 * SECOND);
        nk_manual_clock_advance(&manual, 3600 * SECOND);
    }
    nk_event_loop_free(loop);
}

/* The wall clock shown in Date headers must follow the second it is in. */
static void wall_seconds_change_with_the_second(void **state)
{
    struct nk_manual_clock manual;
    struct nk_event_loop *loop = new_loop_with_clock(&manual);

    (void)state;
    nk_manual_clock_advance(&manual, 700 * MILLISECOND); /* 1.7 s */
    turn_idle(loop, 1);
    assert_int_equal(nk_event_loop_wall_seconds(loop), 1);
    nk_manual_clock_advance(&manual, 299 * MILLISECOND);
    turn_idle(loop, 1);
    assert_int_equal(nk_event_loop_wall_seconds(loop), 1);
    nk_manual_clock_advance(&manual, MILLISECOND);
    turn_idle(loop, 1);
    assert_int_equal(nk_event_loop_wall_seconds(loop), 2);
    nk_event_loop_free(loop);
}

struct alarm_probe {
    struct nk_timer timer;
    struct nk_event_loop *loop;
    uint64_t rang; /* 0 = not yet */
};

static void ring(struct nk_timer *timer)
{
    struct alarm_probe *probe = nk_container_of(timer, struct alarm_probe, timer);

    probe->rang = time_now();
    nk_event_loop_stop(probe->loop);
}

/* DEFECTS 15: on the real clock a timer must never fire early, and the wait for
 * it must not be a busy loop. */
static void a_timer_never_fires_early(void **state)
{
    static const uint64_t delays[] = {1, 400 * 1000, MILLISECOND, 2500 * 1000, 7 * MILLISECOND};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(delays); i++) {
        struct alarm_probe probe = {.loop = new_loop()};
        struct nk_event_loop_statistics statistics;
        nk_timer_init(&probe.timer, ring);
        uint64_t deadline = time_now() + delays[i];
        assert_int_equal(nk_event_loop_set_timer(probe.loop, &probe.timer, deadline), 0);
        assert_int_equal(nk_event_loop_run(probe.loop), 0);
        assert_true(probe.rang >= deadline);
        nk_event_loop_statistics(probe.loop, &statistics);
        assert_int_equal(statistics.timers, 1);
        assert_true(statistics.turns <= 3);
        nk_event_loop_free(probe.loop);
    }
}

/* ---- posting ---- */

struct counted_task {
    struct nk_task task;
    struct nk_event_loop *loop;
    int left; /* how often it posts itself again */
    int runs;
};

static void run_counted(struct nk_task *task)
{
    struct counted_task *counted = nk_container_of(task, struct counted_task, task);

    counted->runs++;
    if (counted->left-- > 0)
        nk_event_loop_post(counted->loop, task, run_counted);
}

/* A task may post itself anew, once per turn: it may neither be lost nor keep
 * the loop from everything else, and the loop may not sleep on it. */
static void a_task_that_posts_itself_runs_once_per_turn(void **state)
{
    struct counted_task counted = {.loop = new_loop(), .left = 3};

    (void)state;
    nk_event_loop_post(counted.loop, &counted.task, run_counted);
    for (int i = 1; i <= 4; i++) {
        assert_int_equal(nk_event_loop_turn(counted.loop, NK_NEVER), 0);
        assert_int_equal(counted.runs, i);
    }
    nk_event_loop_free(counted.loop);
}

enum { POSTERS = 4, POSTS = 500 };

struct delivery {
    struct nk_task task;
    struct poster *poster;
    int sequence;
};

struct poster {
    pthread_t thread;
    struct nk_event_loop *loop;
    struct delivery deliveries[POSTS];
    int next; /* the sequence number that has to come next */
};

static int delivered;

static void take_delivery(struct nk_task *task)
{
    struct delivery *delivery = nk_container_of(task, struct delivery, task);

    assert_true(nk_event_loop_is_own_thread(delivery->poster->loop));
    assert_int_equal(delivery->sequence, delivery->poster->next);
    delivery->poster->next++;
    if (++delivered == POSTERS * POSTS)
        nk_event_loop_stop(delivery->poster->loop);
}

static void *post_all(void *argument)
{
    struct poster *poster = argument;

    for (int i = 0; i < POSTS; i++) {
        poster->deliveries[i].poster = poster;
        poster->deliveries[i].sequence = i;
        nk_event_loop_post(poster->loop, &poster->deliveries[i].task, take_delivery);
    }
    return NULL;
}

/* From any thread, none lost, in the order of posting; a missed wake-up would
 * leave the loop asleep for ever. */
static void every_post_of_every_thread_arrives_in_order(void **state)
{
    static struct poster posters[POSTERS];
    struct nk_event_loop *loop = new_loop();

    (void)state;
    delivered = 0;
    for (size_t i = 0; i < POSTERS; i++) {
        posters[i].loop = loop;
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
    }
    assert_int_equal(nk_event_loop_run(loop), 0);
    for (size_t i = 0; i < POSTERS; i++) {
        pthread_join(posters[i].thread, NULL);
        assert_int_equal(posters[i].next, POSTS);
    }
    nk_event_loop_free(loop);
}

static void count_post(struct nk_task *task)
{
    struct counted_task *counted = nk_container_of(task, struct counted_task, task);

    counted->runs++;
}

/* DEFECTS 14: many posts before the loop wakes are one wake-up, however many, so
 * that no pipe can fill up and block the poster. */
static void many_posts_cost_one_wake_up(void **state)
{
    enum { MANY = 100000 };
    struct nk_event_loop *loop = new_loop();
    struct counted_task *tasks = calloc(MANY, sizeof *tasks);
    struct nk_event_loop_statistics statistics;
    int runs = 0;

    (void)state;
    assert_non_null(tasks);
    for (size_t i = 0; i < MANY; i++)
        nk_event_loop_post(loop, &tasks[i].task, count_post);
    turn_idle(loop, 2);
    for (size_t i = 0; i < MANY; i++)
        runs += tasks[i].runs;
    nk_event_loop_statistics(loop, &statistics);
    assert_int_equal(runs, MANY);
    assert_int_equal(statistics.tasks, MANY);
    assert_true(statistics.wake_ups <= 1);
    free(tasks);
    nk_event_loop_free(loop);
}

struct sleeper {
    struct nk_event_loop *loop;
    struct counted_task tasks[10];
};

static void *post_ten_then_stop(void *argument)
{
    struct sleeper *sleeper = argument;

    for (size_t i = 0; i < NK_ARRAY_LENGTH(sleeper->tasks); i++)
        nk_event_loop_post(sleeper->loop, &sleeper->tasks[i].task, count_post);
    nk_event_loop_stop(sleeper->loop);
    return NULL;
}

/* A loop that sleeps for ever must wake for a post and for a stop of another
 * thread, run what was posted before the stop, and not be woken for each post. */
static void a_sleeping_loop_wakes_for_another_thread(void **state)
{
    struct sleeper sleeper = {.loop = new_loop()};
    struct nk_event_loop_statistics statistics;
    pthread_t thread;
    int runs = 0;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, post_ten_then_stop, &sleeper), 0);
    assert_int_equal(nk_event_loop_run(sleeper.loop), 0);
    pthread_join(thread, NULL);
    turn_idle(sleeper.loop, 1);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(sleeper.tasks); i++)
        runs += sleeper.tasks[i].runs;
    nk_event_loop_statistics(sleeper.loop, &statistics);
    assert_int_equal(runs, 10);
    assert_true(statistics.wake_ups <= statistics.turns);
    nk_event_loop_free(sleeper.loop);
}

/* A stop that comes before run must not be lost: the program would hang. */
static void a_loop_stopped_before_it_runs_returns(void **state)
{
    struct nk_event_loop *loop = new_loop();

    (void)state;
    nk_event_loop_stop(loop);
    assert_int_equal(nk_event_loop_run(loop), 0);
    nk_event_loop_stop(loop);
    assert_int_equal(nk_event_loop_run(loop), 0);
    nk_event_loop_free(loop);
}

/* ---- busy polling ---- */

/* A spinning loop must see posts and stops as a sleeping one does. */
static void a_busy_polling_loop_wakes_for_another_thread(void **state)
{
    struct nk_event_loop_options options = {.busy_poll = 3600 * SECOND};
    struct sleeper sleeper;
    pthread_t thread;
    int runs = 0;

    (void)state;
    memset(&sleeper, 0, sizeof sleeper);
    assert_int_equal(nk_event_loop_new(&sleeper.loop, &options), 0);
    assert_int_equal(pthread_create(&thread, NULL, post_ten_then_stop, &sleeper), 0);
    assert_int_equal(nk_event_loop_run(sleeper.loop), 0);
    pthread_join(thread, NULL);
    turn_idle(sleeper.loop, 1);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(sleeper.tasks); i++)
        runs += sleeper.tasks[i].runs;
    assert_int_equal(runs, 10);
    nk_event_loop_free(sleeper.loop);
}

/* ---- the end ---- */

static void free_task(struct nk_task *task)
{
    free(nk_container_of(task, struct counted_task, task));
}

static void free_at_turn_end(struct nk_task *task)
{
    struct counted_task *counted = nk_container_of(task, struct counted_task, task);

    nk_event_loop_at_turn_end(counted->loop, task, free_task);
}

/* What was posted or put off to the turn's end is run before the loop is freed:
 * under the leak checker this test fails otherwise. */
static void freeing_a_loop_runs_what_is_left(void **state)
{
    struct nk_event_loop *loop = new_loop();
    struct counted_task *posted = calloc(1, sizeof *posted);
    struct counted_task *ended = calloc(1, sizeof *ended);

    (void)state;
    assert_non_null(posted);
    assert_non_null(ended);
    posted->loop = loop;
    nk_event_loop_post(loop, &posted->task, free_at_turn_end);
    nk_event_loop_at_turn_end(loop, &ended->task, free_task);
    nk_event_loop_free(loop);
}

/* A misspelt dispatcher is an error of the user, not a silent default. */
static void an_unknown_dispatcher_is_refused(void **state)
{
    struct nk_event_loop_options options = {.dispatcher = "kqueue"};
    struct nk_event_loop *loop = NULL;

    (void)state;
    assert_int_equal(nk_event_loop_new(&loop, &options), -EINVAL);
    assert_null(loop);
    nk_event_loop_free(NULL);
}

/* Names appear in logs: long ones are cut, not overrun. */
static void a_loop_knows_its_names(void **state)
{
    struct nk_event_loop_options options = {.dispatcher = "poll", .name = "0123456789abcdefghij"};
    struct nk_event_loop *loop;

    (void)state;
    assert_int_equal(nk_event_loop_new(&loop, &options), 0);
    assert_string_equal(nk_event_loop_name(loop), "0123456789abcde");
    assert_string_equal(nk_event_loop_dispatcher_name(loop), "poll");
    nk_event_loop_free(loop);
}

/* ---- the shared receive buffer ---- */

/* Whoever receives further down the stack must not overwrite what is being read
 * further up. */
static void the_buffer_is_lent_to_one_at_a_time(void **state)
{
    struct nk_event_loop *loop = new_loop();

    (void)state;
    char *buffer = nk_event_loop_borrow_buffer(loop);
    assert_non_null(buffer);
    memset(buffer, 'x', NK_EVENT_LOOP_BUFFER_SIZE);
    assert_null(nk_event_loop_borrow_buffer(loop));
    nk_event_loop_return_buffer(loop);
    assert_ptr_equal(nk_event_loop_borrow_buffer(loop), buffer);
    nk_event_loop_return_buffer(loop);
    nk_event_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_runs_in_the_documented_order),
        cmocka_unit_test(a_manual_clock_drives_the_schedule),
        cmocka_unit_test(wall_seconds_change_with_the_second),
        cmocka_unit_test(a_timer_never_fires_early),
        cmocka_unit_test(a_task_that_posts_itself_runs_once_per_turn),
        cmocka_unit_test(every_post_of_every_thread_arrives_in_order),
        cmocka_unit_test(many_posts_cost_one_wake_up),
        cmocka_unit_test(a_sleeping_loop_wakes_for_another_thread),
        cmocka_unit_test(a_loop_stopped_before_it_runs_returns),
        cmocka_unit_test(a_busy_polling_loop_wakes_for_another_thread),
        cmocka_unit_test(freeing_a_loop_runs_what_is_left),
        cmocka_unit_test(an_unknown_dispatcher_is_refused),
        cmocka_unit_test(a_loop_knows_its_names),
        cmocka_unit_test(the_buffer_is_lent_to_one_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
