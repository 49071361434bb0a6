/* Figures as text that Prometheus and its like collect (exposition format 0.0.4):
 *
 *     prometheus_metric(&text, "netkit_requests_total", PROMETHEUS_COUNTER, "Requests.");
 *     prometheus_count(&text, "netkit_requests_total", labels, 1, 42);
 *
 *     # HELP netkit_requests_total Requests.
 *     # TYPE netkit_requests_total counter
 *     netkit_requests_total{loop="1"} 42
 *
 * All samples of a metric follow its heading; those of a summary are its quantiles
 * and the names with _sum and _count behind them, those of a histogram the names with
 * _bucket, _sum and _count. Pure; one thread at a time. The
 * first failure (memory, the cap) is kept and everything behind it dropped, so that
 * one look at the end is enough.
 */
#ifndef MEASURE_PROMETHEUS_H
#define MEASURE_PROMETHEUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* What goes into Content-Type. */
#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum prometheus_kind {
    PROMETHEUS_COUNTER,
    PROMETHEUS_GAUGE,
    PROMETHEUS_SUMMARY,
    PROMETHEUS_HISTOGRAM
};

struct prometheus_text {
    struct nk_buffer buffer; /* the text so far */
    int error;               /* 0, or -errno: then the text is not whole */
};

/* The value may hold anything: it is escaped, and bytes that are no UTF-8 become
 * U+FFFD. */
struct prometheus_label {
    const char *name;
    const char *value;
};

/* An empty text that never has more than `cap` bytes. */
void prometheus_init(struct prometheus_text *text, size_t cap);
void prometheus_deinit(struct prometheus_text *text);

/* The heading of a metric; `help` is one line. */
void prometheus_metric(struct prometheus_text *text, const char *name, enum prometheus_kind kind,
                       const char *help);

/* One sample, exact. */
void prometheus_count(struct prometheus_text *text, const char *name,
                      const struct prometheus_label *labels, size_t count, uint64_t value);

/* One sample with a fraction. */
void prometheus_number(struct prometheus_text *text, const char *name,
                       const struct prometheus_label *labels, size_t count, double value);

#endif
