/* The command line behind ^]: what a person may say about a connection instead of
 * into it. Pure: from a line to a command.
 */
#ifndef CAT_CAT_COMMAND_LINE_H
#define CAT_CAT_COMMAND_LINE_H

#include <stdbool.h>

#include "base/slice.h"

enum cat_command_kind {
    CAT_COMMAND_RETURN, /* an empty line */
    CAT_COMMAND_STATUS,
    CAT_COMMAND_HEX,
    CAT_COMMAND_CRLF,
    CAT_COMMAND_SEND,
    CAT_COMMAND_CLOSE,
    CAT_COMMAND_QUIT,
    CAT_COMMAND_HELP,
};

struct cat_command {
    enum cat_command_kind kind;
    bool on;              /* of hex and crlf */
    struct nk_slice file; /* of send: the rest of the line, blanks inside included */
};

/* Reads a line. A command may be shortened as long as it is no other's beginning.
 * Returns 0 and *command, which points into `line`, or -EINVAL and *problem, a
 * sentence about it. */
int cat_command_parse(struct nk_slice line, struct cat_command *command, const char **problem);

/* What can be said, one line for each command. */
const char *cat_command_help(void);

#endif
