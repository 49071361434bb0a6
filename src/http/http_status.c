/* The status page: a table that needs nothing, and a script that keeps it up to date
 * and draws; and the figures as JSON, which the script asks for once a second.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "http/http_snapshot.h"
#include "http/http_status_assets.h"
#include "measure/process_usage.h"

static double seconds(uint64_t nanoseconds)
{
    return (double)nanoseconds / (double)NK_NANOSECONDS_PER_SECOND;
}

/* ---- JSON ---- */

static void write_numbers(FILE *out, const char *name, const uint64_t *numbers, size_t count)
{
    fprintf(out, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%" PRIu64, i > 0 ? "," : "", numbers[i]);
    fputc(']', out);
}

static void write_loop(FILE *out, const struct http_loop_snapshot *loop)
{
    fprintf(out,
            "{\"connections\":%" PRIu64 ",\"accepted\":%" PRIu64 ",\"bytes_received\":%" PRIu64
            ",\"bytes_sent\":%" PRIu64 ",\"in_progress\":%" PRIu64 ",",
            loop->connections.active, loop->connections.opened, loop->connections.bytes_received,
            loop->connections.bytes_sent, http_totals_in_progress(&loop->totals));
    write_numbers(out, "requests", loop->totals.requests, HTTP_STATUS_CLASSES);
    fputc('}', out);
}

void http_status_write_json(FILE *out, const struct http_snapshot *snapshot,
                            const struct process_usage *usage)
{
    fprintf(out,
            "{\"version\":\"%s\",\"uptime\":%.6f,\"cpu\":%.6f,\"memory\":%" PRIu64
            ",\"descriptors\":%" PRIu64 ",\"max_descriptors\":%" PRIu64
            ",\"lost_log_lines\":%" PRIu64 ",\"loops\":[",
            snapshot->version, snapshot->uptime, usage->cpu_seconds, usage->memory,
            usage->descriptors, usage->most_descriptors, snapshot->lost_lines);
    for (size_t i = 0; i < snapshot->loop_count; i++) {
        fputs(i > 0 ? "," : "", out);
        write_loop(out, &snapshot->loops[i]);
    }
    fputs("],\"durations\":{\"bounds\":[", out);
    for (size_t i = 0; i + 1 < HTTP_DURATION_BUCKETS; i++)
        fprintf(out, "%s%.9f", i > 0 ? "," : "", seconds(http_duration_bound(i)));
    fputs("],", out);
    write_numbers(out, "counts", snapshot->totals.durations, HTTP_DURATION_BUCKETS);
    fputs("}}\n", out);
}

/* ---- the page ---- */

/* 1.2 ms, 34 us: for people. */
static void write_duration(FILE *out, uint64_t nanoseconds)
{
    if (nanoseconds == UINT64_MAX)
        fprintf(out, "over %.0f s", seconds(http_duration_bound(HTTP_DURATION_BUCKETS - 2)));
    else if (nanoseconds >= NK_NANOSECONDS_PER_SECOND)
        fprintf(out, "%.2f s", seconds(nanoseconds));
    else
        fprintf(out, "%.2f ms", seconds(nanoseconds) * 1e3);
}

static void write_row(FILE *out, size_t index, const struct http_loop_snapshot *loop)
{
    fprintf(out,
            "<tr><th scope=row>loop %zu<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64
            "<td>%" PRIu64 "<td>%" PRIu64 "<td><meter min=0 max=1 value=0></meter>\n",
            index, loop->connections.active, loop->connections.opened,
            http_totals_requests(&loop->totals), http_totals_in_progress(&loop->totals),
            loop->connections.bytes_received, loop->connections.bytes_sent);
}

static void write_quantiles(FILE *out, const struct http_totals *totals)
{
    static const struct {
        const char *name;
        double quantile;
    } shown[] = {{"50 %", 0.5}, {"90 %", 0.9}, {"99 %", 0.99}, {"99.9 %", 0.999}};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(shown); i++) {
        fprintf(out, "<div><dt>%s<dd id=q%zu>", shown[i].name, i);
        write_duration(out, http_totals_quantile(totals, shown[i].quantile));
        fputs("</div>\n", out);
    }
}

/* No request ends with a 1xx: that is only said on the way to its answer. */
static void write_classes(FILE *out, const struct http_totals *totals)
{
    static const char *const names[HTTP_STATUS_CLASSES] = {"no answer", NULL,  "2xx",
                                                           "3xx",       "4xx", "5xx"};
    for (size_t i = 0; i < HTTP_STATUS_CLASSES; i++) {
        if (names[i])
            fprintf(out, "<div><dt>%s<dd id=c%zu>%" PRIu64 "</div>\n", names[i], i,
                    totals->requests[i]);
    }
}

void http_status_write_page(FILE *out, const struct http_snapshot *snapshot,
                            const struct process_usage *usage)
{
    fprintf(out,
            "%s<p>netkit %s, up <span id=uptime>%.0f s</span>, CPU time <span id=cpu>%.2f s"
            "</span>, memory <span id=memory>%.1f MiB</span>, descriptors <span id=fds>%" PRIu64
            "</span> of %" PRIu64 "\n",
            http_status_head, snapshot->version, snapshot->uptime, usage->cpu_seconds,
            (double)usage->memory / 1048576.0, usage->descriptors, usage->most_descriptors);
    fputs(http_status_charts, out);
    fputs(http_status_table, out);
    for (size_t i = 0; i < snapshot->loop_count; i++)
        write_row(out, i, &snapshot->loops[i]);
    fputs("</table>\n</div>\n<h2>Time to the last byte</h2>\n<dl id=quantiles>\n", out);
    write_quantiles(out, &snapshot->totals);
    fputs("</dl>\n<h2>Requests by status</h2>\n<dl>\n", out);
    write_classes(out, &snapshot->totals);
    fputs("</dl>\n", out);
    fputs(http_status_script, out);
}
