#include "service/exit_status.h"

#include <errno.h>
#include <stddef.h>

#include "base/attributes.h"

enum exit_status exit_status_of_connect_error(int error)
{
    static const struct {
        int error;
        enum exit_status status;
    } table[] = {
        {-ECONNREFUSED, EXIT_STATUS_REFUSED},     {-EHOSTUNREACH, EXIT_STATUS_REFUSED},
        {-ENETUNREACH, EXIT_STATUS_REFUSED},      {-ENOENT, EXIT_STATUS_REFUSED},
        {-EACCES, EXIT_STATUS_REFUSED},           {-EPERM, EXIT_STATUS_REFUSED},
        {-EADDRNOTAVAIL, EXIT_STATUS_REFUSED},    {-ENOTSOCK, EXIT_STATUS_REFUSED},
        {-EPROTOTYPE, EXIT_STATUS_REFUSED},       {-ENETDOWN, EXIT_STATUS_REFUSED},
        {-ETIMEDOUT, EXIT_STATUS_TIMED_OUT},      {-ECONNRESET, EXIT_STATUS_LOST},
        {-EADDRINUSE, EXIT_STATUS_CANNOT_LISTEN}, /* the source is bound to */
    };
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        if (table[i].error == error)
            return table[i].status;
    }
    return EXIT_STATUS_FAILED;
}
