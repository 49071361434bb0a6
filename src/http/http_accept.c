#include "http/http_accept.h"

#include <stdbool.h>

#include "http/http_weight.h"

/* How exactly a range names a type. */
enum precision { PRECISION_NONE, PRECISION_ANY, PRECISION_GROUP, PRECISION_EXACT };

/* The bytes of `text` up to a `delimiter` that stands outside of quotes. */
static size_t find_outside_quotes(struct nk_slice text, char delimiter)
{
    bool is_quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && text.data[i] == '\\')
            i++;
        else if (!is_quoted && text.data[i] == delimiter)
            return i;
    }
    return text.len;
}

/* Takes the part up to the delimiter off the front of *rest. */
static struct nk_slice next_part(struct nk_slice *rest, char delimiter)
{
    size_t len = find_outside_quotes(*rest, delimiter);
    struct nk_slice part = nk_slice_trim(nk_slice_first(*rest, len));
    *rest = nk_slice_from(*rest, len + 1);
    return part;
}

/* The weight among the parameters behind a range. */
static bool find_weight(struct nk_slice parameters, unsigned *weight)
{
    *weight = HTTP_WEIGHT_ONE;
    while (parameters.len > 0) {
        struct nk_slice part = next_part(&parameters, ';');
        if (part.len >= 2 && (part.data[0] == 'q' || part.data[0] == 'Q') && part.data[1] == '=')
            return http_weight_read(nk_slice_from(part, 2), weight);
    }
    return true;
}

static enum precision precision_of(struct nk_slice range, struct nk_slice type)
{
    static const struct nk_slice any = NK_SLICE("*/*");
    struct nk_slice group = nk_slice_first(type, nk_slice_find(type, '/') + 1);
    if (nk_slice_equal_ignoring_case(range, type))
        return PRECISION_EXACT;
    if (nk_slice_equal(range, any))
        return PRECISION_ANY;
    if (range.len == group.len + 1 && range.data[group.len] == '*' &&
        nk_slice_equal_ignoring_case(nk_slice_first(range, group.len), group))
        return PRECISION_GROUP;
    return PRECISION_NONE;
}

unsigned http_accept_weight(struct nk_slice accept, const char *type)
{
    enum precision best = PRECISION_NONE;
    unsigned result = nk_slice_trim(accept).len == 0 ? HTTP_WEIGHT_ONE : 0;
    while (accept.len > 0) {
        struct nk_slice item = next_part(&accept, ',');
        struct nk_slice range = next_part(&item, ';');
        enum precision precision = precision_of(range, nk_slice_of_string(type));
        unsigned weight;
        if (precision > best && find_weight(item, &weight)) {
            best = precision;
            result = weight;
        }
    }
    return result;
}
