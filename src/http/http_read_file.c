#include "http/http_read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int check_type(int file, struct stat *status)
{
    if (fstat(file, status) < 0)
        return -errno;
    if (S_ISDIR(status->st_mode))
        return -EISDIR;
    return S_ISREG(status->st_mode) ? 0 : -ESPIPE;
}

/* One byte more than allowed tells that there are more. */
static int read_all(int file, size_t max, char *text, size_t *len)
{
    ssize_t got = 1;
    *len = 0;
    while (got != 0 && *len <= max) {
        got = read(file, text + *len, max + 1 - *len);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0)
            *len += (size_t)got;
    }
    return *len > max ? -EFBIG : 0;
}

int http_read_file(const char *path, size_t max, char **text, size_t *len, struct stat *status)
{
    struct stat own;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return -errno;
    int error = check_type(file, status ? status : &own);
    char *room = error ? NULL : malloc(max + 1);
    if (!error && !room)
        error = -ENOMEM;
    if (!error)
        error = read_all(file, max, room, len);
    close(file);
    if (error)
        free(room);
    else
        *text = room;
    return error;
}
