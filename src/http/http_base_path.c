#include "http/http_base_path.h"

#include <errno.h>
#include <string.h>

#include "http/http_path.h"

static bool is_dots(struct nk_slice segment)
{
    static const struct nk_slice dot = NK_SLICE("."), dot_dot = NK_SLICE("..");
    return nk_slice_equal(segment, dot) || nk_slice_equal(segment, dot_dot);
}

/* What is wrong with the segments between the slashes, or NULL. */
static const char *find_mistake(struct nk_slice path)
{
    if (path.len == 0)
        return "it names nothing below '/'";
    for (struct nk_slice rest = path;;) {
        const struct nk_slice segment = nk_slice_first(rest, nk_slice_find(rest, '/'));
        if (segment.len == 0)
            return "it has two slashes in a row";
        if (is_dots(segment))
            return "it has a '.' or '..' in it";
        if (segment.len == rest.len)
            return NULL;
        rest = nk_slice_from(rest, segment.len + 1);
    }
}

int http_base_path_make(const char *text, char base[static HTTP_BASE_PATH_SIZE],
                        const char **mistake)
{
    struct nk_slice path = nk_slice_of_string(text);
    size_t len = 1;
    if (path.len > 0 && path.data[0] == '/')
        path = nk_slice_from(path, 1);
    if (path.len > 0 && path.data[path.len - 1] == '/')
        path.len--;
    *mistake = find_mistake(path);
    if (!*mistake && http_path_encode(path, base, HTTP_BASE_PATH_SIZE - 1, &len) < 0)
        *mistake = "it is too long";
    if (*mistake)
        return -EINVAL;
    base[0] = '/';
    base[len] = '\0';
    return 0;
}

struct nk_slice http_base_path_strip(const char *base, struct nk_slice path)
{
    struct nk_slice own = nk_slice_of_string(base);
    if (path.len > own.len && path.data[own.len] == '/' &&
        nk_slice_equal(nk_slice_first(path, own.len), own))
        return nk_slice_from(path, own.len);
    return nk_slice_first(path, 0);
}

bool http_base_path_is_named(const char *base, struct nk_slice target, struct nk_slice *query)
{
    struct nk_slice path = nk_slice_first(target, nk_slice_find(target, '?'));
    *query = nk_slice_from(target, path.len);
    return nk_slice_equal(path, nk_slice_of_string(base));
}
