/* How long to wait before a lost connection is tried again: twice as long each time, so
 * that a server that comes back is not overrun, and not for ever. Pure.
 */
#ifndef SHELL_SHELL_BACKOFF_H
#define SHELL_SHELL_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

#define SHELL_BACKOFF_FIRST UINT64_C(250000000)       /* ns */
#define SHELL_BACKOFF_MOST UINT64_C(30000000000)      /* ns */
#define SHELL_BACKOFF_PATIENCE UINT64_C(300000000000) /* ns of waiting, then it is over */

/* Zero-filled when the connection stands. */
struct shell_backoff {
    uint64_t attempts; /* since it was lost; read-only */
    /* private */
    uint64_t last;
    uint64_t waited;
};

/* One more attempt: *delay is the time before it, in ns. Returns false when it is time
 * to give up. */
NK_MUST_USE bool shell_backoff_next(struct shell_backoff *backoff, uint64_t *delay)
    NK_NONNULL(1, 2);

#endif
