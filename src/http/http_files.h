/* The request callback that serves a directory: GET, HEAD and OPTIONS.
 *
 * Every name is opened below the root with openat2(2) and RESOLVE_BENEATH, so
 * that no encoding, no `..` and no symbolic link leaves it, also when the tree
 * changes during the walk.
 */
#ifndef HTTP_HTTP_FILES_H
#define HTTP_HTTP_FILES_H

#include <sys/stat.h>

#include "http/http_media_types.h"
#include "http/http_server.h"
#include "http/http_upload_parts.h"

/* A request target is at most a few KiB; a decoded name is no longer than that. */
#define HTTP_FILES_NAME_SIZE 32768

/* What is served for a directory. */
#define HTTP_FILES_INDEX "index.html"

/* What `content` of struct http_server points to. */
struct http_files {
    int root;                           /* directory descriptor */
    atomic_uint_fast64_t changed;       /* monotonic ns of the last upload: what was kept before
                                           may be another file by now */
    struct http_media_types types;      /* what the system knows of them */
    struct http_upload_cleaner cleaner; /* of what interrupted uploads have left */
};

/* Opens the root and gives it up. Returns 0 or -errno. */
int http_files_open(struct http_files *files, const char *root);
void http_files_close(struct http_files *files);

/* A file below the root has just changed: who asks from now on gets the new one, whatever
 * a loop has in memory. Any thread. */
void http_files_tell_change(struct http_files *files);

/* The callback. */
void http_files_handle(struct http_exchange *exchange);

/* ---- for http_directory.c and http_content.c ---- */

/* Opens a decoded name below the root for reading. Returns the descriptor, or
 * -errno. */
int http_files_open_name(struct http_exchange *exchange, const char *name, struct stat *status);

/* Answers with the status that fits a negative errno. */
void http_files_refuse(struct http_exchange *exchange, int error);

#endif
