/* Sends each end of line as CR LF (-C), which many text protocols demand and
 * terminals do not type. A LF that has its CR already is left alone. Pure.
 */
#ifndef CAT_CAT_CRLF_H
#define CAT_CAT_CRLF_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Zero-filled at the beginning of a stream. */
struct cat_crlf {
    bool after_cr;
};

/* A cat_filter_fn whose context is a struct cat_crlf. */
int cat_crlf_filter(void *context, struct nk_slice bytes, struct nk_buffer *out);

#endif
