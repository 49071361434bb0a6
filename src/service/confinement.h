/* What a server that confines itself keeps: its service's rules, and what the
 * spine does later. */
#ifndef SERVICE_CONFINEMENT_H
#define SERVICE_CONFINEMENT_H

#include "base/attributes.h"
#include "service/service.h"

/* Confines the process (service/confine.h) if the service asks for it. Kept are
 * also removing the files of its unix sockets, and reading the files of the access
 * lists again. Main thread, before there are others. Returns 0 or -errno. */
NK_MUST_USE int service_confine(const struct service *service,
                                const struct service_options *options) NK_NONNULL(1, 2);

#endif
