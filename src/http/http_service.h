/* `netkit serve http`: a directory over HTTP/1.1 (RFC 9110, 9112).
 *
 * GET, HEAD and OPTIONS. Nothing outside the root is ever opened.
 */
#ifndef HTTP_HTTP_SERVICE_H
#define HTTP_HTTP_SERVICE_H

#include "http/http_options.h"
#include "service/exit_status.h"
#include "service/reporter.h"

/* Runs until a signal stops it; returns the exit status. Main thread only. */
enum exit_status http_service_run(const struct http_options *options,
                                  const struct service_reporter *reporter);

#endif
