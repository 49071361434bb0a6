/* Parts: what interrupted uploads have left, to be continued, in hidden files beside
 * those to come.
 *
 * A part is removed when its file is complete, after a day, and when there are too many:
 * a directory is cleaned when an upload into it begins, and when one is interrupted; not
 * when the server starts, which would have to read all of them. Nobody removes what
 * somebody writes: writers hold a lock on their file (flock(2)).
 *
 * Everything here may block: for worker threads.
 */
#ifndef HTTP_HTTP_UPLOAD_PARTS_H
#define HTTP_HTTP_UPLOAD_PARTS_H

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

/* Names that begin so are ours; nobody may upload to them. */
#define HTTP_UPLOAD_PREFIX ".netkit-"

/* Parts in one directory; and how long they are kept, in seconds. */
#define HTTP_UPLOAD_PARTS_MAX 16
#define HTTP_UPLOAD_PART_AGE (24 * 60 * 60)

/* A directory that gets one upload after another is not read each time; seconds. */
#define HTTP_UPLOAD_CLEAN_INTERVAL 60

/* The name of the part of `name`. Returns 0, or -ENAMETOOLONG when the file has a name so
 * long that its part has none. */
int http_upload_part_name(char part[static NAME_MAX + 1], const char *name);

/* Bytes of the part of `name`, or -errno. */
int64_t http_upload_part_size(int directory, const char *name);

/* Removes the part of `name`, if there is one that nobody writes. */
void http_upload_part_remove(int directory, const char *name);

/* Removes what interrupted uploads have left in a directory: what is older than
 * HTTP_UPLOAD_PART_AGE at `now` (seconds since 1970), and all but the newest parts. */
void http_upload_clean(int directory, int64_t now);

/* Which directory an upload has cleaned last. All workers share one. */
struct http_upload_cleaner {
    /* private */
    pthread_mutex_t lock;
    dev_t device;
    ino_t inode;
    int64_t cleaned; /* seconds since 1970 */
};

void http_upload_cleaner_init(struct http_upload_cleaner *cleaner);
void http_upload_cleaner_deinit(struct http_upload_cleaner *cleaner);

/* http_upload_clean, unless it was this directory that was cleaned last, and that less
 * than HTTP_UPLOAD_CLEAN_INTERVAL ago. */
void http_upload_clean_at_times(struct http_upload_cleaner *cleaner, int directory, int64_t now);

#endif
