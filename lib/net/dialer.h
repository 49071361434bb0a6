/* Connects to an address as people write it: the name is looked up, and its
 * addresses are tried in the manner of RFC 8305 (Happy Eyeballs).
 *
 * The families take turns (net/address_order.h). The next attempt starts 250 ms
 * after the one before it, or at once when one fails; the first that connects
 * wins and the others are closed. One deadline covers everything. A unix socket
 * is one attempt without a look-up. What is reported comes from the loop, never
 * from within nk_dialer_start. Loop thread only.
 */
#ifndef NK_NET_DIALER_H
#define NK_NET_DIALER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "net/connector.h"
#include "os/address.h"
#include "os/sockaddr.h"
#include "reactor/event_loop.h"
#include "threads/worker_pool.h"

/* RFC 8305, section 5: the recommended delay between two attempts. */
#define NK_DIALER_ATTEMPT_DELAY (250 * NK_NANOSECONDS_PER_MILLISECOND)

struct nk_dialer;

struct nk_dialer_result {
    int fd;                            /* connected and now the callee's, or -errno */
    struct nk_connect_failure failure; /* what failed when fd < 0 */
    bool has_remote;                   /* at least one address was tried */
    struct nk_sockaddr remote;         /* the one that connected, or else the last tried */
};

/* The outcome, once. A failure is that of the last attempt: of several that ran
 * at the same time, the one that was started last. Errors of the look-up
 * (NK_CONNECT_RESOLVE) are those of net/resolver.h; the deadline is -ETIMEDOUT,
 * during the look-up too. `result` is valid until this returns; the dialer is
 * gone already, so that another one may be started. */
typedef void nk_dialer_fn(void *context, const struct nk_dialer_result *result);

/* One attempt, for showing: `error` is -EINPROGRESS when it starts, later the
 * reason why it failed. It may not cancel the dialer. */
typedef void nk_dialer_attempt_fn(void *context, const struct nk_sockaddr *remote, int error);

struct nk_dialer_options {
    struct nk_worker_pool *pool;      /* for names; NULL when only numbers are dialled */
    uint64_t deadline;                /* monotonic ns; 0 and NK_NEVER = none of ours */
    uint64_t attempt_delay;           /* ns; 0 = NK_DIALER_ATTEMPT_DELAY */
    int family;                       /* AF_INET or AF_INET6 only; 0 = both */
    const struct nk_sockaddr *source; /* address to connect from; implies its family; NULL =
                                         that of the address's options, if any */
    uint16_t source_port;             /* port to connect from; 0 = any, or that of `source`, or
                                         that of the address's options */
    bool no_delay;                    /* TCP_NODELAY, unless the address's options say otherwise */
    /* Those of the host, when they are known already: it is not looked up. Their port is
       that of the address dialled; only those of the family are tried. NULL = not known. */
    const struct nk_sockaddr *addresses;
    size_t address_count;
    nk_dialer_attempt_fn *on_attempt; /* may be NULL */
    nk_dialer_fn *on_done;
    void *context;
};

/* Starts dialling `address`, whose options (`?key=value`) are set on every socket
 * before it connects. Its scheme decides about the kind of socket: stream unless
 * it says udp, unix-dgram or unix-seqpacket. An empty host is this machine.
 * Nothing of the arguments is kept but options->pool. Returns 0 and *out, or
 * -errno when it cannot even begin (then nothing is called): -EAGAIN when the
 * pool's queue is full, -EINVAL for a name without a pool, -EAFNOSUPPORT when the
 * source or every known address is of another family than the address must have,
 * -ENODEV when its zone is no interface, -ENOMEM. */
NK_PUBLIC NK_MUST_USE int nk_dialer_start(struct nk_dialer **out, struct nk_event_loop *loop,
                                          const struct nk_address *address,
                                          const struct nk_dialer_options *options)
    NK_NONNULL(1, 2, 3, 4);

/* Gives up without a report and frees it; not after on_done was called. */
NK_PUBLIC void nk_dialer_cancel(struct nk_dialer *dialer) NK_NONNULL(1);

#endif
