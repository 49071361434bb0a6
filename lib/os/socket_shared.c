#include "os/socket_shared.h"

#include <errno.h>
#include <sys/socket.h>

ssize_t nk_socket_shared_recv(int fd, void *data, size_t len)
{
    ssize_t got;
    do {
        got = recv(fd, data, len, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

ssize_t nk_socket_shared_send(int fd, const void *data, size_t len)
{
    ssize_t put;
    do {
        put = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    return put < 0 ? -errno : put;
}
