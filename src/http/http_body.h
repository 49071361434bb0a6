/* Finds the end of a request body: Content-Length or chunked (RFC 9112 6, 7).
 *
 * Pure and incremental: bytes in, payload slices out, nothing is stored. The
 * trailer section is checked like header fields and dropped (RFC 9110 6.5.1).
 */
#ifndef HTTP_HTTP_BODY_H
#define HTTP_HTTP_BODY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"
#include "http/http_request.h"

/* What chunk extensions, leading zeros and trailers may cost in bytes, beyond
 * one byte for each byte of payload. Generous to signatures on large chunks,
 * closed to one-byte chunks with long extensions. */
#define HTTP_BODY_OVERHEAD_MAX 16384

struct http_body {
    /* private, except that tests may look */
    uint64_t left;     /* of the length or of the current chunk */
    uint64_t received; /* payload bytes so far */
    uint64_t max;      /* payload bytes allowed */
    uint32_t overhead; /* bytes of chunk lines and trailers beyond the bare minimum */
    uint8_t state;     /* what may come next */
    uint8_t digits;    /* of the chunk size being read */
};

/* For the body of `request`; complete at once when it has none. */
void http_body_init(struct http_body *body, const struct http_request *request, uint64_t max);

bool http_body_is_complete(const struct http_body *body);

/* Takes bytes from the front of `input`. Returns how many were consumed (> 0
 * unless the input is empty or the body is complete), and *payload is the run
 * of body bytes among them (may be empty); call again while bytes are left and
 * the body is not complete. It never consumes a byte behind the body's end.
 * -EBADMSG with *problem filled (400, or 413 above the maximum) when the first
 * byte of `input` is already wrong: good bytes in front of a fault are handed
 * out first, so that the result does not depend on how the input is cut. */
ssize_t http_body_decode(struct http_body *body, struct nk_slice input, struct nk_slice *payload,
                         struct http_problem *problem);

#endif
