#include "reactor/channel_map.h"

#include <errno.h>

#define FIRST_SIZE 32

void nk_channel_map_init(struct nk_channel_map *map)
{
    map->slots = NULL;
    map->size = 0;
}

void nk_channel_map_deinit(struct nk_channel_map *map)
{
    free(map->slots);
    nk_channel_map_init(map);
}

static int grow(struct nk_channel_map *map, size_t least)
{
    size_t size = map->size > 0 ? map->size : FIRST_SIZE;
    while (size < least)
        size *= 2;
    struct nk_channel **slots = reallocarray(map->slots, size, sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    memset(slots + map->size, 0, (size - map->size) * sizeof(*slots));
    map->slots = slots;
    map->size = size;
    return 0;
}

int nk_channel_map_set(struct nk_channel_map *map, int fd, struct nk_channel *channel)
{
    if (fd < 0)
        return -EBADF;
    if ((size_t)fd >= map->size) {
        int error = grow(map, (size_t)fd + 1);
        if (error)
            return error;
    }
    map->slots[fd] = channel;
    return 0;
}

void nk_channel_map_remove(struct nk_channel_map *map, int fd)
{
    if (fd >= 0 && (size_t)fd < map->size)
        map->slots[fd] = NULL;
}
