/* --allow and --deny on the command line, for every command that takes clients.
 *
 * A command has a struct access_rules in its options, names this table with the
 * place of it among its parts, and makes the list when everything was read:
 *
 *     {&access_option_table, offsetof(struct my_options, access)},
 *     ...
 *     status = access_options_complete(call, &options->access, &list);
 */
#ifndef CMD_ACCESS_H
#define CMD_ACCESS_H

#include "base/attributes.h"
#include "command.h"
#include "service/access_list.h"

/* The options of struct access_rules. */
extern const struct option_table access_option_table;

/* Reads what the two options say, and the files they name. Returns
 * EXIT_STATUS_OK with *list, which is NULL when neither was given and which the
 * caller frees; or another status after saying what is wrong. */
NK_MUST_USE enum exit_status access_options_complete(const struct command_call *call,
                                                     const struct access_rules *rules,
                                                     struct access_list **list) NK_NONNULL(1, 2, 3);

#endif
