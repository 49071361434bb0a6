/* The small files that a loop keeps in memory, the least recently used ones leaving
 * first.
 *
 * It knows nothing of the file system: whoever asks has to see to it that what is
 * kept is still true (`checked`), and that it may be served. Its memory, all of it
 * counted, never grows over the bound; none is used before the first file. One per
 * loop, and only for that loop's thread.
 */
#ifndef HTTP_HTTP_CACHE_H
#define HTTP_HTTP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slice.h"
#include "http/http_file.h"

/* So many descriptors of files that lie elsewhere are kept at most. */
#define HTTP_CACHE_OPEN_MAX 32

/* Room in front of a body for the head of the usual response, so that both go out
 * from one piece of memory. */
#define HTTP_CACHED_HEAD 768

struct http_cached {
    struct http_file file;
    uint64_t checked;     /* monotonic ns: when it was last seen to be as it is here */
    bool is_settled;      /* an unchanged stamp means an unchanged file */
    uint64_t head_second; /* of the Date in the head */
    size_t head_len;      /* of the head, which ends where the body begins; 0 = none */
    bool has_body;        /* or else it is known of, but not in memory */
    char *body;           /* file.size bytes */
    int content;          /* or a file that holds them, its own descriptor; -1 = none */
    /* private */
    struct nk_list_node recent;
    struct nk_list_node open; /* in the cache's, if its content lies elsewhere */
    uint64_t opened;
    struct http_cached *next; /* in its bucket */
    uint64_t hash;
    size_t cost;
    size_t name_len;
    char data[]; /* name, room for a head, body */
};

struct http_cache {
    size_t capacity; /* bytes */
    size_t used;
    size_t bucket_count; /* a power of two, or 0 before the first file */
    struct http_cached **buckets;
    struct nk_list_node recent; /* the least recently used one first */
    struct nk_list_node open;   /* the one that was opened first is the first */
    size_t open_count;
};

/* Empty, for at most `capacity` bytes; 0 = it never holds anything. */
void http_cache_init(struct http_cache *cache, size_t capacity);
void http_cache_deinit(struct http_cache *cache);

/* What is kept of that name in that coding, or NULL. */
struct http_cached *http_cache_find(struct http_cache *cache, struct nk_slice name,
                                    enum http_coding coding);

/* Makes room for a file, which must not be there yet, and returns it with `file` and,
 * if asked for, a body, which the caller fills, or drops it again. Whatever was found before
 * may be gone. NULL when it is too large or memory is short. */
struct http_cached *http_cache_add(struct http_cache *cache, struct nk_slice name,
                                   const struct http_file *file, bool has_body);

/* The same with a body in the memory file `content`, which it takes, also on failure;
 * a negative one is a failure. */
struct http_cached *http_cache_add_content(struct http_cache *cache, struct nk_slice name,
                                           const struct http_file *file, int content);

/* Keeps a file open whose content stays where it is: an entry without a body takes the
 * descriptor as its `content`, `now` (monotonic ns, never less than before). Beyond
 * HTTP_CACHE_OPEN_MAX the one that was opened first is closed. */
void http_cache_keep_open(struct http_cache *cache, struct http_cached *cached, int content,
                          uint64_t now);

/* Closes those that were opened at `time` or before, and returns when the first of the
 * rest was, or NK_NEVER when there is none. */
uint64_t http_cache_close_older(struct http_cache *cache, uint64_t time);

void http_cache_drop(struct http_cache *cache, struct http_cached *cached);

#endif
