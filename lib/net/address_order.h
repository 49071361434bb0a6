/* In which order the addresses of a host are tried (RFC 8305, section 4).
 *
 * Pure; safe on any thread.
 */
#ifndef NK_NET_ADDRESS_ORDER_H
#define NK_NET_ADDRESS_ORDER_H

#include <stddef.h>

#include "base/attributes.h"
#include "os/sockaddr.h"

/* Lets the families take turns, beginning with that of the first address, until
 * only one is left. Within a family the order stays as it was: getaddrinfo has
 * sorted it by RFC 6724. So a family that leads nowhere on this machine costs
 * one attempt and not one for each of its addresses. */
NK_PUBLIC void nk_address_order_interleave(struct nk_sockaddr *addresses, size_t count)
    NK_NONNULL(1);

#endif
