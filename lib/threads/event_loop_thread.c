#include "threads/event_loop_thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "base/error_text.h"
#include "base/log.h"

struct nk_event_loop_thread {
    struct nk_event_loop *loop;
    struct nk_loop_hooks hooks;
    pthread_t thread;
    bool is_running; /* there is a thread to join */

    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool has_answered; /* guarded by lock, like the next one */
    int error;
};

static void answer(struct nk_event_loop_thread *thread, int error)
{
    pthread_mutex_lock(&thread->lock);
    thread->error = error;
    thread->has_answered = true;
    pthread_cond_signal(&thread->answered);
    pthread_mutex_unlock(&thread->lock);
}

static void *run(void *argument)
{
    struct nk_event_loop_thread *thread = argument;
    struct nk_event_loop *loop = thread->loop;
    pthread_setname_np(pthread_self(), nk_event_loop_name(loop));
    nk_event_loop_adopt(loop);
    int error = thread->hooks.start ? thread->hooks.start(thread->hooks.context, loop) : 0;
    answer(thread, error);
    if (error)
        return NULL;
    error = nk_event_loop_run(loop);
    char text[NK_ERROR_TEXT_MAX];
    if (error)
        nk_log(NK_LOG_ERROR, "%s: the event loop failed: %s", nk_event_loop_name(loop),
               nk_error_text(error, text));
    if (thread->hooks.stop)
        thread->hooks.stop(thread->hooks.context, loop);
    return NULL;
}

/* Signals are the business of the thread that started the program. */
static int create_without_signals(pthread_t *thread, void *argument)
{
    sigset_t all;
    sigset_t former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    int error = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    return -error;
}

int nk_event_loop_thread_new(struct nk_event_loop_thread **out,
                             const struct nk_event_loop_options *options,
                             const struct nk_loop_hooks *hooks)
{
    struct nk_event_loop_thread *thread = calloc(1, sizeof(*thread));
    if (!thread)
        return -ENOMEM;
    int error = nk_event_loop_new(&thread->loop, options);
    if (error) {
        free(thread);
        return error;
    }
    if (hooks)
        thread->hooks = *hooks;
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->answered, NULL);
    *out = thread;
    return 0;
}

int nk_event_loop_thread_run(struct nk_event_loop_thread *thread)
{
    int error = create_without_signals(&thread->thread, thread);
    if (error)
        return error;
    pthread_mutex_lock(&thread->lock);
    while (!thread->has_answered)
        pthread_cond_wait(&thread->answered, &thread->lock);
    error = thread->error;
    pthread_mutex_unlock(&thread->lock);
    thread->is_running = !error;
    if (error) {
        pthread_join(thread->thread, NULL);
        nk_event_loop_adopt(thread->loop);
    }
    return error;
}

int nk_event_loop_thread_start(struct nk_event_loop_thread **out,
                               const struct nk_event_loop_options *options,
                               const struct nk_loop_hooks *hooks)
{
    struct nk_event_loop_thread *thread;
    int error = nk_event_loop_thread_new(&thread, options, hooks);
    if (error)
        return error;
    error = nk_event_loop_thread_run(thread);
    if (error)
        nk_event_loop_thread_stop(thread);
    else
        *out = thread;
    return error;
}

struct nk_event_loop *nk_event_loop_thread_loop(struct nk_event_loop_thread *thread)
{
    return thread->loop;
}

void nk_event_loop_thread_stop(struct nk_event_loop_thread *thread)
{
    if (!thread)
        return;
    if (thread->is_running) {
        nk_event_loop_stop(thread->loop);
        pthread_join(thread->thread, NULL);
    }
    nk_event_loop_free(thread->loop);
    pthread_cond_destroy(&thread->answered);
    pthread_mutex_destroy(&thread->lock);
    free(thread);
}
