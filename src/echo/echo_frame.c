#include "echo/echo_frame.h"

#include <errno.h>

static ssize_t next_raw(struct nk_slice input, struct echo_message *message)
{
    *message = (struct echo_message){.payload = input};
    return (ssize_t)input.len;
}

/* How many bytes the line has, without its end: up to the first CR or LF. */
static size_t line_length(struct nk_slice input)
{
    size_t feed = nk_slice_find(input, '\n');
    size_t before = feed == NK_SLICE_NOT_FOUND ? input.len : feed;
    size_t carriage = nk_slice_find(nk_slice_first(input, before), '\r');
    return carriage == NK_SLICE_NOT_FOUND ? before : carriage;
}

static ssize_t next_line(struct echo_framer *framer, struct nk_slice input, bool ended,
                         struct echo_message *message)
{
    if (framer->after_cr && input.data[0] == '\n') {
        framer->after_cr = false;
        *message = (struct echo_message){.end = nk_slice_first(input, 1), .is_tail = true};
        return 1;
    }
    size_t len = line_length(input);
    if (len > framer->max)
        return -EMSGSIZE;
    if (len == input.len && !ended)
        return -EAGAIN;
    struct nk_slice rest = nk_slice_from(input, len);
    bool is_pair = rest.len > 1 && rest.data[0] == '\r' && rest.data[1] == '\n';
    *message = (struct echo_message){
        .payload = nk_slice_first(input, len),
        .end = nk_slice_first(rest, is_pair ? 2 : 1),
    };
    framer->after_cr = rest.len == 1 && rest.data[0] == '\r';
    return (ssize_t)(len + message->end.len);
}

static ssize_t next_len32(const struct echo_framer *framer, struct nk_slice input,
                          struct echo_message *message)
{
    const unsigned char *head = (const unsigned char *)input.data;
    if (input.len < 4)
        return -EAGAIN;
    uint32_t len = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 |
                   (uint32_t)head[3];
    if (len > framer->max)
        return -EMSGSIZE;
    if (input.len < ECHO_LEN32_HEAD || input.len - ECHO_LEN32_HEAD < len)
        return -EAGAIN;
    *message = (struct echo_message){
        .payload = nk_slice_make(input.data + ECHO_LEN32_HEAD, len),
        .type = input.data + 4,
    };
    return (ssize_t)(ECHO_LEN32_HEAD + (size_t)len);
}

ssize_t echo_framer_next(struct echo_framer *framer, struct nk_slice input, bool ended,
                         struct echo_message *message)
{
    if (input.len == 0)
        return -EAGAIN;
    if (framer->framing == ECHO_FRAMING_LINE)
        return next_line(framer, input, ended, message);
    if (framer->framing == ECHO_FRAMING_LEN32)
        return next_len32(framer, input, message);
    return next_raw(input, message);
}
