/* The lines of `ls`, a piece at a time, so that a directory of any size takes the
 * same memory (docs/shell-protocol.md, "ls").
 *
 * Everything here may block on the file system: it is for worker threads. One
 * thread at a time for each listing.
 */
#ifndef SHELL_SHELL_LIST_H
#define SHELL_SHELL_LIST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "shell/shell_request.h"

/* No line is longer; room of less than this makes no progress. */
#define SHELL_LIST_LINE_MAX ((size_t)24 * 1024)

/* Directories of at most so many names are sorted. */
#define SHELL_LIST_SORTED_MAX 10000

/* Memory for sorting, of all listings together. */
struct shell_list_budget {
    atomic_size_t left; /* bytes */
};

struct shell_list;

/* Begins to list what the descriptor `found` is open on (see shell_tree_look): a
 * directory's names, or else itself under `name`. The descriptor is taken, also
 * on failure; the strings of `options` and `name` have to live as long as the
 * listing. With `is_payload` every line begins with the space of a payload line.
 * Returns 0 and *out, or -errno. */
NK_MUST_USE int shell_list_open(struct shell_list **out, int found, struct nk_slice name,
                                const struct shell_ls_options *options, bool is_payload,
                                struct shell_list_budget *budget) NK_NONNULL(1, 4, 6);

/* NULL is fine. */
void shell_list_free(struct shell_list *list);

/* Writes the next lines to `out`, as many as fit `size`, at least
 * SHELL_LIST_LINE_MAX. Returns how many bytes, 0 behind the last line, or -errno
 * when the directory cannot be read on. */
NK_MUST_USE ssize_t shell_list_read(struct shell_list *list, char *out, size_t size)
    NK_NONNULL(1, 2);

#endif
