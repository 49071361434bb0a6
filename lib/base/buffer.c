#include "base/buffer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first allocation. Most buffers keep the tail of one half-received
 * message, and nearly all of those fit here. */
#define FIRST_SIZE 512

void nk_buffer_init(struct nk_buffer *buffer, size_t cap)
{
    *buffer = (struct nk_buffer){.cap = cap};
}

void nk_buffer_deinit(struct nk_buffer *buffer)
{
    free(buffer->data);
    nk_buffer_init(buffer, buffer->cap);
}

void nk_buffer_release(struct nk_buffer *buffer)
{
    if (nk_buffer_len(buffer) == 0)
        nk_buffer_deinit(buffer);
}

static void move_to_front(struct nk_buffer *buffer)
{
    size_t len = nk_buffer_len(buffer);

    memmove(buffer->data, buffer->data + buffer->read, len);
    buffer->read = 0;
    buffer->write = len;
}

/* The next power of two times FIRST_SIZE that holds `needed`, never above the
 * cap; `needed` itself is not above it. */
static size_t grown_size(const struct nk_buffer *buffer, size_t needed)
{
    size_t size = buffer->size > 0 ? buffer->size : FIRST_SIZE;

    while (size < needed && size <= buffer->cap / 2)
        size *= 2;
    return size < needed || size > buffer->cap ? buffer->cap : size;
}

static int grow(struct nk_buffer *buffer, size_t needed)
{
    size_t size = grown_size(buffer, needed);
    size_t len = nk_buffer_len(buffer);
    char *data;

    /* realloc can extend in place or remap pages, but it would also copy the
     * bytes that are already consumed. */
    if (buffer->read == 0)
        data = realloc(buffer->data, size);
    else
        data = malloc(size);
    if (!data)
        return -ENOMEM;

    if (buffer->read != 0) {
        memcpy(data, buffer->data + buffer->read, len);
        free(buffer->data);
    }
    buffer->data = data;
    buffer->read = 0;
    buffer->write = len;
    buffer->size = size;
    return 0;
}

/* Called when the bytes behind `write` are too few for `len` more. */
static int make_room(struct nk_buffer *buffer, size_t len)
{
    size_t readable = nk_buffer_len(buffer);

    if (len > buffer->cap - readable)
        return -ENOBUFS;

    /* Moving is chosen only when at most half of the storage has to be moved:
     * then every byte that is moved was paid for by one that was consumed, and
     * a queue that stays nearly full does not copy itself on each append. At
     * the cap there is no other way. */
    bool fits = len <= buffer->size - readable;
    if (fits && (readable <= buffer->size / 2 || buffer->size == buffer->cap)) {
        move_to_front(buffer);
        return 0;
    }
    return grow(buffer, fits ? buffer->size + 1 : readable + len);
}

int nk_buffer_reserve(struct nk_buffer *buffer, size_t len, char **tail, size_t *room)
{
    if (NK_UNLIKELY(len > buffer->size - buffer->write)) {
        int error = make_room(buffer, len);

        if (error)
            return error;
    }
    /* Without storage (only when len is 0) there is nothing to add to. */
    *tail = buffer->write == 0 ? buffer->data : buffer->data + buffer->write;
    if (room)
        *room = buffer->size - buffer->write;
    return 0;
}

int nk_buffer_append(struct nk_buffer *buffer, struct nk_slice bytes)
{
    char *tail;

    if (bytes.len == 0)
        return 0;

    int error = nk_buffer_reserve(buffer, bytes.len, &tail, NULL);
    if (error)
        return error;
    memcpy(tail, bytes.data, bytes.len);
    buffer->write += bytes.len;
    return 0;
}

void nk_buffer_commit(struct nk_buffer *buffer, size_t len)
{
    assert(len <= buffer->size - buffer->write);
    buffer->write += len;
}

void nk_buffer_consume(struct nk_buffer *buffer, size_t len)
{
    assert(len <= nk_buffer_len(buffer));
    buffer->read += len;
    /* An empty buffer starts over, which makes room without moving a byte. */
    if (buffer->read == buffer->write) {
        buffer->read = 0;
        buffer->write = 0;
    }
}
