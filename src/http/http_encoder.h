/* A content coding being made, piece by piece: zlib, brotli and zstd behind one
 * door. No descriptors; any thread, but one encoder only on one at a time.
 */
#ifndef HTTP_HTTP_ENCODER_H
#define HTTP_HTTP_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/slice.h"
#include "http/http_coding.h"

struct http_encoder;

/* For any coding but the identity. Returns 0 or -ENOMEM. */
NK_MUST_USE int http_encoder_new(struct http_encoder **out, enum http_coding coding);
void http_encoder_free(struct http_encoder *encoder);

/* Takes input off the front of *input and writes up to `size` bytes to `out`; both may
 * be nothing in one call. `is_last`: nothing follows what is in *input. Returns the
 * bytes written, or -ENOMEM. *is_done turns true with the last byte of the coding. */
ssize_t http_encoder_run(struct http_encoder *encoder, struct nk_slice *input, bool is_last,
                         char *out, size_t size, bool *is_done);

/* Prints the version of the library that is linked: as long as it stays, the same
 * content has the same coding, to the byte. */
#define HTTP_ENCODER_VERSION_SIZE 16
void http_encoder_version(enum http_coding coding, char text[static HTTP_ENCODER_VERSION_SIZE]);

#endif
