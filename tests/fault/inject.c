#include "inject.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

struct rule {
    atomic_uint count;
    atomic_uint failed;
    atomic_uint first; /* count of the first call that fails; 0 = none */
    atomic_uint last;
    atomic_uint period; /* 0 = none */
    atomic_int error;
    atomic_size_t limit;
};

static struct rule rules[INJECT_CALLS];
static atomic_bool last_wait_was_endless;

void inject_reset(void)
{
    for (size_t i = 0; i < INJECT_CALLS; i++) {
        atomic_store(&rules[i].first, 0);
        atomic_store(&rules[i].period, 0);
        atomic_store(&rules[i].limit, 0);
        atomic_store(&rules[i].count, 0);
        atomic_store(&rules[i].failed, 0);
    }
}

void inject_failure(enum inject_call call, unsigned nth, unsigned times, int error)
{
    unsigned count = atomic_load(&rules[call].count);

    atomic_store(&rules[call].error, error);
    atomic_store(&rules[call].last, count + nth + times - 1);
    atomic_store(&rules[call].first, count + nth);
}

void inject_failures(enum inject_call call, unsigned period, int error)
{
    atomic_store(&rules[call].error, error);
    atomic_store(&rules[call].period, period);
}

void inject_short(enum inject_call call, size_t limit)
{
    atomic_store(&rules[call].limit, limit);
}

unsigned inject_count(enum inject_call call)
{
    return atomic_load(&rules[call].count);
}

unsigned inject_failed(enum inject_call call)
{
    return atomic_load(&rules[call].failed);
}

bool inject_last_wait_was_endless(void)
{
    return atomic_load(&last_wait_was_endless);
}

/* Whether this call is to fail; errno is set then. */
static bool must_fail(enum inject_call call)
{
    struct rule *rule = &rules[call];
    unsigned number = atomic_fetch_add(&rule->count, 1) + 1;
    unsigned first = atomic_load(&rule->first);
    unsigned period = atomic_load(&rule->period);
    bool fails = (first != 0 && number >= first && number <= atomic_load(&rule->last)) ||
                 (period != 0 && number % period == 0);

    if (fails) {
        atomic_fetch_add(&rule->failed, 1);
        errno = atomic_load(&rule->error);
    }
    return fails;
}

static size_t shortened(enum inject_call call, size_t len)
{
    size_t limit = atomic_load(&rules[call].limit);

    return limit != 0 && len > limit ? limit : len;
}

/* ---- what the linker puts in front of the calls ---- */

ssize_t __real_recv(int fd, void *data, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t len, int flags);
ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);
ssize_t __real_sendfile(int out, int in, off_t *offset, size_t len);
ssize_t __wrap_sendfile(int out, int in, off_t *offset, size_t len);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __real_epoll_wait(int fd, struct epoll_event *events, int max, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout);
int __real_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event);
int __real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                 const sigset_t *mask);
int __real_select(int count, fd_set *reads, fd_set *writes, fd_set *others,
                  struct timeval *timeout);
int __wrap_select(int count, fd_set *reads, fd_set *writes, fd_set *others,
                  struct timeval *timeout);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

ssize_t __wrap_recv(int fd, void *data, size_t len, int flags)
{
    if (must_fail(INJECT_RECV))
        return -1;
    return __real_recv(fd, data, shortened(INJECT_RECV, len), flags);
}

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
    if (must_fail(INJECT_SEND))
        return -1;
    return __real_send(fd, data, shortened(INJECT_SEND, len), flags);
}

ssize_t __wrap_sendfile(int out, int in, off_t *offset, size_t len)
{
    if (must_fail(INJECT_SENDFILE))
        return -1;
    return __real_sendfile(out, in, offset, shortened(INJECT_SENDFILE, len));
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    return must_fail(INJECT_ACCEPT) ? -1 : __real_accept4(fd, address, len, flags);
}

int __wrap_socket(int domain, int type, int protocol)
{
    return must_fail(INJECT_SOCKET) ? -1 : __real_socket(domain, type, protocol);
}

int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    atomic_store(&last_wait_was_endless, timeout < 0);
    return must_fail(INJECT_WAIT) ? -1 : __real_epoll_wait(fd, events, max, timeout);
}

int __wrap_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
    if (operation != EPOLL_CTL_DEL && must_fail(INJECT_EPOLL_CTL)) /* that needs no memory */
        return -1;
    return __real_epoll_ctl(epoll_fd, operation, fd, event);
}

int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                 const sigset_t *mask)
{
    atomic_store(&last_wait_was_endless, timeout == NULL);
    return must_fail(INJECT_WAIT) ? -1 : __real_ppoll(fds, count, timeout, mask);
}

int __wrap_select(int count, fd_set *reads, fd_set *writes, fd_set *others, struct timeval *timeout)
{
    atomic_store(&last_wait_was_endless, timeout == NULL);
    return must_fail(INJECT_WAIT) ? -1 : __real_select(count, reads, writes, others, timeout);
}

void *__wrap_malloc(size_t size)
{
    return must_fail(INJECT_ALLOCATION) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return must_fail(INJECT_ALLOCATION) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return must_fail(INJECT_ALLOCATION) ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return must_fail(INJECT_ALLOCATION) ? NULL : __real_reallocarray(old, count, size);
}
