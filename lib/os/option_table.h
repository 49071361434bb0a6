/* The options that may stand behind an address: their keys, the values they take
 * and the sockets for which they make sense.
 *
 * Pure. The floor below os/socket_options.h, which is what others use. Safe on
 * any thread.
 */
#ifndef NK_OS_OPTION_TABLE_H
#define NK_OS_OPTION_TABLE_H

#include "base/attributes.h"
#include "base/slice.h"
#include "os/option_value.h"

/* Kinds of sockets, as bits. */
enum {
    NK_KIND_UNIX_STREAM = 1 << 0, /* and seqpacket */
    NK_KIND_UNIX_DGRAM = 1 << 1,
    NK_KIND_TCP4 = 1 << 2,
    NK_KIND_TCP6 = 1 << 3,
    NK_KIND_UDP4 = 1 << 4,
    NK_KIND_UDP6 = 1 << 5,
    NK_KIND_UNIX = NK_KIND_UNIX_STREAM | NK_KIND_UNIX_DGRAM,
    NK_KIND_TCP = NK_KIND_TCP4 | NK_KIND_TCP6,
    NK_KIND_UDP = NK_KIND_UDP4 | NK_KIND_UDP6,
    NK_KIND_IP6 = NK_KIND_TCP6 | NK_KIND_UDP6,
    NK_KIND_IP = NK_KIND_TCP | NK_KIND_UDP,
};

/* The value is a number of one of the kinds of enum nk_option_value, or text: */
enum nk_option_text {
    NK_OPTION_CONGESTION = NK_OPTION_MILLISECONDS + 1,
    NK_OPTION_GROUP,     /* of receivers, perhaps with an interface (os/socket_multicast.h) */
    NK_OPTION_INTERFACE, /* name or index */
    NK_OPTION_SOURCE,    /* os/source_address.h */
    NK_OPTION_SOURCE_PORT,
    NK_OPTION_KINDS,
};

/* A row: what a key means for some kinds of sockets. */
struct nk_option {
    struct nk_slice key;
    int sockets; /* where it makes sense */
    int level;   /* as for setsockopt(2) */
    int option;
    int kind; /* enum nk_option_value or nk_option_text */
    int min;
    int max;
    const char *expects; /* what to tell somebody who wrote another value */
};

/* One `key=value`. */
struct nk_setting {
    const struct nk_option *option; /* the first row of the key */
    int number;                     /* unless the value is text */
    struct nk_slice value;          /* points into the text it was read from */
};

/* Takes one "key=value" off the front of *text, which is not empty. Returns NULL,
 * or why it is refused: a constant sentence fragment. */
NK_PUBLIC const char *nk_setting_next(struct nk_slice *text, struct nk_setting *setting)
    NK_NONNULL(1, 2);

/* All rows, those of a key together. */
NK_PUBLIC const struct nk_option *nk_option_rows(size_t *count) NK_NONNULL(1);

/* The row behind `row` with the same key, or NULL. An IPv6 socket that also
 * carries IPv4 has a hop limit for each of them. */
NK_PUBLIC const struct nk_option *nk_option_next_row(const struct nk_option *row) NK_NONNULL(1);

#endif
