/* What a service tells the program that runs it. Services never print: cmd/
 * turns these calls into lines for people or into JSON.
 *
 * All functions are called on the thread that called service_run, and every
 * string is valid only during the call.
 */
#ifndef SERVICE_REPORTER_H
#define SERVICE_REPORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Totals since the start, over all loops. */
struct service_statistics {
    uint64_t accepted;                /* connections taken */
    uint64_t active;                  /* connections open now */
    uint64_t refused;                 /* connections ended because a limit was reached */
    uint64_t evicted;                 /* idle connections closed to make room for others */
    uint64_t denied;                  /* connections that the access list refused */
    uint64_t cut;                     /* connections that the drain deadline cut */
    uint64_t bytes_received;          /* payload bytes from clients */
    uint64_t bytes_sent;              /* payload bytes to clients */
    uint64_t requests;                /* requests answered; 0 for services without any */
    bool has_datagrams;               /* some address is for datagrams */
    uint64_t datagrams;               /* datagrams received */
    uint64_t datagrams_denied;        /* datagrams that the access list refused; not received */
    uint64_t datagrams_too_long;      /* answers longer than a datagram can be */
    uint64_t datagrams_dropped;       /* answers that could not be sent, for other reasons */
    uint64_t elapsed;                 /* ns since the service started */
    size_t loop_count;                /* entries in accepted_by_loop */
    const uint64_t *accepted_by_loop; /* how the connections were spread */
};

struct service_reporter {
    void *context;
    /* One bound address, e.g. "tcp://127.0.0.1:43211" or "http://[::1]:8080/". */
    void (*listening)(void *context, const char *address);
    /* `action` completes "cannot ...": "listen on"; `object` is quoted; `error`
     * is a negative errno. */
    void (*failed)(void *context, const char *action, const char *object, int error);
    /* The first stop signal arrived, or with 0 the server ends by itself; at most `drain`
     * ns are left. */
    void (*draining)(void *context, int signal_number, uint64_t active, uint64_t drain);
    /* On SIGUSR1 (final = false) and once at the end. `status` is the exit
     * status the command will have; meaningful only at the end. */
    void (*statistics)(void *context, const struct service_statistics *statistics, bool final,
                       int status);
    /* Every address is bound, and no thread of the service has been started. NULL
     * when nobody wants to know. */
    void (*ready)(void *context);
};

#endif
