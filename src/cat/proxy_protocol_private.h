/* What the two halves of the PROXY protocol share: numbers of version 2. Only for
 * src/cat/proxy_protocol*.c.
 */
#ifndef CAT_PROXY_PROTOCOL_PRIVATE_H
#define CAT_PROXY_PROTOCOL_PRIVATE_H

#include "cat/proxy_protocol.h"

/* Section 2.2: the bytes that every header of version 2 begins with. */
#define PROXY_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define PROXY_SIGNATURE_LEN (sizeof(PROXY_SIGNATURE) - 1)

enum {
    VERSION_2 = 0x20,
    COMMAND_LOCAL = 0,
    COMMAND_PROXY = 1,

    FAMILY_UNSPEC = 0x00,
    FAMILY_INET = 0x10,
    FAMILY_INET6 = 0x20,
    FAMILY_UNIX = 0x30,

    TRANSPORT_UNSPEC = 0,
    TRANSPORT_STREAM = 1,
    TRANSPORT_DGRAM = 2,

    UNIX_SIZE = 108, /* of a unix address, whatever the system's has */
};

/* How many bytes the two addresses of a family take. */
static inline uint16_t proxy_addresses_size(unsigned family)
{
    static const uint16_t sizes[] = {0, 12, 36, 2 * UNIX_SIZE};
    return sizes[family >> 4];
}

#endif
