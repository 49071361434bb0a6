/* `netkit shell server`: pwd, cd and ls in one directory tree, for many clients
 * (docs/shell-protocol.md).
 */
#ifndef SHELL_SHELL_SERVICE_H
#define SHELL_SHELL_SERVICE_H

#include "service/exit_status.h"
#include "service/reporter.h"
#include "service/service_options.h"

struct shell_options {
    struct service_options service; /* first; idle_timeout is between requests */
    const char *root;               /* directory that nobody leaves */
    const char *start;              /* where sessions begin; NULL = here, or the root */
    const char *token_file;         /* its first line is asked for; NULL = nothing is */
    const char *log;                /* file for who, when and what; NULL = none */
    uint64_t max_line;              /* bytes of a request with its LF */
    bool compat;                    /* the raw form, without lines and status */
};

#define SHELL_OPTIONS_DEFAULT                                                                      \
    {                                                                                              \
        .service = SERVICE_OPTIONS_DEFAULT, .root = ".", .max_line = 16384,                        \
    }

/* Runs until a signal stops it; returns the exit status. Main thread only. */
enum exit_status shell_service_run(const struct shell_options *options,
                                   const struct service_reporter *reporter);

#endif
