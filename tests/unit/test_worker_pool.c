/* Blocking work beside the loops: bounded, and completed where it was asked for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

#include "reactor_fixture.h"
#include "threads/event_loop_thread.h"
#include "threads/loop_call.h"
#include "threads/worker_pool.h"

struct work {
    struct nk_job job;
    sem_t *gate;    /* the work waits here, if any */
    sem_t *started; /* and says so here */
    pthread_t worker;
    bool signals_blocked;
    int completed;
    bool on_loop;
};

static void do_work(struct nk_job *job)
{
    struct work *work = nk_container_of(job, struct work, job);
    sigset_t mask;

    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    work->signals_blocked = sigismember(&mask, SIGTERM) == 1;
    work->worker = pthread_self();
    if (work->started)
        sem_post(work->started);
    if (work->gate)
        sem_wait(work->gate);
}

static void complete(struct nk_job *job)
{
    struct work *work = nk_container_of(job, struct work, job);

    work->completed++;
    work->on_loop = nk_event_loop_is_own_thread(job->loop);
}

static struct work work_for(struct nk_event_loop *loop)
{
    return (struct work){.job = {.work = do_work, .complete = complete, .loop = loop}};
}

/* The work must not run on the loop, its completion must run nowhere else. */
static void work_is_done_elsewhere_and_completed_on_its_loop(void **state)
{
    struct nk_event_loop *loop = new_loop();
    struct nk_worker_pool *pool;
    struct work work = work_for(loop);

    (void)state;
    assert_int_equal(nk_worker_pool_start(&pool, 2, 4), 0);
    assert_int_equal(nk_worker_pool_submit(pool, &work.job), 0);
    TURN_UNTIL(loop, work.completed == 1);
    assert_true(work.on_loop);
    assert_false(pthread_equal(work.worker, pthread_self()));
    assert_true(work.signals_blocked);
    nk_worker_pool_stop(pool);
    nk_event_loop_free(loop);
}

/* A full queue is told at once and takes nothing; the loop must never block. */
static void a_full_queue_refuses_without_blocking(void **state)
{
    struct nk_event_loop *loop = new_loop();
    struct nk_worker_pool *pool;
    struct work works[4];
    sem_t gate;
    sem_t started;

    (void)state;
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    assert_int_equal(sem_init(&started, 0, 0), 0);
    assert_int_equal(nk_worker_pool_start(&pool, 1, 2), 0);
    for (size_t i = 0; i < 4; i++)
        works[i] = work_for(loop);
    works[0].gate = &gate;
    works[0].started = &started;
    assert_int_equal(nk_worker_pool_submit(pool, &works[0].job), 0);
    assert_int_equal(sem_wait(&started), 0); /* it is out of the queue, and stays busy */
    assert_int_equal(nk_worker_pool_submit(pool, &works[1].job), 0);
    assert_int_equal(nk_worker_pool_submit(pool, &works[2].job), 0);
    assert_int_equal(nk_worker_pool_submit(pool, &works[3].job), -EAGAIN);
    sem_post(&gate);
    TURN_UNTIL(loop, works[2].completed);
    assert_int_equal(works[0].completed + works[1].completed, 2);
    assert_int_equal(works[3].completed, 0);

    /* The refused job may be submitted again. */
    assert_int_equal(nk_worker_pool_submit(pool, &works[3].job), 0);
    TURN_UNTIL(loop, works[3].completed);
    nk_worker_pool_stop(pool);
    nk_event_loop_free(loop);
    sem_destroy(&gate);
    sem_destroy(&started);
}

/* Stopping works off what is queued: its objects wait for their completion. */
static void stop_works_off_the_queue(void **state)
{
    enum { JOBS = 64 };
    struct nk_event_loop *loop = new_loop();
    struct nk_worker_pool *pool;
    struct work *works = calloc(JOBS, sizeof *works);

    (void)state;
    assert_non_null(works);
    assert_int_equal(nk_worker_pool_start(&pool, 2, JOBS), 0);
    for (size_t i = 0; i < JOBS; i++) {
        works[i] = work_for(loop);
        assert_int_equal(nk_worker_pool_submit(pool, &works[i].job), 0);
    }
    nk_worker_pool_stop(pool);
    turn_idle(loop, 1);
    for (size_t i = 0; i < JOBS; i++)
        assert_int_equal(works[i].completed, 1);
    free(works);
    nk_event_loop_free(loop);
}

struct submission {
    struct nk_worker_pool *pool;
    struct work *work;
};

static int submit(void *argument)
{
    struct submission *submission = argument;

    return nk_worker_pool_submit(submission->pool, &submission->work->job);
}

static int completed(void *argument)
{
    const struct work *work = argument;

    return work->completed;
}

/* Two loops share one pool: each must get its own completions. */
static void each_loop_gets_its_own_completions(void **state)
{
    struct nk_event_loop_thread *threads[2];
    struct nk_worker_pool *pool;
    struct work works[2];

    (void)state;
    assert_int_equal(nk_worker_pool_start(&pool, 2, 4), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(nk_event_loop_thread_start(&threads[i], NULL, NULL), 0);
        works[i] = work_for(nk_event_loop_thread_loop(threads[i]));
        struct submission submission = {pool, &works[i]};
        assert_int_equal(nk_loop_call(works[i].job.loop, submit, &submission), 0);
    }
    nk_worker_pool_stop(pool); /* now both completions are posted */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(nk_loop_call(works[i].job.loop, completed, &works[i]), 1);
        nk_event_loop_thread_stop(threads[i]);
        assert_true(works[i].on_loop);
    }
}

/* Nonsense sizes are refused, not started. */
static void empty_pools_are_refused(void **state)
{
    struct nk_worker_pool *pool = NULL;

    (void)state;
    assert_int_equal(nk_worker_pool_start(&pool, 0, 4), -EINVAL);
    assert_int_equal(nk_worker_pool_start(&pool, 1, 0), -EINVAL);
    assert_null(pool);
    nk_worker_pool_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_done_elsewhere_and_completed_on_its_loop),
        cmocka_unit_test(a_full_queue_refuses_without_blocking),
        cmocka_unit_test(stop_works_off_the_queue),
        cmocka_unit_test(each_loop_gets_its_own_completions),
        cmocka_unit_test(empty_pools_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
