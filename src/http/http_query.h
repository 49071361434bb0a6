/* What stands behind the question mark of a target: name=value, with & between. Pure.
 * Nothing is decoded: the values that are asked for here are numbers and names.
 */
#ifndef HTTP_HTTP_QUERY_H
#define HTTP_HTTP_QUERY_H

#include <stdbool.h>

#include "base/slice.h"

/* The value of the first `name`; empty when it has none. Returns whether it is there. */
bool http_query_find(struct nk_slice query, const char *name, struct nk_slice *value);

#endif
