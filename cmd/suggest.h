/* The nearest known name to one that was mistyped. */
#ifndef CMD_SUGGEST_H
#define CMD_SUGGEST_H

#include <stddef.h>

#include "base/attributes.h"

struct suggestion {
    const char *typed; /* what the user wrote; borrowed */
    const char *best;  /* the nearest name so far; NULL if none is near enough */
    size_t distance;   /* of `best` */
};

void suggestion_init(struct suggestion *suggestion, const char *typed) NK_NONNULL(1, 2);

/* Keeps `name` when it is nearer than everything before: a typing mistake or
 * two away, or beginning with what was typed. `name` must stay valid. */
void suggestion_consider(struct suggestion *suggestion, const char *name) NK_NONNULL(1, 2);

#endif
