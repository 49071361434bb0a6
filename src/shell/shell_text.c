#include "shell/shell_text.h"

#include <errno.h>

#include "base/utf8.h"

const char shell_type_marks[] = "/@|=%";

/* Bytes that have an escape of their own. */
static const struct {
    char byte;
    char letter;
} letters[] = {{'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}, {'\\', '\\'}};

/* Characters that move what stands around them, or end a line. */
static const struct {
    uint32_t first;
    uint32_t last;
} hidden[] = {
    {0x00, 0x1f},                       /* C0 */
    {0x7f, 0x9f},                       /* DEL, C1 */
    {0x061c, 0x061c}, {0x200e, 0x200f}, /* marks of direction */
    {0x2028, 0x202e},                   /* separators, embeddings, overrides */
    {0x2066, 0x2069},                   /* isolates */
};

static bool is_hidden(uint32_t code_point)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(hidden); i++) {
        if (code_point >= hidden[i].first && code_point <= hidden[i].last)
            return true;
    }
    return false;
}

static size_t write_hex(char byte, char *out)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char value = (unsigned char)byte;
    out[0] = '\\';
    out[1] = 'x';
    out[2] = digits[value >> 4];
    out[3] = digits[value & 15];
    return 4;
}

static size_t write_byte(char byte, char *out)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(letters); i++) {
        if (letters[i].byte == byte) {
            out[0] = '\\';
            out[1] = letters[i].letter;
            return 2;
        }
    }
    return write_hex(byte, out);
}

/* Whether the byte at `at` has to be escaped for its place in the name. */
static bool is_ambiguous(struct nk_slice name, size_t at, unsigned how)
{
    static const struct nk_slice arrow = NK_SLICE(" ->");
    char byte = name.data[at];
    if ((how & SHELL_ESCAPE_MARK) && at + 1 == name.len && strchr(shell_type_marks, byte))
        return true;
    return (how & SHELL_ESCAPE_ARROW) && byte == '-' && at > 0 &&
           nk_slice_starts_with(nk_slice_from(name, at - 1), arrow);
}

size_t shell_text_escape(struct nk_slice name, unsigned how, char *out)
{
    size_t len = 0;
    for (size_t at = 0; at < name.len;) {
        uint32_t code_point;
        size_t bytes = nk_utf8_decode(nk_slice_from(name, at), &code_point);
        bool is_shown = bytes > 0 && !is_hidden(code_point) && code_point != '\\';
        if (is_shown && bytes == 1 && is_ambiguous(name, at, how)) {
            len += write_hex(name.data[at], out + len);
        } else if (is_shown) {
            memcpy(out + len, name.data + at, bytes);
            len += bytes;
        } else {
            bytes = bytes > 0 ? bytes : 1;
            for (size_t i = 0; i < bytes; i++)
                len += write_byte(name.data[at + i], out + len);
        }
        at += bytes;
    }
    return len;
}

/* The value of a hexadecimal digit, or -1. */
static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

size_t shell_text_read_escape(struct nk_slice text, char *byte)
{
    if (text.len >= 3 && text.data[0] == 'x') {
        int high = hex_value(text.data[1]);
        int low = hex_value(text.data[2]);
        if (high < 0 || low < 0)
            return 0;
        *byte = (char)(unsigned char)(high * 16 + low);
        return 3;
    }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(letters) && text.len > 0; i++) {
        if (letters[i].letter == text.data[0]) {
            *byte = letters[i].byte;
            return 1;
        }
    }
    return 0;
}

size_t shell_text_read_word_escape(struct nk_slice text, char *byte)
{
    size_t len = shell_text_read_escape(text, byte);
    if (len == 0 && text.len > 0 && text.data[0] != '\0' && strchr(" '\"", text.data[0])) {
        *byte = text.data[0];
        len = 1;
    }
    return len;
}

ssize_t shell_text_unescape(struct nk_slice text, char *out)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len; at++) {
        out[len] = text.data[at];
        if (text.data[at] == '\\') {
            size_t bytes = shell_text_read_escape(nk_slice_from(text, at + 1), &out[len]);
            if (bytes == 0)
                return -EBADMSG;
            at += bytes;
        }
        len++;
    }
    return (ssize_t)len;
}

bool shell_text_is_visible(struct nk_slice text)
{
    while (text.len > 0) {
        uint32_t code_point;
        size_t bytes = nk_utf8_decode(text, &code_point);
        if (bytes == 0 || is_hidden(code_point))
            return false;
        text = nk_slice_from(text, bytes);
    }
    return true;
}

size_t shell_text_quote(struct nk_slice text, char *out)
{
    size_t len = 0;
    out[len++] = '"';
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"')
            out[len++] = '\\';
        out[len++] = text.data[i];
    }
    out[len++] = '"';
    return len;
}

/* strftime would look whether the file of the time zone has changed, each time,
 * although there is no zone in this. */
size_t shell_text_date(time_t seconds, char out[static SHELL_DATE_SIZE])
{
    struct tm parts;
    if (!gmtime_r(&seconds, &parts))
        return (size_t)snprintf(out, SHELL_DATE_SIZE, "?");
    return (size_t)snprintf(out, SHELL_DATE_SIZE, "%04ld-%02d-%02dT%02d:%02d:%02d",
                            parts.tm_year + 1900L, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                            parts.tm_min, parts.tm_sec);
}
