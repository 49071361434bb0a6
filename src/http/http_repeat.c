#include "http/http_repeat.h"

/* Slices that do not lie in the head (the "/" of an absent path) stay. */
static void move(struct nk_slice *slice, struct nk_slice head, const char *copy)
{
    if (slice->data >= head.data && slice->data <= head.data + head.len)
        slice->data = copy + (slice->data - head.data);
}

void http_repeat_remember(struct http_repeat *repeat, struct nk_slice head,
                          struct http_request *request)
{
    http_repeat_forget(repeat);
    if (head.len > sizeof(repeat->head))
        return;
    memcpy(repeat->head, head.data, head.len);
    repeat->len = head.len;
    move(&request->target, head, repeat->head);
    move(&request->path, head, repeat->head);
    move(&request->query, head, repeat->head);
    move(&request->host, head, repeat->head);
    move(&request->head, head, repeat->head);
    for (size_t i = 0; i < request->header_count; i++) {
        move(&request->headers[i].name, head, repeat->head);
        move(&request->headers[i].value, head, repeat->head);
    }
}
