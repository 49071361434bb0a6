#include "http/http_authorization.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

/* name, colon, password */
#define DECODED_SIZE (HTTP_USER_NAME_SIZE + HTTP_PASSWORD_SIZE)

/* The value of a base64 digit (RFC 4648 4), or -1. */
static int digit_of(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - '0' + 52;
    if (byte == '+')
        return 62;
    return byte == '/' ? 63 : -1;
}

/* The digits in front of the padding: none of it, or "=" or "==" at the very end. */
static size_t count_digits(struct nk_slice text)
{
    size_t count = text.len;
    for (int i = 0; i < 2 && count > 0 && text.data[count - 1] == '='; i++)
        count--;
    return count;
}

/* Decodes base64. Returns the number of bytes or -EBADMSG. */
static ssize_t decode(struct nk_slice text, char *out, size_t size)
{
    size_t digits = count_digits(text);
    size_t len = 0;
    uint32_t bits = 0;
    unsigned count = 0; /* of the bits that are not written yet */
    if (text.len % 4 != 0 || digits / 4 * 3 + 2 > size)
        return -EBADMSG;
    for (size_t i = 0; i < digits; i++) {
        int digit = digit_of(text.data[i]);
        if (digit < 0)
            return -EBADMSG;
        bits = bits << 6 | (uint32_t)digit;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[len++] = (char)(unsigned char)(bits >> count & 0xff);
        }
    }
    /* What is left over is padding, and 0. */
    return (bits & ((1U << count) - 1)) == 0 ? (ssize_t)len : -EBADMSG;
}

static bool has_control(struct nk_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            return true;
    }
    return false;
}

static bool copy(char *out, size_t size, struct nk_slice text)
{
    if (text.len >= size)
        return false;
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

static bool split(struct nk_slice text, struct http_credentials *credentials)
{
    size_t colon = nk_slice_find(text, ':');
    if (colon == NK_SLICE_NOT_FOUND || has_control(text))
        return false;
    return copy(credentials->name, sizeof(credentials->name), nk_slice_first(text, colon)) &&
           copy(credentials->password, sizeof(credentials->password),
                nk_slice_from(text, colon + 1));
}

int http_authorization_read(struct nk_slice value, struct http_credentials *credentials)
{
    static const struct nk_slice scheme = NK_SLICE("Basic ");
    char decoded[DECODED_SIZE];
    if (!nk_slice_equal_ignoring_case(nk_slice_first(value, scheme.len), scheme))
        return -EBADMSG;
    struct nk_slice token = nk_slice_trim(nk_slice_from(value, scheme.len));
    ssize_t len = decode(token, decoded, sizeof(decoded));
    bool is_good = len > 0 && split(nk_slice_make(decoded, (size_t)len), credentials);
    explicit_bzero(decoded, sizeof(decoded));
    return is_good ? 0 : -EBADMSG;
}
