/* `--requests`: so many requests are answered, over all loops together, then the server
 * ends. Any thread.
 */
#ifndef HTTP_HTTP_QUOTA_H
#define HTTP_HTTP_QUOTA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "service/ending.h"

struct http_quota {
    uint64_t limit; /* at least 1 */
    atomic_uint_fast64_t begun;
    struct service_ending *ending;
};

/* For one request: whether it is among them. The last one begins the end of the server,
 * which waits for its answer. */
bool http_quota_take(struct http_quota *quota);

/* Whether all have begun: no connection goes on behind them. */
static inline bool http_quota_is_used_up(struct http_quota *quota)
{
    return atomic_load(&quota->begun) >= quota->limit;
}

#endif
