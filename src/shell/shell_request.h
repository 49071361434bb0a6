/* From bytes to a request of the remote shell (docs/shell-protocol.md).
 *
 * Pure: slices in, slices out, no allocation, any thread.
 */
#ifndef SHELL_SHELL_REQUEST_H
#define SHELL_SHELL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "base/slice.h"

enum shell_command {
    SHELL_COMMAND_NONE, /* an empty line */
    SHELL_COMMAND_PWD,
    SHELL_COMMAND_CD,
    SHELL_COMMAND_LS,
    SHELL_COMMAND_HELP,
    SHELL_COMMAND_TOKEN,
    SHELL_COMMAND_QUIT,
    SHELL_COMMAND_UNKNOWN,
};

/* What `ls` is asked for. */
struct shell_ls_options {
    bool all;               /* -a */
    bool is_long;           /* -l */
    bool marks;             /* -F */
    struct nk_slice prefix; /* -p; empty = every name */
    uint64_t most;          /* -m; UINT64_MAX = no limit */
};

struct shell_request {
    enum shell_command command;
    struct nk_slice word;     /* the first one */
    struct nk_slice argument; /* DIR, PATH or the token; data is NULL without one */
    struct shell_ls_options ls;
};

/* Finds the first line of `input`. Returns its bytes with the LF that ends it and
 * *line without that and without a CR in front of it; -EAGAIN while there is no
 * LF, or -EMSGSIZE when the line is longer than `limit` with its LF. */
NK_MUST_USE ssize_t shell_request_take_line(struct nk_slice input, size_t limit,
                                            struct nk_slice *line) NK_NONNULL(3);

/* Reads a line. The words of the request lie in `room`, which has line.len bytes
 * and one more. Returns 0, also for a command that does not exist, or -EBADMSG
 * with *problem, a constant for the client to read; *out is untouched then. */
NK_MUST_USE int shell_request_parse(struct shell_request *out, struct nk_slice line, char *room,
                                    const char **problem) NK_NONNULL(1, 3, 4);

/* The text of `help`, line by line; NULL behind the last. */
const char *shell_request_help(size_t index);

#endif
