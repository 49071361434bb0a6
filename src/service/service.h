/* The spine that every server shares: options -> loop, signals, threads,
 * listeners, run, drain, statistics -> exit status.
 *
 * A service brings connection handlers and, if it needs one, a state per loop;
 * everything between the command line and those callbacks happens here.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include "net/tcp_connection.h"
#include "net/udp_endpoint.h"
#include "service/confine.h"
#include "service/ending.h"
#include "service/exit_status.h"
#include "service/reporter.h"
#include "service/service_options.h"

/* Bytes of service.suffix, the NUL included. */
#define SERVICE_SUFFIX_SIZE 1025

struct service {
    const char *scheme; /* how its TCP addresses are printed: "tcp", "http" */
    const char *suffix; /* behind them: "", "/" */
    const struct nk_connection_handlers *handlers;
    const struct nk_udp_handlers *datagrams; /* for udp and unix-dgram addresses; may be NULL */
    uint64_t peer_idle; /* ns until a silent UDP peer is forgotten; 0 = a minute */

    /* How many descriptors a connection may need besides its socket. The limit on
     * connections leaves room for them. */
    unsigned descriptors_per_connection;

    /* With rules the process is confined (service/confine.h) when everything is
     * bound; what the spine itself needs later is added. NULL: it is not. */
    const struct confine_rule *confinement;
    size_t confinement_count;

    /* The state for one loop, found again with nk_connection_group_context or
     * nk_udp_endpoint_context. Made
     * on the main thread before anything is accepted and freed there after
     * everything has stopped. Both NULL when there is none. */
    int (*context_new)(void **context, void *state, struct nk_event_loop *loop);
    void (*context_free)(void *context);

    /* Starts the service's own threads: when everything is bound and before
     * anything is accepted. 0 or -errno. And joins them: after the last connection
     * has closed and before the loops stop, to which they may still post; also
     * when `start` was not reached or failed. Both may be NULL. */
    int (*start)(void *state);
    void (*stop)(void *state);

    /* SIGHUP: opens log files anew. Main thread; may be NULL. */
    void (*reopen)(void *state);

    /* Requests answered by that loop so far; any thread. May be NULL. */
    uint64_t (*request_count)(const void *context);

    /* Clients that the service itself has refused, and datagrams that it did not
     * answer, likewise. May be NULL. */
    uint64_t (*refused_count)(const void *context);
    uint64_t (*dropped_count)(const void *context);

    /* The server ends by itself after so many ns, as after the first SIGTERM; 0 = it does
     * not. Or whenever the service calls service_end (service/ending.h) with what it gets
     * here, on the main thread, before anything is accepted. May be NULL. */
    uint64_t run_for;
    void (*attach)(void *state, struct service_ending *ending);

    /* The exit status of a run in which nothing else went wrong. NULL: EXIT_STATUS_OK. */
    enum exit_status (*outcome)(void *state);

    void *state; /* handed to context_new, start, stop and reopen */
};

/* Runs the service until a signal, or it itself, ends it. The first SIGINT or SIGTERM drains;
 * a second one takes its usual course and ends the process. Main thread only,
 * before any other thread exists. */
enum exit_status service_run(const struct service *service, const struct service_options *options,
                             const struct service_reporter *reporter);

#endif
