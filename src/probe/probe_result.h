/* How one probe came out. A plain value; strings are constants or belong to whoever
 * made it, and are valid during the call that hands it on.
 */
#ifndef PROBE_PROBE_RESULT_H
#define PROBE_PROBE_RESULT_H

#include <stdint.h>

#include "service/exit_status.h"

/* Parts of the time of a probe, each from its own beginning to its own end. */
enum probe_phase {
    PROBE_PHASE_RESOLVE,    /* looking up the name */
    PROBE_PHASE_CONNECT,    /* from the first packet of the attempt that succeeded */
    PROBE_PHASE_FIRST_BYTE, /* from the request to the first byte of the answer */
    PROBE_PHASE_TOTAL,      /* all of it, from the beginning to the last byte */
    PROBE_PHASE_COUNT,
};

struct probe_result {
    /* EXIT_STATUS_OK: there was an answer. Else what kind of failure it is, which is
     * also the exit status if this was the only probe. */
    enum exit_status status;

    uint64_t rtt;                       /* ns: what the statistics are made of; of answers only */
    uint64_t phases[PROBE_PHASE_COUNT]; /* ns; 0 = there was no such phase */
    uint64_t kernel_rtt;                /* ns: what the kernel measured (TCP_INFO); 0 = unknown */
    unsigned code;                      /* http: the status of the response; 0 = none */
    const char *detail;                 /* a word or two about an answer: "open"; may be NULL */

    /* Of failures: "cannot <action> '<target>': <reason>". */
    const char *action; /* such as "connect to" */
    int error;          /* -errno */
    const char *reason; /* in words that say more than the error; may be NULL */
};

#endif
