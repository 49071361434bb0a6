#include "base/error_text.h"

#include <ctype.h>
#include <errno.h>

/* What people should read instead of the C library's text, which differs in
 * case and wording from one system to the next. */
static const struct {
    int error;
    const char *text;
} error_texts[] = {
    {EACCES, "permission denied"},
    {EADDRINUSE, "address already in use"},
    {EADDRNOTAVAIL, "this machine does not have that address"},
    {EAFNOSUPPORT, "this machine does not support that kind of address"},
    {EBADF, "not an open descriptor"},
    {ECONNREFUSED, "connection refused"},
    {ECONNRESET, "connection reset by the peer"},
    {EEXIST, "already exists"},
    {EHOSTUNREACH, "no route to the host"},
    {EINVAL, "invalid argument"},
    {EIO, "input or output error"},
    {EISDIR, "is a directory"},
    {ELOOP, "too many symbolic links"},
    {EMFILE, "too many open files"},
    {ENAMETOOLONG, "name too long"},
    {ENETUNREACH, "network unreachable"},
    {ENFILE, "too many open files in the whole system"},
    {ENOENT, "no such file or directory"},
    {ENOMEM, "out of memory"},
    {ENOPROTOOPT, "that option does not belong to this kind of socket"},
    {ENOSPC, "no space left on device"},
    {ENOSYS, "not supported by this kernel"},
    {ENOTDIR, "not a directory"},
    {ENOTSOCK, "not a socket"},
    {EPERM, "operation not permitted"},
    {EPIPE, "the reader has gone away"},
    {ESPIPE, "not a regular file"},
    {ETIMEDOUT, "timed out"},
};

const char *nk_error_text(int error, char room[static NK_ERROR_TEXT_MAX])
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(error_texts); i++) {
        if (error_texts[i].error == -error)
            return error_texts[i].text;
    }
    snprintf(room, NK_ERROR_TEXT_MAX, "%s", strerror(-error));
    if (isupper((unsigned char)room[0]) && islower((unsigned char)room[1]))
        room[0] = (char)tolower((unsigned char)room[0]);
    return room;
}
