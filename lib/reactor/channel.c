#include "reactor/channel.h"

#include <errno.h>
#include <unistd.h>

#include "base/error_text.h"
#include "base/log.h"
#include "reactor/event_loop_private.h"

static void note_change(struct nk_event_loop *loop, struct nk_channel *channel)
{
    if (channel->is_changed)
        return;
    channel->is_changed = true;
    if (loop->changed_count == loop->changed_size) {
        size_t size = loop->changed_size > 0 ? loop->changed_size * 2 : 64;
        int *changed = reallocarray(loop->changed, size, sizeof(*changed));
        if (!changed) {
            loop->must_search = true;
            return;
        }
        loop->changed = changed;
        loop->changed_size = size;
    }
    loop->changed[loop->changed_count++] = channel->fd;
}

static int start_always_ready(struct nk_event_loop *loop, struct nk_channel *channel)
{
    if (loop->always_ready_count == NK_ALWAYS_READY_MAX)
        return -ENOBUFS;
    loop->always_ready[loop->always_ready_count++] = channel->fd;
    channel->always_ready = true;
    return 0;
}

static void stop_always_ready(struct nk_event_loop *loop, struct nk_channel *channel)
{
    for (size_t i = 0; i < loop->always_ready_count; i++) {
        if (loop->always_ready[i] == channel->fd)
            loop->always_ready[i] = loop->always_ready[--loop->always_ready_count];
    }
    channel->always_ready = false;
}

/* Tells the dispatcher what a channel wants now. */
static int apply(struct nk_event_loop *loop, struct nk_channel *channel)
{
    int error = 0;
    if (channel->wanted == channel->registered || channel->always_ready) {
        channel->registered = channel->wanted;
        return 0;
    }
    if (channel->registered == 0) {
        error = loop->ops->add(loop->dispatcher, channel->fd, channel->wanted);
        if (error == -EPERM)
            error = start_always_ready(loop, channel);
    } else if (channel->wanted == 0) {
        loop->ops->del(loop->dispatcher, channel->fd);
    } else {
        error = loop->ops->update(loop->dispatcher, channel->fd, channel->wanted);
    }
    if (!error)
        channel->registered = channel->wanted;
    return error;
}

/* Returns false when the change is still to be made. */
static bool try_to_apply(struct nk_event_loop *loop, int fd)
{
    struct nk_channel *channel = nk_channel_map_get(&loop->channels, fd);
    if (!channel || !channel->is_changed)
        return true;
    int error = apply(loop, channel);
    channel->is_changed = error != 0;
    char text[NK_ERROR_TEXT_MAX];
    if (NK_UNLIKELY(error))
        nk_log(NK_LOG_WARNING, "%s: cannot watch descriptor %d: %s", loop->name, fd,
               nk_error_text(error, text));
    return error == 0;
}

/* When there was no memory to list a change, every channel is looked at. */
static bool search_and_apply(struct nk_event_loop *loop)
{
    loop->changed_count = 0;
    loop->must_search = false;
    for (size_t fd = 0; fd < loop->channels.size; fd++) {
        if (!try_to_apply(loop, (int)fd))
            loop->must_search = true;
    }
    return !loop->must_search;
}

/* A change that the kernel refuses (it is out of memory) stays on the list: a
 * channel that nobody watches would be silent for ever. */
bool nk_event_loop_apply_changes(struct nk_event_loop *loop)
{
    size_t kept = 0;
    if (NK_UNLIKELY(loop->must_search))
        return search_and_apply(loop);
    for (size_t i = 0; i < loop->changed_count; i++) {
        int fd = loop->changed[i];
        if (NK_UNLIKELY(!try_to_apply(loop, fd)))
            loop->changed[kept++] = fd;
    }
    loop->changed_count = kept;
    return kept == 0;
}

bool nk_event_loop_has_always_ready(const struct nk_event_loop *loop)
{
    for (size_t i = 0; i < loop->always_ready_count; i++) {
        const struct nk_channel *channel =
            nk_channel_map_get(&loop->channels, loop->always_ready[i]);
        if (channel && channel->wanted)
            return true;
    }
    return false;
}

int nk_event_loop_add_always_ready(struct nk_event_loop *loop, int count)
{
    for (size_t i = 0; i < loop->always_ready_count; i++)
        loop->ready[count++] = (struct nk_ready){loop->always_ready[i], NK_READ | NK_WRITE};
    return count;
}

int nk_channel_open(struct nk_channel *channel, struct nk_event_loop *loop, int fd,
                    nk_channel_fn *on_ready)
{
    if (loop->ops->capacity > 0 && fd >= 0 && (size_t)fd >= loop->ops->capacity)
        return -EMFILE;
    int error = nk_channel_map_set(&loop->channels, fd, channel);
    if (error)
        return error;
    *channel = (struct nk_channel){.loop = loop, .fd = fd, .on_ready = on_ready};
    return 0;
}

static void unbind(struct nk_channel *channel, bool is_closing)
{
    struct nk_event_loop *loop = channel->loop;
    if (channel->always_ready)
        stop_always_ready(loop, channel);
    else if (channel->registered && !(is_closing && loop->ops->close_removes))
        loop->ops->del(loop->dispatcher, channel->fd);
    nk_channel_map_remove(&loop->channels, channel->fd);
    channel->fd = -1;
    channel->wanted = 0;
    channel->registered = 0;
}

void nk_channel_close(struct nk_channel *channel)
{
    if (channel->fd >= 0)
        unbind(channel, false);
}

void nk_channel_close_descriptor(struct nk_channel *channel)
{
    int fd = channel->fd;
    if (fd < 0)
        return;
    unbind(channel, true);
    close(fd);
}

void nk_channel_want(struct nk_channel *channel, unsigned events)
{
    if (channel->fd < 0 || channel->wanted == events)
        return;
    channel->wanted = (uint8_t)events;
    note_change(channel->loop, channel);
}

struct nk_channel *nk_event_loop_channel(const struct nk_event_loop *loop, int fd)
{
    return fd < 0 ? NULL : nk_channel_map_get(&loop->channels, fd);
}
