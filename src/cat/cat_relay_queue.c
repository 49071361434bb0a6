#include "cat/cat_relay_queue.h"

#include <errno.h>
#include <string.h>

void cat_relay_queue_init(struct cat_relay_queue *queue, size_t cap)
{
    nk_buffer_init(&queue->buffer, cap);
    queue->done = 0;
}

void cat_relay_queue_deinit(struct cat_relay_queue *queue)
{
    nk_buffer_deinit(&queue->buffer);
    queue->done = 0;
}

bool cat_relay_queue_is_empty(const struct cat_relay_queue *queue)
{
    return nk_buffer_len(&queue->buffer) == 0;
}

int cat_relay_queue_put(struct cat_relay_queue *queue, struct nk_slice message)
{
    size_t size = sizeof(message.len) + message.len;
    char *tail;
    int error = nk_buffer_reserve(&queue->buffer, size, &tail, NULL);
    if (error)
        return error;
    memcpy(tail, &message.len, sizeof(message.len));
    if (message.len > 0)
        memcpy(tail + sizeof(message.len), message.data, message.len);
    nk_buffer_commit(&queue->buffer, size);
    return 0;
}

static struct nk_slice whole_first(const struct cat_relay_queue *queue)
{
    struct nk_slice bytes = nk_buffer_slice(&queue->buffer);
    size_t len;
    memcpy(&len, bytes.data, sizeof(len));
    return nk_slice_make(bytes.data + sizeof(len), len);
}

struct nk_slice cat_relay_queue_first(const struct cat_relay_queue *queue)
{
    return nk_slice_from(whole_first(queue), queue->done);
}

void cat_relay_queue_take(struct cat_relay_queue *queue, size_t len)
{
    struct nk_slice first = whole_first(queue);
    queue->done += len;
    if (queue->done < first.len)
        return;
    nk_buffer_consume(&queue->buffer, sizeof(first.len) + first.len);
    nk_buffer_release(&queue->buffer);
    queue->done = 0;
}
