/* How many connections a server takes at a time. */
#ifndef SERVICE_CONNECTION_LIMIT_H
#define SERVICE_CONNECTION_LIMIT_H

#include <stdint.h>

#include "service/service.h"
#include "service/service_options.h"

/* What --max-conns says, or follows from the limit on descriptors, which is raised, and
 * from what the dispatcher of that name can hold. */
uint64_t service_connection_limit(const struct service *service,
                                  const struct service_options *options, const char *dispatcher);

#endif
