/* `--chaos`: faults that happen to any request, by chance. Thread-safe.
 */
#ifndef HTTP_HTTP_CHAOS_H
#define HTTP_HTTP_CHAOS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "http/http_chaos_spec.h"

struct http_exchange;
struct nk_tcp_connection;

struct http_chaos {
    struct http_chaos_spec spec;
    uint64_t seed;
    atomic_uint_fast64_t number; /* of the next request */
};

/* Returns false when nothing happens to this request. Else it is answered, in whatever
 * way, or will be: after a delay by http_site_route. */
bool http_chaos_strike(struct http_chaos *chaos, struct http_exchange *exchange);

/* The answer of an exchange begins: a head of `head` bytes goes out now, and a body of
 * `body` (HTTP_LENGTH_UNKNOWN) follows. If it is to break off, the connection learns where. */
void http_chaos_begin(struct http_exchange *exchange, size_t head, uint64_t body);

/* All but the end of a body of unknown length has been sent: if it is to break off, this
 * is the last moment. */
void http_chaos_end(struct nk_tcp_connection *connection);

#endif
