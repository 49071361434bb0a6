#include "net/peer_table.h"

#include <sys/random.h>

#include "base/slice.h"

/* Buckets of the first allocation: half a kilobyte. */
#define FIRST_BUCKETS 64

/* Without randomness (at early boot) the key is this: the table still works. */
#define FALLBACK_KEY UINT64_C(0x9e3779b97f4a7c15)

void nk_peer_table_init(struct nk_peer_table *table, size_t max, size_t session_size)
{
    *table = (struct nk_peer_table){.max = max > 0 ? max : 1, .session_size = session_size};
    if (getrandom(table->key, sizeof(table->key), GRND_NONBLOCK) != sizeof(table->key)) {
        table->key[0] = FALLBACK_KEY;
        table->key[1] = FALLBACK_KEY;
    }
    table->key[1] |= 1; /* multiplying by an odd number loses nothing */
    nk_list_init(&table->recency);
}

void nk_peer_table_deinit(struct nk_peer_table *table)
{
    struct nk_peer *peer;
    while ((peer = nk_peer_table_oldest(table)))
        nk_peer_table_remove(table, peer);
    free(table->buckets);
    table->buckets = NULL;
    table->bucket_count = 0;
}

/* ---- hashing ---- */

/* The bytes that tell one peer from another, besides the port. */
static struct nk_slice identity(const struct nk_sockaddr *address)
{
    if (address->any.sa_family == AF_INET)
        return nk_slice_make((const char *)&address->v4.sin_addr, sizeof(address->v4.sin_addr));
    if (address->any.sa_family == AF_INET6) /* the scope follows the address */
        return nk_slice_make((const char *)&address->v6 + offsetof(struct sockaddr_in6, sin6_addr),
                             sizeof(address->v6) - offsetof(struct sockaddr_in6, sin6_addr));
    return nk_slice_make((const char *)&address->un, address->len);
}

static uint64_t hash_of(const struct nk_peer_table *table, const struct nk_sockaddr *address)
{
    struct nk_slice bytes = identity(address);
    uint64_t hash = table->key[0] ^ nk_sockaddr_port(address);
    for (size_t done = 0; done < bytes.len; done += sizeof(uint64_t)) {
        uint64_t word = 0;
        size_t left = bytes.len - done;
        memcpy(&word, bytes.data + done, left < sizeof(word) ? left : sizeof(word));
        hash = (hash ^ word) * table->key[1];
        hash ^= hash >> 32;
    }
    return hash;
}

static struct nk_peer **bucket_of(const struct nk_peer_table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->bucket_count - 1)];
}

/* Twice the buckets; without memory for them the chains become longer. */
static void grow(struct nk_peer_table *table)
{
    size_t count = table->bucket_count ? table->bucket_count * 2 : FIRST_BUCKETS;
    struct nk_peer **buckets = calloc(count, sizeof(struct nk_peer *));
    if (!buckets)
        return;
    free(table->buckets);
    table->buckets = buckets;
    table->bucket_count = count;
    struct nk_list_node *node;
    struct nk_list_node *following;
    NK_LIST_FOR_EACH (node, following, &table->recency) {
        struct nk_peer *peer = nk_container_of(node, struct nk_peer, recency);
        struct nk_peer **bucket = bucket_of(table, peer->hash);
        peer->next = *bucket;
        *bucket = peer;
    }
}

/* ---- peers ---- */

struct nk_peer *nk_peer_table_find(const struct nk_peer_table *table,
                                   const struct nk_sockaddr *address)
{
    if (table->bucket_count == 0)
        return NULL;
    uint64_t hash = hash_of(table, address);
    struct nk_peer *peer = *bucket_of(table, hash);
    while (peer && (peer->hash != hash || !nk_sockaddr_equal(&peer->address, address)))
        peer = peer->next;
    return peer;
}

struct nk_peer *nk_peer_table_add(struct nk_peer_table *table, const struct nk_sockaddr *address,
                                  uint64_t now)
{
    if (nk_peer_table_is_full(table))
        return NULL;
    if (table->count >= table->bucket_count)
        grow(table);
    if (table->bucket_count == 0)
        return NULL;
    struct nk_peer *peer = calloc(1, sizeof(*peer) + table->session_size);
    if (!peer)
        return NULL;
    peer->address = *address;
    peer->last_seen = now;
    peer->hash = hash_of(table, address);
    struct nk_peer **bucket = bucket_of(table, peer->hash);
    peer->next = *bucket;
    *bucket = peer;
    nk_list_append(&table->recency, &peer->recency);
    table->count++;
    return peer;
}

void nk_peer_table_touch(struct nk_peer_table *table, struct nk_peer *peer, uint64_t now)
{
    peer->last_seen = now;
    nk_list_remove(&peer->recency);
    nk_list_append(&table->recency, &peer->recency);
}

static struct nk_peer *peer_of(const struct nk_peer_table *table, struct nk_list_node *node)
{
    return node == &table->recency ? NULL : nk_container_of(node, struct nk_peer, recency);
}

struct nk_peer *nk_peer_table_oldest(const struct nk_peer_table *table)
{
    return peer_of(table, table->recency.next);
}

struct nk_peer *nk_peer_table_next(const struct nk_peer_table *table, const struct nk_peer *peer)
{
    return peer_of(table, peer->recency.next);
}

void nk_peer_table_remove(struct nk_peer_table *table, struct nk_peer *peer)
{
    struct nk_peer **place = bucket_of(table, peer->hash);
    while (*place != peer)
        place = &(*place)->next;
    *place = peer->next;
    nk_list_remove(&peer->recency);
    table->count--;
    free(peer);
}
