/* The process's file descriptors as a whole: how many, and the standard three.
 *
 * A program calls these once at its start, before it has threads.
 */
#ifndef NK_OS_DESCRIPTORS_H
#define NK_OS_DESCRIPTORS_H

#include <stdint.h>

#include "base/attributes.h"

/* Raises the soft limit of open descriptors (RLIMIT_NOFILE) to the hard one,
 * which needs no privilege, and stores the limit in force in *limit (may be
 * NULL). Returns 0 or -errno; the old limit stays in force then. */
NK_PUBLIC NK_MUST_USE int nk_descriptors_raise_limit(uint64_t *limit);

/* How many descriptors this process may have open (the soft limit), or
 * UINT64_MAX when there is no limit. */
NK_PUBLIC uint64_t nk_descriptors_limit(void);

/* Opens those of 0, 1 and 2 that are closed on /dev/null. Without this the next
 * socket would become the standard output or error, and a message to the user
 * would be sent to a peer. They are not close-on-exec. Returns 0 or -errno. */
NK_PUBLIC NK_MUST_USE int nk_descriptors_open_standard(void);

#endif
