/* How the names of a listing look on a terminal: in columns, with colours for types.
 *
 * Pure, but for the locale's idea of widths. One thread at a time for each.
 */
#ifndef SHELL_SHELL_SHOW_H
#define SHELL_SHELL_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/slice.h"

/* Names that share their columns. Of a larger directory so many at a time are shown, so
 * that it begins to appear at once and takes no more memory. */
#define SHELL_SHOW_NAMES 1000

/* Bytes of such names; and what becomes of them, with colours and padding. */
#define SHELL_SHOW_BYTES ((size_t)64 * 1024)
#define SHELL_SHOW_OUT_MAX ((size_t)1024 * 1024)

struct shell_show_options {
    bool is_long;     /* lines of `ls -l` */
    bool has_marks;   /* names end with the mark of their type (`ls -F`) ... */
    bool keeps_marks; /* ... which is shown, too */
    bool colours;
    size_t width; /* columns of the terminal; long lines do not heed it */
};

struct shell_show {
    struct shell_show_options options;
    /* private */
    char bytes[SHELL_SHOW_BYTES];
    size_t len;
    size_t ends[SHELL_SHOW_NAMES]; /* of each name in `bytes` */
    size_t count;
};

void shell_show_begin(struct shell_show *show, const struct shell_show_options *options)
    NK_NONNULL(1, 2);

/* Takes a payload line of `ls`; appends what can be shown already. Returns 0, -ENOBUFS for
 * a name above SHELL_SHOW_BYTES or when `out` is full, or -ENOMEM. */
NK_MUST_USE int shell_show_line(struct shell_show *show, struct nk_slice line,
                                struct nk_buffer *out) NK_NONNULL(1, 3);

/* Appends the rest. */
NK_MUST_USE int shell_show_end(struct shell_show *show, struct nk_buffer *out) NK_NONNULL(1, 2);

#endif
