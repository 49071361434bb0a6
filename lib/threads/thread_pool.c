#include "threads/thread_pool.h"

#include <errno.h>
#include <sched.h>

struct nk_thread_pool {
    struct nk_event_loop *main_loop;
    size_t count;
    struct nk_event_loop_thread *threads[];
};

int nk_thread_pool_new(struct nk_thread_pool **out, struct nk_event_loop *main_loop, size_t threads,
                       const struct nk_event_loop_options *options)
{
    if (threads > NK_THREAD_POOL_MAX)
        return -EINVAL;
    struct nk_thread_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->threads[0]));
    if (!pool)
        return -ENOMEM;
    pool->main_loop = main_loop;
    struct nk_event_loop_options mine = {0};
    if (options)
        mine = *options;
    for (; pool->count < threads; pool->count++) {
        char name[32];
        snprintf(name, sizeof(name), "loop-%zu", pool->count + 1);
        mine.name = name;
        int error = nk_event_loop_thread_new(&pool->threads[pool->count], &mine, NULL);
        if (error) {
            nk_thread_pool_stop(pool);
            return error;
        }
    }
    *out = pool;
    return 0;
}

int nk_thread_pool_run(struct nk_thread_pool *pool)
{
    int error = 0;
    for (size_t i = 0; i < pool->count && !error; i++)
        error = nk_event_loop_thread_run(pool->threads[i]);
    return error;
}

int nk_thread_pool_start(struct nk_thread_pool **out, struct nk_event_loop *main_loop,
                         size_t threads, const struct nk_event_loop_options *options)
{
    struct nk_thread_pool *pool;
    int error = nk_thread_pool_new(&pool, main_loop, threads, options);
    if (error)
        return error;
    error = nk_thread_pool_run(pool);
    if (error)
        nk_thread_pool_stop(pool);
    else
        *out = pool;
    return error;
}

void nk_thread_pool_stop(struct nk_thread_pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->count; i++)
        nk_event_loop_stop(nk_event_loop_thread_loop(pool->threads[i]));
    for (size_t i = 0; i < pool->count; i++)
        nk_event_loop_thread_stop(pool->threads[i]);
    free(pool);
}

size_t nk_thread_pool_size(const struct nk_thread_pool *pool)
{
    return pool->count > 0 ? pool->count : 1;
}

struct nk_event_loop *nk_thread_pool_loop(const struct nk_thread_pool *pool, size_t index)
{
    return pool->count > 0 ? nk_event_loop_thread_loop(pool->threads[index]) : pool->main_loop;
}

size_t nk_thread_pool_usable_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (size_t)count : 1;
}
