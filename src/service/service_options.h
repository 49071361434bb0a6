/* The options that every server shares, filled in by cmd/ from the command line.
 *
 * Plain data: durations in nanoseconds, sizes in bytes. The structure of each
 * service starts with this one. Zero-filled memory is not a valid value: start
 * from SERVICE_OPTIONS_DEFAULT.
 */
#ifndef SERVICE_SERVICE_OPTIONS_H
#define SERVICE_SERVICE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/address.h"
#include "service/access_list.h"

/* --threads was not given: the CPUs this process may use, besides the accepting loop. */
#define SERVICE_THREADS_AUTO UINT64_MAX

/* --max-conns was not given: the service derives it from the descriptor limit. */
#define SERVICE_MAX_CONNS_AUTO UINT64_MAX

struct service_options {
    struct nk_address *addresses; /* what to listen on; owned by the caller */
    size_t address_count;         /* 0: 127.0.0.1 and [::1] on default_port */
    uint16_t default_port;        /* for addresses that have none; set by the command */
    bool is_public;               /* --public: no address means all interfaces */
    uint64_t threads;             /* sub-loops; 0 = single reactor */
    const char *dispatcher;       /* "epoll", "poll", "select"; NULL = NETKIT_DISPATCHER or epoll */
    uint64_t max_conns;           /* open connections; 0 = as many as descriptors allow */
    struct access_rules access;   /* --allow and --deny */
    struct access_list *access_list; /* what they say; NULL = everybody; owned by the caller */
    uint64_t idle_timeout;           /* ns without traffic; 0 = never */
    uint64_t backlog;                /* listen(2) */
    bool reuseport;                  /* a SO_REUSEPORT listener per loop */
    bool nodelay;                    /* TCP_NODELAY */
    uint64_t drain;                  /* ns to finish in after the first SIGINT or SIGTERM */
    uint64_t ready_fd;               /* descriptor for the bound addresses; UINT64_MAX = none */
    uint64_t busy_poll;              /* ns to spin before the loop sleeps; 0 = never */
};

#define SERVICE_OPTIONS_DEFAULT                                                                    \
    {                                                                                              \
        .threads = SERVICE_THREADS_AUTO, .max_conns = SERVICE_MAX_CONNS_AUTO, .backlog = 4096,     \
        .nodelay = true, .drain = UINT64_C(10000000000), .ready_fd = UINT64_MAX,                   \
    }

#endif
