#include "os/socket_record.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "os/socket.h"

bool nk_socket_keeps_records(int fd)
{
    int type = 0;
    return nk_socket_get_option(fd, SOL_SOCKET, SO_TYPE, &type) == 0 && type == SOCK_SEQPACKET;
}

int nk_socket_mark_records(int fd)
{
    int on = 1;
    return nk_socket_set_option(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on);
}

ssize_t nk_socket_receive_record(int fd, void *data, size_t len, bool *has_ended)
{
    union {
        struct cmsghdr aligned;
        char room[CMSG_SPACE(sizeof(struct timeval))];
    } control;
    struct iovec place = {.iov_base = data, .iov_len = len};
    struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1};
    ssize_t got;
    do {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        got = recvmsg(fd, &message, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    if (message.msg_flags & MSG_TRUNC)
        return -EMSGSIZE;
    *has_ended = got == 0 && message.msg_controllen == 0;
    return got;
}
