/* A thread with a loop: how it starts, how it fails to, how it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "reactor_fixture.h"
#include "threads/event_loop_thread.h"
#include "threads/loop_call.h"

struct record {
    struct nk_event_loop *loop;
    pthread_t thread;
    bool signals_blocked;
    int started;
    int stopped;
    int result;
};

static int on_start(void *context, struct nk_event_loop *loop)
{
    struct record *record = context;
    sigset_t mask;

    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    record->signals_blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGINT) == 1;
    record->loop = loop;
    record->thread = pthread_self();
    record->started++;
    return record->result;
}

static void on_stop(void *context, struct nk_event_loop *loop)
{
    struct record *record = context;

    assert_ptr_equal(loop, record->loop);
    assert_true(pthread_equal(record->thread, pthread_self()));
    record->stopped++;
}

static int is_on(void *argument)
{
    const struct record *record = argument;

    return pthread_equal(record->thread, pthread_self()) != 0;
}

/* The loop must be usable as soon as start returns, on a thread of its own that
 * leaves signals to the main thread. */
static void start_returns_a_loop_that_serves(void **state)
{
    struct record record = {.result = 0};
    struct nk_loop_hooks hooks = {on_start, on_stop, &record};
    struct nk_event_loop_options options = {.name = "a-rather-long-loop-name"};
    struct nk_event_loop_thread *thread;

    (void)state;
    assert_int_equal(nk_event_loop_thread_start(&thread, &options, &hooks), 0);
    struct nk_event_loop *loop = nk_event_loop_thread_loop(thread);
    assert_ptr_equal(loop, record.loop);
    assert_int_equal(record.started, 1);
    assert_true(record.signals_blocked);
    assert_false(nk_event_loop_is_own_thread(loop));
    assert_int_equal(nk_loop_call(loop, is_on, &record), 1);
    assert_string_equal(nk_event_loop_name(loop), "a-rather-long-l");
    assert_int_equal(record.stopped, 0);
    nk_event_loop_thread_stop(thread);
    assert_int_equal(record.stopped, 1);
}

/* A service that cannot set itself up on a loop must fail the start, not leave a
 * half-started thread behind. */
static void a_failing_hook_fails_the_start(void **state)
{
    struct record record = {.result = -ENOSPC};
    struct nk_loop_hooks hooks = {on_start, on_stop, &record};
    struct nk_event_loop_thread *thread = NULL;
    size_t descriptors = open_descriptors();

    (void)state;
    assert_int_equal(nk_event_loop_thread_start(&thread, NULL, &hooks), -ENOSPC);
    assert_null(thread);
    assert_int_equal(record.stopped, 0);
    assert_int_equal(open_descriptors(), descriptors);
}

static int own_thread(void *argument)
{
    return nk_event_loop_is_own_thread(argument) ? 1 : 0;
}

/* What is built on the loop before its thread exists must not wait for it: a
 * server binds its sockets and confines itself first. */
static void a_new_loop_belongs_to_its_maker_until_it_runs(void **state)
{
    struct record record = {.result = 0};
    struct nk_loop_hooks hooks = {on_start, on_stop, &record};
    struct nk_event_loop_thread *thread;

    (void)state;
    assert_int_equal(nk_event_loop_thread_new(&thread, NULL, &hooks), 0);
    struct nk_event_loop *loop = nk_event_loop_thread_loop(thread);
    assert_int_equal(record.started, 0);
    assert_int_equal(nk_loop_call(loop, own_thread, loop), 1);
    assert_int_equal(nk_event_loop_thread_run(thread), 0);
    assert_false(nk_event_loop_is_own_thread(loop));
    assert_int_equal(nk_loop_call(loop, is_on, &record), 1);
    nk_event_loop_thread_stop(thread);
    assert_int_equal(record.stopped, 1);
}

/* One that never ran is freed all the same, and so is one whose hook failed,
 * with the loop back in the hands of its maker. */
static void a_loop_that_never_ran_is_freed(void **state)
{
    struct record record = {.result = -ENOSPC};
    struct nk_loop_hooks hooks = {on_start, on_stop, &record};
    struct nk_event_loop_thread *thread;
    size_t descriptors = open_descriptors();

    (void)state;
    assert_int_equal(nk_event_loop_thread_new(&thread, NULL, NULL), 0);
    nk_event_loop_thread_stop(thread);
    assert_int_equal(nk_event_loop_thread_new(&thread, NULL, &hooks), 0);
    assert_int_equal(nk_event_loop_thread_run(thread), -ENOSPC);
    assert_true(nk_event_loop_is_own_thread(nk_event_loop_thread_loop(thread)));
    nk_event_loop_thread_stop(thread);
    assert_int_equal(open_descriptors(), descriptors);
}

/* An unknown dispatcher is told to the starter. */
static void a_loop_that_cannot_be_made_fails_the_start(void **state)
{
    struct nk_event_loop_options options = {.dispatcher = "kqueue"};
    struct nk_event_loop_thread *thread = NULL;

    (void)state;
    assert_int_equal(nk_event_loop_thread_start(&thread, &options, NULL), -EINVAL);
    assert_null(thread);
}

struct late_task {
    struct nk_task task;
    atomic_int *runs;
};

static void run_late(struct nk_task *task)
{
    atomic_fetch_add(nk_container_of(task, struct late_task, task)->runs, 1);
}

/* Tasks posted before the stop are run, at the latest when the loop is freed: a
 * connection on its way to the loop would leak otherwise. */
static void tasks_posted_before_the_stop_are_run(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct nk_event_loop_thread *thread;
        atomic_int runs = 0;
        struct late_task tasks[3] = {{.runs = &runs}, {.runs = &runs}, {.runs = &runs}};
        assert_int_equal(nk_event_loop_thread_start(&thread, NULL, NULL), 0);
        for (size_t i = 0; i < NK_ARRAY_LENGTH(tasks); i++)
            nk_event_loop_post(nk_event_loop_thread_loop(thread), &tasks[i].task, run_late);
        nk_event_loop_thread_stop(thread);
        assert_int_equal(atomic_load(&runs), 3);
    }
    nk_event_loop_thread_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_returns_a_loop_that_serves),
        cmocka_unit_test(a_failing_hook_fails_the_start),
        cmocka_unit_test(a_new_loop_belongs_to_its_maker_until_it_runs),
        cmocka_unit_test(a_loop_that_never_ran_is_freed),
        cmocka_unit_test(a_loop_that_cannot_be_made_fails_the_start),
        cmocka_unit_test(tasks_posted_before_the_stop_are_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
