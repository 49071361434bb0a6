#include "service/reply_queue.h"

struct reply {
    struct nk_list_node node;
    uint64_t due;
    size_t len;
    char bytes[];
};

static struct reply *first_reply(const struct reply_queue *queue)
{
    struct nk_list_node *node = nk_list_first(&queue->replies);
    return node ? nk_container_of(node, struct reply, node) : NULL;
}

/* Takes the first reply out; the caller frees it. */
static void take(struct reply_queue *queue, struct reply *reply)
{
    nk_list_remove(&reply->node);
    queue->size -= sizeof(*reply) + reply->len;
}

static void on_due(struct nk_timer *timer)
{
    struct reply_queue *queue = nk_container_of(timer, struct reply_queue, timer);
    uint64_t now = nk_event_loop_now(queue->loop);
    struct reply *reply;
    while ((reply = first_reply(queue)) && reply->due <= now) {
        take(queue, reply);
        queue->deliver(queue, nk_slice_make(reply->bytes, reply->len));
        free(reply);
    }
    reply = first_reply(queue);
    if (reply && nk_event_loop_set_timer(queue->loop, &queue->timer, reply->due) < 0)
        reply_queue_clear(queue);
}

void reply_queue_init(struct reply_queue *queue, struct nk_event_loop *loop,
                      reply_queue_fn *deliver)
{
    *queue = (struct reply_queue){.loop = loop, .deliver = deliver};
    nk_list_init(&queue->replies);
    nk_timer_init(&queue->timer, on_due);
}

void reply_queue_clear(struct reply_queue *queue)
{
    struct reply *reply;
    nk_event_loop_cancel_timer(queue->loop, &queue->timer);
    while ((reply = first_reply(queue))) {
        take(queue, reply);
        free(reply);
    }
}

char *reply_queue_add(struct reply_queue *queue, size_t len, uint64_t delay)
{
    struct reply *reply = malloc(sizeof(*reply) + len);
    if (!reply)
        return NULL;
    reply->due = nk_event_loop_now(queue->loop) + delay;
    reply->len = len;
    if (nk_list_is_empty(&queue->replies) &&
        nk_event_loop_set_timer(queue->loop, &queue->timer, reply->due) < 0) {
        free(reply);
        return NULL;
    }
    nk_list_append(&queue->replies, &reply->node);
    queue->size += sizeof(*reply) + len;
    return reply->bytes;
}

uint64_t reply_queue_count(const struct reply_queue *queue, size_t *bytes)
{
    struct nk_list_node *node;
    struct nk_list_node *following;
    uint64_t count = 0;
    *bytes = 0;
    NK_LIST_FOR_EACH (node, following, &queue->replies) {
        count++;
        *bytes += nk_container_of(node, struct reply, node)->len;
    }
    return count;
}
