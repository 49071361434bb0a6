/* From the addresses of the command line to listening sockets. */
#ifndef SERVICE_LISTENERS_H
#define SERVICE_LISTENERS_H

#include "net/tcp_server.h"
#include "service/datagrams.h"
#include "service/service.h"

/* Binds everything `options` asks for, reports each bound address (or what
 * failed) and writes them to the --ready-fd, which is closed then. Host names
 * are resolved here and now: a server that starts may block. Returns
 * EXIT_STATUS_OK, _CANNOT_LISTEN, _UNRESOLVED or _USAGE. */
enum exit_status service_listen(struct nk_tcp_server *server, struct service_datagrams *datagrams,
                                const struct service *service,
                                const struct service_options *options,
                                const struct service_reporter *reporter);

#endif
