/* The figures of a run over HTTP, as Prometheus collects them: /metrics.
 *
 * A server on the run's own loop, so that what it tells is of one moment. Loop thread
 * only.
 */
#ifndef PROBE_PROBE_METRICS_H
#define PROBE_PROBE_METRICS_H

#include "measure/prometheus.h"
#include "os/address.h"
#include "os/sockaddr.h"
#include "probe/probe_reporter.h"
#include "reactor/event_loop.h"

struct probe_metrics;

/* Fills in what is to be told, whenever somebody asks. */
typedef void probe_metrics_fn(void *context, struct probe_totals *totals);

/* Room for every URL that is reported, NUL included. */
#define PROBE_METRICS_URL_MAX (NK_SOCKADDR_TEXT_MAX + sizeof "http:///metrics")

/* Listens on `address`, which names no host that has to be looked up; a unix address is
 * fine. `url` receives where the figures are. Returns 0 and *out, or -errno. */
int probe_metrics_start(struct probe_metrics **out, struct nk_event_loop *loop,
                        const struct nk_address *address, probe_metrics_fn *fill, void *context,
                        char url[static PROBE_METRICS_URL_MAX]);

/* Closes everything; turns the loop once or twice for it. NULL is fine. */
void probe_metrics_stop(struct probe_metrics *metrics);

/* The text itself. */
void probe_metrics_print(struct prometheus_text *text, const struct probe_totals *totals);

#endif
