/* What `netkit serve http` says when it is ready, besides the addresses: how other
 * machines reach it, where it shows what it is doing, the QR code of a URL, and the
 * URL in a browser. All of it is for people: on standard error, and only on a
 * terminal but for the last.
 */
#ifndef CMD_SERVE_HTTP_ANNOUNCE_H
#define CMD_SERVE_HTTP_ANNOUNCE_H

#include "report.h"
#include "serve_http.h"

struct announcer {
    struct report report;                                  /* its reporter is for the service */
    void (*listening)(void *context, const char *address); /* the report's own */
    const struct serve_http_options *options;
    char *addresses[128]; /* bound so far; more are not announced */
    size_t address_count;
};

/* report_init and report_deinit with what is said here. `announcer` must neither
 * move nor go away in between. */
void announcer_init(struct announcer *announcer, const struct serve_http_options *options)
    NK_NONNULL(1, 2);
void announcer_deinit(struct announcer *announcer, enum exit_status status) NK_NONNULL(1);

#endif
