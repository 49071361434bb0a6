/* Answers that are files: whole, in parts, or not at all because the client knows the
 * file already (RFC 9110 13, 14). Loop thread only.
 */
#ifndef HTTP_HTTP_FILE_RESPONSE_H
#define HTTP_HTTP_FILE_RESPONSE_H

#include "http/http_cache.h"
#include "http/http_file.h"
#include "http/http_server.h"

/* Answers with `file`, whose content is what the descriptor holds, after looking at
 * the conditions and ranges of the request. Takes the descriptor. */
void http_file_respond(struct http_exchange *exchange, const struct http_file *file, int content);

/* The same with a file in memory, to a request without Range. In the usual case head
 * and body go out as they lie there. */
void http_file_respond_cached(struct http_exchange *exchange, struct http_cached *cached,
                              unsigned asks);

/* Reads up to `size` bytes from `offset` on; returns how many there were, or -errno. */
ssize_t http_file_read(int file, uint64_t offset, char *data, size_t size);

/* Whether `len` bytes that were read of `file` are all of it, and its state still the
 * one that it tells of. */
bool http_file_is_unchanged(const struct http_file *file, int content, size_t len);

#endif
