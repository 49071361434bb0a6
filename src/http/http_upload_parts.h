/* Parts: what interrupted uploads have left, to be continued, in hidden files beside
 * those to come.
 *
 * A part is removed when its file is complete, after a day, and when there are too many.
 * Nobody removes what somebody writes: writers hold a lock on their file (flock(2)).
 *
 * Everything here may block: for worker threads.
 */
#ifndef HTTP_HTTP_UPLOAD_PARTS_H
#define HTTP_HTTP_UPLOAD_PARTS_H

#include <limits.h>
#include <stdint.h>

/* Names that begin so are ours; nobody may upload to them. */
#define HTTP_UPLOAD_PREFIX ".netkit-"

/* Parts in one directory; and how long they are kept, in seconds. */
#define HTTP_UPLOAD_PARTS_MAX 16
#define HTTP_UPLOAD_PART_AGE (24 * 60 * 60)

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

#endif
