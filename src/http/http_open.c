#include "http/http_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_NONBLOCK: a FIFO opens at once instead of waiting for its writer; it has no
 * effect on regular files and directories. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* A walk that races with a rename is told to try again (openat2(2), EAGAIN). */
#define ATTEMPTS 8

static int open_with_openat2(int root, const char *name, bool follow_out)
{
    struct open_how how = {
        .flags = OPEN_FLAGS,
        .resolve = RESOLVE_NO_MAGICLINKS | (follow_out ? 0u : (unsigned)RESOLVE_BENEATH),
    };
    for (int i = 0; i < ATTEMPTS; i++) {
        long fd = syscall(SYS_openat2, root, name, &how, sizeof(how));
        if (fd >= 0)
            return (int)fd;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return -EAGAIN;
}

/* Component by component, no symbolic link anywhere. `name` holds no dot
 * segments and no empty ones but the last. */
static int open_by_walking(int root, const char *name)
{
    int directory = openat(root, ".", O_PATH | O_CLOEXEC | O_DIRECTORY);
    const char *slash;
    while (directory >= 0 && (slash = strchr(name, '/')) && slash[1] != '\0') {
        char component[NAME_MAX + 1];
        int next = -1;
        int error = ENAMETOOLONG;
        if ((size_t)(slash - name) < sizeof(component)) {
            memcpy(component, name, (size_t)(slash - name));
            component[slash - name] = '\0';
            next = openat(directory, component, O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
            error = errno;
        }
        close(directory);
        directory = next;
        errno = error;
        name = slash + 1;
    }
    if (directory < 0)
        return -errno;
    int fd = openat(directory, name, OPEN_FLAGS | O_NOFOLLOW);
    int error = fd < 0 ? -errno : 0;
    close(directory);
    return error ? error : fd;
}

int http_open_beneath(int root, const char *name, bool follow_out)
{
    if (name[0] == '\0')
        name = ".";
    int fd = open_with_openat2(root, name, follow_out);
    if (fd == -ENOSYS)
        fd = open_by_walking(root, name);
    return fd;
}
