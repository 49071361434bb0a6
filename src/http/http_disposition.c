#include "http/http_disposition.h"

#include <errno.h>

#include "http/http_chars.h"

struct nk_slice http_disposition_type(struct nk_slice value, struct nk_slice *rest)
{
    const size_t end = nk_slice_find(value, ';');
    *rest = end == NK_SLICE_NOT_FOUND ? nk_slice_from(value, value.len) : nk_slice_from(value, end);
    return nk_slice_trim(nk_slice_first(value, end));
}

static struct nk_slice skip_blanks(struct nk_slice text)
{
    while (text.len > 0 && (*text.data == ' ' || *text.data == '\t'))
        text = nk_slice_from(text, 1);
    return text;
}

/* Cuts the token, of at least one byte, off the front. */
static bool take_token(struct nk_slice *text, struct nk_slice *token)
{
    if (text->len == 0)
        return false;
    const char *const end = http_char_skip(text->data, text->data + text->len, HTTP_CHAR_TOKEN);
    const size_t len = (size_t)(end - text->data);
    *token = nk_slice_first(*text, len);
    *text = nk_slice_from(*text, len);
    return len > 0;
}

/* The same with what stands between quotes; text begins behind the first one. */
static bool take_quoted(struct nk_slice *text, struct nk_slice *inside)
{
    size_t len = 0;
    while (len < text->len && text->data[len] != '"')
        len += text->data[len] == '\\' ? 2 : 1;
    if (len >= text->len)
        return false;
    *inside = nk_slice_first(*text, len);
    *text = nk_slice_from(*text, len + 1);
    return true;
}

int http_disposition_next(struct nk_slice *rest, struct nk_slice *name, struct nk_slice *value,
                          bool *is_quoted)
{
    struct nk_slice text = skip_blanks(*rest);
    while (text.len > 0 && *text.data == ';') /* empty parameters are legal */
        text = skip_blanks(nk_slice_from(text, 1));
    if (text.len == 0)
        return 0;
    if (!take_token(&text, name) || text.len == 0 || *text.data != '=')
        return -EBADMSG;
    text = nk_slice_from(text, 1);
    *is_quoted = text.len > 0 && *text.data == '"';
    if (*is_quoted)
        text = nk_slice_from(text, 1);
    if (!(*is_quoted ? take_quoted(&text, value) : take_token(&text, value)))
        return -EBADMSG;
    text = skip_blanks(text);
    if (text.len > 0 && *text.data != ';')
        return -EBADMSG;
    *rest = text;
    return 1;
}
