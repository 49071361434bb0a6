#include "reactor/event_loop.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "reactor/event_loop_private.h"

/* How soon a change of interest that the kernel refused is tried again. */
#define RETRY_INTERVAL (100 * NK_NANOSECONDS_PER_MILLISECOND)

/* ---- task queues ---- */

static void task_queue_init(struct task_queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void task_queue_append(struct task_queue *queue, struct nk_task *task, nk_task_fn *run)
{
    task->next = NULL;
    task->run = run;
    *queue->end = task;
    queue->end = &task->next;
}

/* Runs what the queue holds now; what the tasks add waits for the next time.
 * A task may free itself, so its successor is read first. */
static uint64_t task_queue_run(struct task_queue *queue)
{
    uint64_t count = 0;
    struct nk_task *task = queue->first;
    task_queue_init(queue);
    while (task) {
        struct nk_task *next = task->next;
        task->run(task);
        task = next;
        count++;
    }
    return count;
}

void nk_event_loop_at_turn_end(struct nk_event_loop *loop, struct nk_task *task, nk_task_fn *run)
{
    task_queue_append(&loop->turn_end, task, run);
}

/* ---- other threads ---- */

static void wake(struct nk_event_loop *loop)
{
    /* Only the poster that finds the loop asleep writes: many posts, one wake-up.
     * The eventfd is non-blocking and its counter cannot overflow from one. */
    if (atomic_exchange(&loop->is_sleeping, false)) {
        uint64_t one = 1;
        ssize_t written = write(loop->wake_fd, &one, sizeof(one));
        (void)written;
    }
}

void nk_event_loop_post(struct nk_event_loop *loop, struct nk_task *task, nk_task_fn *run)
{
    pthread_mutex_lock(&loop->lock);
    task_queue_append(&loop->posted, task, run);
    atomic_store(&loop->has_posted, true);
    pthread_mutex_unlock(&loop->lock);
    wake(loop);
}

void nk_event_loop_stop(struct nk_event_loop *loop)
{
    atomic_store(&loop->is_stopping, true);
    wake(loop);
}

static void on_wake(struct nk_channel *channel, unsigned events)
{
    (void)events;
    struct nk_event_loop *loop = channel->loop;
    uint64_t count;
    if (read(loop->wake_fd, &count, sizeof(count)) > 0)
        loop->statistics.wake_ups++;
}

static void run_posted(struct nk_event_loop *loop)
{
    if (!atomic_load(&loop->has_posted))
        return;
    struct task_queue taken;
    pthread_mutex_lock(&loop->lock);
    taken = loop->posted;
    task_queue_init(&loop->posted);
    atomic_store(&loop->has_posted, false);
    pthread_mutex_unlock(&loop->lock);
    loop->statistics.tasks += task_queue_run(&taken);
}

/* ---- a turn ---- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How long this turn may wait, at most `timeout`. */
static uint64_t time_to_wait(struct nk_event_loop *loop, uint64_t timeout)
{
    if (timeout == 0 || nk_event_loop_has_always_ready(loop))
        return 0;
    uint64_t next = nk_timer_queue_next(&loop->timers);
    if (next == NK_NEVER)
        return timeout;
    uint64_t now = nk_clock_monotonic(loop->clock);
    return next <= now ? 0 : sooner(timeout, next - now);
}

/* The places of the always-ready descriptors stay free: a full batch may not
 * keep them from their turn. */
static int ask_dispatcher(struct nk_event_loop *loop, uint64_t timeout)
{
    return loop->ops->dispatch(loop->dispatcher, timeout, loop->ready,
                               NK_READY_MAX - (int)loop->always_ready_count);
}

/* Sleeps in the dispatcher. Announcing the sleep before looking for posted
 * tasks closes the race with a poster: either it sees the announcement and
 * writes, or this thread sees its task and does not sleep. */
static int sleep_in_dispatcher(struct nk_event_loop *loop, uint64_t timeout)
{
    atomic_store(&loop->is_sleeping, true);
    if (atomic_load(&loop->has_posted) || atomic_load(&loop->is_stopping))
        timeout = 0;
    int count = ask_dispatcher(loop, timeout);
    atomic_store(&loop->is_sleeping, false);
    return count;
}

/* Asks again and again for busy_poll ns before it sleeps: saves the wake-up
 * latency of the scheduler at the price of a busy CPU. */
static int spin_in_dispatcher(struct nk_event_loop *loop, uint64_t timeout)
{
    uint64_t start = nk_clock_monotonic(loop->clock);
    uint64_t spent = 0;
    while (spent < sooner(loop->busy_poll, timeout)) {
        int count = ask_dispatcher(loop, 0);
        if (count != 0 || atomic_load(&loop->has_posted) || atomic_load(&loop->is_stopping))
            return count;
        spent = nk_clock_monotonic(loop->clock) - start;
    }
    return sleep_in_dispatcher(loop, timeout > spent ? timeout - spent : 0);
}

static int wait_for_events(struct nk_event_loop *loop, uint64_t timeout)
{
    uint64_t longest = time_to_wait(loop, timeout);
    int count = loop->busy_poll > 0 && longest > 0 ? spin_in_dispatcher(loop, longest)
                                                   : sleep_in_dispatcher(loop, longest);
    return count < 0 ? count : nk_event_loop_add_always_ready(loop, count);
}

static void call_channels(struct nk_event_loop *loop, int count)
{
    for (int i = 0; i < count; i++) {
        /* Looked up now, because an earlier callback may have closed it. One that
         * was opened since then on the same descriptor is not registered yet. */
        struct nk_channel *channel = nk_channel_map_get(&loop->channels, loop->ready[i].fd);
        if (!channel || channel->wanted == 0 || channel->registered == 0)
            continue;
        unsigned events = loop->ready[i].events;
        if (events & NK_HANGUP)
            events |= channel->wanted;
        events &= channel->wanted | (unsigned)NK_HANGUP;
        if (events)
            channel->on_ready(channel, events);
    }
    loop->statistics.events += (uint64_t)count;
}

int nk_event_loop_turn(struct nk_event_loop *loop, uint64_t timeout)
{
    if (!nk_event_loop_apply_changes(loop))
        timeout = sooner(timeout, RETRY_INTERVAL);
    int count = wait_for_events(loop, timeout);
    loop->now = nk_clock_monotonic(loop->clock);
    if (count < 0)
        return count;
    call_channels(loop, count);
    run_posted(loop);
    loop->statistics.timers += nk_timer_queue_expire(&loop->timers, loop->now);
    task_queue_run(&loop->turn_end);
    loop->statistics.turns++;
    return 0;
}

void nk_event_loop_adopt(struct nk_event_loop *loop)
{
    /* Other threads may ask whose loop it is already: no write without need. */
    if (!nk_event_loop_is_own_thread(loop))
        loop->thread = pthread_self();
}

int nk_event_loop_run(struct nk_event_loop *loop)
{
    nk_event_loop_adopt(loop);
    int error;
    do {
        error = nk_event_loop_turn(loop, NK_NEVER);
    } while (!error && !atomic_load(&loop->is_stopping));
    atomic_store(&loop->is_stopping, false);
    return error;
}

/* ---- what a callback may ask ---- */

bool nk_event_loop_is_own_thread(const struct nk_event_loop *loop)
{
    return pthread_equal(loop->thread, pthread_self());
}

uint64_t nk_event_loop_now(const struct nk_event_loop *loop)
{
    return loop->now;
}

uint64_t nk_event_loop_wall_seconds(struct nk_event_loop *loop)
{
    if (loop->now >= loop->wall_refresh) {
        uint64_t wall = nk_clock_wall(loop->clock);
        loop->wall_seconds = wall / NK_NANOSECONDS_PER_SECOND;
        loop->wall_refresh =
            loop->now + NK_NANOSECONDS_PER_SECOND - wall % NK_NANOSECONDS_PER_SECOND;
    }
    return loop->wall_seconds;
}

int nk_event_loop_set_timer(struct nk_event_loop *loop, struct nk_timer *timer, uint64_t deadline)
{
    return nk_timer_queue_set(&loop->timers, timer, deadline);
}

void nk_event_loop_cancel_timer(struct nk_event_loop *loop, struct nk_timer *timer)
{
    nk_timer_queue_cancel(&loop->timers, timer);
}

char *nk_event_loop_borrow_buffer(struct nk_event_loop *loop)
{
    if (loop->buffer_is_lent)
        return NULL;
    loop->buffer_is_lent = true;
    return loop->receive_buffer;
}

void nk_event_loop_return_buffer(struct nk_event_loop *loop)
{
    loop->buffer_is_lent = false;
}

void nk_event_loop_statistics(const struct nk_event_loop *loop,
                              struct nk_event_loop_statistics *out)
{
    *out = loop->statistics;
}

const char *nk_event_loop_name(const struct nk_event_loop *loop)
{
    return loop->name;
}

const char *nk_event_loop_dispatcher_name(const struct nk_event_loop *loop)
{
    return loop->ops->name;
}

/* ---- life ---- */

static int start_wake_up(struct nk_event_loop *loop)
{
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->wake_fd < 0)
        return -errno;
    int error = nk_channel_open(&loop->wake_channel, loop, loop->wake_fd, on_wake);
    if (!error)
        nk_channel_want(&loop->wake_channel, NK_READ);
    return error;
}

