/* `netkit serve discard|chargen|daytime|time`: the small services that inetd has
 * always had beside echo (RFC 863, 864, 867, 868), on TCP, unix and UDP.
 */
#ifndef ECHO_INETD_SERVICE_H
#define ECHO_INETD_SERVICE_H

#include "service/exit_status.h"
#include "service/reporter.h"
#include "service/service_options.h"

enum inetd_protocol {
    INETD_DISCARD, /* throws everything away */
    INETD_CHARGEN, /* sends lines without end; over UDP one for each datagram */
    INETD_DAYTIME, /* sends the date and time as text, and closes */
    INETD_TIME,    /* sends the time as a number, and closes */
};

struct inetd_options {
    struct service_options service; /* first, so that shared options reach it */
};

/* Runs until a signal stops it; returns the exit status. Main thread only. */
enum exit_status inetd_service_run(enum inetd_protocol protocol,
                                   const struct inetd_options *options,
                                   const struct service_reporter *reporter);

#endif
