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

bool http_list_has(struct nk_slice list, const char *word)
{
    const struct nk_slice wanted = nk_slice_of_string(word);
    struct nk_slice member;
    while (http_list_next(&list, &member)) {
        if (nk_slice_equal_ignoring_case(member, wanted))
            return true;
    }
    return false;
}
