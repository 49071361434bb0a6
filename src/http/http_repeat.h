/* Recognises a request head that repeats the last one byte for byte.
 *
 * Programs that talk HTTP send the same head again and again. A head ends where
 * its empty line ends, so input that begins with the very bytes of the last
 * complete head begins with the same request, and parsing it anew could only
 * give the same result: comparing is some ten times faster. One per loop.
 */
#ifndef HTTP_HTTP_REPEAT_H
#define HTTP_HTTP_REPEAT_H

#include <stdbool.h>
#include <string.h>

#include "base/slice.h"
#include "http/http_request.h"

/* Longer heads (a browser's with cookies) are always parsed. */
#define HTTP_REPEAT_MAX 512

struct http_repeat {
    size_t len; /* 0 = nothing is remembered */
    char head[HTTP_REPEAT_MAX];
};

/* Whether `input` begins with the remembered head; then `repeat->len` bytes of
 * it are the head and the remembered request is the request. */
static inline bool http_repeat_matches(const struct http_repeat *repeat, struct nk_slice input)
{
    return repeat->len > 0 && input.len >= repeat->len &&
           memcmp(repeat->head, input.data, repeat->len) == 0;
}

/* Remembers `head`, which was parsed into `request`: copies the bytes and makes
 * the slices of the request point at the copy. Forgets when it is too long. */
void http_repeat_remember(struct http_repeat *repeat, struct nk_slice head,
                          struct http_request *request);

/* Must be called before anything changes the remembered request. */
static inline void http_repeat_forget(struct http_repeat *repeat)
{
    repeat->len = 0;
}

#endif
