/* The media types that the system knows besides those of http_tables.h: what
 * /etc/mime.types says, read once at the start.
 */
#ifndef HTTP_HTTP_MEDIA_TYPES_H
#define HTTP_HTTP_MEDIA_TYPES_H

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
    size_t count;
    struct http_media_extension *extensions; /* sorted */
    char *text;                              /* where all of that lies */
};

/* Reads lines of a type and the extensions that stand for it; '#' begins a comment.
 * What our own table knows, and what is no type or extension, is left out; of an
 * extension that comes twice the first line counts. Returns 0 or -ENOMEM. */
NK_MUST_USE int http_media_types_parse(struct http_media_types *types, struct nk_slice lines)
    NK_NONNULL(1);

/* The same with a file; one that cannot be read knows nothing. Returns 0 or -ENOMEM. */
NK_MUST_USE int http_media_types_read(struct http_media_types *types, const char *path)
    NK_NONNULL(1, 2);

void http_media_types_free(struct http_media_types *types);

/* As http_media_type, but what that does not know may be known here. */
const char *http_media_types_find(const struct http_media_types *types, struct nk_slice file_name)
    NK_NONNULL(1);

#endif
