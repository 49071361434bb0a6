#include "shell/shell_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "service/open_beneath.h"

#define ENTER_FLAGS (O_PATH | O_DIRECTORY)
#define LIST_FLAGS (O_RDONLY | O_DIRECTORY)

int shell_tree_look(const struct shell_tree *tree, const char *path)
{
    int found = open_beneath(tree->root, path + 1, LIST_FLAGS, OPEN_LINKS_AS_ROOT);
    if (found == -ENOTDIR)
        found = open_beneath(tree->root, path + 1, O_PATH, OPEN_LINKS_AS_ROOT);
    return found;
}

int shell_tree_look_here(int directory)
{
    int found = openat(directory, ".", LIST_FLAGS | O_CLOEXEC);
    return found < 0 ? -errno : found;
}

int shell_tree_enter(const struct shell_tree *tree, const char *path)
{
    int directory = open_beneath(tree->root, path + 1, ENTER_FLAGS, OPEN_LINKS_AS_ROOT);
    if (directory < 0)
        return directory;
    /* O_PATH asks for no right to the directory itself; looking up a name in it,
     * be it ".", does. */
    int itself = openat(directory, ".", ENTER_FLAGS | O_CLOEXEC);
    int error = itself < 0 ? -errno : 0;
    close(directory);
    return error ? error : itself;
}

/* What `inner` is called from `outer` ("/x/y" in "/x" is "/y"), or NULL when it
 * does not lie there. */
static const char *path_inside(const char *outer, const char *inner)
{
    size_t len = strlen(outer);
    if (strcmp(outer, "/") == 0)
        return inner;
    if (strncmp(inner, outer, len) != 0 || (inner[len] != '/' && inner[len] != '\0'))
        return NULL;
    return inner[len] == '\0' ? "/" : inner + len;
}

static int find_start(struct shell_tree *tree, const char *start)
{
    char name[PATH_MAX];
    const char *path = NULL;
    if (realpath(start ? start : ".", name))
        path = path_inside(tree->root_name, name);
    else if (start)
        return -errno;
    if (!path && start)
        return -EXDEV;
    snprintf(tree->start_path, sizeof(tree->start_path), "%s", path ? path : "/");
    tree->start = shell_tree_enter(tree, tree->start_path);
    return tree->start < 0 ? tree->start : 0;
}

int shell_tree_open(struct shell_tree *tree, const char *root, const char *start,
                    const char **failed)
{
    tree->root = -1;
    tree->start = -1;
    *failed = root;
    if (realpath(root, tree->root_name))
        tree->root = open(tree->root_name, ENTER_FLAGS | O_CLOEXEC);
    if (tree->root < 0)
        return -errno;
    int error = find_start(tree, start);
    if (error) {
        if (start)
            *failed = start;
        shell_tree_close(tree);
    }
    return error;
}

void shell_tree_close(struct shell_tree *tree)
{
    if (tree->root >= 0)
        close(tree->root);
    if (tree->start >= 0)
        close(tree->start);
    tree->root = -1;
    tree->start = -1;
}
