/* What connect and listen have in common when they talk in datagrams: standard
 * input goes out, what comes goes to standard output, and the end.
 *
 * A datagram has no end of stream and no promise, so the two directions are not
 * joined as those of a session: a role says whom to send to and when it is over.
 * Loop thread only. Internal to src/cat.
 */
#ifndef CAT_CAT_DATAGRAM_H
#define CAT_CAT_DATAGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "cat/cat_datagram_input.h"
#include "cat/cat_datagram_output.h"
#include "cat/cat_run.h"
#include "net/udp_endpoint.h"

struct cat_datagrams;

struct cat_datagram_role {
    /* As on_datagram of the input; what was sent it tells with cat_datagrams_sent. */
    int (*send)(struct cat_datagrams *datagrams, struct nk_slice datagram);
    /* Standard input has ended and all of it was sent. */
    void (*on_input_ended)(struct cat_datagrams *datagrams);
    /* Stops or goes on receiving. */
    void (*pause)(struct cat_datagrams *datagrams);
    void (*resume)(struct cat_datagrams *datagrams);
    /* Bytes that the kernel has not taken yet. */
    size_t (*backlog)(struct cat_datagrams *datagrams);
    /* Receives what has arrived and no more: a signal ends the run. */
    void (*drain)(struct cat_datagrams *datagrams);
};

struct cat_datagrams {
    struct cat_run run; /* first: the run leads back here */
    const struct cat_datagram_role *role;
    struct cat_datagram_input input;
    struct cat_datagram_output output;
    struct nk_timer idle_timer;
    struct nk_timer delivery_timer;
    uint64_t moved; /* datagrams either way */
    uint64_t moved_before;
    bool is_done; /* over as soon as everything has been written and sent */
};

/* Makes the loop, opens standard input and output. On failure it is reported and the
 * status returned; nothing is left behind. */
enum exit_status cat_datagrams_open(struct cat_datagrams *datagrams,
                                    const struct cat_datagram_role *role,
                                    const struct cat_options *options,
                                    const struct cat_reporter *reporter);

/* There is a peer, or its address: time runs, and standard input is read. Again,
 * when it was paused because there was none any more. */
void cat_datagrams_begin(struct cat_datagrams *datagrams);

/* Takes a datagram from the peer. */
void cat_datagrams_received(struct cat_datagrams *datagrams, struct nk_slice datagram);

/* Counts a datagram that was sent. */
void cat_datagrams_sent(struct cat_datagrams *datagrams, struct nk_slice datagram);

/* Ends the run with status 0 when everything has been written and sent. */
void cat_datagrams_finish(struct cat_datagrams *datagrams);

/* Ends the run now. `peer` is what could not be talked to; NULL = nothing to tell. */
void cat_datagrams_fail(struct cat_datagrams *datagrams, enum exit_status status,
                        const char *action, const struct nk_sockaddr *peer, int error);

/* Runs until the end and closes the input and the output. The endpoints have to be
 * closed after it, and then the run. */
void cat_datagrams_run(struct cat_datagrams *datagrams);

#endif
