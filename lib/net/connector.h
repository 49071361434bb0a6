/* Connects one socket to one address, with a deadline.
 *
 * The outcome is always reported from the loop, never from within
 * nk_connector_start, and exactly once, unless the attempt is cancelled.
 * Loop thread only.
 */
#ifndef NK_NET_CONNECTOR_H
#define NK_NET_CONNECTOR_H

#include <stdbool.h>

#include "base/attributes.h"
#include "os/sockaddr.h"
#include "reactor/event_loop.h"

struct nk_connector;

/* `fd` >= 0 is the connected descriptor, now the callee's; else it is -errno:
 * -ECONNREFUSED, -ETIMEDOUT (also the deadline), -ENETUNREACH, -ENOENT (no such
 * unix socket) ... The connector is freed when this returns. */
typedef void nk_connector_fn(void *context, int fd);

/* Starts connecting to `remote` until the monotonic time `deadline` (NK_NEVER =
 * as long as the kernel tries). Returns 0 and *out, or -errno when not even a
 * socket could be made (then nothing is called). */
NK_PUBLIC NK_MUST_USE int nk_connector_start(struct nk_connector **out, struct nk_event_loop *loop,
                                             const struct nk_sockaddr *remote, uint64_t deadline,
                                             nk_connector_fn *on_done, void *context)
    NK_NONNULL(1, 2, 3, 5);

/* How the socket is prepared; zero-filled means a plain stream socket. What the
 * pointers point at is only read during the start. */
struct nk_connector_options {
    int type;                         /* SOCK_STREAM (also 0), SOCK_SEQPACKET or SOCK_DGRAM */
    const struct nk_sockaddr *source; /* bound before connecting; NULL = the kernel chooses */
    const char *socket_options;       /* "key=value&..." of the address, or NULL */
    bool no_delay;                    /* TCP_NODELAY, unless socket_options say otherwise */
};

/* The steps to a connection: which of them failed decides about the exit status
 * and the words of a program. */
enum nk_connect_step {
    NK_CONNECT_RESOLVE, /* the look-up of the name (net/dialer.h) */
    NK_CONNECT_SOCKET,  /* making a socket: no descriptor, no such family */
    NK_CONNECT_OPTIONS, /* a socket option */
    NK_CONNECT_BIND,    /* the source address or port */
    NK_CONNECT_CONNECT, /* the connection itself */
};

struct nk_connect_failure {
    enum nk_connect_step step;
    const char *option; /* the constant name of the option that failed, or NULL */
};

/* The same with options (NULL = none). On failure *failure (may be NULL) says at
 * what the preparations failed; it is untouched on success. */
NK_PUBLIC NK_MUST_USE int nk_connector_start_with(
    struct nk_connector **out, struct nk_event_loop *loop, const struct nk_sockaddr *remote,
    const struct nk_connector_options *options, uint64_t deadline, nk_connector_fn *on_done,
    void *context, struct nk_connect_failure *failure) NK_NONNULL(1, 2, 3, 6);

/* Gives up without a report and frees it; not after on_done was called. */
NK_PUBLIC void nk_connector_cancel(struct nk_connector *connector) NK_NONNULL(1);

#endif
