#include "service/open_beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A walk that races with a rename is told to try again (openat2(2), EAGAIN). */
#define ATTEMPTS 8

static const unsigned resolve_flags[] = {
    [OPEN_LINKS_INSIDE] = RESOLVE_BENEATH,
    [OPEN_LINKS_AS_ROOT] = RESOLVE_IN_ROOT,
    [OPEN_LINKS_ANY] = 0,
};

static int open_with_openat2(int root, const char *name, int flags, enum open_links links)
{
    struct open_how how = {
        .flags = (unsigned)flags,
        .resolve = RESOLVE_NO_MAGICLINKS | resolve_flags[links],
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

/* O_PATH with O_NOFOLLOW opens a link itself instead of refusing it. */
static int refuse_link(int fd)
{
    struct stat status;
    if (fd < 0 || (fstat(fd, &status) == 0 && !S_ISLNK(status.st_mode)))
        return fd;
    close(fd);
    return -ELOOP;
}

/* Component by component, no symbolic link anywhere. */
static int open_by_walking(int root, const char *name, int flags)
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
    int fd = openat(directory, name, flags | O_NOFOLLOW);
    int error = fd < 0 ? -errno : 0;
    close(directory);
    return error ? error : refuse_link(fd);
}

int open_beneath(int root, const char *name, int flags, enum open_links links)
{
    if (name[0] == '\0')
        name = ".";
    int fd = open_with_openat2(root, name, flags | O_CLOEXEC, links);
    /* Sandboxes that do not know a call refuse it with EPERM; should the file itself be
     * what is refused, the walk says so again. */
    if (fd == -ENOSYS || fd == -EPERM)
        fd = open_by_walking(root, name, flags | O_CLOEXEC);
    return fd;
}
