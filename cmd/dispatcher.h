/* How a command waits for events: --dispatcher, and NETKIT_DISPATCHER in its place. */
#ifndef CMD_DISPATCHER_H
#define CMD_DISPATCHER_H

#include "base/attributes.h"
#include "command.h"

/* The choices of --dispatcher; ends with NULL. */
extern const char *const dispatcher_names[];

/* The environment is part of the command line here: a mistake in it is found before
 * anything starts, too. `chosen` is what --dispatcher says, or NULL. Returns
 * EXIT_STATUS_OK, or EXIT_STATUS_USAGE after saying what is wrong. */
NK_MUST_USE enum exit_status dispatcher_check(const struct command_call *call, const char *chosen)
    NK_NONNULL(1);

#endif
