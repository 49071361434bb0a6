/* The end of what was printed, as far as its line is not complete: "login: ".
 *
 * Somebody who types a line has it in front of that line, on the same row, like a
 * prompt; when more of it comes it is drawn anew, and when its end comes it is
 * printed for good. Kept as it came, and shown as what is left of it to see. Pure.
 */
#ifndef TERMINAL_PARTIAL_LINE_H
#define TERMINAL_PARTIAL_LINE_H

#include <wchar.h>

#include "base/buffer.h"
#include "base/slice.h"

/* A longer piece without an end of line is not one that somebody answers: it is
 * printed, and a new row begun. */
#define PARTIAL_LINE_MAX 512

struct partial_line {
    /* private */
    char bytes[PARTIAL_LINE_MAX];
    size_t len;
};

/* Takes what is to be printed. What can be printed for good, beginning with what
 * was kept, is given to `print` in up to three pieces; the rest is kept. */
void partial_line_take(struct partial_line *line, struct nk_slice bytes,
                       void (*print)(void *context, struct nk_slice bytes), void *context);

/* What is kept, as it came; valid until it changes. */
struct nk_slice partial_line_bytes(const struct partial_line *line);

/* Nothing is kept any more. */
void partial_line_clear(struct partial_line *line);

/* Writes what is to be seen of it to `text`, which has room for `size` characters
 * and is terminated: a CR begins the line anew, a backspace takes one away, a
 * tabulator becomes blanks; escape sequences and other controls are left out.
 * Returns the length. */
size_t partial_line_show(const struct partial_line *line, wchar_t *text, size_t size);

#endif
