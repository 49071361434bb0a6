#include "net/address_order.h"

#include <string.h>

static int family_of(const struct nk_sockaddr *address)
{
    return address->any.sa_family;
}

/* Moves the address at `from` forward to `to`; those between make room. */
static void move_forward(struct nk_sockaddr *addresses, size_t from, size_t to)
{
    struct nk_sockaddr moved = addresses[from];
    memmove(&addresses[to + 1], &addresses[to], (from - to) * sizeof moved);
    addresses[to] = moved;
}

void nk_address_order_interleave(struct nk_sockaddr *addresses, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        size_t other = i;
        while (other < count && family_of(&addresses[other]) == family_of(&addresses[i - 1]))
            other++;
        if (other == count)
            return;
        move_forward(addresses, other, i);
    }
}
