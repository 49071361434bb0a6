/* Descriptor -> channel: an array that doubles (32, 64, 128 ...).
 *
 * Descriptors are small integers that the kernel reuses at once, so an array
 * is the whole data structure. New slots are zero; a closed channel's slot is
 * emptied by its owner, which is what makes a stale event harmless.
 * Internal to the reactor; loop thread only.
 */
#ifndef NK_REACTOR_CHANNEL_MAP_H
#define NK_REACTOR_CHANNEL_MAP_H

#include <stddef.h>

#include "base/attributes.h"
#include "reactor/channel.h"

struct nk_channel_map {
    /* private */
    struct nk_channel **slots;
    size_t size;
};

/* An empty map; allocates nothing until the first set. */
NK_PUBLIC void nk_channel_map_init(struct nk_channel_map *map) NK_NONNULL(1);

/* Frees the array, not the channels. */
NK_PUBLIC void nk_channel_map_deinit(struct nk_channel_map *map) NK_NONNULL(1);

/* Stores `channel` under its descriptor. Returns 0, -ENOMEM, or -EBADF for a
 * negative descriptor. */
NK_PUBLIC NK_MUST_USE int nk_channel_map_set(struct nk_channel_map *map, int fd,
                                             struct nk_channel *channel) NK_NONNULL(1, 3);

/* Empties the slot; harmless for a descriptor that has none. */
NK_PUBLIC void nk_channel_map_remove(struct nk_channel_map *map, int fd) NK_NONNULL(1);

/* The channel of a descriptor, or NULL. */
static inline struct nk_channel *nk_channel_map_get(const struct nk_channel_map *map, int fd)
{
    return (size_t)fd < map->size ? map->slots[fd] : NULL;
}

#endif
