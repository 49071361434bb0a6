#include "http/http_snapshot.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/http_server.h"

uint64_t http_totals_in_progress(const struct http_totals *totals)
{
    uint64_t finished = http_totals_requests(totals);
    return totals->begun > finished ? totals->begun - finished : 0;
}

static void take_loop(struct http_loop_snapshot *out, const struct http_loop *loop)
{
    struct nk_connection_group *group = atomic_load(&loop->group);
    if (group)
        nk_connection_group_counters(group, &out->connections);
    http_totals_add(&out->totals, &loop->counters);
}

int http_snapshot_take(struct http_snapshot **out, const struct http_server *server)
{
    size_t count = 0;
    for (const struct http_loop *loop = server->loops; loop; loop = loop->next)
        count++;
    struct http_snapshot *made = calloc(1, sizeof(*made) + count * sizeof(made->loops[0]));
    if (!made)
        return -ENOMEM;
    uint64_t now = nk_clock_monotonic(nk_clock_system());
    made->version = NETKIT_VERSION;
    made->uptime = (double)(now - server->started) / (double)NK_NANOSECONDS_PER_SECOND;
    made->lost_lines = server->log ? atomic_load(&server->log->lost) : 0;
    made->loop_count = count;
    for (const struct http_loop *loop = server->loops; loop; loop = loop->next) {
        take_loop(&made->loops[loop->index], loop);
        http_totals_add(&made->totals, &loop->counters);
    }
    *out = made;
    return 0;
}
