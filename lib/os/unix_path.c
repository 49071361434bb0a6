#include "os/unix_path.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/socket.h"

static bool has_file(const struct nk_sockaddr *local)
{
    return local->un.sun_path[0] != '\0';
}

/* Two servers that find the same dead socket must not remove each other's new
 * one: they take turns by locking the directory. Returns the descriptor that
 * holds the lock, or -1; without it (no permission to read the directory) the
 * rule still holds for everybody who comes one after another. */
static int lock_directory(const char *path)
{
    char copy[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
    snprintf(copy, sizeof(copy), "%s", path);
    int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0)
        (void)flock(directory, LOCK_EX);
    return directory;
}

/* Whether the file is a socket without a process. To ask by a datagram socket does
 * not disturb those who live: one of another type is only said to be of another
 * type, where a connection could be the one peer that somebody waits for. */
static bool is_dead_socket(const struct nk_sockaddr *local)
{
    struct stat status;
    if (lstat(local->un.sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return false;
    int probe = nk_socket_open(AF_UNIX, SOCK_DGRAM);
    if (probe < 0)
        return false;
    int error = nk_socket_connect(probe, local);
    nk_socket_close(probe);
    return error == -ECONNREFUSED;
}

static int bind_and_listen(int fd, const struct nk_sockaddr *local, int type, int backlog)
{
    int error = nk_socket_bind(fd, local);
    if (!error && type != SOCK_DGRAM)
        error = nk_socket_listen(fd, backlog);
    return error;
}

int nk_unix_path_bind(int fd, const struct nk_sockaddr *local, int type, int backlog,
                      struct nk_unix_path *path)
{
    struct nk_unix_path created = {0};
    if (!has_file(local)) {
        int error = bind_and_listen(fd, local, type, backlog);
        if (!error)
            *path = created;
        return error;
    }
    int lock = lock_directory(local->un.sun_path);
    int error = bind_and_listen(fd, local, type, backlog);
    if (error == -EADDRINUSE && is_dead_socket(local) && unlink(local->un.sun_path) == 0)
        error = bind_and_listen(fd, local, type, backlog);
    struct stat status;
    if (!error && lstat(local->un.sun_path, &status) == 0)
        created = (struct nk_unix_path){status.st_dev, status.st_ino};
    if (lock >= 0)
        close(lock);
    if (!error)
        *path = created;
    return error;
}

void nk_unix_path_remove(const struct nk_sockaddr *local, const struct nk_unix_path *path)
{
    struct stat status;
    if (path->inode == 0 || !has_file(local) || lstat(local->un.sun_path, &status) < 0)
        return;
    if (status.st_dev == path->device && status.st_ino == path->inode)
        (void)unlink(local->un.sun_path);
}
