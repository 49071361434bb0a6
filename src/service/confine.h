/* Taking from the process what it will not need any more (Landlock).
 *
 * Called once, when everything is open and bound and before there is a second
 * thread: threads and children inherit it, and nothing gives it back. From then
 * on no file can be opened but by the rules, no program started, no TCP
 * connection made or awaited anew. What is open already stays usable. The kernel
 * decides how much of that it can do; what it cannot is said in the log at
 * NK_LOG_INFO, and is no error.
 */
#ifndef SERVICE_CONFINE_H
#define SERVICE_CONFINE_H

#include <stddef.h>

#include "base/attributes.h"

enum confine_kind {
    CONFINE_LIST,       /* list `path` and every directory below it */
    CONFINE_READ,       /* read the file `path`, or every file below it */
    CONFINE_READ_AGAIN, /* read the file `path`, also one that has replaced it; in the
                           end this is its whole directory */
    CONFINE_APPEND,     /* open the file `path` for writing, and make it anew after it was
                           renamed; likewise */
    CONFINE_REMOVE,     /* remove the file `path`; likewise */
};

struct confine_rule {
    enum confine_kind kind;
    const char *path;
};

/* Confines the process to what the rules allow. A rule whose path (or directory)
 * does not exist allows nothing. Returns 0, also when the kernel has no Landlock,
 * or -errno when it has and refuses. */
NK_MUST_USE int confine_process(const struct confine_rule *rules, size_t count);

#endif
