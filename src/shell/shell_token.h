/* The secret that a client has to know. Constant once it is read; any thread. */
#ifndef SHELL_SHELL_TOKEN_H
#define SHELL_SHELL_TOKEN_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/slice.h"

/* Bytes of a token. */
#define SHELL_TOKEN_MAX 1024

struct shell_token {
    size_t len; /* 0 = none is asked for */
    char bytes[SHELL_TOKEN_MAX];
};

/* Reads the first line of a file. Returns 0 or -errno; -ENODATA when it is empty,
 * -EMSGSIZE when it is too long. A file that everybody can read is said in the
 * log. */
NK_MUST_USE int shell_token_read(struct shell_token *token, const char *path) NK_NONNULL(1, 2);

/* Whether `given` is the token. How long this takes depends on `given` only, so
 * that nobody finds the token out byte by byte. */
bool shell_token_matches(const struct shell_token *token, struct nk_slice given) NK_NONNULL(1);

#endif
