/* What `netkit shell client` tells its user. */
#ifndef CMD_SHELL_CLIENT_H
#define CMD_SHELL_CLIENT_H

#include "command.h"
#include "shell/shell_client.h"

/* Turns what happens into lines, or with --json into objects, on standard error. */
struct shell_client_reporter shell_client_report(struct common_options *options);

/* Behind the run: with --json writes the summary if the run ended too early to have one.
 * `status` is the exit status to come. */
void shell_client_report_end(const struct common_options *options, enum exit_status status)
    NK_NONNULL(1);

#endif
