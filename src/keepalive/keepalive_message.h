/* The message of the keepalive protocol: a type of four bytes in network order and
 * 1,024 bytes of data.
 *
 * Pure: bytes in, messages out; no descriptors, no allocation. A stream may cut it
 * anywhere; a datagram is one message.
 */
#ifndef KEEPALIVE_KEEPALIVE_MESSAGE_H
#define KEEPALIVE_KEEPALIVE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define KEEPALIVE_DATA_SIZE 1024
#define KEEPALIVE_MESSAGE_SIZE (4 + KEEPALIVE_DATA_SIZE)

enum keepalive_type {
    KEEPALIVE_PING = 1,
    KEEPALIVE_PONG = 2,
    KEEPALIVE_NOTE_11 = 11, /* logged without a reply */
    KEEPALIVE_NOTE_21 = 21, /* likewise */
};

struct keepalive_message {
    uint32_t type;
    struct nk_slice data; /* KEEPALIVE_DATA_SIZE bytes of the reader or the datagram */
};

/* Writes a message; data beyond `data` is zero, and what is too long is cut. */
void keepalive_message_write(char out[static KEEPALIVE_MESSAGE_SIZE], uint32_t type,
                             struct nk_slice data);

/* Reads a whole message, such as a datagram. Returns 0, or -EBADMSG when its size
 * is wrong. */
int keepalive_message_read(struct keepalive_message *message, struct nk_slice bytes);

/* The type in the other byte order, as little-endian machines send what they do not
 * convert. */
uint32_t keepalive_type_swap(uint32_t type);

/* Whether the type is one that the protocol knows. With `is_compat` a PONG in host
 * order, as the protocol's first server sent it on little-endian machines, counts
 * as a PONG: *type is corrected. */
bool keepalive_type_accept(uint32_t *type, bool is_compat);

/* Puts the messages of a stream together. Zero-filled memory is an empty one. */
struct keepalive_reader {
    size_t len; /* bytes of the message that have come */
    char bytes[KEEPALIVE_MESSAGE_SIZE];
};

/* Takes bytes from the front of `input`, at most to the end of one message. Returns
 * how many; *is_complete says whether *message was filled in, which is valid until
 * the next call. */
size_t keepalive_reader_take(struct keepalive_reader *reader, struct nk_slice input,
                             struct keepalive_message *message, bool *is_complete);

/* Whether the message that is coming in is none of this protocol, which shows in its first
 * bytes: then *type is what it has for a type. `is_compat` as above. */
bool keepalive_reader_is_astray(const struct keepalive_reader *reader, bool is_compat,
                                uint32_t *type);

/* What a prober writes into the data of its own messages, so that an answer that
 * carries the same data tells which one it belongs to. */
struct keepalive_stamp {
    uint64_t session;  /* who asks; told apart from an earlier run */
    uint64_t sequence; /* from 1 */
    uint64_t time;     /* ns of the sender's monotonic clock */
};

#define KEEPALIVE_STAMP_SIZE 28

void keepalive_stamp_write(char out[static KEEPALIVE_STAMP_SIZE],
                           const struct keepalive_stamp *stamp);

/* Returns whether the data begins with a stamp. */
bool keepalive_stamp_read(struct keepalive_stamp *stamp, struct nk_slice data);

#endif
