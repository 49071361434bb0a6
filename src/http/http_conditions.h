/* Conditional requests (RFC 9110 13): what the client knows already, against what
 * there is. Pure.
 */
#ifndef HTTP_HTTP_CONDITIONS_H
#define HTTP_HTTP_CONDITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "http/http_request.h"

/* What names one state of one representation. */
struct http_validators {
    struct nk_slice etag; /* strong, with its quotes; empty = none */
    int64_t modified;     /* seconds since 1970, as Last-Modified says */
};

/* Which fields of a request have a say in what is sent. */
enum http_asks {
    HTTP_ASKS_CONDITION = 1 << 0, /* one of the four If-... */
    HTTP_ASKS_RANGE = 1 << 1,     /* Range */
    HTTP_ASKS_CODING = 1 << 2,    /* Accept-Encoding */
};

/* The set of enum http_asks: one quick look, because most requests have none. */
unsigned http_request_asks(const struct http_request *request) NK_NONNULL(1);

enum http_verdict {
    HTTP_VERDICT_GO_ON,        /* as if there were no condition */
    HTTP_VERDICT_NOT_MODIFIED, /* 304 */
    HTTP_VERDICT_FAILED,       /* 412 */
};

/* Judges If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the
 * order of RFC 9110 13.2.2, for a request that would be answered with 2xx and whose
 * target exists. `now` is for dates with two-digit years. A date that is none, or
 * that comes more than once, does not count; an entity tag that is none matches
 * nothing. */
enum http_verdict http_conditions_judge(const struct http_request *request,
                                        const struct http_validators *validators, uint64_t now)
    NK_NONNULL(1, 2);

/* Whether If-Match asks for a state of what has no entity tag, which can be none:
 * 412 (RFC 9110 13.1.1). "*" does not ask for one. */
bool http_conditions_need_tag(const struct http_request *request) NK_NONNULL(1);

/* Whether Range may be heeded: there is one Range, and no If-Range or one that is
 * the strong entity tag, or exactly the date and that at least a second before `now`.
 * *range receives the value of Range. */
bool http_conditions_allow_range(const struct http_request *request,
                                 const struct http_validators *validators, uint64_t now,
                                 struct nk_slice *range) NK_NONNULL(1, 2, 4);

#endif
