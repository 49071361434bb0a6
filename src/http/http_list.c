#include "http/http_list.h"

bool http_list_next(struct nk_slice *rest, struct nk_slice *member)
{
    if (rest->data == NULL)
        return false;
    const size_t comma = nk_slice_find(*rest, ',');
    *member = nk_slice_trim(nk_slice_first(*rest, comma));
    if (comma == NK_SLICE_NOT_FOUND)
        *rest = nk_slice_make(NULL, 0);
    else
        *rest = nk_slice_from(*rest, comma + 1);
    return true;
}
