/* `netkit probe tcp --ports`: a target for each port, and a table of what they are. */
#ifndef CMD_PROBE_PORTS_H
#define CMD_PROBE_PORTS_H

#include "probe.h"
#include "probe/probe_number_set.h"

/* Puts a target for each of the ports in the place of each target, which has no port.
 * Returns EXIT_STATUS_OK, or EXIT_STATUS_FAILED after saying why. */
enum exit_status probe_spread_ports(struct probe_command_options *mine,
                                    const struct probe_number_set *ports) NK_NONNULL(1, 2);

/* The table, on standard output: open, closed or filtered. `lists_all`: also the
 * closed and filtered ones when there are many. */
void probe_print_ports(const struct probe_totals *totals, bool lists_all) NK_NONNULL(1);

#endif
