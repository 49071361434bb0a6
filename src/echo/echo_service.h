/* `netkit serve echo`: every byte comes back (RFC 862), over TCP and unix
 * stream sockets.
 */
#ifndef ECHO_ECHO_SERVICE_H
#define ECHO_ECHO_SERVICE_H

#include "service/exit_status.h"
#include "service/reporter.h"
#include "service/service_options.h"

struct echo_options {
    struct service_options service; /* first, so that shared options reach it */
};

/* Runs until a signal stops it; returns the exit status. Main thread only. */
enum exit_status echo_service_run(const struct echo_options *options,
                                  const struct service_reporter *reporter);

#endif
