#include "service/ready_fd.h"

#include <stdio.h>
#include <unistd.h>

void ready_fd_write(uint64_t fd, const char *address)
{
    if (fd == UINT64_MAX)
        return;
    int written = dprintf((int)fd, "%s\n", address);
    (void)written; /* whoever waited for it may have gone; the server is up all the same */
}

void ready_fd_close(uint64_t fd)
{
    if (fd != UINT64_MAX)
        close((int)fd);
}
