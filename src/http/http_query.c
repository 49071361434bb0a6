#include "http/http_query.h"

bool http_query_find(struct nk_slice query, const char *name, struct nk_slice *value)
{
    const struct nk_slice wanted = nk_slice_of_string(name);
    while (query.len > 0) {
        const size_t end = nk_slice_find(query, '&');
        const struct nk_slice pair = nk_slice_first(query, end);
        const size_t equals = nk_slice_find(pair, '=');
        if (nk_slice_equal(nk_slice_first(pair, equals), wanted)) {
            *value = nk_slice_from(pair, equals == NK_SLICE_NOT_FOUND ? pair.len : equals + 1);
            return true;
        }
        query = nk_slice_from(query, end == NK_SLICE_NOT_FOUND ? query.len : end + 1);
    }
    return false;
}
