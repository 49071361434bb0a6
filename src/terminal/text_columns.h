/* Text in columns, as `ls` shows it. Pure, but for the locale's idea of widths.
 */
#ifndef TERMINAL_TEXT_COLUMNS_H
#define TERMINAL_TEXT_COLUMNS_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/slice.h"

/* One of the texts, and what is written around it without taking room: colours. */
struct text_cell {
    struct nk_slice text;
    const char *before;
    const char *after;
};

typedef struct text_cell text_cell_fn(const void *context, size_t index);

/* Columns on the screen; a byte that is no character counts as one. */
size_t text_width(struct nk_slice text);

/* Appends `count` cells in columns that are read downwards, for a terminal of `width`
 * columns; one at least on each line. Returns 0, -ENOBUFS or -ENOMEM. */
NK_MUST_USE int text_columns(struct nk_buffer *out, text_cell_fn *cell, const void *context,
                             size_t count, size_t width);

#endif
