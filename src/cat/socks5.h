/* The client's side of a SOCKS5 handshake: RFC 1928, with the user name and
 * password of RFC 1929.
 *
 * Pure: bytes in, bytes out; no descriptors, no allocation. The caller sends what
 * socks5_take_output returns after socks5_init and after every socks5_input, and
 * hands in what it receives, in pieces of any size, until the handshake is
 * complete. What it could not hand in then belongs to the stream.
 */
#ifndef CAT_SOCKS5_H
#define CAT_SOCKS5_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"
#include "cat/proxy_target.h"

/* All that is ever sent: greeting, login and request. */
#define SOCKS5_OUTPUT_MAX                                                                          \
    (4 + (1 + 1 + PROXY_TEXT_MAX + 1 + PROXY_TEXT_MAX) + (4 + 1 + PROXY_TEXT_MAX + 2))

struct socks5 {
    /* private */
    uint8_t state;
    bool has_login;
    uint16_t left;       /* bytes of the reply's address that are still to come */
    int error;           /* why the handshake failed, or 0 */
    const char *problem; /* the same for the user */

    /* Greeting, login (may be empty) and request, one behind the other. */
    char output[SOCKS5_OUTPUT_MAX];
    size_t login;   /* where it begins */
    size_t request; /* where it begins */
    size_t end;
    size_t taken; /* up to where the output was taken */
    size_t ready; /* up to where it may be */
};

/* Begins a handshake; the target is copied. A numeric host is sent as an address,
 * any other as a name. Returns 0, or -EINVAL when something is empty or too long
 * for the protocol, or `host` is an IPv6 address with a zone. */
int socks5_init(struct socks5 *socks, const struct proxy_target *target);

/* What is to be sent now, each byte once; empty when it is the proxy's turn.
 * Valid as long as *socks, which is not to be moved. */
struct nk_slice socks5_take_output(struct socks5 *socks);

/* Takes what the proxy sent. Returns how many bytes belong to the handshake: all
 * of them until it is complete, and never one behind its end. Else why it failed,
 * for good:
 *   -ECONNREFUSED -ENETUNREACH -EHOSTUNREACH -ETIMEDOUT   the proxy could not connect
 *   -EACCES                      login or target are not allowed
 *   -EOPNOTSUPP -EAFNOSUPPORT    the proxy cannot do that
 *   -EREMOTEIO                   the proxy itself failed
 *   -EBADMSG                     this is no SOCKS5 proxy */
ssize_t socks5_input(struct socks5 *socks, struct nk_slice input);

bool socks5_is_complete(const struct socks5 *socks);

/* After a failure: what happened, as a constant sentence fragment. */
const char *socks5_problem(const struct socks5 *socks);

#endif
