/* One connection joined to two local descriptors: what connect and listen are
 * made of.
 *
 *     in ---- up ----> network ---- down ----> out
 *
 * The two directions are independent (the end-of-stream contract): the end of
 * `in` half-closes the network and receiving goes on, the network's end closes
 * `out` and sending goes on, a blocked direction never stops the other, and the
 * session is over when both have ended. Loop thread only.
 */
#ifndef CAT_CAT_SESSION_H
#define CAT_CAT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "cat/cat_filters.h"
#include "cat/cat_pump.h"
#include "reactor/event_loop.h"
#include "service/exit_status.h"

/* What the end of standard input does to the connection. */
enum cat_on_eof {
    CAT_ON_EOF_HALF,  /* half-close: the peer reads the end, we go on receiving */
    CAT_ON_EOF_CLOSE, /* close it altogether */
    CAT_ON_EOF_KEEP,  /* nothing: the peer decides when it is over */
};

struct cat_session;

struct cat_session_options {
    enum cat_on_eof on_eof;
    uint64_t linger;       /* ns to wait for the peer's end after that of `in`; NK_NEVER */
    uint64_t idle_timeout; /* ns without a byte either way; 0 = never */
    bool once;             /* over as soon as one direction has ended */
    bool send_only;        /* the peer's bytes are thrown away; over when `in` is delivered */
    bool recv_only;        /* `in` is not read and has no end: we just do not send */
    bool out_may_close;    /* without a reader of `out` the peer's bytes are thrown away */
    uint64_t rate_limit;   /* bytes a second, each direction by itself; 0 = no limit */
    bool interactive;      /* a person types: the peer's end is the end; as on a terminal */
    struct cat_filter_options filters;

    /* Once, from the loop: what was being done when it failed ("receive from the
     * peer") and why, or NULL and 0. The session may be freed from within. */
    void (*on_ended)(struct cat_session *session, enum exit_status status, const char *action,
                     int error);
    /* The peer echoes what it is sent (telnet), or not any more; may be NULL. */
    void (*on_echo)(struct cat_session *session, bool peer_echoes);
    void *owner; /* the callee's own */
};

/* Joins the connected socket `fd` to `in` and `out`, which it all takes over.
 * `in` or `out` may be -1: that direction does not exist. Options are copied.
 * Returns 0 and *out_session, or -errno (then the descriptors are closed). */
int cat_session_start(struct cat_session **out_session, struct nk_event_loop *loop, int fd, int in,
                      int out, const struct cat_session_options *options);

/* Closes everything now, without a report, and frees it at the end of the turn.
 * NULL is fine. */
void cat_session_free(struct cat_session *session);

void *cat_session_owner(const struct cat_session *session);

/* What looks at or changes its bytes, to be turned on and off while it runs. Only a
 * session that was started with a filter, or that is interactive, heeds it. */
struct cat_filter_options *cat_session_filters(struct cat_session *session);

/* Bytes sent to and received from the peer so far. */
uint64_t cat_session_sent(const struct cat_session *session);
uint64_t cat_session_received(const struct cat_session *session);

#endif
