/* What all loops have done so far, read by any thread: what the metrics and the status
 * page show.
 */
#ifndef HTTP_HTTP_SNAPSHOT_H
#define HTTP_HTTP_SNAPSHOT_H

#include <stdio.h>

#include "http/http_counters.h"
#include "net/connection_group.h"

struct http_server;

struct http_loop_snapshot {
    struct nk_connection_counters connections;
    struct http_totals totals;
};

struct http_snapshot {
    const char *version; /* of netkit */
    double uptime;       /* seconds */
    uint64_t lost_lines; /* of the access log */
    struct http_totals totals;
    size_t loop_count;
    struct http_loop_snapshot loops[];
};

/* Returns 0 and *out, to be freed with free, or -ENOMEM. */
int http_snapshot_take(struct http_snapshot **out, const struct http_server *server);

/* Requests that have begun and not finished. */
uint64_t http_totals_in_progress(const struct http_totals *totals);

/* ---- how it is shown ---- */

struct process_usage;

/* Text for Prometheus: in *text, to be freed. 0 or -errno. */
int http_metrics_print(const struct http_snapshot *snapshot, const struct process_usage *usage,
                       char **text, size_t *len);

void http_status_write_json(FILE *out, const struct http_snapshot *snapshot,
                            const struct process_usage *usage);
void http_status_write_page(FILE *out, const struct http_snapshot *snapshot,
                            const struct process_usage *usage);

#endif
