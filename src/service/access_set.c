#include "service/access_set.h"

#include <arpa/inet.h>
#include <errno.h>

/* An IPv4 address is the end of a mapped one (RFC 4291, 2.5.5.2). */
#define V4_PREFIX 96
#define V6_PREFIX_MAX 128

static const unsigned char mapped_prefix[V4_PREFIX / 8] = {[10] = 0xff, [11] = 0xff};

static void map_v4(struct in6_addr *out, const struct in_addr *address)
{
    memcpy(out->s6_addr, mapped_prefix, sizeof(mapped_prefix));
    memcpy(out->s6_addr + sizeof(mapped_prefix), address, sizeof(*address));
}

/* ---- from text ---- */

bool access_next_item(struct nk_slice *rest, char separator, struct nk_slice *item)
{
    if (!rest->data)
        return false;
    size_t end = nk_slice_find(*rest, separator);
    *item = nk_slice_trim(nk_slice_first(*rest, end));
    *rest = end == NK_SLICE_NOT_FOUND ? nk_slice_make(NULL, 0) : nk_slice_from(*rest, end + 1);
    return true;
}

static bool parse_address(struct nk_slice text, struct access_network *out)
{
    char digits[INET6_ADDRSTRLEN];
    struct in_addr v4;
    if (text.len >= sizeof(digits) || nk_slice_find(text, '\0') != NK_SLICE_NOT_FOUND)
        return false;
    if (text.len > 0)
        memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    out->is_v4 = inet_pton(AF_INET, digits, &v4) == 1;
    if (!out->is_v4)
        return inet_pton(AF_INET6, digits, &out->address) == 1;
    map_v4(&out->address, &v4);
    return true;
}

/* The mask of the byte at that index, under a prefix of that length. */
static unsigned char mask_of(unsigned prefix, size_t index)
{
    unsigned start = (unsigned)index * 8;
    if (prefix >= start + 8)
        return 0xff;
    return (unsigned char)(prefix <= start ? 0 : 0xff00u >> (prefix - start));
}

static bool has_bits_behind(const struct in6_addr *address, unsigned prefix)
{
    for (size_t i = 0; i < sizeof(address->s6_addr); i++) {
        if (address->s6_addr[i] & ~mask_of(prefix, i))
            return true;
    }
    return false;
}

int access_network_parse(struct nk_slice text, struct access_network *out, const char **problem)
{
    struct access_network network = {.prefix = V6_PREFIX_MAX};
    size_t slash = nk_slice_find(text, '/');
    if (!parse_address(nk_slice_first(text, slash), &network)) {
        *problem = "is not an IPv4 or IPv6 address or network";
        return -EINVAL;
    }
    if (slash != NK_SLICE_NOT_FOUND) {
        uint64_t prefix;
        uint64_t most = network.is_v4 ? V6_PREFIX_MAX - V4_PREFIX : V6_PREFIX_MAX;
        if (nk_slice_parse_decimal(nk_slice_from(text, slash + 1), &prefix) < 0 || prefix > most) {
            *problem = network.is_v4 ? "has a prefix length that is not a number from 0 to 32"
                                     : "has a prefix length that is not a number from 0 to 128";
            return -EINVAL;
        }
        network.prefix = (unsigned)(prefix + V6_PREFIX_MAX - most);
    }
    /* More likely a slip than a network: 10.0.0.7/8 for 10.0.0.7/32. */
    if (has_bits_behind(&network.address, network.prefix)) {
        *problem = "has bits set behind the length of its prefix";
        return -EINVAL;
    }
    network.is_v4 = IN6_IS_ADDR_V4MAPPED(&network.address) && network.prefix >= V4_PREFIX;
    *out = network;
    return 0;
}

/* ---- building ---- */

void access_set_init(struct access_set *set)
{
    *set = (struct access_set){0};
}

void access_set_deinit(struct access_set *set)
{
    free(set->v4.ranges);
    free(set->v6.ranges);
    access_set_init(set);
}

