/* The PROXY protocol: a header in front of a connection in which a relay says for
 * whom it stands there (HAProxy's "The PROXY protocol", versions 1 and 2).
 *
 * Pure: bytes in, bytes out; no descriptors, no allocation. The caller hands in
 * what it receives, in pieces of any size, until the header is complete; what it
 * could not hand in then belongs to the stream.
 */
#ifndef CAT_PROXY_PROTOCOL_H
#define CAT_PROXY_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"
#include "os/sockaddr.h"

/* Bytes of a header of version 1, end of line included. */
#define PROXY_PROTOCOL_V1_MAX 107

/* Bytes of version 2 without extensions: the fixed part and two unix addresses. */
#define PROXY_PROTOCOL_V2_FIXED 16
#define PROXY_PROTOCOL_V2_ADDRESSES_MAX 216

/* The longest header that is ever printed. */
#define PROXY_PROTOCOL_MAX (PROXY_PROTOCOL_V2_FIXED + PROXY_PROTOCOL_V2_ADDRESSES_MAX)

/* What a header says. */
struct proxy_header {
    /* Without addresses (UNKNOWN, LOCAL) those of the connection itself count. */
    bool has_addresses;
    bool is_datagram;               /* version 2: it was UDP or unix datagrams */
    struct nk_sockaddr source;      /* the client */
    struct nk_sockaddr destination; /* where it believes to be */
};

struct proxy_parser {
    /* private */
    uint8_t state;
    uint16_t left;       /* version 2: bytes behind the fixed part still to come */
    uint16_t wanted;     /* version 2: bytes of `bytes` that are looked at */
    uint16_t have;       /* bytes of `bytes` */
    int error;           /* why it was refused, or 0 */
    const char *problem; /* the same for the user */
    struct proxy_header header;
    char bytes[PROXY_PROTOCOL_MAX];
};

/* Begins a header of either version. Cannot fail. */
void proxy_parser_init(struct proxy_parser *parser);

/* Takes what the peer sent. Returns how many bytes belong to the header: all of
 * them until it is complete, and never one behind its end; or, for good, -EBADMSG
 * when this is no such header. Strict: what the text of version 1 may not hold
 * is refused as soon as it is seen. The extensions of version 2 (TLV) are skipped. */
ssize_t proxy_parser_input(struct proxy_parser *parser, struct nk_slice input);

/* Whether anything was handed in. */
bool proxy_parser_has_begun(const struct proxy_parser *parser);

bool proxy_parser_is_complete(const struct proxy_parser *parser);

/* After a refusal: why, as a constant sentence fragment. */
const char *proxy_parser_problem(const struct proxy_parser *parser);

/* Writes the header in the given version, 1 or 2. Two families are brought to one
 * (IPv4 addresses that are written as IPv6 become IPv4 if both are, and the other
 * way round); what the version cannot say is said to be unknown. Returns the
 * length. */
size_t proxy_header_print(const struct proxy_header *header, int version,
                          char out[static PROXY_PROTOCOL_MAX]);

#endif
