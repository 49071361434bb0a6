/* Lists with commas in field values (RFC 9110 5.6.1). Pure. */
#ifndef HTTP_HTTP_LIST_H
#define HTTP_HTTP_LIST_H

#include <stdbool.h>

#include "base/slice.h"

/* Takes the next member off the front of *rest, without the white space around it;
 * a member may be empty. Returns false, and rest->data is NULL, behind the last one.
 * Not for members that hold quoted strings. */
bool http_list_next(struct nk_slice *rest, struct nk_slice *member);

/* Whether the word (ASCII case ignored) is one of the members. */
bool http_list_has(struct nk_slice list, const char *word);

#endif
