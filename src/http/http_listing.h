/* The page that shows a directory, for people (HTML) and for programs (JSON).
 *
 * Made on a worker thread, because reading a directory blocks, and written into
 * a memory file, so that it is sent like any other file however long it is.
 */
#ifndef HTTP_HTTP_LISTING_H
#define HTTP_HTTP_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "http/http_entries.h"

struct http_listing {
    struct http_entries_place place;
    struct http_order order;
    bool is_json;
    bool has_upload; /* the page has a form that sends files into the directory */
};

/* What goes with the page: its media type, and header lines, which for HTML
 * forbid whatever the page does not need. Constants. */
const char *http_listing_type(const struct http_listing *listing);
const char *http_listing_fields(const struct http_listing *listing);

/* Writes the page. Returns a descriptor of it and its size, or -errno. */
int http_listing_make(const struct http_listing *listing, uint64_t *size);

#endif
