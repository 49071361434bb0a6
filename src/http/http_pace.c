#include "http/http_pace.h"

__extension__ typedef unsigned __int128 wide;

/* a * b / c, where c > 0 and the result fits: the product may not. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
    return (uint64_t)((wide)a * b / c);
}

uint64_t http_pace_due(const struct http_pace *pace, uint64_t elapsed)
{
    if (elapsed >= pace->duration)
        return pace->bytes;
    return scale(pace->bytes, elapsed, pace->duration);
}

uint64_t http_pace_next(const struct http_pace *pace, uint64_t sent)
{
    /* Rounded up, so that it is due by then. */
    uint64_t next = scale(sent + 1, pace->duration, pace->bytes);
    return http_pace_due(pace, next) > sent ? next : next + 1;
}
