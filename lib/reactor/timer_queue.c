#include "reactor/timer_queue.h"

#include <errno.h>

#include "base/clock.h"

#define FIRST_SIZE 16

void nk_timer_queue_init(struct nk_timer_queue *queue)
{
    *queue = (struct nk_timer_queue){0};
}

void nk_timer_queue_deinit(struct nk_timer_queue *queue)
{
    free(queue->heap);
    nk_timer_queue_init(queue);
}

static void place(struct nk_timer_queue *queue, struct nk_timer *timer, size_t index)
{
    queue->heap[index] = timer;
    timer->position = index + 1;
}

static void sift_up(struct nk_timer_queue *queue, struct nk_timer *timer, size_t index)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (queue->heap[parent]->deadline <= timer->deadline)
            break;
        place(queue, queue->heap[parent], index);
        index = parent;
    }
    place(queue, timer, index);
}

static void sift_down(struct nk_timer_queue *queue, struct nk_timer *timer, size_t index)
{
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= queue->count)
            break;
        if (child + 1 < queue->count &&
            queue->heap[child + 1]->deadline < queue->heap[child]->deadline)
            child++;
        if (timer->deadline <= queue->heap[child]->deadline)
            break;
        place(queue, queue->heap[child], index);
        index = child;
    }
    place(queue, timer, index);
}

static int make_room(struct nk_timer_queue *queue)
{
    if (queue->count < queue->size)
        return 0;
    size_t size = queue->size > 0 ? queue->size * 2 : FIRST_SIZE;
    struct nk_timer **heap = reallocarray(queue->heap, size, sizeof(struct nk_timer *));
    if (!heap)
        return -ENOMEM;
    queue->heap = heap;
    queue->size = size;
    return 0;
}

int nk_timer_queue_set(struct nk_timer_queue *queue, struct nk_timer *timer, uint64_t deadline)
{
    if (deadline < queue->not_before)
        deadline = queue->not_before;
    if (!nk_timer_is_running(timer)) {
        int error = make_room(queue);
        if (error)
            return error;
        timer->deadline = deadline;
        sift_up(queue, timer, queue->count++);
        return 0;
    }
    bool earlier = deadline < timer->deadline;
    timer->deadline = deadline;
    if (earlier)
        sift_up(queue, timer, timer->position - 1);
    else
        sift_down(queue, timer, timer->position - 1);
    return 0;
}

void nk_timer_queue_cancel(struct nk_timer_queue *queue, struct nk_timer *timer)
{
    if (!nk_timer_is_running(timer))
        return;
    size_t index = timer->position - 1;
    timer->position = 0;
    struct nk_timer *last = queue->heap[--queue->count];
    if (last == timer)
        return;
    if (index > 0 && last->deadline < queue->heap[(index - 1) / 2]->deadline)
        sift_up(queue, last, index);
    else
        sift_down(queue, last, index);
}

uint64_t nk_timer_queue_next(const struct nk_timer_queue *queue)
{
    return queue->count > 0 ? queue->heap[0]->deadline : NK_NEVER;
}

/* A callback may set or cancel any timer, so nothing is remembered across the
 * calls but not_before: a timer that is set meanwhile is due after `now` at the
 * earliest, which keeps it out of this round. */
size_t nk_timer_queue_expire(struct nk_timer_queue *queue, uint64_t now)
{
    size_t expired = 0;
    queue->not_before = now + 1;
    while (queue->count > 0 && queue->heap[0]->deadline <= now) {
        struct nk_timer *timer = queue->heap[0];
        nk_timer_queue_cancel(queue, timer);
        expired++;
        timer->on_expired(timer);
    }
    queue->not_before = 0;
    return expired;
}
