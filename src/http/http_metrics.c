/* The figures of a server for Prometheus. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/http_snapshot.h"
#include "measure/process_usage.h"
#include "measure/prometheus.h"

/* Some 4 KiB for each of a thousand loops. */
#define TEXT_MAX ((size_t)8 * 1024 * 1024)

#define LOOP_NAME_SIZE 24

/* Bounds of the histogram that is shown, in ns; those of the counters are finer. Each
 * is one of theirs, so that nothing is interpolated. */
static const size_t shown_buckets[] = {12, 20, 28, 36, 40, 44, 48, 52, 56, 64, 72, 80, 92};

struct loop_metric {
    const char *name;
    enum prometheus_kind kind;
    const char *help;
    uint64_t (*value)(const struct http_loop_snapshot *loop);
};

static uint64_t opened(const struct http_loop_snapshot *loop)
{
    return loop->connections.opened;
}

static uint64_t active(const struct http_loop_snapshot *loop)
{
    return loop->connections.active;
}

static uint64_t received(const struct http_loop_snapshot *loop)
{
    return loop->connections.bytes_received;
}

static uint64_t sent(const struct http_loop_snapshot *loop)
{
    return loop->connections.bytes_sent;
}

static uint64_t in_progress(const struct http_loop_snapshot *loop)
{
    return http_totals_in_progress(&loop->totals);
}

static const struct loop_metric loop_metrics[] = {
    {"netkit_http_connections_total", PROMETHEUS_COUNTER, "Connections taken.", opened},
    {"netkit_http_connections", PROMETHEUS_GAUGE, "Connections open now.", active},
    {"netkit_http_received_bytes_total", PROMETHEUS_COUNTER, "Bytes from clients.", received},
    {"netkit_http_sent_bytes_total", PROMETHEUS_COUNTER, "Bytes to clients.", sent},
    {"netkit_http_requests_in_progress", PROMETHEUS_GAUGE,
     "Requests whose response has not gone out.", in_progress},
};

static struct prometheus_label label_of(size_t loop, char name[static LOOP_NAME_SIZE])
{
    snprintf(name, LOOP_NAME_SIZE, "%zu", loop);
    return (struct prometheus_label){"loop", name};
}

static void print_loops(struct prometheus_text *text, const struct http_snapshot *snapshot)
{
    char name[LOOP_NAME_SIZE];
    for (size_t i = 0; i < NK_ARRAY_LENGTH(loop_metrics); i++) {
        const struct loop_metric *metric = &loop_metrics[i];
        prometheus_metric(text, metric->name, metric->kind, metric->help);
        for (size_t k = 0; k < snapshot->loop_count; k++) {
            struct prometheus_label label = label_of(k, name);
            prometheus_count(text, metric->name, &label, 1, metric->value(&snapshot->loops[k]));
        }
    }
}

static void print_requests(struct prometheus_text *text, const struct http_snapshot *snapshot)
{
    static const char *const classes[HTTP_STATUS_CLASSES] = {"none", NULL,  "2xx",
                                                             "3xx",  "4xx", "5xx"};
    static const char metric[] = "netkit_http_requests_total";
    char name[LOOP_NAME_SIZE];
    prometheus_metric(text, metric, PROMETHEUS_COUNTER,
                      "Requests finished, by class of status; none: lost before an answer.");
    for (size_t k = 0; k < snapshot->loop_count; k++) {
        for (size_t class = 0; class < HTTP_STATUS_CLASSES; class ++) {
            const struct prometheus_label labels[] = {label_of(k, name), {"code", classes[class]}};
            if (!classes[class])
                continue;
            prometheus_count(text, metric, labels, NK_ARRAY_LENGTH(labels),
                             snapshot->loops[k].totals.requests[class]);
        }
    }
}

/* The name of a part of the histogram: "_bucket", "_sum", "_count". */
#define DURATION "netkit_http_request_duration_seconds"

static void print_durations_of(struct prometheus_text *text, size_t loop,
                               const struct http_totals *totals)
{
    char name[LOOP_NAME_SIZE], bound[32];
    struct prometheus_label labels[] = {label_of(loop, name), {"le", bound}};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(shown_buckets); i++) {
        uint64_t ns = http_duration_bound(shown_buckets[i]);
        snprintf(bound, sizeof(bound), "%g", (double)ns / (double)NK_NANOSECONDS_PER_SECOND);
        prometheus_count(text, DURATION "_bucket", labels, 2, http_totals_count_to(totals, ns));
    }
    uint64_t all = http_totals_count_to(totals, UINT64_MAX);
    labels[1].value = "+Inf";
    prometheus_count(text, DURATION "_bucket", labels, 2, all);
    prometheus_number(text, DURATION "_sum", labels, 1,
                      (double)totals->duration / (double)NK_NANOSECONDS_PER_SECOND);
    prometheus_count(text, DURATION "_count", labels, 1, all);
}

static void print_durations(struct prometheus_text *text, const struct http_snapshot *snapshot)
{
    prometheus_metric(text, DURATION, PROMETHEUS_HISTOGRAM,
                      "From the arrival of a request to the last byte of its response.");
    for (size_t k = 0; k < snapshot->loop_count; k++)
        print_durations_of(text, k, &snapshot->loops[k].totals);
}

static void print_gauge(struct prometheus_text *text, const char *name, const char *help,
                        uint64_t value)
{
    prometheus_metric(text, name, PROMETHEUS_GAUGE, help);
    prometheus_count(text, name, NULL, 0, value);
}

static void print_process(struct prometheus_text *text, const struct http_snapshot *snapshot,
                          const struct process_usage *usage)
{
    const struct prometheus_label version = {"version", snapshot->version};
    prometheus_metric(text, "netkit_build_info", PROMETHEUS_GAUGE, "The program.");
    prometheus_count(text, "netkit_build_info", &version, 1, 1);
    prometheus_metric(text, "netkit_http_log_lost_lines_total", PROMETHEUS_COUNTER,
                      "Lines that are missing in the access log.");
    prometheus_count(text, "netkit_http_log_lost_lines_total", NULL, 0, snapshot->lost_lines);
    prometheus_metric(text, "netkit_uptime_seconds", PROMETHEUS_GAUGE, "Since the start.");
    prometheus_number(text, "netkit_uptime_seconds", NULL, 0, snapshot->uptime);
    prometheus_metric(text, "process_cpu_seconds_total", PROMETHEUS_COUNTER,
                      "CPU time of all threads.");
    prometheus_number(text, "process_cpu_seconds_total", NULL, 0, usage->cpu_seconds);
    print_gauge(text, "process_resident_memory_bytes", "Resident memory.", usage->memory);
    print_gauge(text, "process_open_fds", "Open descriptors.", usage->descriptors);
    print_gauge(text, "process_max_fds", "Descriptors that may be open.", usage->most_descriptors);
}

int http_metrics_print(const struct http_snapshot *snapshot, const struct process_usage *usage,
                       char **text, size_t *len)
{
    struct prometheus_text out;
    prometheus_init(&out, TEXT_MAX);
    print_process(&out, snapshot, usage);
    print_loops(&out, snapshot);
    print_requests(&out, snapshot);
    print_durations(&out, snapshot);
    struct nk_slice all = nk_buffer_slice(&out.buffer);
    int error = out.error;
    if (!error) {
        *len = all.len;
        *text = malloc(all.len);
        error = *text ? 0 : -ENOMEM;
    }
    if (!error)
        memcpy(*text, all.data, all.len);
    prometheus_deinit(&out);
    return error;
}
