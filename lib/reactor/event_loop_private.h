/* The inside of an event loop, shared by event_loop.c (its life, its turn) and
 * channel.c (what is watched). Private to those two.
 */
#ifndef NK_REACTOR_EVENT_LOOP_PRIVATE_H
#define NK_REACTOR_EVENT_LOOP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "reactor/channel_map.h"
#include "reactor/event_dispatcher.h"
#include "reactor/event_loop.h"

#define NK_EVENT_LOOP_NAME_SIZE 16

/* Descriptors that the kernel cannot poll; a program has a handful (its
 * standard input from a file, say). */
#define NK_ALWAYS_READY_MAX 16

struct task_queue {
    struct nk_task *first;
    struct nk_task **end;
};

struct nk_event_loop {
    const struct nk_event_dispatcher_ops *ops;
    struct nk_event_dispatcher *dispatcher;
    const struct nk_clock *clock;
    uint64_t now;
    uint64_t wall_seconds;
    uint64_t wall_refresh; /* monotonic ns from which wall_seconds is stale */
    uint64_t busy_poll;

    struct nk_channel_map channels;
    int *changed; /* descriptors whose wanted and registered interest may differ */
    size_t changed_count;
    size_t changed_size;
    bool must_search; /* a change could not be listed: look at every channel */
    int always_ready[NK_ALWAYS_READY_MAX];
    size_t always_ready_count;
    struct nk_timer_queue timers;
    struct task_queue turn_end;

    struct nk_channel wake_channel;
    int wake_fd;
    pthread_t thread;
    atomic_bool is_sleeping; /* a poster must write to wake_fd */
    atomic_bool is_stopping;
    atomic_bool has_posted; /* posted.first != NULL, readable without the lock */
    pthread_mutex_t lock;   /* guards posted */
    struct task_queue posted;

    struct nk_event_loop_statistics statistics;
    char name[NK_EVENT_LOOP_NAME_SIZE];
    struct nk_ready ready[NK_READY_MAX];
    bool buffer_is_lent;
    char receive_buffer[NK_EVENT_LOOP_BUFFER_SIZE]; /* last: no memory until it is used */
};

/* Tells the dispatcher about every channel whose interest has changed. Returns
 * false when a change could not be made and is to be tried again soon. */
bool nk_event_loop_apply_changes(struct nk_event_loop *loop);

/* The next turn must not wait: an always-ready channel wants something. */
bool nk_event_loop_has_always_ready(const struct nk_event_loop *loop);

/* Appends the always-ready descriptors to the first `count` entries of `ready`,
 * where their places are kept free; returns the new count. */
int nk_event_loop_add_always_ready(struct nk_event_loop *loop, int count);

#endif
