#include "terminal/text_columns.h"

#include <stdbool.h>
#include <wchar.h>

#define GAP 2 /* columns between two columns */

size_t text_width(struct nk_slice text)
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

static int append_cell(struct nk_buffer *out, const struct text_cell *cell, size_t padding)
{
    int error = nk_buffer_append(out, nk_slice_of_string(cell->before));
    if (!error)
        error = nk_buffer_append(out, cell->text);
    if (!error)
        error = nk_buffer_append(out, nk_slice_of_string(cell->after));
    while (padding-- > 0 && !error)
        error = nk_buffer_append(out, nk_slice_make(" ", 1));
    return error;
}

int text_columns(struct nk_buffer *out, text_cell_fn *cell, const void *context, size_t count,
                 size_t width)
{
    static const struct nk_slice line_end = NK_SLICE("\n");
    size_t widest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t own = text_width(cell(context, i).text);
        widest = own > widest ? own : widest;
    }
    size_t columns = width / (widest + GAP);
    columns = columns > 0 ? columns : 1;
    size_t rows = (count + columns - 1) / columns;
    int error = 0;
    for (size_t row = 0; row < rows && !error; row++) {
        for (size_t i = row; i < count && !error; i += rows) {
            struct text_cell one = cell(context, i);
            bool is_last = i + rows >= count;
            error = append_cell(out, &one, is_last ? 0 : widest + GAP - text_width(one.text));
        }
        if (!error)
            error = nk_buffer_append(out, line_end);
    }
    return error;
}
