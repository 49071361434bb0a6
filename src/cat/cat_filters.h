/* What looks at or changes the bytes of a connection on their way, as one chain in
 * each direction:
 *
 *     user ----> telnet or crlf ----> trace ----> network
 *     user <---- telnet <---- trace <---- network
 *
 * The trace is next to the network: it tells what really goes over it, the answers
 * to telnet options included. Every link may be turned on and off at any time.
 * Pure but for what the callbacks do.
 */
#ifndef CAT_CAT_FILTERS_H
#define CAT_CAT_FILTERS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "cat/cat_crlf.h"
#include "cat/cat_trace.h"
#include "cat/telnet.h"

/* The links of the chain. Zero-filled: nothing is changed. */
struct cat_filter_options {
    struct cat_trace *trace; /* or NULL; not owned */
    bool crlf;               /* each end of line is sent as CR LF */
    bool telnet;             /* the peer speaks telnet; then crlf has no effect */
    bool hides_data;         /* nothing of what is received reaches the user */
    /* Is told what was received, before anything else; or NULL. */
    void (*on_received)(void *context, struct nk_slice bytes);
    void *received_context;
};

struct cat_filters {
    struct cat_filter_options options;

    /* Sends an answer to the peer, which the trace has been told already. Returns 0
     * or -errno, which becomes that of cat_filter_down. Needed for telnet. */
    int (*reply)(void *context, struct nk_slice bytes);

    /* The peer echoes what it is sent from here on, or not any more (telnet); may be
     * NULL. */
    void (*on_echo)(void *context, bool peer_echoes);
    void *context;

    /* private */
    struct cat_crlf crlf;
    struct telnet telnet;
};

/* At the beginning of a connection; fill in reply and context then. */
void cat_filters_init(struct cat_filters *filters, const struct cat_filter_options *options);

/* Whether there is anything to be done; else the bytes may pass unseen. */
bool cat_filters_have_work(const struct cat_filter_options *options);

/* Filters of a pump (cat_filter_fn) whose context is a struct cat_filters: from the
 * user to the network, and back. Return 0, or -ENOBUFS or -ENOMEM when `out` cannot
 * take what becomes of `bytes`. */
int cat_filter_up(void *context, struct nk_slice bytes, struct nk_buffer *out);
int cat_filter_down(void *context, struct nk_slice bytes, struct nk_buffer *out);

#endif
