/* What `netkit shell client` tells its user. */
#ifndef CMD_SHELL_CLIENT_H
#define CMD_SHELL_CLIENT_H

#include "command.h"
#include "shell/shell_client.h"

/* Turns what happens into lines, or with --json into objects, on standard error. */
struct shell_client_reporter shell_client_report(struct common_options *options);

#endif
