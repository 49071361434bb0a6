/* How much of an answer is due when it is sent over a time. Pure: the time is an
 * argument, ns since its beginning.
 */
#ifndef HTTP_HTTP_PACE_H
#define HTTP_HTTP_PACE_H

#include <stdint.h>

/* So many bytes, evenly: the first one after duration / bytes, the last one at its end. */
struct http_pace {
    uint64_t bytes;
    uint64_t duration; /* ns; 0 = all at once */
};

/* The bytes that should be out by then. */
uint64_t http_pace_due(const struct http_pace *pace, uint64_t elapsed);

/* When more than `sent` bytes, fewer than all, will be due. */
uint64_t http_pace_next(const struct http_pace *pace, uint64_t sent);

#endif
