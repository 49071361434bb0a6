/* The calls on sockets that everybody needs. Nobody makes raw ones but the files
 * os/socket*.c.
 *
 * Every function retries EINTR, never raises SIGPIPE and reports errors as
 * negative errno. Descriptors created here are non-blocking and close-on-exec.
 * I/O functions return n > 0 for bytes moved, 0 for end of file (receiving
 * only) and -EAGAIN when it would block. Safe on any thread.
 */
#ifndef NK_OS_SOCKET_H
#define NK_OS_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "os/sockaddr.h"

/* socket(2). `type` is SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET.
 * Returns the descriptor or -errno. */
NK_PUBLIC NK_MUST_USE int nk_socket_open(int family, int type);

/* socketpair(2): two unix sockets connected to each other, of such a type.
 * Returns 0 and both descriptors, or -errno. */
NK_PUBLIC NK_MUST_USE int nk_socket_pair(int type, int fds[2]) NK_NONNULL(2);

/* close(2). Linux releases the descriptor even when it reports EINTR, so there
 * is nothing to retry and nothing to return. Negative descriptors are ignored. */
NK_PUBLIC void nk_socket_close(int fd);

/* bind(2); for TCP call nk_socket_set_reuse_address first. */
NK_PUBLIC NK_MUST_USE int nk_socket_bind(int fd, const struct nk_sockaddr *local) NK_NONNULL(2);

/* listen(2). The kernel caps the backlog at net.core.somaxconn. */
NK_PUBLIC NK_MUST_USE int nk_socket_listen(int fd, int backlog);

/* accept4(2). Returns the new descriptor (non-blocking, close-on-exec) or
 * -errno; *peer (may be NULL) receives the peer's address. */
NK_PUBLIC NK_MUST_USE int nk_socket_accept(int fd, struct nk_sockaddr *peer);

/* connect(2). 0 when connected at once, -EINPROGRESS when the socket will turn
 * writable on success or failure (then ask nk_socket_take_error). For a unix
 * stream socket -EAGAIN means that the server's backlog is full. */
NK_PUBLIC NK_MUST_USE int nk_socket_connect(int fd, const struct nk_sockaddr *remote) NK_NONNULL(2);

/* SO_ERROR: the pending asynchronous error as a negative errno, or 0; reading
 * it clears it. */
NK_PUBLIC NK_MUST_USE int nk_socket_take_error(int fd);

/* recv(2) without flags. On a datagram socket 0 is an empty datagram. */
NK_PUBLIC NK_MUST_USE ssize_t nk_socket_recv(int fd, void *data, size_t len) NK_NONNULL(2);

/* recv(2) with MSG_PEEK: the same, but the bytes stay in the socket and come
 * again with the next call. The socket stays readable meanwhile, so whoever
 * peeks at a part has to receive it before the loop is asked again. */
NK_PUBLIC NK_MUST_USE ssize_t nk_socket_peek(int fd, void *data, size_t len) NK_NONNULL(2);

/* send(2) with MSG_NOSIGNAL; `more` adds MSG_MORE: more bytes follow at once. */
NK_PUBLIC NK_MUST_USE ssize_t nk_socket_send(int fd, const void *data, size_t len, bool more)
    NK_NONNULL(2);

/* sendfile(2) from `file` at *offset, which advances by what was sent. 0 means
 * that the file ends here. -EINVAL when the file cannot be sent this way. */
NK_PUBLIC NK_MUST_USE ssize_t nk_socket_send_file(int fd, int file, off_t *offset, size_t len)
    NK_NONNULL(3);

/* splice(2) between a socket and a pipe, either way, without waiting for either.
 * 0 = end of file. -EAGAIN does not say which of the two is not ready; -EINVAL
 * when this pair cannot be spliced. A closed reader raises no SIGPIPE as long as
 * the program ignores it. */
NK_PUBLIC NK_MUST_USE ssize_t nk_socket_splice(int from, int to, size_t len);

/* shutdown(2), SHUT_WR: the peer reads end of file behind the last byte. */
NK_PUBLIC NK_MUST_USE int nk_socket_shutdown_write(int fd);

/* Bytes sent that the peer has not acknowledged (TCP) or not read (unix) yet
 * (SIOCOUTQ); 0 when the kernel cannot tell. */
NK_PUBLIC size_t nk_socket_unacknowledged(int fd);

/* getsockname(2) and getpeername(2). */
NK_PUBLIC NK_MUST_USE int nk_socket_local(int fd, struct nk_sockaddr *local) NK_NONNULL(2);
NK_PUBLIC NK_MUST_USE int nk_socket_peer(int fd, struct nk_sockaddr *peer) NK_NONNULL(2);

/* setsockopt(2), and getsockopt(2) of an option that is an int. */
NK_PUBLIC NK_MUST_USE int nk_socket_set_option(int fd, int level, int option, const void *value,
                                               size_t len) NK_NONNULL(4);
NK_PUBLIC NK_MUST_USE int nk_socket_get_option(int fd, int level, int option, int *value)
    NK_NONNULL(4);

/* SO_REUSEADDR: binds a port whose former connections are in TIME_WAIT. */
NK_PUBLIC NK_MUST_USE int nk_socket_set_reuse_address(int fd, bool on);

/* SO_REUSEPORT: several sockets share a port, the kernel spreads the clients. */
NK_PUBLIC NK_MUST_USE int nk_socket_set_reuse_port(int fd, bool on);

/* IPV6_V6ONLY: whether an IPv6 wildcard leaves IPv4 alone. */
NK_PUBLIC NK_MUST_USE int nk_socket_set_v6_only(int fd, bool on);
/* TCP_NODELAY; set on a listener it is inherited by what it accepts. */
NK_PUBLIC NK_MUST_USE int nk_socket_set_no_delay(int fd, bool on);
/* SO_LINGER with zero seconds: closing sends RST and drops unsent bytes. */
NK_PUBLIC NK_MUST_USE int nk_socket_set_abortive_close(int fd);

#endif
