/* Access lists: any text, and whether the set agrees with its networks one by one. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "service/access_set.h"

#define NETWORKS_MAX 512

static struct access_network networks[NETWORKS_MAX];

/* By the definition: the bits in front of the end of the prefix are the same. */
static bool network_has(const struct access_network *network, const struct in6_addr *address)
{
    if (network->is_v4 != (IN6_IS_ADDR_V4MAPPED(address) != 0))
        return false;
    for (unsigned bit = 0; bit < network->prefix; bit++) {
        const unsigned char differing =
            network->address.s6_addr[bit / 8] ^ address->s6_addr[bit / 8];
        if (differing & (0x80u >> (bit % 8)))
            return false;
    }
    return true;
}

static void check_address(const struct access_set *set, size_t count,
                          const struct in6_addr *address)
{
    struct nk_sockaddr peer = {.len = sizeof(peer.v6)};
    bool expected = false;
    for (size_t i = 0; i < count && !expected; i++)
        expected = network_has(&networks[i], address);
    peer.v6.sin6_family = AF_INET6;
    peer.v6.sin6_addr = *address;
    FUZZ_CHECK(access_set_contains(set, &peer) == expected);
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        struct nk_sockaddr v4 = {.len = sizeof(v4.v4)};
        v4.v4.sin_family = AF_INET;
        memcpy(&v4.v4.sin_addr, address->s6_addr + 12, 4);
        FUZZ_CHECK(access_set_contains(set, &v4) == expected);
    }
}

/* The next address, or the one before. */
static struct in6_addr neighbour(struct in6_addr address, int step)
{
    int carry = step;
    for (int i = 15; i >= 0 && carry != 0; i--) {
        const int sum = address.s6_addr[i] + carry;
        address.s6_addr[i] = (unsigned char)sum;
        carry = sum > 255 ? 1 : sum < 0 ? -1 : 0;
    }
    return address;
}

static struct in6_addr last_of(const struct access_network *network)
{
    struct in6_addr last = network->address;
    for (unsigned bit = network->prefix; bit < 128; bit++)
        last.s6_addr[bit / 8] |= (unsigned char)(0x80u >> (bit % 8));
    return last;
}

static void check_all(const struct access_set *set, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct in6_addr first = networks[i].address;
        const struct in6_addr last = last_of(&networks[i]);
        const struct in6_addr before = neighbour(first, -1);
        const struct in6_addr behind = neighbour(last, 1);
        check_address(set, count, &first);
        check_address(set, count, &last);
        check_address(set, count, &before);
        check_address(set, count, &behind);
    }
}

/* What is printed as a network is read as the same one. */
static void check_printed(const struct access_network *network)
{
    char digits[INET6_ADDRSTRLEN];
    char text[INET6_ADDRSTRLEN + 8];
    struct access_network again;
    const char *problem;
    FUZZ_CHECK(inet_ntop(AF_INET6, &network->address, digits, sizeof(digits)) != NULL);
    snprintf(text, sizeof(text), "%s/%u", digits, network->prefix);
    FUZZ_CHECK(access_network_parse(nk_slice_of_string(text), &again, &problem) == 0);
    FUZZ_CHECK(memcmp(&again.address, &network->address, sizeof(again.address)) == 0);
    FUZZ_CHECK(again.prefix == network->prefix && again.is_v4 == network->is_v4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of just that size: reading behind it is noticed. */
    char *copy = malloc(size > 0 ? size : 1);
    struct nk_slice rest = {copy, size};
    struct nk_slice item;
    struct access_set by_item;
    struct access_set by_line;
    struct access_mistake mistake;
    const char *problem;
    size_t count = 0;
    FUZZ_CHECK(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    access_set_init(&by_item);
    access_set_init(&by_line);
    while (count < NETWORKS_MAX && access_next_item(&rest, ',', &item)) {
        const bool is_network = access_network_parse(item, &networks[count], &problem) == 0;
        FUZZ_CHECK((access_set_add(&by_item, item, &mistake) == 0) == is_network);
        if (is_network)
            check_printed(&networks[count++]);
    }
    access_set_seal(&by_item);
    check_all(&by_item, count);

    const int error = access_set_add_lines(&by_line, nk_slice_make(copy, size), &mistake);
    FUZZ_CHECK(error == 0 || error == -EINVAL);
    FUZZ_CHECK(!error || (mistake.line > 0 && mistake.item.data >= copy &&
                          mistake.item.data + mistake.item.len <= copy + size));
    access_set_seal(&by_line);
    access_set_deinit(&by_item);
    access_set_deinit(&by_line);
    free(copy);
    return 0;
}
