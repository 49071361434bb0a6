/* The request callback that serves a directory: GET, HEAD and OPTIONS.
 *
 * Every name is opened below the root with openat2(2) and RESOLVE_BENEATH, so
 * that no encoding, no `..` and no symbolic link leaves it, also when the tree
 * changes during the walk.
 */
#ifndef HTTP_HTTP_FILES_H
#define HTTP_HTTP_FILES_H

#include "http/http_server.h"
#include "threads/worker_pool.h"

/* What `content` of struct http_server points to. */
struct http_files {
    int root;                       /* directory descriptor */
    struct nk_worker_pool *workers; /* for listings */
};

/* Opens the root and gives it up. Returns 0 or -errno. */
int http_files_open(struct http_files *files, const char *root);
void http_files_close(struct http_files *files);

/* Starts the workers, and joins them while the loops are still there; stopping
 * what was not started is harmless. Returns 0 or -errno. */
int http_files_start(struct http_files *files);
void http_files_stop(struct http_files *files);

/* The callback. */
void http_files_handle(struct http_exchange *exchange);

#endif
