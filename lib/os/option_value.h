/* The values of socket options as people write them: `64k`, `500ms`, `yes`.
 *
 * Pure and exact: nothing but the value may stand in the text. Safe on any
 * thread.
 */
#ifndef NK_OS_OPTION_VALUE_H
#define NK_OS_OPTION_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"

enum nk_option_value {
    NK_OPTION_BOOL,         /* 1 0 on off yes no true false */
    NK_OPTION_NUMBER,       /* 64 0x40 */
    NK_OPTION_SIZE,         /* 512 64k 1M 1G, in bytes */
    NK_OPTION_SECONDS,      /* 60 60s 5m 1h 2000ms, nothing between two seconds */
    NK_OPTION_MILLISECONDS, /* the same, a bare number is seconds */
};

/* Reads the whole of `text`. Returns whether it is such a value; *value is
 * untouched otherwise. */
NK_PUBLIC NK_MUST_USE bool nk_option_value_parse(enum nk_option_value kind, struct nk_slice text,
                                                 uint64_t *value) NK_NONNULL(3);

#endif
