/* Content codings and which of them a client takes (RFC 9110 8.4.1, 12.5.3). Pure. */
#ifndef HTTP_HTTP_CODING_H
#define HTTP_HTTP_CODING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"

/* The less a coding is liked by the server among equals, the smaller its number. */
enum http_coding {
    HTTP_CODING_IDENTITY, /* the content as it is */
    HTTP_CODING_GZIP,
    HTTP_CODING_ZSTD,
    HTTP_CODING_BROTLI,
    HTTP_CODING_COUNT,
};

/* For sets of codings. */
#define HTTP_CODING_BIT(coding) (1u << (coding))

struct http_coding_names {
    const char *name;   /* in Content-Encoding */
    const char *suffix; /* of files that hold the coded content */
};

/* By enum http_coding; the first entry is empty. */
extern const struct http_coding_names http_coding_names[HTTP_CODING_COUNT];

/* What a client has said about codings. */
struct http_accepted {
    uint16_t weights[HTTP_CODING_COUNT]; /* thousandths; 0 = not wanted */
    uint16_t rest;                       /* the weight of "*" */
    uint8_t named;                       /* the codings that were named, as bits */
    bool has_rest;
};

/* Nothing said yet: the content as it is. */
void http_accepted_init(struct http_accepted *accepted) NK_NONNULL(1);

/* Reads the value of one Accept-Encoding field; of several, one after another.
 * Members that break the grammar are left out; of a coding that is named twice the
 * last word counts. */
void http_accepted_read(struct http_accepted *accepted, struct nk_slice value) NK_NONNULL(1);

/* The coding to send, of those in the set `available` and of the identity, which is
 * always there: the one with the greatest weight, among equals the one that the
 * server likes best. When none is acceptable it is the identity, rather than no
 * content at all. */
enum http_coding http_accepted_choose(const struct http_accepted *accepted, unsigned available)
    NK_NONNULL(1);

#endif
