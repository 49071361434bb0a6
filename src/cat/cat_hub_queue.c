#include "cat/cat_hub_queue.h"

#include <errno.h>

struct cat_hub_piece {
    struct cat_hub_piece *next;
    const struct cat_hub_reader *origin; /* who skips it */
    size_t readers;                      /* that stand here */
    size_t len;
    char *data;
};

int cat_hub_queue_init(struct cat_hub_queue *queue)
{
    struct cat_hub_piece *piece = calloc(1, sizeof(*piece));
    if (!piece)
        return -ENOMEM;
    *queue = (struct cat_hub_queue){.first = piece, .last = piece};
    return 0;
}

static void free_first(struct cat_hub_queue *queue)
{
    struct cat_hub_piece *piece = queue->first;
    queue->first = piece->next;
    queue->size -= piece->len > 0 ? piece->len + sizeof(*piece) : 0;
    free(piece->data);
    free(piece);
}

void cat_hub_queue_deinit(struct cat_hub_queue *queue)
{
    while (queue->first)
        free_first(queue);
}

/* Frees what everyone has read. */
static void trim(struct cat_hub_queue *queue)
{
    while (queue->first != queue->last && queue->first->readers == 0)
        free_first(queue);
}

static void step(struct cat_hub_reader *reader)
{
    reader->at->readers--;
    reader->at = reader->at->next;
    reader->at->readers++;
    reader->offset = 0;
}

/* A reader never rests on a piece of his own: he might be the last one there. */
static void skip_own(struct cat_hub_reader *reader, struct cat_hub_queue *queue)
{
    while (reader->at != queue->last && reader->at->origin == reader)
        step(reader);
    trim(queue);
}

int cat_hub_queue_put(struct cat_hub_queue *queue, struct nk_slice bytes,
                      struct cat_hub_reader *origin)
{
    if (bytes.len == 0)
        return 0;
    struct cat_hub_piece *next = calloc(1, sizeof(*next));
    char *data = malloc(bytes.len);
    if (!next || !data) {
        free(next);
        free(data);
        return -ENOMEM;
    }
    memcpy(data, bytes.data, bytes.len);
    queue->last->data = data;
    queue->last->len = bytes.len;
    queue->last->origin = origin;
    queue->last->next = next;
    queue->last = next;
    queue->size += bytes.len + sizeof(*next);
    if (origin && origin->at)
        skip_own(origin, queue);
    trim(queue);
    return 0;
}

void cat_hub_reader_open(struct cat_hub_reader *reader, struct cat_hub_queue *queue)
{
    *reader = (struct cat_hub_reader){.at = queue->last};
    queue->last->readers++;
}

void cat_hub_reader_close(struct cat_hub_reader *reader, struct cat_hub_queue *queue)
{
    if (!reader->at)
        return;
    reader->at->readers--;
    reader->at = NULL;
    trim(queue);
    /* The memory may become another reader, who has not said what this one did. */
    for (struct cat_hub_piece *piece = queue->first; piece; piece = piece->next) {
        if (piece->origin == reader)
            piece->origin = NULL;
    }
}

struct nk_slice cat_hub_reader_next(const struct cat_hub_reader *reader)
{
    if (!reader->at || reader->at->len == 0)
        return nk_slice_make("", 0);
    return nk_slice_from(nk_slice_make(reader->at->data, reader->at->len), reader->offset);
}

void cat_hub_reader_consume(struct cat_hub_reader *reader, struct cat_hub_queue *queue, size_t len)
{
    if (len == 0)
        return;
    reader->offset += len;
    if (reader->offset < reader->at->len)
        return;
    step(reader);
    skip_own(reader, queue);
}
