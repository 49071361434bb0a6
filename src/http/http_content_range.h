/* Content-Range of a request (RFC 9110 14.4, 14.5): which bytes of a file an upload
 * brings. Pure.
 */
#ifndef HTTP_HTTP_CONTENT_RANGE_H
#define HTTP_HTTP_CONTENT_RANGE_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"

struct http_content_range {
    uint64_t first;
    uint64_t last;  /* of the range, included */
    uint64_t total; /* bytes of the complete file; above `last` */
};

/* "bytes 100-199/200". Returns 0, or -EINVAL for everything else, unknown totals
 * included; then *range is untouched. */
NK_MUST_USE int http_content_range_parse(struct nk_slice value, struct http_content_range *range)
    NK_NONNULL(2);

#endif
