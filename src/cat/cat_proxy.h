/* The handshake with a proxy, on a connection to it that was made already.
 *
 * What the proxy sends is looked at before it is taken, and only the bytes of the
 * handshake are taken: those of a server that talks first stay in the socket,
 * for whoever reads it next. Loop thread only.
 */
#ifndef CAT_CAT_PROXY_H
#define CAT_CAT_PROXY_H

#include <stdint.h>

#include "cat/cat_proxy_url.h"
#include "reactor/event_loop.h"

struct cat_proxy;

/* The outcome, once, from the loop and never from within cat_proxy_start. `fd` is
 * the connection through the proxy, now the callee's, or
 *   -ECONNREFUSED, -EHOSTUNREACH, -ENETUNREACH   the proxy could not connect, in
 *   its words: any refusal but the next two
 *   -EACCES       the login or the target are not allowed
 *   -ETIMEDOUT    the deadline, or that of the proxy
 *   -ECONNRESET   the connection to the proxy was lost
 *   -EPROTO       this is no such proxy
 *   other errors of this machine.
 * `problem` says it in words (a constant sentence fragment), or is NULL where the
 * error says all. The handshake is freed when this returns. */
typedef void cat_proxy_fn(void *context, int fd, const char *problem);

/* Asks the proxy at the other end of `fd` for `target`; takes `fd` over in any
 * case. `deadline` is monotonic ns or NK_NEVER. The arguments have to fit each
 * other (cat_proxy_url_check). Returns 0 and *out, or -errno. */
int cat_proxy_start(struct cat_proxy **out, struct nk_event_loop *loop, int fd,
                    const struct cat_proxy_url *url, const struct nk_address *target,
                    uint64_t deadline, cat_proxy_fn *on_done, void *context);

/* Gives up without a report and closes the connection. NULL is fine; not after
 * on_done was called. */
void cat_proxy_cancel(struct cat_proxy *proxy);

#endif
