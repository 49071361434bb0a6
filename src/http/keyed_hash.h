/* SipHash-2-4 with 128 bits: a hash that nobody can compute without the key
 * (Aumasson and Bernstein, 2012). Pure. */
#ifndef HTTP_KEYED_HASH_H
#define HTTP_KEYED_HASH_H

#include <stdint.h>

#include "base/slice.h"

#define KEYED_HASH_KEY_SIZE 16

struct keyed_hash {
    uint64_t words[2];
};

struct keyed_hash keyed_hash(const uint8_t key[static KEYED_HASH_KEY_SIZE], struct nk_slice text);

#endif
