#include "http/http_field_line.h"

#include <errno.h>

#include "http/http_chars.h"

static const char ends_message[] = "the server alone says where a message ends";
static const char own_field[] = "the server writes this field itself";

static const struct {
    struct nk_slice name;
    const char *mistake;
} refused[] = {
    {NK_SLICE("Connection"), ends_message},
    {NK_SLICE("Content-Length"), ends_message},
    {NK_SLICE("Keep-Alive"), ends_message},
    {NK_SLICE("TE"), ends_message},
    {NK_SLICE("Trailer"), ends_message},
    {NK_SLICE("Transfer-Encoding"), ends_message},
    {NK_SLICE("Upgrade"), ends_message},
    {NK_SLICE("Accept-Ranges"), own_field},
    {NK_SLICE("Allow"), own_field},
    {NK_SLICE("Cache-Control"), "use --cache-control, which leaves errors out"},
    {NK_SLICE("Content-Encoding"), own_field},
    {NK_SLICE("Content-Range"), own_field},
    {NK_SLICE("Content-Type"), own_field},
    {NK_SLICE("Date"), own_field},
    {NK_SLICE("ETag"), own_field},
    {NK_SLICE("Last-Modified"), own_field},
    {NK_SLICE("Location"), own_field},
    {NK_SLICE("Server"), own_field},
    {NK_SLICE("WWW-Authenticate"), own_field},
    {NK_SLICE("X-Content-Type-Options"), own_field},
};

static bool has_only(struct nk_slice text, unsigned classes)
{
    const char *end = text.data + text.len;
    return http_char_skip(text.data, end, classes) == end;
}

bool http_field_value_is_valid(struct nk_slice value)
{
    return has_only(value, HTTP_CHAR_VALUE);
}

/* What is wrong with a name, or NULL. */
static const char *name_mistake(struct nk_slice name)
{
    if (name.len == 0)
        return "there is no name before the colon";
    if (!has_only(name, HTTP_CHAR_TOKEN))
        return "the name holds a character that no field name may (RFC 9110 5.1)";
    for (size_t i = 0; i < NK_ARRAY_LENGTH(refused); i++) {
        if (nk_slice_equal_ignoring_case(name, refused[i].name))
            return refused[i].mistake;
    }
    return NULL;
}

int http_field_line_parse(struct nk_slice line, struct nk_slice *name, struct nk_slice *value,
                          const char **mistake)
{
    size_t colon = nk_slice_find(line, ':');
    *mistake = NULL;
    if (colon == NK_SLICE_NOT_FOUND) {
        *mistake = "it is not written as 'Name: value'";
        return -EINVAL;
    }
    *name = nk_slice_first(line, colon);
    *value = nk_slice_trim(nk_slice_from(line, colon + 1));
    *mistake = name_mistake(*name);
    if (!*mistake && !http_field_value_is_valid(*value))
        *mistake = "the value holds a control character (RFC 9110 5.5)";
    if (!*mistake && line.len > HTTP_FIELD_LINE_MAX)
        *mistake = "it is longer than 4096 bytes";
    return *mistake ? -EINVAL : 0;
}
