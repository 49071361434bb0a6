/* `netkit serve echo`: every byte comes back (RFC 862), over TCP, UDP and unix
 * sockets; on request message by message, changed, or later.
 */
#ifndef ECHO_ECHO_SERVICE_H
#define ECHO_ECHO_SERVICE_H

#include "echo/echo_frame.h"
#include "echo/echo_reply.h"
#include "service/exit_status.h"
#include "service/reporter.h"
#include "service/service_options.h"

struct echo_options {
    struct service_options service; /* first, so that shared options reach it */
    struct echo_style style;
    enum echo_framing framing; /* of streams; a datagram is a message */
    uint64_t max_frame;        /* bytes of a line or a payload; a longer one ends its connection */
    uint64_t delay;            /* ns between a message and its reply */
};

/* Runs until a signal stops it; returns the exit status. Main thread only. */
enum exit_status echo_service_run(const struct echo_options *options,
                                  const struct service_reporter *reporter);

#endif
