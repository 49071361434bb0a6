#include "http/http_cache.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* One file may take a quarter of the room: a cache of one file is none. */
#define LARGEST_SHARE 4

/* A bucket for so many bytes of capacity: small files fill some KiB. */
#define BYTES_PER_BUCKET 4096
#define BUCKETS_MIN 16
#define BUCKETS_MAX 65536

void http_cache_init(struct http_cache *cache, size_t capacity)
{
    *cache = (struct http_cache){.capacity = capacity};
    nk_list_init(&cache->recent);
    nk_list_init(&cache->open);
}

static size_t table_size(const struct http_cache *cache)
{
    return cache->bucket_count * sizeof(struct http_cached *);
}

static int make_table(struct http_cache *cache)
{
    size_t count = BUCKETS_MIN;
    while (count < BUCKETS_MAX && count < cache->capacity / BYTES_PER_BUCKET)
        count *= 2;
    if (count * sizeof(struct http_cached *) > cache->capacity)
        return -1;
    cache->buckets = calloc(count, sizeof(struct http_cached *));
    if (!cache->buckets)
        return -1;
    cache->bucket_count = count;
    cache->used = table_size(cache);
    return 0;
}

/* FNV-1a. Names come from clients, but only those of files that exist are kept, so
 * nobody can fill one bucket from outside. */
static uint64_t hash_of(struct nk_slice name, enum http_coding coding)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)coding;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static struct http_cached **bucket_of(const struct http_cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & (cache->bucket_count - 1)];
}

struct http_cached *http_cache_find(struct http_cache *cache, struct nk_slice name,
                                    enum http_coding coding)
{
    if (cache->bucket_count == 0)
        return NULL;
    const uint64_t hash = hash_of(name, coding);
    for (struct http_cached *cached = *bucket_of(cache, hash); cached; cached = cached->next) {
        if (cached->hash != hash || cached->file.coding != coding ||
            !nk_slice_equal(nk_slice_make(cached->data, cached->name_len), name))
            continue;
        nk_list_remove(&cached->recent);
        nk_list_append(&cache->recent, &cached->recent);
        return cached;
    }
    return NULL;
}

static void close_content(struct http_cache *cache, struct http_cached *cached)
{
    if (cached->content >= 0)
        close(cached->content);
    cached->content = -1;
    if (nk_list_is_empty(&cached->open)) /* a memory file, or none */
        return;
    nk_list_remove(&cached->open);
    cache->open_count--;
}

void http_cache_drop(struct http_cache *cache, struct http_cached *cached)
{
    struct http_cached **link = bucket_of(cache, cached->hash);
    while (*link != cached)
        link = &(*link)->next;
    *link = cached->next;
    nk_list_remove(&cached->recent);
    cache->used -= cached->cost;
    close_content(cache, cached);
    free(cached);
}

static struct http_cached *oldest(const struct http_cache *cache)
{
    return nk_container_of(nk_list_first(&cache->recent), struct http_cached, recent);
}

static bool make_room(struct http_cache *cache, size_t cost)
{
    if (cost > cache->capacity / LARGEST_SHARE ||
        (cache->bucket_count == 0 && make_table(cache) < 0) ||
        cost > cache->capacity - table_size(cache))
        return false;
    while (cache->used + cost > cache->capacity && !nk_list_is_empty(&cache->recent))
        http_cache_drop(cache, oldest(cache));
    return true;
}

static void link_entry(struct http_cache *cache, struct http_cached *cached)
{
    struct http_cached **bucket = bucket_of(cache, cached->hash);
    cached->next = *bucket;
    *bucket = cached;
    nk_list_append(&cache->recent, &cached->recent);
    cache->used += cached->cost;
}

/* An entry with `body` bytes for head and body, and so many more that lie elsewhere. */
static struct http_cached *add(struct http_cache *cache, struct nk_slice name,
                               const struct http_file *file, size_t body, size_t elsewhere)
{
    const size_t own = sizeof(struct http_cached) + name.len + body;
    struct http_cached *cached = make_room(cache, own + elsewhere) ? malloc(own) : NULL;
    if (!cached)
        return NULL;
    cached->file = *file;
    cached->checked = 0;
    cached->is_settled = false;
    cached->head_second = 0;
    cached->head_len = 0;
    cached->has_body = body > 0;
    cached->body = body > 0 ? cached->data + name.len + HTTP_CACHED_HEAD : NULL;
    cached->content = -1;
    nk_list_init(&cached->open);
    cached->hash = hash_of(name, file->coding);
    cached->cost = own + elsewhere;
    cached->name_len = name.len;
    memcpy(cached->data, name.data, name.len);
    link_entry(cache, cached);
    return cached;
}

/* Nothing that is added up overflows below. */
static bool is_too_large(const struct http_cache *cache, struct nk_slice name, uint64_t body)
{
    return name.len > cache->capacity || body > cache->capacity;
}

struct http_cached *http_cache_add(struct http_cache *cache, struct nk_slice name,
                                   const struct http_file *file, bool has_body)
{
    if (is_too_large(cache, name, has_body ? file->size : 0))
        return NULL;
    return add(cache, name, file, has_body ? HTTP_CACHED_HEAD + (size_t)file->size : 0, 0);
}

struct http_cached *http_cache_add_content(struct http_cache *cache, struct nk_slice name,
                                           const struct http_file *file, int content)
{
    struct http_cached *cached = NULL;
    if (content >= 0 && !is_too_large(cache, name, file->size))
        cached = add(cache, name, file, 0, (size_t)file->size);
    if (cached)
        cached->content = content;
    else if (content >= 0)
        close(content);
    return cached;
}

static struct http_cached *first_open(const struct http_cache *cache)
{
    struct nk_list_node *node = nk_list_first(&cache->open);
    return node ? nk_container_of(node, struct http_cached, open) : NULL;
}

void http_cache_keep_open(struct http_cache *cache, struct http_cached *cached, int content,
                          uint64_t now)
{
    close_content(cache, cached);
    struct http_cached *first = first_open(cache);
    if (first && cache->open_count == HTTP_CACHE_OPEN_MAX)
        close_content(cache, first);
    cached->content = content;
    cached->opened = now;
    nk_list_append(&cache->open, &cached->open);
    cache->open_count++;
}

uint64_t http_cache_close_older(struct http_cache *cache, uint64_t time)
{
    struct http_cached *cached;
    while ((cached = first_open(cache)) && cached->opened <= time)
        close_content(cache, cached);
    return cached ? cached->opened : NK_NEVER;
}

void http_cache_deinit(struct http_cache *cache)
{
    while (!nk_list_is_empty(&cache->recent))
        http_cache_drop(cache, oldest(cache));
    free(cache->buckets);
    http_cache_init(cache, 0);
}
