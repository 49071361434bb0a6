/* What the handlers of most services do with a connection. Loop thread only.
 */
#ifndef SERVICE_STREAM_H
#define SERVICE_STREAM_H

#include <stdint.h>

#include "net/tcp_connection.h"

/* Sends `bytes`; a connection that cannot is closed. One that is being closed
 * already drops them. */
void service_send(struct nk_tcp_connection *connection, struct nk_slice bytes) NK_NONNULL(1);

/* Something has happened: the connection may be silent for `timeout` ns from now
 * on; 0 = for ever. */
void service_extend_deadline(struct nk_tcp_connection *connection, uint64_t timeout) NK_NONNULL(1);

/* That time has passed: the connection is closed, unless it is only slow in taking
 * its bytes. */
void service_on_deadline(struct nk_tcp_connection *connection, uint64_t timeout) NK_NONNULL(1);

#endif
