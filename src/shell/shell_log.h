/* The session log: one line for each thing that a client does.
 *
 *     2026-11-20T17:01:49.123Z 7 192.0.2.1:51234 begins
 *     2026-11-20T17:01:52.456Z 7 192.0.2.1:51234 /src: ls -l lib
 *
 * Each line is one write at the end of the file, from any thread.
 */
#ifndef SHELL_SHELL_LOG_H
#define SHELL_SHELL_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"

struct shell_log {
    int file; /* -1 = none */
    const char *path;
    atomic_bool has_failed; /* so that it is said once */
};

/* Opens the file, or makes it; `path` has to live as long. A NULL path is no log.
 * Returns 0 or -errno. */
NK_MUST_USE int shell_log_open(struct shell_log *log, const char *path) NK_NONNULL(1);
void shell_log_close(struct shell_log *log) NK_NONNULL(1);

/* Goes on in a new file of that name: the old one was moved away. When there
 * cannot be one, the old one stays in use, and it is said. Main thread. */
void shell_log_reopen(struct shell_log *log) NK_NONNULL(1);

static inline bool shell_log_is_open(const struct shell_log *log)
{
    return log->file >= 0;
}

/* Writes that `who`, in session `number`, does `what`, in `where` (may be NULL).
 * What the client has sent is escaped, and cut after 1 KiB. */
void shell_log_write(struct shell_log *log, uint64_t number, const char *who, const char *where,
                     struct nk_slice what) NK_NONNULL(1, 3);

#endif
