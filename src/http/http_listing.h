/* The page that shows a directory.
 *
 * Made on a worker thread, because reading a directory blocks, and written into
 * a memory file, so that it is sent like any other file however long it is.
 */
#ifndef HTTP_HTTP_LISTING_H
#define HTTP_HTTP_LISTING_H

#include <stdbool.h>
#include <stdint.h>

/* Writes the page for the directory `directory` (a descriptor, which stays the
 * caller's) whose name below the root is `name` ("" or "a/b/"), directories
 * first, each group in byte order. Names that start with a dot are left out
 * unless `dotfiles`. Returns the descriptor of the page and its size, or
 * -errno. */
int http_listing_make(int directory, const char *name, bool dotfiles, uint64_t *size);

#endif
