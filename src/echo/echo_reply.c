#include "echo/echo_reply.h"

size_t echo_reply_len(const struct echo_style *style, const struct echo_message *message)
{
    if (message->is_tail)
        return message->end.len;
    size_t head = message->type ? ECHO_LEN32_HEAD : 0;
    return head + style->prefix.len + message->payload.len + message->end.len;
}

static char *append(char *at, struct nk_slice bytes)
{
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

/* ASCII only, whatever the locale: other bytes may be parts of characters. */
static char upper(char byte)
{
    return (char)(byte >= 'a' && byte <= 'z' ? byte - 'a' + 'A' : byte);
}

static char rot13(char byte)
{
    if (byte >= 'a' && byte <= 'z')
        return (char)('a' + (byte - 'a' + 13) % 26);
    if (byte >= 'A' && byte <= 'Z')
        return (char)('A' + (byte - 'A' + 13) % 26);
    return byte;
}

static char *append_transformed(char *at, struct nk_slice bytes, enum echo_transform transform)
{
    static char (*const transforms[])(char byte) = {
        [ECHO_TRANSFORM_UPPER] = upper,
        [ECHO_TRANSFORM_ROT13] = rot13,
    };
    if (transform == ECHO_TRANSFORM_NONE)
        return append(at, bytes);
    for (size_t i = 0; i < bytes.len; i++)
        *at++ = transforms[transform](bytes.data[i]);
    return at;
}

void echo_reply_write(const struct echo_style *style, const struct echo_message *message,
                      char *reply)
{
    if (message->is_tail) {
        (void)append(reply, message->end);
        return;
    }
    if (message->type) {
        size_t len = style->prefix.len + message->payload.len;
        for (int i = 0; i < 4; i++)
            *reply++ = (char)(unsigned char)(len >> (24 - 8 * i));
        reply = append(reply, nk_slice_make(message->type, 4));
    }
    reply = append(reply, style->prefix);
    reply = append_transformed(reply, message->payload, style->transform);
    (void)append(reply, message->end);
}
