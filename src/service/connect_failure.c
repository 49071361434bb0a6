#include "service/connect_failure.h"

#include <errno.h>

/* The answers of a look-up (net/resolver.h); anything else is this machine's own trouble. */
static bool says_unresolved(int error)
{
    return error == -ENOENT || error == -ENODATA || error == -EAGAIN || error == -EIO;
}

enum exit_status connect_failure_status(const struct nk_connect_failure *failure, int error,
                                        const char **action)
{
    switch (failure->step) {
    case NK_CONNECT_RESOLVE:
        if (error == -ETIMEDOUT)
            break; /* the time was that of everything together */
        *action = "resolve";
        return says_unresolved(error) ? EXIT_STATUS_UNRESOLVED : EXIT_STATUS_FAILED;
    case NK_CONNECT_OPTIONS:
        *action = "set the socket options of";
        return EXIT_STATUS_FAILED;
    case NK_CONNECT_BIND:
        *action = "bind the source of";
        return EXIT_STATUS_CANNOT_LISTEN;
    case NK_CONNECT_SOCKET:
    case NK_CONNECT_CONNECT:
        break;
    }
    return exit_status_of_connect_error(error);
}
