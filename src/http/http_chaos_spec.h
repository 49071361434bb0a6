/* What `--chaos` says: which faults happen to how many requests. Pure.
 *
 *     reset:5%,truncate:2%,hang:1%,error:10%,delay:100ms-1s:50%
 */
#ifndef HTTP_HTTP_CHAOS_SPEC_H
#define HTTP_HTTP_CHAOS_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Chances are in millionths. */
#define HTTP_CHAOS_ALWAYS UINT32_C(1000000)

enum http_chaos_fault {
    HTTP_CHAOS_NONE,
    HTTP_CHAOS_RESET,
    HTTP_CHAOS_TRUNCATE,
    HTTP_CHAOS_HANG,
    HTTP_CHAOS_ERROR,
    HTTP_CHAOS_FAULT_COUNT,
};

struct http_chaos_spec {
    uint32_t chances[HTTP_CHAOS_FAULT_COUNT]; /* of each fault; together at most always */
    uint32_t delay_chance;                    /* besides */
    uint64_t delay_min;                       /* ns */
    uint64_t delay_max;
};

/* What happens to one request. */
struct http_chaos_fate {
    enum http_chaos_fault fault;
    uint32_t place; /* where an answer breaks off, in parts of 2^32 */
    uint64_t delay; /* ns before that */
};

/* Returns 0, or -EINVAL with *problem set to a constant that completes "'reset:x' ...";
 * *spec is untouched then. */
NK_MUST_USE int http_chaos_spec_parse(const char *text, struct http_chaos_spec *spec,
                                      const char **problem) NK_NONNULL(1, 2, 3);

/* The fate of the `number`th request (from 0): always the same for the same seed. */
struct http_chaos_fate http_chaos_decide(const struct http_chaos_spec *spec, uint64_t seed,
                                         uint64_t number) NK_NONNULL(1);

/* How many bytes go out of an answer that is to break off, with a head of `head` (at least
 * 2) and a body of `body` bytes; never all of them. A reset may come anywhere. What is
 * truncated has its head, and a part of its body; a part of its head when it has no body. */
uint64_t http_chaos_cut(enum http_chaos_fault fault, uint32_t place, uint64_t head, uint64_t body);

#endif
