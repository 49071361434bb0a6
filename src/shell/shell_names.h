/* Names of a directory, kept to be sorted: as many as a limit and a budget that
 * is shared with others allow.
 *
 * One thread at a time for each; the budget is for all of them.
 */
#ifndef SHELL_SHELL_NAMES_H
#define SHELL_SHELL_NAMES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Bytes of a name; file systems in user space know more than the usual 255. */
#define SHELL_NAME_MAX ((size_t)1024)

struct shell_names {
    /* private */
    atomic_size_t *budget; /* bytes that may still be taken, by anybody */
    size_t taken;          /* what these have taken of it */
    size_t most;
    char *bytes; /* each name: its type, its characters, NUL */
    size_t bytes_len;
    size_t bytes_size;
    uint32_t *places; /* where in `bytes` each begins */
    size_t count;
    size_t places_size;
    size_t next;
};

/* No names yet, and never more than `most`. Cannot fail. */
void shell_names_init(struct shell_names *names, atomic_size_t *budget, size_t most)
    NK_NONNULL(1, 2);

/* Frees them and gives back what they took of the budget. */
void shell_names_deinit(struct shell_names *names) NK_NONNULL(1);

/* Makes room for one more name. Returns false when the limit, the budget or the
 * memory is at its end: what is kept stays. */
NK_MUST_USE bool shell_names_reserve(struct shell_names *names) NK_NONNULL(1);

/* Keeps a name of at most SHELL_NAME_MAX bytes, for which there is room. */
void shell_names_add(struct shell_names *names, const char *name, unsigned char type)
    NK_NONNULL(1, 2);

/* Sorts them by their bytes. */
void shell_names_sort(struct shell_names *names) NK_NONNULL(1);

/* The next name and its type, in the order of adding or of sorting; false behind
 * the last. The string is valid until the names are freed. */
NK_MUST_USE bool shell_names_next(struct shell_names *names, const char **name, unsigned char *type)
    NK_NONNULL(1, 2, 3);

#endif
