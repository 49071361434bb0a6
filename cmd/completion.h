/* Shell completions, written from the command and option tables.
 *
 * Each writer prints a whole script; errors of `out` are left for its owner.
 */
#ifndef CMD_COMPLETION_H
#define CMD_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

#include "base/attributes.h"
#include "command.h"

void completion_write_bash(FILE *out) NK_NONNULL(1);
void completion_write_zsh(FILE *out) NK_NONNULL(1);
void completion_write_fish(FILE *out) NK_NONNULL(1);

/* At most this many long names belong to one option. */
#define COMPLETION_NAMES_MAX 3

/* The long names of an option, dashes included: its name, its second name, and
 * the negation. Returns how many there are. */
size_t completion_names(const struct option_spec *option, char names[COMPLETION_NAMES_MAX][48])
    NK_NONNULL(1, 2);

/* The words, each once, that an option anywhere in netkit is called by and that
 * take the next word as their value: calls `write` for each, dashes included. */
void completion_each_valued(FILE *out, void (*write)(FILE *out, const char *word, bool first))
    NK_NONNULL(1, 2);

/* The first word of a command's name, for the lists that come before it: calls
 * `write` once for every group and every command without one. */
void completion_each_first_word(FILE *out, void (*write)(FILE *out, const char *word,
                                                         const char *summary)) NK_NONNULL(1, 2);

/* The name of a command as part of a shell function's: "serve_http". */
void completion_write_identifier(FILE *out, const char *name) NK_NONNULL(1, 2);

#endif
