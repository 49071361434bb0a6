#include "shell/shell_backoff.h"

bool shell_backoff_next(struct shell_backoff *backoff, uint64_t *delay)
{
    uint64_t next = backoff->attempts > 0 ? 2 * backoff->last : SHELL_BACKOFF_FIRST;
    if (next > SHELL_BACKOFF_MOST)
        next = SHELL_BACKOFF_MOST;
    if (backoff->waited + next > SHELL_BACKOFF_PATIENCE)
        return false;
    backoff->attempts++;
    backoff->last = next;
    backoff->waited += next;
    *delay = next;
    return true;
}
