#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <time.h>
#include <unistd.h>

int nk_socket_open(int family, int type)
{
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    return fd >= 0 ? fd : -errno;
}

int nk_socket_pair(int type, int fds[2])
{
    return socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0 ? 0 : -errno;
}

void nk_socket_close(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

int nk_socket_bind(int fd, const struct nk_sockaddr *local)
{
    return bind(fd, &local->any, local->len) == 0 ? 0 : -errno;
}

int nk_socket_listen(int fd, int backlog)
{
    return listen(fd, backlog) == 0 ? 0 : -errno;
}

/* The kernel reports the length it would have liked to store. A unix path that
 * fills sun_path to the last byte is reported with one more for its NUL. */
static socklen_t stored_len(socklen_t reported)
{
    return reported < sizeof(struct sockaddr_un) ? reported : sizeof(struct sockaddr_un);
}

int nk_socket_accept(int fd, struct nk_sockaddr *peer)
{
    socklen_t len = sizeof(struct sockaddr_un);
    int accepted;

    do
        accepted =
            accept4(fd, peer ? &peer->any : NULL, peer ? &len : NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (NK_UNLIKELY(accepted < 0 && errno == EINTR));
    if (accepted < 0)
        return -errno;
    if (peer)
        peer->len = stored_len(len);
    return accepted;
}

int nk_socket_connect(int fd, const struct nk_sockaddr *remote)
{
    bool interrupted = false;

    while (connect(fd, &remote->any, remote->len) < 0) {
        /* An interrupted connect may go on in the background; the second call
         * then only tells how far it is. */
        if (interrupted && errno == EISCONN)
            return 0;
        if (interrupted && errno == EALREADY)
            return -EINPROGRESS;
        if (errno != EINTR)
            return -errno;
        interrupted = true;
    }
    return 0;
}

int nk_socket_take_error(int fd)
{
    int pending = 0;
    int error = nk_socket_get_option(fd, SOL_SOCKET, SO_ERROR, &pending);

    return error ? error : -pending;
}

static inline ssize_t receive(int fd, void *data, size_t len, int flags)
{
    ssize_t received;

    do
        received = recv(fd, data, len, flags);
    while (NK_UNLIKELY(received < 0 && errno == EINTR));
    return NK_LIKELY(received >= 0) ? received : -errno;
}

ssize_t nk_socket_recv(int fd, void *data, size_t len)
{
    return receive(fd, data, len, 0);
}

ssize_t nk_socket_peek(int fd, void *data, size_t len)
{
    return receive(fd, data, len, MSG_PEEK);
}

ssize_t nk_socket_send(int fd, const void *data, size_t len, bool more)
{
    int flags = more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
    ssize_t sent;

    do
        sent = send(fd, data, len, flags);
    while (NK_UNLIKELY(sent < 0 && errno == EINTR));
    return NK_LIKELY(sent >= 0) ? sent : -errno;
}

static ssize_t send_file_retrying(int fd, int file, off_t *offset, size_t len)
{
    ssize_t sent;

    do
        sent = sendfile(fd, file, offset, len);
    while (NK_UNLIKELY(sent < 0 && errno == EINTR));
    if (sent >= 0)
        return sent;
    /* Pipes and the like cannot be read at an offset: for the caller the same
     * as a file system without sendfile, namely "read it yourself". */
    return errno == ESPIPE || errno == ENOSYS ? -EINVAL : -errno;
}

/* sendfile has no MSG_NOSIGNAL. A program that has not ignored SIGPIPE is kept
 * from dying by blocking the signal in this thread and taking it back if this
 * call, and not an earlier one, caused it. */
static ssize_t send_file_without_sigpipe(int fd, int file, off_t *offset, size_t len)
{
    const struct timespec no_wait = {0};
    sigset_t sigpipe;
    sigset_t before;
    sigset_t pending;

    (void)sigemptyset(&sigpipe);
    (void)sigaddset(&sigpipe, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
    (void)sigpending(&pending);

    ssize_t sent = send_file_retrying(fd, file, offset, len);

    if (sent == -EPIPE && sigismember(&pending, SIGPIPE) == 0)
        while (sigtimedwait(&sigpipe, NULL, &no_wait) < 0 && errno == EINTR)
            continue;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return sent;
}

ssize_t nk_socket_send_file(int fd, int file, off_t *offset, size_t len)
{
    struct sigaction action;

    /* One cheap call, and for a program that ignores SIGPIPE (netkit does) the
     * only one; sendfile moves at least tens of kilobytes at a time. */
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        return send_file_retrying(fd, file, offset, len);
    return send_file_without_sigpipe(fd, file, offset, len);
}

ssize_t nk_socket_splice(int from, int to, size_t len)
{
    ssize_t moved;
    do {
        moved = splice(from, NULL, to, NULL, len, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    } while (moved < 0 && errno == EINTR);
    return moved < 0 ? -errno : moved;
}

int nk_socket_shutdown_write(int fd)
{
    return shutdown(fd, SHUT_WR) == 0 ? 0 : -errno;
}

int nk_socket_local(int fd, struct nk_sockaddr *local)
{
    socklen_t len = sizeof(struct sockaddr_un);

    if (getsockname(fd, &local->any, &len) < 0)
        return -errno;
    local->len = stored_len(len);
    return 0;
}

int nk_socket_peer(int fd, struct nk_sockaddr *peer)
{
    socklen_t len = sizeof(struct sockaddr_un);

    if (getpeername(fd, &peer->any, &len) < 0)
        return -errno;
    peer->len = stored_len(len);
    return 0;
}

int nk_socket_set_option(int fd, int level, int option, const void *value, size_t len)
{
    return setsockopt(fd, level, option, value, (socklen_t)len) == 0 ? 0 : -errno;
}

int nk_socket_get_option(int fd, int level, int option, int *value)
{
    int result = 0;
    socklen_t len = sizeof result;

    if (getsockopt(fd, level, option, &result, &len) < 0)
        return -errno;
    *value = result;
    return 0;
}

static int set_flag(int fd, int level, int option, bool on)
{
    int value = on ? 1 : 0;

    return nk_socket_set_option(fd, level, option, &value, sizeof value);
}

int nk_socket_set_reuse_address(int fd, bool on)
{
    return set_flag(fd, SOL_SOCKET, SO_REUSEADDR, on);
}

int nk_socket_set_reuse_port(int fd, bool on)
{
    return set_flag(fd, SOL_SOCKET, SO_REUSEPORT, on);
}

int nk_socket_set_v6_only(int fd, bool on)
{
    return set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, on);
}

int nk_socket_set_no_delay(int fd, bool on)
{
    return set_flag(fd, IPPROTO_TCP, TCP_NODELAY, on);
}

int nk_socket_set_abortive_close(int fd)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    return nk_socket_set_option(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

size_t nk_socket_unacknowledged(int fd)
{
    int bytes;
    return ioctl(fd, SIOCOUTQ, &bytes) < 0 || bytes < 0 ? 0 : (size_t)bytes;
}
