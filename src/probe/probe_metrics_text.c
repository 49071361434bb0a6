/* What Prometheus is told: a metric after the other, each with all targets. */
#include "base/clock.h"
#include "probe/probe_metrics.h"

/* ---- what a sample is made of ---- */

static uint64_t sent_of(const struct probe_target *target)
{
    return target->statistics.sent;
}

static uint64_t replies_of(const struct probe_target *target)
{
    return target->statistics.replies;
}

static uint64_t duplicates_of(const struct probe_target *target)
{
    return target->statistics.duplicates;
}

static uint64_t losses_of(const struct probe_target *target)
{
    return target->statistics.losses;
}

static uint64_t is_up(const struct probe_target *target)
{
    return target->state == PROBE_STATE_UP;
}

static const struct {
    const char *name;
    const char *help;
    enum prometheus_kind kind;
    uint64_t (*value_of)(const struct probe_target *target);
} metrics[] = {
    {"netkit_probe_up", "Whether the target has answered the last time.", PROMETHEUS_GAUGE, is_up},
    {"netkit_probe_sent_total", "Probes that were sent.", PROMETHEUS_COUNTER, sent_of},
    {"netkit_probe_replies_total", "Probes that were answered.", PROMETHEUS_COUNTER, replies_of},
    {"netkit_probe_duplicates_total", "Answers that came again, or too late.", PROMETHEUS_COUNTER,
     duplicates_of},
    {"netkit_probe_failed_connections_total", "Connections of probe keepalive that failed.",
     PROMETHEUS_COUNTER, losses_of},
};

/* Reasons to miss a probe, by the exit status that stands for each. */
static const struct {
    enum exit_status status;
    const char *reason;
} reasons[] = {
    {EXIT_STATUS_FAILED, "failed"},   {EXIT_STATUS_UNRESOLVED, "unresolved"},
    {EXIT_STATUS_REFUSED, "refused"}, {EXIT_STATUS_TIMED_OUT, "timed_out"},
    {EXIT_STATUS_LOST, "lost"},       {EXIT_STATUS_CANNOT_LISTEN, "source"},
};

/* ---- printing ---- */

static void print_missed(struct prometheus_text *text, const struct probe_target *target)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(reasons); i++) {
        const struct prometheus_label labels[] = {
            {"target", target->name},
            {"reason", reasons[i].reason},
        };
        prometheus_count(text, "netkit_probe_missed_total", labels, NK_ARRAY_LENGTH(labels),
                         target->statistics.missed[reasons[i].status]);
    }
}

/* A target that was never answered has no quantiles, and a count of 0. */
static void print_rtt(struct prometheus_text *text, const struct probe_target *target)
{
    static const char name[] = "netkit_probe_rtt_seconds";
    const struct histogram *rtt = &target->statistics.rtt;
    const struct prometheus_label label = {"target", target->name};
    double unit = (double)PROBE_RTT_UNIT / (double)NK_NANOSECONDS_PER_SECOND;
    struct probe_figures figures;
    if (rtt->count > 0 && probe_statistics_figures(&target->statistics, &figures) == 0) {
        const struct {
            const char *quantile;
            uint64_t value;
        } quantiles[] = {{"0", figures.min},
                         {"0.5", figures.p50},
                         {"0.9", figures.p90},
                         {"0.99", figures.p99},
                         {"1", figures.max}};
        for (size_t i = 0; i < NK_ARRAY_LENGTH(quantiles); i++) {
            const struct prometheus_label labels[] = {label, {"quantile", quantiles[i].quantile}};
            prometheus_number(text, name, labels, NK_ARRAY_LENGTH(labels),
                              (double)quantiles[i].value / (double)NK_NANOSECONDS_PER_SECOND);
        }
    }
    prometheus_number(text, "netkit_probe_rtt_seconds_sum", &label, 1, rtt->sum * unit);
    prometheus_count(text, "netkit_probe_rtt_seconds_count", &label, 1, rtt->count);
}

void probe_metrics_print(struct prometheus_text *text, const struct probe_totals *totals)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(metrics); i++) {
        prometheus_metric(text, metrics[i].name, metrics[i].kind, metrics[i].help);
        for (size_t j = 0; j < totals->target_count; j++) {
            const struct prometheus_label label = {"target", totals->targets[j]->name};
            prometheus_count(text, metrics[i].name, &label, 1,
                             metrics[i].value_of(totals->targets[j]));
        }
    }
    prometheus_metric(text, "netkit_probe_missed_total", PROMETHEUS_COUNTER,
                      "Probes that were not answered, by what became of them.");
    for (size_t i = 0; i < totals->target_count; i++)
        print_missed(text, totals->targets[i]);
    prometheus_metric(text, "netkit_probe_rtt_seconds", PROMETHEUS_SUMMARY,
                      "How long answers took, since the start.");
    for (size_t i = 0; i < totals->target_count; i++)
        print_rtt(text, totals->targets[i]);
}
