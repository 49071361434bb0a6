/* From the bytes of a server of the remote shell to its greeting and to the lines of
 * its answers (docs/shell-protocol.md, "Lines").
 *
 * A server is not trusted with the terminal of its client: a line that holds control
 * characters, or anything else that moves what stands around it, is no line of this
 * protocol. Pure: slices in, slices out, no allocation, any thread.
 */
#ifndef SHELL_SHELL_REPLY_H
#define SHELL_SHELL_REPLY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "base/slice.h"

/* No line is longer, with its LF. */
#define SHELL_REPLY_LINE_MAX ((size_t)32 * 1024)

enum shell_reply_kind {
    SHELL_REPLY_PAYLOAD,
    SHELL_REPLY_OK,
    SHELL_REPLY_ERROR,
    SHELL_REPLY_BYE,
};

struct shell_reply {
    enum shell_reply_kind kind;
    struct nk_slice text; /* PAYLOAD: without the space; ERROR, BYE: the reason, if any */
};

/* Takes the first line of all. Returns its bytes with the LF and *needs_token; -EAGAIN
 * while there is no LF, -EBADMSG when this is no remote shell, or -EPROTONOSUPPORT
 * when it speaks another version of the protocol. */
NK_MUST_USE ssize_t shell_reply_take_greeting(struct nk_slice input, bool *needs_token)
    NK_NONNULL(2);

/* Takes the next line. Returns its bytes with the LF and *reply; -EAGAIN while there is
 * no LF, or -EBADMSG for what is no line of an answer. */
NK_MUST_USE ssize_t shell_reply_take(struct nk_slice input, struct shell_reply *reply)
    NK_NONNULL(2);

#endif
