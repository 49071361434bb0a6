#include "http/http_verified.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

int http_verified_init(struct http_verified *verified)
{
    *verified = (struct http_verified){0};
    ssize_t got = getrandom(verified->key, sizeof(verified->key), 0);
    return got == (ssize_t)sizeof(verified->key) ? 0 : -errno;
}

/* A name holds no colon, so "name:password" can be split in one way only. */
static struct keyed_hash hash_of(const struct http_verified *verified,
                                 const struct http_credentials *credentials)
{
    char both[sizeof(credentials->name) + sizeof(credentials->password)];
    size_t name = strlen(credentials->name);
    size_t password = strlen(credentials->password);
    memcpy(both, credentials->name, name);
    both[name] = ':';
    memcpy(both + name + 1, credentials->password, password);
    struct keyed_hash hash = keyed_hash(verified->key, nk_slice_make(both, name + 1 + password));
    explicit_bzero(both, sizeof(both));
    return hash;
}

static size_t set_of(struct keyed_hash hash)
{
    return hash.words[0] % HTTP_VERIFIED_SETS;
}

bool http_verified_has(const struct http_verified *verified,
                       const struct http_credentials *credentials)
{
    struct keyed_hash hash = hash_of(verified, credentials);
    const struct keyed_hash *set = verified->hashes[set_of(hash)];
    bool is_there = false;
    for (size_t i = 0; i < HTTP_VERIFIED_PLACES; i++) {
        uint64_t difference = (set[i].words[0] ^ hash.words[0]) | (set[i].words[1] ^ hash.words[1]);
        is_there |= difference == 0;
    }
    return is_there;
}

void http_verified_add(struct http_verified *verified, const struct http_credentials *credentials)
{
    if (http_verified_has(verified, credentials))
        return;
    struct keyed_hash hash = hash_of(verified, credentials);
    size_t set = set_of(hash);
    verified->hashes[set][verified->next[set]] = hash;
    verified->next[set] = (uint8_t)((verified->next[set] + 1) % HTTP_VERIFIED_PLACES);
}

void http_verified_clear(struct http_verified *verified)
{
    memset(verified->hashes, 0, sizeof(verified->hashes));
}
