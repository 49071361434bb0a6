/* A byte queue: bytes are appended at the end and consumed from the front.
 *
 * The storage is allocated on the first byte, grows by doubling up to a cap
 * given at creation, and makes room by moving the readable bytes to the front
 * (one memmove) when that is enough and at most half of the storage is moved,
 * or when it may not grow any more. A buffer that has been emptied can give
 * its storage back with nk_buffer_release.
 *
 *     data          read             write          size
 *      | consumed    | readable       | room         |
 *
 * The struct is open so that it can be embedded; its fields are private.
 * One thread at a time.
 */
#ifndef NK_BASE_BUFFER_H
#define NK_BASE_BUFFER_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/slice.h"

struct nk_buffer {
    /* private */
    char *data;
    size_t read;
    size_t write;
    size_t size;
    size_t cap;
};

/* An empty buffer that never holds more than `cap` bytes. Cannot fail. */
NK_PUBLIC void nk_buffer_init(struct nk_buffer *buffer, size_t cap) NK_NONNULL(1);

/* Frees the storage; the buffer is empty and may be used again. */
NK_PUBLIC void nk_buffer_deinit(struct nk_buffer *buffer) NK_NONNULL(1);

/* Frees the storage when no byte is readable, else does nothing. */
NK_PUBLIC void nk_buffer_release(struct nk_buffer *buffer) NK_NONNULL(1);

static inline size_t nk_buffer_len(const struct nk_buffer *buffer)
{
    return buffer->write - buffer->read;
}

/* The readable bytes; valid until the next append, reserve or release. */
static inline struct nk_slice nk_buffer_slice(const struct nk_buffer *buffer)
{
    /* Without storage data is NULL, which nothing may be added to, not even 0. */
    const char *start = buffer->read == 0 ? buffer->data : buffer->data + buffer->read;

    return (struct nk_slice){start, nk_buffer_len(buffer)};
}

/* Bytes that may still be appended before the cap is reached. */
static inline size_t nk_buffer_room(const struct nk_buffer *buffer)
{
    return buffer->cap - nk_buffer_len(buffer);
}

/* Appends all of `bytes` or nothing. The bytes may not lie in this buffer.
 * Returns 0, -ENOBUFS when the cap would be passed, -ENOMEM. */
NK_PUBLIC NK_MUST_USE int nk_buffer_append(struct nk_buffer *buffer, struct nk_slice bytes)
    NK_NONNULL(1);

/* Makes room for at least `len` more bytes and stores where they go in *tail;
 * the caller writes there and then calls nk_buffer_commit with how many it
 * wrote. *room (may be NULL) receives how many fit without another reserve.
 * With len 0 and no storage *tail may be NULL and *room 0.
 * Returns 0, -ENOBUFS, -ENOMEM; on failure nothing has changed. */
NK_PUBLIC NK_MUST_USE int nk_buffer_reserve(struct nk_buffer *buffer, size_t len, char **tail,
                                            size_t *room) NK_NONNULL(1, 3);

/* Makes `len` bytes that were written behind the tail readable. */
NK_PUBLIC void nk_buffer_commit(struct nk_buffer *buffer, size_t len) NK_NONNULL(1);

/* Drops `len` bytes from the front; at most nk_buffer_len. */
NK_PUBLIC void nk_buffer_consume(struct nk_buffer *buffer, size_t len) NK_NONNULL(1);

#endif
