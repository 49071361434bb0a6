#include "threads/event_loop_thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "base/error_text.h"
#include "base/log.h"

struct nk_event_loop_thread {
    pthread_t thread;
    struct nk_event_loop_options options;
    struct nk_loop_hooks hooks;
    char name[16];

    pthread_mutex_t lock;
    pthread_cond_t started;
    bool is_started; /* guarded by lock, like the two below */
    int error;
    struct nk_event_loop *loop;
};

static void announce(struct nk_event_loop_thread *thread, struct nk_event_loop *loop, int error)
{
    pthread_mutex_lock(&thread->lock);
    thread->loop = loop;
    thread->error = error;
    thread->is_started = true;
    pthread_cond_signal(&thread->started);
    pthread_mutex_unlock(&thread->lock);
}

static int make_loop(struct nk_event_loop_thread *thread, struct nk_event_loop **out)
{
    struct nk_event_loop *loop;
    int error = nk_event_loop_new(&loop, &thread->options);
    if (error)
        return error;
    if (thread->hooks.start)
        error = thread->hooks.start(thread->hooks.context, loop);
    if (error) {
        nk_event_loop_free(loop);
        return error;
    }
    *out = loop;
    return 0;
}

static void *run(void *argument)
{
    struct nk_event_loop_thread *thread = argument;
    struct nk_event_loop *loop = NULL;
    pthread_setname_np(pthread_self(), thread->name);
    int error = make_loop(thread, &loop);
    announce(thread, loop, error);
    if (error)
        return NULL;
    error = nk_event_loop_run(loop);
    char text[NK_ERROR_TEXT_MAX];
    if (error)
        nk_log(NK_LOG_ERROR, "%s: the event loop failed: %s", thread->name,
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

static void thread_free(struct nk_event_loop_thread *thread)
{
    nk_event_loop_free(thread->loop);
    pthread_cond_destroy(&thread->started);
    pthread_mutex_destroy(&thread->lock);
    free(thread);
}

int nk_event_loop_thread_start(struct nk_event_loop_thread **out,
                               const struct nk_event_loop_options *options,
                               const struct nk_loop_hooks *hooks)
{
    struct nk_event_loop_thread *thread = calloc(1, sizeof(*thread));
    if (!thread)
        return -ENOMEM;
    if (options)
        thread->options = *options;
    if (hooks)
        thread->hooks = *hooks;
    snprintf(thread->name, sizeof(thread->name), "%s",
             thread->options.name ? thread->options.name : "loop");
    thread->options.name = thread->name;
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->started, NULL);

    int error = create_without_signals(&thread->thread, thread);
    if (error) {
        thread_free(thread);
        return error;
    }
    pthread_mutex_lock(&thread->lock);
    while (!thread->is_started)
        pthread_cond_wait(&thread->started, &thread->lock);
    error = thread->error;
    pthread_mutex_unlock(&thread->lock);
    if (error) {
        pthread_join(thread->thread, NULL);
        thread_free(thread);
        return error;
    }
    *out = thread;
    return 0;
}

struct nk_event_loop *nk_event_loop_thread_loop(struct nk_event_loop_thread *thread)
{
    return thread->loop;
}

void nk_event_loop_thread_stop(struct nk_event_loop_thread *thread)
{
    if (!thread)
        return;
    nk_event_loop_stop(thread->loop);
    pthread_join(thread->thread, NULL);
    thread_free(thread);
}
