/* The client's side of HTTP CONNECT: a tunnel through an HTTP proxy (RFC 9110,
 * 9.3.6), with Basic authentication (RFC 7617) when a user is given.
 *
 * Pure: bytes in, bytes out; no descriptors, no allocation. The caller sends what
 * http_connect_take_output returns after http_connect_init and hands in what it
 * receives, in pieces of any size, until the handshake is complete. What it could
 * not hand in then belongs to the stream.
 */
#ifndef CAT_HTTP_CONNECT_H
#define CAT_HTTP_CONNECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"
#include "cat/proxy_target.h"

/* Bytes that the answer may have, interim answers (1xx) included. */
#define HTTP_CONNECT_ANSWER_MAX 32768

/* Two times the authority, 684 bytes of credentials, and the words between. */
#define HTTP_CONNECT_REQUEST_MAX 1536

struct http_connect {
    /* private */
    uint8_t state;
    uint8_t place;          /* in the fixed part of the status line */
    bool has_fields;        /* a field line was seen */
    bool has_login;         /* the request carries credentials */
    uint16_t status;        /* of the current answer, as far as it was read */
    uint32_t received;      /* bytes of answers */
    int error;              /* why the handshake failed, or 0 */
    const char *problem;    /* the same for the user */
    struct nk_slice output; /* not yet taken */
    char request[HTTP_CONNECT_REQUEST_MAX];
};

/* Begins a handshake; the target is copied. Returns 0, or -EINVAL when the host is
 * empty, too long or holds what no host may (also a zone), or the user name holds
 * a colon, or one of the two a control character. */
int http_connect_init(struct http_connect *connect, const struct proxy_target *target);

/* What is to be sent now, each byte once; empty when it is the proxy's turn.
 * Valid as long as *connect, which is not to be moved. */
struct nk_slice http_connect_take_output(struct http_connect *connect);

/* Takes what the proxy sent. Returns how many bytes belong to the handshake: all
 * of them until it is complete, and never one behind its end. Else why it failed,
 * for good:
 *   -EACCES        401, 403, 407: login or target are not allowed
 *   -EHOSTUNREACH  404, 502, 503: the proxy cannot reach the target
 *   -ETIMEDOUT     408, 504
 *   -ECONNREFUSED  every other status
 *   -EMSGSIZE      the answer is longer than HTTP_CONNECT_ANSWER_MAX
 *   -EBADMSG       this is no HTTP proxy */
ssize_t http_connect_input(struct http_connect *connect, struct nk_slice input);

bool http_connect_is_complete(const struct http_connect *connect);

/* The status of the final answer, as soon as its status line is there; else 0. */
int http_connect_status(const struct http_connect *connect);

/* After a failure: what happened, as a constant sentence fragment. */
const char *http_connect_problem(const struct http_connect *connect);

#endif
