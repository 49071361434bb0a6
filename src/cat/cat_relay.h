/* `netkit relay A B`: takes clients on one address and joins each of them to a
 * connection of its own to another.
 *
 * One reactor for all of them. A client's two directions are independent: each
 * has back-pressure and an end of its own, and what happens to one client is
 * never noticed by another. A reset on one side becomes one on the other, behind
 * the bytes that came before it.
 */
#ifndef CAT_CAT_RELAY_H
#define CAT_CAT_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "os/address.h"
#include "service/access_list.h"
#include "service/exit_status.h"
#include "service/reporter.h"
#include "service/service_options.h"

struct cat_relay_options {
    struct nk_address from;          /* where the clients come; its scheme is not NONE */
    struct nk_address to;            /* where they are led; complete */
    uint64_t connect_timeout;        /* ns for each connection to `to`; NK_NEVER */
    uint64_t idle_timeout;           /* ns without a byte either way; 0 = never */
    uint64_t max_conns;              /* clients at a time; SERVICE_MAX_CONNS_AUTO */
    uint64_t drain;                  /* ns to finish in after the first SIGINT or SIGTERM */
    uint64_t backlog;                /* listen(2) */
    uint64_t ready_fd;               /* gets the bound addresses; UINT64_MAX = none */
    struct access_list *access_list; /* who may be a client; NULL = everybody; the caller's */
    const char *dispatcher;          /* NULL = NETKIT_DISPATCHER or epoll */
    bool once;                       /* one client, whose end is the end */
    bool accept_proxy;               /* each client sends a PROXY header first */
    int send_proxy;                  /* version of the one that is sent to `to`; 0 = none */
};

#define CAT_RELAY_OPTIONS_DEFAULT                                                                  \
    {                                                                                              \
        .connect_timeout = UINT64_C(10000000000), .max_conns = SERVICE_MAX_CONNS_AUTO,             \
        .drain = UINT64_C(10000000000), .backlog = 4096, .ready_fd = UINT64_MAX,                   \
    }

/* Totals since the start. */
struct cat_relay_statistics {
    uint64_t accepted;       /* clients */
    uint64_t active;         /* clients there now */
    uint64_t joined;         /* clients that were led to the other side */
    uint64_t failed;         /* clients that could not be led to the other side */
    uint64_t lost;           /* connections that a side has reset */
    uint64_t cut;            /* connections that the end of the drain has cut */
    uint64_t refused;        /* clients shed because no descriptor was left */
    uint64_t denied;         /* clients that the access list refused; not accepted */
    uint64_t dropped;        /* datagrams that could not be delivered */
    uint64_t bytes_sent;     /* from the clients to the other side */
    uint64_t bytes_received; /* and back */
    uint64_t elapsed;        /* ns */
};

/* One client. Strings are valid during the call. */
struct cat_relay_client {
    const char *client;   /* its address, "tcp://127.0.0.1:5000" */
    const char *target;   /* the address it is joined to, or "" */
    uint64_t sent;        /* bytes from the client to the target */
    uint64_t received;    /* and back */
    uint64_t elapsed;     /* ns since they were joined */
    const char *action;   /* what failed, such as "connect to", or NULL */
    const char *object;   /* what it failed with; NULL: with the client */
    int error;            /* and why: -errno */
    const char *reason;   /* the same in words that say more, or NULL */
    uint64_t more_failed; /* failures within the last second that were not reported */
};

/* What the program is told, on the main thread. */
struct cat_relay_reporter {
    /* listening, failed and draining are called; the statistics are not. */
    const struct service_reporter *base;
    void *context;
    bool all_failures; /* report each, not only one a second */
    /* A client could not be joined to the other side. */
    void (*failed)(void *context, const struct cat_relay_client *client);
    /* A client was joined; it has ended. Both may be NULL. */
    void (*connected)(void *context, const struct cat_relay_client *client);
    void (*closed)(void *context, const struct cat_relay_client *client);
    /* On SIGUSR1 (final = false) and once at the end; `status` is the exit status. */
    void (*statistics)(void *context, const struct cat_relay_statistics *statistics, bool final,
                       int status);
};

/* Runs until a signal stops it. The first SIGINT or SIGTERM drains, a second one
 * takes its usual course. Main thread only. */
enum exit_status cat_relay_run(const struct cat_relay_options *options,
                               const struct cat_relay_reporter *reporter);

#endif
