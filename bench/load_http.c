/* HTTP/1.1 as the load generator speaks it: GET, 200, Content-Length, nothing else.
 *
 * The first response is parsed with care. From it the checker learns where the
 * status line, the Content-Length field and the end of the head stand. A server
 * in its steady state sends the same shape again, so later heads are checked by
 * comparing these three places; a head of another shape is parsed with care again.
 */
#include "load_engine.h"

#include <errno.h>

enum { MAXIMUM_REQUEST = 4096 };

static const char STATUS[] = "HTTP/1.1 200 ";
static const char END_OF_HEAD[] = "\r\n\r\n";

struct http_state {
    size_t head_length;   /* of the last head parsed with care, its end included; 0 before */
    size_t length_at;     /* where the value of Content-Length starts in that head */
    size_t length_digits; /* and how long `length_text` is */
    char length_text[24]; /* the required value and its CRLF */
    size_t batch_length;
    char batch[]; /* `depth` requests */
};

static int http_prepare(struct load *load)
{
    const struct load_options *options = load->options;
    char request[MAXIMUM_REQUEST];
    int length =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\n",
                 options->path, (unsigned)options->port,
                 options->close_each != 0 ? "Connection: close\r\n" : "");
    if (length < 0 || (size_t)length >= sizeof request)
        return load_fault(load, -EMSGSIZE, "the path is too long");

    size_t batch_length = (size_t)length * options->depth;
    struct http_state *state = calloc(1, sizeof *state + batch_length);
    if (state == NULL)
        return load_fault(load, -ENOMEM, "out of memory");
    for (size_t i = 0; i < options->depth; i++)
        memcpy(state->batch + i * (size_t)length, request, (size_t)length);
    state->batch_length = batch_length;
    int digits = snprintf(state->length_text, sizeof state->length_text, "%llu\r\n",
                          (unsigned long long)options->body_bytes);
    state->length_digits = (size_t)digits;
    load->protocol_state = state;
    return 0;
}

static const char *http_next_batch(struct load *load, struct load_connection *connection,
                                   size_t *length)
{
    const struct http_state *state = load->protocol_state;
    (void)connection;
    *length = state->batch_length;
    return state->batch;
}

static bool equals(const char *bytes, const char *expected, size_t length)
{
    return memcmp(bytes, expected, length) == 0;
}

static bool has_learned_shape(const struct http_state *state, const char *bytes, size_t length)
{
    size_t end = sizeof END_OF_HEAD - 1;
    return state->head_length != 0 && length >= state->head_length &&
           equals(bytes, STATUS, sizeof STATUS - 1) &&
           equals(bytes + state->length_at, state->length_text, state->length_digits) &&
           equals(bytes + state->head_length - end, END_OF_HEAD, end);
}

/* The offset of Content-Length's value in the head, or 0. */
static size_t find_length(const char *head, size_t head_length)
{
    static const char NAME[] = "\r\ncontent-length:";
    size_t name_length = sizeof NAME - 1;
    for (size_t at = 0; at + name_length < head_length; at++) {
        if (strncasecmp(head + at, NAME, name_length) != 0)
            continue;
        at += name_length;
        while (at < head_length && head[at] == ' ')
            at++;
        return at;
    }
    return 0;
}

/* Length of the head at the start of bytes, 0 while it is incomplete, or a negative errno. */
static ssize_t parse_head(struct load *load, const char *bytes, size_t length)
{
    struct http_state *state = load->protocol_state;
    const char *end = memmem(bytes, length, END_OF_HEAD, sizeof END_OF_HEAD - 1);
    if (end == NULL)
        return 0;
    size_t head_length = (size_t)(end - bytes) + sizeof END_OF_HEAD - 1;
    if (head_length < sizeof STATUS || !equals(bytes, STATUS, sizeof STATUS - 1))
        return load_fault(load, -EPROTO, "a response is not HTTP/1.1 200");
    size_t length_at = find_length(bytes, head_length);
    if (length_at == 0 || length_at + state->length_digits > head_length ||
        !equals(bytes + length_at, state->length_text, state->length_digits))
        return load_fault(load, -EPROTO, "Content-Length is not the expected one");
    state->head_length = head_length;
    state->length_at = length_at;
    return (ssize_t)head_length;
}

static ssize_t http_receive(struct load *load, struct load_connection *connection,
                            const char *bytes, size_t length)
{
    const struct http_state *state = load->protocol_state;
    size_t used = 0;
    while (used < length) {
        if (connection->body_left > 0) {
            size_t left = length - used;
            size_t part = left < connection->body_left ? left : connection->body_left;
            used += part;
            connection->body_left -= part;
        } else {
            if (connection->outstanding == 0)
                return load_fault(load, -EPROTO, "bytes after the last response that was due");
            ssize_t head = has_learned_shape(state, bytes + used, length - used)
                               ? (ssize_t)state->head_length
                               : parse_head(load, bytes + used, length - used);
            if (head <= 0)
                return head < 0 ? head : (ssize_t)used;
            used += (size_t)head;
            connection->body_left = load->options->body_bytes;
        }
        if (connection->body_left == 0)
            connection->outstanding--;
    }
    return (ssize_t)used;
}

const struct load_protocol load_protocol_http = {
    .name = "http",
    .prepare = http_prepare,
    .next_batch = http_next_batch,
    .receive = http_receive,
};
