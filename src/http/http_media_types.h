/* The media types that the system knows besides those of http_tables.h: what
 * /etc/mime.types says. It is read when a name first needs it, by whichever thread
 * that is: most servers never do, and it is the largest piece of memory of an idle one.
 */
#ifndef HTTP_HTTP_MEDIA_TYPES_H
#define HTTP_HTTP_MEDIA_TYPES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define HTTP_MEDIA_TYPES_FILE "/etc/mime.types"

/* A larger file is read so far. */
#define HTTP_MEDIA_TYPES_MAX ((size_t)1 << 20)

struct http_media_extension {
    struct nk_slice extension; /* lower case, without the dot */
    const char *type;          /* with its charset, if it is a text */
};

struct http_media_types {
    const char *path; /* of the file; NULL = there is none to read */
    /* private */
    atomic_bool is_read;  /* what follows does not change any more */
    pthread_mutex_t lock; /* held while it is read */
    size_t count;
    struct http_media_extension *extensions; /* sorted */
    char *text;                              /* where all of that lies */
};

/* `path` must outlive it; NULL for none. */
void http_media_types_init(struct http_media_types *types, const char *path) NK_NONNULL(1);
void http_media_types_deinit(struct http_media_types *types) NK_NONNULL(1);

/* Reads lines of a type and the extensions that stand for it; '#' begins a comment.
 * What our own table knows, and what is no type or extension, is left out; of an
 * extension that comes twice the first line counts. Once, and before any other thread
 * asks. Returns 0 or -ENOMEM. */
NK_MUST_USE int http_media_types_parse(struct http_media_types *types, struct nk_slice lines)
    NK_NONNULL(1);

/* As http_media_type, but what that does not know may be known here. A file that cannot
 * be read knows nothing. Any thread. */
const char *http_media_types_find(struct http_media_types *types, struct nk_slice file_name)
    NK_NONNULL(1);

#endif
