#include "terminal/completion_text.h"

#include "terminal/text_columns.h"

size_t completion_common(const struct nk_slice *candidates, size_t count)
{
    size_t len = count > 0 ? candidates[0].len : 0;
    for (size_t i = 1; i < count; i++) {
        size_t same = 0;
        while (same < len && same < candidates[i].len &&
               candidates[i].data[same] == candidates[0].data[same])
            same++;
        len = same;
    }
    /* Back to where a character ends: what follows is no continuation byte. */
    while (len > 0 && len < candidates[0].len && (candidates[0].data[len] & 0xC0) == 0x80)
        len--;
    return len;
}

static struct text_cell plain_cell(const void *context, size_t index)
{
    const struct nk_slice *candidates = context;
    return (struct text_cell){candidates[index], "", ""};
}

int completion_columns(struct nk_buffer *out, const struct nk_slice *candidates, size_t count,
                       size_t width)
{
    return text_columns(out, plain_cell, candidates, count, width);
}
