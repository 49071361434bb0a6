/* The inside of the echo service: echo_service.c (running it, plain streams),
 * echo_stream.c (streams of messages) and echo_datagram.c. Private to those.
 */
#ifndef ECHO_ECHO_PRIVATE_H
#define ECHO_ECHO_PRIVATE_H

#include <stdatomic.h>

#include "echo/echo_service.h"
#include "net/tcp_connection.h"
#include "net/udp_endpoint.h"
#include "service/peer_replies.h"

/* Below this many queued bytes a held client is read from again: early enough
 * that the kernel's buffer does not run dry. */
#define ECHO_LOW_WATER ((size_t)16 * 1024)

/* The service on one loop. */
struct echo_context {
    const struct echo_options *options;
    char *scratch; /* a reply while it is built; grows to the longest */
    size_t scratch_size;
    struct peer_replies_total delayed; /* datagrams that are held back */
    atomic_uint_fast64_t refused;      /* connections ended for a message that is too long */
    atomic_uint_fast64_t dropped;      /* datagrams not answered: no memory, or a loop */
};

/* The loop's context of a connection. */
struct echo_context *echo_context_of(const struct nk_tcp_connection *connection);

/* Builds the reply in the context's scratch memory. 0 or -ENOMEM. */
int echo_build(struct echo_context *context, const struct echo_message *message,
               struct nk_slice *reply);

/* Moves the idle deadline. */
void echo_extend_deadline(struct nk_tcp_connection *connection);

/* echo_stream.c: connections on which messages are told apart or held back. */
extern const struct nk_connection_handlers echo_message_handlers;

/* The same with --delay: the server waits for replies that are held back. */
void echo_on_drain(struct nk_tcp_connection *connection);

/* echo_datagram.c */
extern const struct nk_udp_handlers echo_datagram_handlers;

#endif
