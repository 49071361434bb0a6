/* Pipes that the pumps between sockets borrow while bytes are in them: an idle
 * connection holds none. Loop thread only.
 */
#ifndef CAT_CAT_PIPES_H
#define CAT_CAT_PIPES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/* Empty pipes that are kept for the next one who wants one. */
#define CAT_PIPES_KEPT 64

struct cat_pipes {
    /* private */
    size_t max;  /* pipes at a time */
    size_t open; /* those that are lent, and those that are kept */
    size_t kept;
    int ends[CAT_PIPES_KEPT][2];
};

/* Without a pipe yet; at most `max` are open at a time. Cannot fail. */
void cat_pipes_init(struct cat_pipes *pipes, size_t max);

/* Closes those that nobody has now; at the end all of them have to be back. */
void cat_pipes_close_kept(struct cat_pipes *pipes);

/* Lends an empty, non-blocking pipe: ends[0] is read, ends[1] written. Returns 0, or
 * -errno with `ends` untouched; -EMFILE when all are lent. */
NK_MUST_USE int cat_pipes_take(struct cat_pipes *pipes, int ends[2]);

/* Takes it back; both ends become -1. One that is not empty is closed. */
void cat_pipes_give(struct cat_pipes *pipes, int ends[2], bool is_empty);

#endif
