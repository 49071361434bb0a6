#include "cat/cat_crlf.h"

int cat_crlf_filter(void *context, struct nk_slice bytes, struct nk_buffer *out)
{
    static const struct nk_slice crlf = NK_SLICE("\r\n");
    struct cat_crlf *state = context;
    int error = 0;
    while (bytes.len > 0 && !error) {
        size_t line = nk_slice_find(bytes, '\n');
        size_t len = line == NK_SLICE_NOT_FOUND ? bytes.len : line;
        error = nk_buffer_append(out, nk_slice_first(bytes, len));
        if (len > 0)
            state->after_cr = bytes.data[len - 1] == '\r';
        if (!error && line != NK_SLICE_NOT_FOUND) {
            struct nk_slice end = state->after_cr ? nk_slice_from(crlf, 1) : crlf;
            error = nk_buffer_append(out, end);
            state->after_cr = false;
            len++;
        }
        bytes = nk_slice_from(bytes, len);
    }
    return error;
}
