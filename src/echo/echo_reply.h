/* What echo makes of a message: transformed, with a prefix, framed again. Pure;
 * safe on any thread.
 */
#ifndef ECHO_ECHO_REPLY_H
#define ECHO_ECHO_REPLY_H

#include <stddef.h>

#include "base/slice.h"
#include "echo/echo_frame.h"

enum echo_transform {
    ECHO_TRANSFORM_NONE,
    ECHO_TRANSFORM_UPPER, /* a-z become A-Z */
    ECHO_TRANSFORM_ROT13, /* A-Z and a-z by 13 places */
};

struct echo_style {
    enum echo_transform transform;
    struct nk_slice prefix;
};

/* Bytes of the reply to `message`. */
size_t echo_reply_len(const struct echo_style *style, const struct echo_message *message);

/* Writes the reply; `reply` has room for echo_reply_len bytes. The length of a
 * len32 reply counts the prefix. */
void echo_reply_write(const struct echo_style *style, const struct echo_message *message,
                      char *reply);

#endif
