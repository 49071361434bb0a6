/* Which names and passwords were found right before, without keeping them: only a
 * hash under a key that this process has made up. Bounded; what does not fit in
 * drives out what was added before it. Not for several threads at once. */
#ifndef HTTP_HTTP_VERIFIED_H
#define HTTP_HTTP_VERIFIED_H

#include <stdbool.h>

#include "http/http_authorization.h"
#include "http/keyed_hash.h"

/* Sets, and places in each. */
#define HTTP_VERIFIED_SETS 256
#define HTTP_VERIFIED_PLACES 4

struct http_verified {
    uint8_t key[KEYED_HASH_KEY_SIZE];
    uint8_t next[HTTP_VERIFIED_SETS]; /* the place that is used next */
    struct keyed_hash hashes[HTTP_VERIFIED_SETS][HTTP_VERIFIED_PLACES]; /* 0 = free */
};

/* Empty, with a new key. Returns 0 or -errno. */
int http_verified_init(struct http_verified *verified);

bool http_verified_has(const struct http_verified *verified,
                       const struct http_credentials *credentials);
void http_verified_add(struct http_verified *verified, const struct http_credentials *credentials);

/* Forgets all of them. */
void http_verified_clear(struct http_verified *verified);

#endif
