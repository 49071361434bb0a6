#include "terminal/completion_text.h"

#include <stdbool.h>
#include <wchar.h>

#define GAP 2 /* columns between two columns */

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

/* Columns on the screen; a byte that is no character counts as one. */
static size_t width_of(struct nk_slice text)
{
    size_t width = 0;
    mbstate_t state = {0};
    while (text.len > 0) {
        wchar_t character;
        size_t len = mbrtowc(&character, text.data, text.len, &state);
        bool is_character = len != 0 && len != (size_t)-1 && len != (size_t)-2;
        int columns = is_character ? wcwidth(character) : 1;
        if (!is_character)
            state = (mbstate_t){0};
        width += columns > 0 ? (size_t)columns : 0;
        text = nk_slice_from(text, is_character ? len : 1);
    }
    return width;
}

static int append_cell(struct nk_buffer *out, struct nk_slice text, size_t padding)
{
    int error = nk_buffer_append(out, text);
    while (padding-- > 0 && !error)
        error = nk_buffer_append(out, nk_slice_make(" ", 1));
    return error;
}

int completion_columns(struct nk_buffer *out, const struct nk_slice *candidates, size_t count,
                       size_t width)
{
    static const struct nk_slice line_end = NK_SLICE("\n");
    size_t widest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t own = width_of(candidates[i]);
        widest = own > widest ? own : widest;
    }
    size_t columns = width / (widest + GAP);
    columns = columns > 0 ? columns : 1;
    size_t rows = (count + columns - 1) / columns;
    int error = 0;
    for (size_t row = 0; row < rows && !error; row++) {
        for (size_t i = row; i < count && !error; i += rows) {
            bool is_last = i + rows >= count;
            size_t padding = is_last ? 0 : widest + GAP - width_of(candidates[i]);
            error = append_cell(out, candidates[i], padding);
        }
        if (!error)
            error = nk_buffer_append(out, line_end);
    }
    return error;
}
