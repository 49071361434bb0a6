/* "cannot ACTION 'OBJECT': REASON": what every command says when something that was
 * asked for did not happen. Any thread.
 */
#ifndef CMD_FAILURE_H
#define CMD_FAILURE_H

#include <stdio.h>

#include "base/attributes.h"

struct failure {
    const char *action; /* completes "cannot ...": "listen on" */
    const char *object; /* what it could not be done to, shown in quotes; NULL = nothing */
    int error;          /* why, a negative errno */
    const char *reason; /* ... in words; NULL = those for `error` */
};

/* Says it: to people as a line on standard error when `events` is NULL, else to programs
 * as the event "error" on that stream. */
void failure_tell(const struct failure *failure, FILE *events) NK_NONNULL(1);

#endif
