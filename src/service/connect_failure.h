/* What a program says, and ends with, when its dialer has failed (net/dialer.h). Pure.
 */
#ifndef SERVICE_CONNECT_FAILURE_H
#define SERVICE_CONNECT_FAILURE_H

#include "base/attributes.h"
#include "net/connector.h"
#include "service/exit_status.h"

/* The exit status. *action, which completes "cannot ...", is left as it is when the
 * connection itself has failed, and set to what has failed before it otherwise. */
enum exit_status connect_failure_status(const struct nk_connect_failure *failure, int error,
                                        const char **action) NK_NONNULL(1, 3);

#endif
