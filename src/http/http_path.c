#include "http/http_path.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "http/http_chars.h"

static ssize_t refuse(struct http_problem *problem, int status, const char *rule)
{
    *problem = (struct http_problem){.status = status, .rule = rule};
    return -EBADMSG;
}

/* Decodes the escape at the start of `rest` into *byte. */
static ssize_t decode_escape(struct nk_slice rest, char *byte, struct http_problem *problem)
{
    if (rest.len < 3 || (http_char_of(rest.data[1]) & HTTP_CHAR_HEX) == 0 ||
        (http_char_of(rest.data[2]) & HTTP_CHAR_HEX) == 0)
        return refuse(problem, 400, "% without two hexadecimal digits (RFC 3986 2.1)");
    const unsigned value =
        http_char_hex_value(rest.data[1]) * 16 + http_char_hex_value(rest.data[2]);
    if (value == '\0')
        return refuse(problem, 400, "%00 in the path (RFC 3986 7.3)");
    if (value == '/')
        return refuse(problem, 404, "%2f is no separator and in no file name (RFC 3986 2.2)");
    *byte = (char)value;
    return 3;
}

/* Decodes one segment; returns its decoded length. */
static ssize_t decode_segment(struct nk_slice segment, char *out, size_t size,
                              struct http_problem *problem)
{
    size_t len = 0;
    for (size_t i = 0; i < segment.len; len++) {
        char byte = segment.data[i];
        ssize_t used = 1;
        if (byte == '%')
            used = decode_escape(nk_slice_from(segment, i), &byte, problem);
        else if (byte == '\0')
            used = refuse(problem, 400, "NUL byte in the path (RFC 3986 7.3)");
        if (used < 0)
            return used;
        if (len == size)
            return refuse(problem, 414, "path longer than any file name (RFC 9110 15.5.15)");
        out[len] = byte;
        i += (size_t)used;
    }
    return (ssize_t)len;
}

/* The length of a name, empty or ending in '/', without its last segment. */
static size_t parent_length(const char *name, size_t len)
{
    if (len > 0)
        len--;
    while (len > 0 && name[len - 1] != '/')
        len--;
    return len;
}

static bool is(const char *segment, size_t len, const char *word, size_t word_len)
{
    return len == word_len && memcmp(segment, word, word_len) == 0;
}

/* Appends the segment to the name, which is empty or ends in '/', and a slash
 * when one followed. Returns the new length. */
static ssize_t append_segment(struct nk_slice segment, bool has_slash, char *name, size_t len,
                              size_t size, struct http_problem *problem)
{
    const ssize_t decoded = decode_segment(segment, name + len, size - len, problem);
    if (decoded < 0)
        return decoded;
    const size_t added = (size_t)decoded;
    if (is(name + len, added, "..", 2)) {
        if (len == 0)
            return refuse(problem, 400, ".. above the root (RFC 3986 5.2.4)");
        return (ssize_t)parent_length(name, len);
    }
    if (added == 0 || is(name + len, added, ".", 1))
        return (ssize_t)len;
    len += added;
    if (has_slash) {
        if (len == size)
            return refuse(problem, 414, "path longer than any file name (RFC 9110 15.5.15)");
        name[len++] = '/';
    }
    return (ssize_t)len;
}

ssize_t http_path_decode(struct nk_slice path, char *name, size_t size,
                         struct http_problem *problem)
{
    if (path.len == 0 || path.data[0] != '/')
        return refuse(problem, 400, "path does not start with a slash (RFC 9112 3.2.1)");
    if (size == 0)
        return refuse(problem, 414, "path longer than any file name (RFC 9110 15.5.15)");
    size_t len = 0;
    for (size_t start = 1; start < path.len;) {
        const struct nk_slice rest = nk_slice_from(path, start);
        const struct nk_slice segment = nk_slice_first(rest, nk_slice_find(rest, '/'));
        const bool has_slash = segment.len < rest.len;
        const ssize_t rc = append_segment(segment, has_slash, name, len, size - 1, problem);
        if (rc < 0)
            return rc;
        len = (size_t)rc;
        start += segment.len + 1;
    }
    name[len] = '\0';
    return (ssize_t)len;
}

bool http_path_has_dotfile(const char *name)
{
    static const struct nk_slice well_known = NK_SLICE(".well-known");
    struct nk_slice rest = nk_slice_of_string(name);
    bool at_root = true;
    while (rest.len > 0) {
        const struct nk_slice segment = nk_slice_first(rest, nk_slice_find(rest, '/'));
        const bool allowed = at_root && nk_slice_equal(segment, well_known);
        if (segment.len > 0 && segment.data[0] == '.' && !allowed)
            return true;
        rest = nk_slice_from(rest, segment.len + 1);
        at_root = false;
    }
    return false;
}

/* Appends when there is room behind *at. */
static bool append(char *out, size_t size, size_t *at, struct nk_slice text)
{
    if (size - *at < text.len)
        return false;
    for (size_t i = 0; i < text.len; i++)
        out[*at + i] = text.data[i];
    *at += text.len;
    return true;
}

int http_path_encode(struct nk_slice name, char *out, size_t size, size_t *len)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = *len;
    for (size_t i = 0; i < name.len; i++) {
        const unsigned char byte = (unsigned char)name.data[i];
        const char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        struct nk_slice text = nk_slice_make(escape, sizeof(escape));
        if ((http_char_of(name.data[i]) & HTTP_CHAR_PATH) != 0)
            text = nk_slice_make(name.data + i, 1);
        if (!append(out, size, &at, text))
            return -ENOBUFS;
    }
    *len = at;
    return 0;
}

/* What stands for a byte that means something in HTML; `text` if nothing does. */
static struct nk_slice html_reference(struct nk_slice text)
{
    static const struct {
        char byte;
        struct nk_slice reference;
    } references[] = {
        {'&', NK_SLICE("&amp;")},  {'<', NK_SLICE("&lt;")},   {'>', NK_SLICE("&gt;")},
        {'"', NK_SLICE("&quot;")}, {'\'', NK_SLICE("&#39;")},
    };
    for (size_t i = 0; i < NK_ARRAY_LENGTH(references); i++)
        if (text.data[0] == references[i].byte)
            return references[i].reference;
    return text;
}

int http_html_escape(struct nk_slice text, char *out, size_t size, size_t *len)
{
    static const struct nk_slice replacement = NK_SLICE("\xef\xbf\xbd"); /* U+FFFD */
    size_t at = *len;
    for (size_t i = 0; i < text.len;) {
        const size_t used = nk_utf8_decode(nk_slice_from(text, i), NULL);
        struct nk_slice piece = replacement;
        if (used > 0)
            piece = html_reference(nk_slice_make(text.data + i, used));
        if (!append(out, size, &at, piece))
            return -ENOBUFS;
        i += used > 0 ? used : 1;
    }
    *len = at;
    return 0;
}
