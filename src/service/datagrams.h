/* The datagram sockets of a server: UDP and unix.
 *
 * Every loop of the pool has a UDP socket of its own for each address; they
 * share the port and the kernel keeps each client with one of them. A unix
 * address has one socket, on the first loop. All functions are for the main
 * loop's thread.
 *
 *     new -> listen (once per address) -> start -> drain -> on_drained -> free
 */
#ifndef SERVICE_DATAGRAMS_H
#define SERVICE_DATAGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/udp_endpoint.h"
#include "service/access_list.h"
#include "threads/thread_pool.h"

struct service_datagrams;

struct service_datagrams_options {
    const struct nk_udp_handlers *handlers;
    void *const *contexts;           /* the service's state for each loop of the pool */
    uint64_t peer_idle;              /* ns until a silent peer is forgotten */
    struct access_list *access_list; /* who is heard; NULL = everybody */
    bool reuse_port;                 /* other processes may share the port, too */
    /* Every socket is closed after service_datagrams_drain. */
    void (*on_drained)(void *context);
    void *context;
};

/* No socket yet. `options` is copied, what it points to is not. 0 or -ENOMEM. */
int service_datagrams_new(struct service_datagrams **out, struct nk_event_loop *main_loop,
                          struct nk_thread_pool *pool,
                          const struct service_datagrams_options *options);

/* Closes what is still open. The pool has to run. NULL is fine. */
void service_datagrams_free(struct service_datagrams *datagrams);

/* Binds `local`, which is a unix or an internet address; what comes waits in the
 * kernel until start. The other arguments are those of nk_tcp_server_listen.
 * Returns 0 or -errno. */
int service_datagrams_listen(struct service_datagrams *datagrams, const struct nk_sockaddr *local,
                             bool v6_only, const char *socket_options, struct nk_sockaddr *bound);

/* Begins to receive on everything that was bound. */
void service_datagrams_start(struct service_datagrams *datagrams);

/* Answers what has arrived and closes every socket, each on its loop. Returns
 * false when there is none: then on_drained is not called. */
bool service_datagrams_drain(struct service_datagrams *datagrams);

/* Whether there is, or was, any socket. */
bool service_datagrams_exist(const struct service_datagrams *datagrams);

/* The sums over all sockets, also those that were closed. */
void service_datagrams_statistics(struct service_datagrams *datagrams,
                                  struct nk_udp_statistics *out);

#endif
