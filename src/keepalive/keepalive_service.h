/* `netkit serve keepalive`: answers each PING with a PONG, over TCP, UDP and unix
 * sockets; on request late, not always, or not for ever, so that a client's
 * failures can be rehearsed.
 */
#ifndef KEEPALIVE_KEEPALIVE_SERVICE_H
#define KEEPALIVE_KEEPALIVE_SERVICE_H

#include "keepalive/keepalive_fault.h"
#include "service/exit_status.h"
#include "service/reporter.h"
#include "service/service_options.h"

struct keepalive_options {
    struct service_options service; /* first, so that shared options reach it */
    uint64_t delay;                 /* ns between a PING and its PONG */
    struct keepalive_faults faults; /* datagrams know no reset */
    uint64_t seed;                  /* of the chances; each loop has a sequence of its own */
    bool is_compat;                 /* the type of a PONG is sent in (little-endian) host order */
};

/* Runs until a signal stops it; returns the exit status. Main thread only. */
enum exit_status keepalive_service_run(const struct keepalive_options *options,
                                       const struct service_reporter *reporter);

#endif
