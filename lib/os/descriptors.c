#include "os/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t limit_of(rlim_t value)
{
    return value == RLIM_INFINITY ? UINT64_MAX : (uint64_t)value;
}

int nk_descriptors_raise_limit(uint64_t *limit)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return -errno;
    if (files.rlim_cur != files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &files) < 0)
            return -errno;
    }
    if (limit)
        *limit = limit_of(files.rlim_cur);
    return 0;
}

uint64_t nk_descriptors_limit(void)
{
    struct rlimit files = {.rlim_cur = RLIM_INFINITY};

    (void)getrlimit(RLIMIT_NOFILE, &files);
    return limit_of(files.rlim_cur);
}

int nk_descriptors_open_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* The lowest free number is taken, and all below this one are open. */
        if (errno != EBADF || open("/dev/null", O_RDWR) < 0)
            return -errno;
    }
    return 0;
}
