/* How a connection's bytes reach the wire: a vtable of five verbs, so that TLS
 * is one more file and no protocol above knows the difference.
 *
 * The connection owns the transport, which owns nothing but what its ops add.
 * I/O verbs return n > 0, 0 = end of file (recv only), -EAGAIN = would block,
 * other -errno = the connection is lost. After -EAGAIN the two `waits_for`
 * fields say which readiness that direction needs; with TLS receiving may need
 * NK_WRITE and the other way round. Loop thread only.
 */
#ifndef NK_NET_TRANSPORT_H
#define NK_NET_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"

struct nk_transport;

struct nk_transport_ops {
    const char *name;

    /* Advances the handshake: 0 = done, -EAGAIN, or the reason it failed. NULL
     * when the transport has none. */
    int (*handshake)(struct nk_transport *transport);

    ssize_t (*recv)(struct nk_transport *transport, void *data, size_t len);

    /* `more`: further bytes follow at once, so a small packet may be held. */
    ssize_t (*send)(struct nk_transport *transport, const void *data, size_t len, bool more);

    /* Ends the sending direction behind what was sent. 0, -EAGAIN or -errno. */
    int (*shutdown)(struct nk_transport *transport);

    /* Bytes that recv would return without the kernel reporting readiness. NULL
     * when there never are any. */
    size_t (*pending)(const struct nk_transport *transport);

    /* Sends up to `len` bytes of `file` from *offset and advances it; 0 = the
     * file ended. NULL: the connection copies through its buffer. */
    ssize_t (*send_file)(struct nk_transport *transport, int file, off_t *offset, size_t len);

    /* Moves up to `len` bytes from the socket into a pipe. NULL: as above. */
    ssize_t (*splice)(struct nk_transport *transport, int pipe, size_t len);
};

struct nk_transport {
    const struct nk_transport_ops *ops;
    int fd;
    uint8_t recv_waits_for; /* NK_READ, seldom NK_WRITE */
    uint8_t send_waits_for; /* NK_WRITE, seldom NK_READ */
};

/* TCP and unix stream sockets as they are. Cannot fail. */
NK_PUBLIC void nk_plain_transport_init(struct nk_transport *transport, int fd) NK_NONNULL(1);

#endif
