#include "threads/loop_call.h"

#include <pthread.h>

struct call {
    struct nk_task task;
    int (*function)(void *argument);
    void *argument;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done; /* guarded by lock, like result */
    int result;
};

static void run(struct nk_task *task)
{
    struct call *call = nk_container_of(task, struct call, task);
    int result = call->function(call->argument);
    pthread_mutex_lock(&call->lock);
    call->result = result;
    call->is_done = true;
    pthread_cond_signal(&call->done);
    pthread_mutex_unlock(&call->lock);
}

int nk_loop_call(struct nk_event_loop *loop, int (*function)(void *argument), void *argument)
{
    if (nk_event_loop_is_own_thread(loop))
        return function(argument);
    struct call call = {.function = function, .argument = argument};
    pthread_mutex_init(&call.lock, NULL);
    pthread_cond_init(&call.done, NULL);
    nk_event_loop_post(loop, &call.task, run);
    pthread_mutex_lock(&call.lock);
    while (!call.is_done)
        pthread_cond_wait(&call.done, &call.lock);
    pthread_mutex_unlock(&call.lock);
    pthread_cond_destroy(&call.done);
    pthread_mutex_destroy(&call.lock);
    return call.result;
}
