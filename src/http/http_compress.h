/* A file, compressed into a memory file. Blocks: for worker threads. */
#ifndef HTTP_HTTP_COMPRESS_H
#define HTTP_HTTP_COMPRESS_H

#include <stdint.h>

#include "http/http_coding.h"

/* Compresses the first `size` bytes of `file`. Returns the descriptor of a memory
 * file with *made bytes, or -errno: -EFBIG when it would hardly be smaller, -EIO when
 * the file has become shorter. The position of `file` stays. */
int http_compress_file(int file, uint64_t size, enum http_coding coding, uint64_t *made);

#endif
