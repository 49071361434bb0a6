/* A file that is being uploaded: it appears under its name when it is complete, or
 * not at all.
 *
 * The bytes go into a file without a name in the same directory (O_TMPFILE, or a hidden
 * name where the file system has none). They are on the disk before the name appears.
 * What an interrupted PUT has brought is kept as a part, ".netkit-part-NAME", to be
 * continued (http_upload_parts.h).
 *
 * Everything here may block: for worker threads. Returns 0 or -errno unless it is said.
 */
#ifndef HTTP_HTTP_UPLOAD_FILE_H
#define HTTP_HTTP_UPLOAD_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "http/http_file.h"

struct http_upload_file {
    int directory;             /* borrowed */
    int fd;                    /* -1 = not open */
    char name[NAME_MAX + 1];   /* to appear under */
    char hidden[NAME_MAX + 1]; /* where the bytes are now; "" = nowhere */
    bool is_part;              /* `hidden` is the part of `name` */
    uint64_t size;             /* bytes in it */

    /* It may only appear while what has its name is still what the client knew. */
    bool is_conditional;
    struct http_stamp expected; /* 0 = there was nothing */

    struct stat appeared; /* what it is since commit; 0 = not known */
};

/* Whether a file may have this name: one component, none of ours. */
bool http_upload_name_is_good(struct nk_slice name);

/* For a file of a good name in `directory`; nothing is opened. */
void http_upload_file_init(struct http_upload_file *file, int directory, struct nk_slice name);

/* Opens an empty one; -ENOSPC ... */
int http_upload_file_create(struct http_upload_file *file);

/* Opens the part that an upload has left, to go on behind it: file->size. -ENOENT when there
 * is none, -EBUSY while somebody else writes it. */
int http_upload_file_continue(struct http_upload_file *file);

int http_upload_file_write(struct http_upload_file *file, struct nk_slice bytes);

/* Gives it its name and closes it. Returns 1 when it has replaced a file, which only
 * happens with `overwrite`, 0 when there was none; -EEXIST, or -ECANCELED when it is not
 * what was expected, and what stands there is untouched, as is everything but regular
 * files. A part that an earlier upload of that name has left means nothing any more, and
 * is removed. */
int http_upload_file_commit(struct http_upload_file *file, bool overwrite);

/* Closes it and leaves it as a part; without any bytes it is discarded. */
void http_upload_file_keep(struct http_upload_file *file);

/* Closes it and leaves nothing behind. Fine when it is not open. */
void http_upload_file_discard(struct http_upload_file *file);

#endif
