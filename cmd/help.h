/* --help, printed from the tables: 80 columns, groups, examples last.
 * Nothing here fails; errors of `out` are left for its owner to find.
 */
#ifndef CMD_HELP_H
#define CMD_HELP_H

#include <stdio.h>

#include "base/attributes.h"
#include "command.h"

void help_print_command(FILE *out, const struct command *command) NK_NONNULL(1, 2);

/* The commands of one group. */
void help_print_group(FILE *out, const struct command_group *group) NK_NONNULL(1, 2);

/* All of netkit: the commands, addresses, examples. */
void help_print_program(FILE *out) NK_NONNULL(1);

/* The few lines for somebody who typed `netkit` and nothing else. */
void help_print_short(FILE *out) NK_NONNULL(1);

#endif
