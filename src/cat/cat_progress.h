/* How far a transfer is: its rate, and how long it will still take. Pure.
 */
#ifndef CAT_CAT_PROGRESS_H
#define CAT_CAT_PROGRESS_H

#include <stdint.h>

/* How often it is told. */
#define CAT_PROGRESS_INTERVAL UINT64_C(1000000000)

struct cat_progress {
    uint64_t sent;     /* bytes */
    uint64_t received; /* bytes */
    uint64_t elapsed;  /* ns since the connection was made */
    uint64_t rate;     /* bytes a second in both directions, since it was told last */
    uint64_t left;     /* ns until all is sent, at the average rate; NK_NEVER = unknown */
};

/* Zero-filled when the connection is made; then set `expected`. */
struct cat_progress_meter {
    uint64_t expected; /* bytes that will be sent; 0 = unknown */

    /* private: when it was told last */
    uint64_t moved;
    uint64_t elapsed;
};

/* The progress at this time. */
struct cat_progress cat_progress_measure(struct cat_progress_meter *meter, uint64_t sent,
                                         uint64_t received, uint64_t elapsed);

/* Bytes that can still be read from a regular file, or 0 when `fd` is none. */
uint64_t cat_progress_expected(int fd);

#endif