static int add_range(struct access_ranges *ranges, const struct access_network *network)
{
    if (ranges->count == ranges->size) {
        size_t size = ranges->size > 0 ? ranges->size * 2 : 8;
        struct access_range *grown = reallocarray(ranges->ranges, size, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        ranges->ranges = grown;
        ranges->size = size;
    }
    struct access_range *range = &ranges->ranges[ranges->count++];
    range->first = network->address;
    range->last = network->address;
    for (size_t i = 0; i < sizeof(range->last.s6_addr); i++)
        range->last.s6_addr[i] |= (unsigned char)~mask_of(network->prefix, i);
    return 0;
}

static int add(struct access_set *set, struct nk_slice item, size_t line,
               struct access_mistake *mistake)
{
    struct access_network network;
    const char *problem;
    int error = access_network_parse(item, &network, &problem);
    if (!error && set->v4.count + set->v6.count == ACCESS_NETWORKS_MAX) {
        problem = "is one network too many";
        error = -E2BIG;
    }
    if (error) {
        *mistake = (struct access_mistake){item, line, problem};
        return error;
    }
    return add_range(network.is_v4 ? &set->v4 : &set->v6, &network);
}

int access_set_add(struct access_set *set, struct nk_slice item, struct access_mistake *mistake)
{
    return add(set, item, 0, mistake);
}

/* Files from elsewhere may end their lines with CR LF. */
static struct nk_slice without_cr(struct nk_slice line)
{
    bool has_cr = line.len > 0 && line.data[line.len - 1] == '\r';
    return nk_slice_first(line, has_cr ? line.len - 1 : line.len);
}

int access_set_add_lines(struct access_set *set, struct nk_slice text,
                         struct access_mistake *mistake)
{
    struct nk_slice line;
    int error = 0;
    for (size_t number = 1; !error && access_next_item(&text, '\n', &line); number++) {
        struct nk_slice item =
            nk_slice_trim(nk_slice_first(without_cr(line), nk_slice_find(line, '#')));
        if (item.len > 0)
            error = add(set, item, number, mistake);
    }
    return error;
}

/* ---- asking ---- */

static int compare(const struct in6_addr *a, const struct in6_addr *b)
{
    return memcmp(a->s6_addr, b->s6_addr, sizeof(a->s6_addr));
}

static int compare_ranges(const void *a, const void *b)
{
    const struct access_range *one = a;
    const struct access_range *other = b;
    return compare(&one->first, &other->first);
}

/* In order, none touching another: the one that an address may be in is then the
 * last that does not begin behind it. */
static void seal(struct access_ranges *ranges)
{
    size_t kept = 0;
    if (ranges->count > 1)
        qsort(ranges->ranges, ranges->count, sizeof(*ranges->ranges), compare_ranges);
    for (size_t i = 0; i < ranges->count; i++) {
        const struct access_range *range = &ranges->ranges[i];
        struct access_range *before = kept > 0 ? &ranges->ranges[kept - 1] : NULL;
        if (!before || compare(&range->first, &before->last) > 0)
            ranges->ranges[kept++] = *range;
        else if (compare(&range->last, &before->last) > 0)
            before->last = range->last;
    }
    ranges->count = kept;
}

void access_set_seal(struct access_set *set)
{
    seal(&set->v4);
    seal(&set->v6);
}

static bool contains(const struct access_ranges *ranges, const struct in6_addr *address)
{
    size_t low = 0;
    size_t high = ranges->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&ranges->ranges[middle].first, address) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && compare(address, &ranges->ranges[low - 1].last) <= 0;
}

bool access_set_contains(const struct access_set *set, const struct nk_sockaddr *address)
{
    struct in6_addr mapped;
    switch (address->any.sa_family) {
    case AF_INET:
        map_v4(&mapped, &address->v4.sin_addr);
        return contains(&set->v4, &mapped);
    case AF_INET6:
        return contains(IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr) ? &set->v4 : &set->v6,
                        &address->v6.sin6_addr);
    default:
        return false;
    }
}
