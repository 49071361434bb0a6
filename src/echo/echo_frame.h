/* Where one message ends and the next begins in the stream of an echo client.
 *
 *     raw     whatever has arrived is a message
 *     line    up to CR, LF or CR LF; the end of the stream ends a line, too
 *     len32   4 bytes length, big-endian, of the payload; 4 bytes type, which
 *             are returned unchanged; the payload
 *
 * Pure and incremental: bytes in, one message out. A CR ends its line at once,
 * also when nobody knows yet whether a LF follows: the line is answered, and the
 * LF, should it come, is returned as the tail of the answer.
 */
#ifndef ECHO_ECHO_FRAME_H
#define ECHO_ECHO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/slice.h"

enum echo_framing {
    ECHO_FRAMING_RAW,
    ECHO_FRAMING_LINE,
    ECHO_FRAMING_LEN32,
};

/* Bytes in front of a len32 payload. */
#define ECHO_LEN32_HEAD 8

/* Zero-filled at first. */
struct echo_framer {
    enum echo_framing framing;
    size_t max;    /* bytes of the longest payload or line */
    bool after_cr; /* private: a LF that comes now belongs to the line before */
};

struct echo_message {
    struct nk_slice payload; /* what is transformed and prefixed; in the input */
    struct nk_slice end;     /* of a line, returned behind it; in the input */
    const char *type;        /* len32: the 4 bytes of the type; else NULL */
    bool is_tail;            /* only `end` is returned: a LF whose CR was answered */
};

/* Finds the first message of `input`; `ended` says that nothing will follow.
 * Returns how many bytes it is, -EAGAIN when it is not complete, or -EMSGSIZE
 * when it is longer than the maximum, which is noticed before it is complete. A
 * len32 message that the end of the stream cuts off stays -EAGAIN. */
ssize_t echo_framer_next(struct echo_framer *framer, struct nk_slice input, bool ended,
                         struct echo_message *message);

#endif
