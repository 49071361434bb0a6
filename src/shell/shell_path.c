#include "shell/shell_path.h"

#include <errno.h>
#include <stdbool.h>

/* A path while it is built: "/" and "/a/b", here without a NUL. */
struct builder {
    char *text;
    size_t len;
};

static void drop_last(struct builder *path)
{
    while (path->len > 1 && path->text[path->len - 1] != '/')
        path->len--;
    if (path->len > 1)
        path->len--;
}

static int add_name(struct builder *path, struct nk_slice name)
{
    bool needs_slash = path->len > 1;
    if (path->len + needs_slash + name.len >= SHELL_PATH_SIZE)
        return -ENAMETOOLONG;
    if (needs_slash)
        path->text[path->len++] = '/';
    memcpy(path->text + path->len, name.data, name.len);
    path->len += name.len;
    return 0;
}

static int add(struct builder *path, struct nk_slice names)
{
    static const struct nk_slice dot = NK_SLICE(".");
    static const struct nk_slice dot_dot = NK_SLICE("..");
    int error = 0;
    while (names.len > 0 && !error) {
        size_t end = nk_slice_find(names, '/');
        struct nk_slice name = nk_slice_first(names, end);
        names = nk_slice_from(names, name.len + 1);
        if (nk_slice_equal(name, dot_dot))
            drop_last(path);
        else if (name.len > 0 && !nk_slice_equal(name, dot))
            error = add_name(path, name);
    }
    return error;
}

int shell_path_resolve(const char *directory, const char *start, struct nk_slice argument,
                       char out[static SHELL_PATH_SIZE])
{
    char text[SHELL_PATH_SIZE] = "/";
    struct builder path = {text, 1};
    bool is_absolute = argument.len > 0 && argument.data[0] == '/';
    bool is_from_start = argument.len > 0 && argument.data[0] == '~' &&
                         (argument.len == 1 || argument.data[1] == '/');
    int error = argument.len < SHELL_PATH_SIZE ? 0 : -ENAMETOOLONG;
    if (is_from_start)
        argument = nk_slice_from(argument, 1);
    if (!error && !is_absolute)
        error = add(&path, nk_slice_of_string(is_from_start ? start : directory));
    if (!error)
        error = add(&path, argument);
    if (error)
        return error;
    memcpy(out, text, path.len);
    out[path.len] = '\0';
    return 0;
}
