/* What is in a directory, for listings. Blocks: for worker threads. */
#ifndef HTTP_HTTP_ENTRIES_H
#define HTTP_HTTP_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http_order.h"
#include "service/open_beneath.h"

enum http_entry_type {
    HTTP_ENTRY_FILE,
    HTTP_ENTRY_DIRECTORY,
    HTTP_ENTRY_LINK,  /* one that is not followed: it may lead out of the root */
    HTTP_ENTRY_OTHER, /* a device, a pipe, a socket; or unknown */
};

struct http_entry {
    enum http_entry_type type;
    bool has_date;    /* the next one is known */
    int64_t modified; /* seconds since 1970 */
    uint64_t size;    /* of files */
    char name[];
};

struct http_entries {
    struct http_entry **items;
    size_t count;
    size_t size;
};

/* A directory below the root, and what of it is shown. */
struct http_entries_place {
    int root;              /* descriptors, the caller's */
    int directory;         /* the one to read */
    const char *name;      /* its name below the root: "" or "a/b/" */
    bool dotfiles;         /* names that start with a dot, too */
    enum open_links links; /* which links count as what they lead to */
    size_t max;            /* entries */
};

/* Reads the directory. Returns 0 or -errno: -E2BIG when it shows more than `max`. Free the
 * entries in any case. */
int http_entries_read(struct http_entries *entries, const struct http_entries_place *place);
void http_entries_free(struct http_entries *entries);

/* Directories come first whatever the order; equal entries are in the order of
 * their names. */
void http_entries_sort(struct http_entries *entries, struct http_order order);

#endif
