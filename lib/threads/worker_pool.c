#include "threads/worker_pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

/* Workers call libc functions that keep buffers on the stack (getaddrinfo,
 * readdir); 512 KiB is ample for those and small beside the default 8 MiB. */
#define STACK_SIZE (512 * 1024)

struct nk_worker_pool {
    pthread_mutex_t lock;
    pthread_cond_t not_empty;
    struct nk_job *first; /* guarded by lock, like the rest but the threads */
    struct nk_job **end;
    size_t queued;
    size_t capacity;
    bool is_stopping;
    size_t thread_count;
    pthread_t threads[];
};

/* The next job, or NULL when the pool stops and nothing is queued. */
static struct nk_job *take(struct nk_worker_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->first && !pool->is_stopping)
        pthread_cond_wait(&pool->not_empty, &pool->lock);
    struct nk_job *job = pool->first;
    if (job) {
        pool->first = job->next;
        if (!pool->first)
            pool->end = &pool->first;
        pool->queued--;
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void complete(struct nk_task *task)
{
    struct nk_job *job = nk_container_of(task, struct nk_job, completion);
    job->complete(job);
}

static void *run(void *argument)
{
    struct nk_worker_pool *pool = argument;
    pthread_setname_np(pthread_self(), "worker");
    struct nk_job *job;
    while ((job = take(pool))) {
        job->work(job);
        nk_event_loop_post(job->loop, &job->completion, complete);
    }
    return NULL;
}

int nk_worker_pool_submit(struct nk_worker_pool *pool, struct nk_job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool is_full = pool->queued == pool->capacity;
    if (!is_full) {
        job->next = NULL;
        *pool->end = job;
        pool->end = &job->next;
        pool->queued++;
        pthread_cond_signal(&pool->not_empty);
    }
    pthread_mutex_unlock(&pool->lock);
    return is_full ? -EAGAIN : 0;
}

static int start_threads(struct nk_worker_pool *pool, size_t threads)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigset_t all;
    sigset_t former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    int error = 0;
    while (!error && pool->thread_count < threads) {
        error = -pthread_create(&pool->threads[pool->thread_count], &attributes, run, pool);
        if (!error)
            pool->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

int nk_worker_pool_start(struct nk_worker_pool **out, size_t threads, size_t capacity)
{
    if (threads == 0 || threads > NK_WORKER_POOL_MAX || capacity == 0)
        return -EINVAL;
    struct nk_worker_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->threads[0]));
    if (!pool)
        return -ENOMEM;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->not_empty, NULL);
    pool->end = &pool->first;
    pool->capacity = capacity;
    int error = start_threads(pool, threads);
    if (error) {
        nk_worker_pool_stop(pool);
        return error;
    }
    *out = pool;
    return 0;
}

void nk_worker_pool_stop(struct nk_worker_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->is_stopping = true;
    pthread_cond_broadcast(&pool->not_empty);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->not_empty);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
