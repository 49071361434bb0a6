/* The directory tree that the remote shell shows, and the way into it.
 *
 * Paths are those of shell_path.h: absolute from the root, without dot segments.
 * Constant once it is open; any thread.
 */
#ifndef SHELL_SHELL_TREE_H
#define SHELL_SHELL_TREE_H

#include <limits.h>

#include "base/attributes.h"
#include "shell/shell_path.h"

struct shell_tree {
    int root;                         /* descriptors of the two directories (O_PATH) */
    int start;                        /* where sessions begin */
    char root_name[PATH_MAX];         /* on this machine */
    char start_path[SHELL_PATH_SIZE]; /* from the root */
};

/* Opens the directory `root`, and in it `start`, both as this process names them.
 * A `start` of NULL is the current directory when that is inside the root, else
 * the root. Returns 0 or -errno, with *failed set to what could not be opened;
 * -EXDEV when `start` is not inside. */
NK_MUST_USE int shell_tree_open(struct shell_tree *tree, const char *root, const char *start,
                                const char **failed) NK_NONNULL(1, 2, 4);
void shell_tree_close(struct shell_tree *tree) NK_NONNULL(1);

/* What is at `path`, for shell_list_open: a directory open for reading, anything
 * else with O_PATH. Returns a descriptor or -errno. */
NK_MUST_USE int shell_tree_look(const struct shell_tree *tree, const char *path) NK_NONNULL(1, 2);

/* The same for a directory that was entered. */
NK_MUST_USE int shell_tree_look_here(int directory);

/* A descriptor (O_PATH) of a directory that may be entered: it exists and may be
 * searched, though perhaps not listed. Or -errno. */
NK_MUST_USE int shell_tree_enter(const struct shell_tree *tree, const char *path) NK_NONNULL(1, 2);

#endif
