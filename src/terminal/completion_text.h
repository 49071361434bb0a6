/* What becomes of the candidates for a word that is to be completed. Pure. */
#ifndef TERMINAL_COMPLETION_TEXT_H
#define TERMINAL_COMPLETION_TEXT_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/slice.h"

/* How many bytes all candidates begin with; never a part of a UTF-8 character. */
size_t completion_common(const struct nk_slice *candidates, size_t count);

/* Appends the candidates in columns, read downwards as by ls, for a terminal of
 * `width` columns, one at least on each line. Returns 0, -ENOBUFS or -ENOMEM. */
NK_MUST_USE int completion_columns(struct nk_buffer *out, const struct nk_slice *candidates,
                                   size_t count, size_t width);

#endif
