#include "reactor/signal_watch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct nk_signal_watch {
    struct nk_channel channel;
    nk_signal_fn *on_signal;
    void *context;
    sigset_t former_mask;
    bool is_from_kernel; /* the last one */
};

bool nk_signal_watch_deliver(struct nk_signal_watch *watch)
{
    struct signalfd_siginfo info;
    ssize_t len = read(watch->channel.fd, &info, sizeof(info));
    if (len != (ssize_t)sizeof(info))
        return false;
    watch->is_from_kernel = info.ssi_code > 0; /* siginfo(7): processes have SI_USER and below */
    watch->on_signal(watch->context, (int)info.ssi_signo);
    return true;
}

/* One signal per call: the callback may free the watch, and a level-triggered
 * descriptor brings the next one in the next turn. */
static void on_ready(struct nk_channel *channel, unsigned events)
{
    (void)events;
    (void)nk_signal_watch_deliver(nk_container_of(channel, struct nk_signal_watch, channel));
}

bool nk_signal_watch_is_from_kernel(const struct nk_signal_watch *watch)
{
    return watch->is_from_kernel;
}

int nk_signal_watch_new(struct nk_signal_watch **out, struct nk_event_loop *loop,
                        const int *signals, size_t count, nk_signal_fn *on_signal, void *context)
{
    struct nk_signal_watch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        return -ENOMEM;
    watch->on_signal = on_signal;
    watch->context = context;
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < count; i++)
        sigaddset(&mask, signals[i]);
    int fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    int error = fd < 0 ? -errno : nk_channel_open(&watch->channel, loop, fd, on_ready);
    if (!error)
        error = -pthread_sigmask(SIG_BLOCK, &mask, &watch->former_mask);
    if (error) {
        if (fd >= 0)
            close(fd);
        free(watch);
        return error;
    }
    nk_channel_want(&watch->channel, NK_READ);
    *out = watch;
    return 0;
}

void nk_signal_watch_free(struct nk_signal_watch *watch)
{
    if (!watch)
        return;
    nk_channel_close_descriptor(&watch->channel);
    pthread_sigmask(SIG_SETMASK, &watch->former_mask, NULL);
    free(watch);
}
