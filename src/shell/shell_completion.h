/* What a person at the remote shell may want to type next: the words of the line, the
 * question to the server, and its names as they have to be typed.
 *
 * Pure: no allocation, any thread.
 */
#ifndef SHELL_SHELL_COMPLETION_H
#define SHELL_SHELL_COMPLETION_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/slice.h"

/* More names than anybody would read are not shown. */
#define SHELL_COMPLETION_NAMES_MAX 1000

/* Room for every question. */
#define SHELL_COMPLETION_REQUEST_MAX ((size_t)40 * 1024)

struct shell_completion {
    bool is_command;           /* the word is the first one */
    bool is_directory;         /* only directories make sense */
    char quote;                /* in which the word ends, or 0 */
    struct nk_slice typed;     /* the part behind its last '/', as it stands in the line */
    struct nk_slice directory; /* what is in front of that, with the '/', and its name ... */
    struct nk_slice prefix;    /* ... so far, without quotes and escapes */
};

/* Looks at the line up to the cursor. `room` has line.len bytes, where *out lies partly.
 * Returns false when nothing can be completed. */
NK_MUST_USE bool shell_completion_find(struct shell_completion *out, struct nk_slice line,
                                       char *room) NK_NONNULL(1, 3);

/* The commands that begin as typed; returns how many, at most `most`. */
size_t shell_completion_commands(const struct shell_completion *completion, struct nk_slice *names,
                                 size_t most) NK_NONNULL(1, 2);

/* Writes the request, without its LF, that lists the names. Returns the length. */
size_t shell_completion_request(const struct shell_completion *completion,
                                char out[static SHELL_COMPLETION_REQUEST_MAX]) NK_NONNULL(1, 2);

/* Bytes that a candidate needs for a name of so many. */
#define SHELL_COMPLETION_CANDIDATE_MAX(completion, name)                                           \
    ((completion)->typed.len + 6 * (name).len + 4)

/* Writes what has to stand in the line, from `typed` on, for a name of the answer.
 * Returns the length, or 0 for one that is no candidate; *suffix is what follows when it
 * is the only one. */
size_t shell_completion_candidate(const struct shell_completion *completion, struct nk_slice name,
                                  char *out, const char **suffix) NK_NONNULL(1, 3, 4);

#endif