static void set_options(struct nk_event_loop *loop, const struct nk_event_loop_options *options)
{
    loop->clock = options && options->clock ? options->clock : nk_clock_system();
    loop->busy_poll = options ? options->busy_poll : 0;
    snprintf(loop->name, sizeof(loop->name), "%s",
             options && options->name ? options->name : "loop");
}

int nk_event_loop_new(struct nk_event_loop **out, const struct nk_event_loop_options *options)
{
    const struct nk_event_dispatcher_ops *ops =
        nk_event_dispatcher_by_name(options ? options->dispatcher : NULL);
    if (!ops)
        return -EINVAL;
    struct nk_event_loop *loop = malloc(sizeof(*loop));
    if (!loop)
        return -ENOMEM;
    memset(loop, 0, offsetof(struct nk_event_loop, receive_buffer));
    loop->ops = ops;
    set_options(loop, options);
    loop->now = nk_clock_monotonic(loop->clock);
    loop->thread = pthread_self();
    loop->wake_fd = -1;
    loop->wake_channel.fd = -1;
    nk_channel_map_init(&loop->channels);
    nk_timer_queue_init(&loop->timers);
    task_queue_init(&loop->turn_end);
    task_queue_init(&loop->posted);
    pthread_mutex_init(&loop->lock, NULL);
    int error = ops->init(&loop->dispatcher);
    if (!error)
        error = start_wake_up(loop);
    if (error) {
        nk_event_loop_free(loop);
        return error;
    }
    *out = loop;
    return 0;
}

void nk_event_loop_free(struct nk_event_loop *loop)
{
    if (!loop)
        return;
    while (atomic_load(&loop->has_posted) || loop->turn_end.first) {
        run_posted(loop);
        task_queue_run(&loop->turn_end);
    }
    if (loop->dispatcher) {
        nk_channel_close(&loop->wake_channel);
        loop->ops->clear(loop->dispatcher);
    }
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    nk_channel_map_deinit(&loop->channels);
    nk_timer_queue_deinit(&loop->timers);
    pthread_mutex_destroy(&loop->lock);
    free(loop->changed);
    free(loop);
}
