/* Many clients at once on one standard input and output: `listen --keep-open`.
 *
 *     in ------------> every client        (with `broker` what one client says,
 *     every client --> out                  every other one hears, too)
 *
 * What a client says is written in pieces as they arrive; pieces of several
 * clients are never mixed with one another. Where clients keep records
 * (SOCK_SEQPACKET) a piece is one record.
 *
 * `in` is read only while somebody is there to hear it. Back-pressure: a slow `out`
 * stops the reading of all clients, a slow client stops the reading of `in` and,
 * with `broker`, of the others, and memory stays bounded. A client that takes
 * nothing at all for CAT_HUB_PATIENCE while something waits for it and others are
 * there is cut off. Loop thread only.
 */
#ifndef CAT_CAT_HUB_H
#define CAT_CAT_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cat/cat_session.h"
#include "os/sockaddr.h"

struct cat_hub;

#define CAT_HUB_PATIENCE (10 * NK_NANOSECONDS_PER_SECOND)

/* A client that has gone. */
struct cat_hub_departure {
    uint64_t number; /* of the client, from 1 */
    const struct nk_sockaddr *peer;
    uint64_t sent; /* bytes to the client */
    uint64_t received;
    int error;       /* 0, or why it was lost; -ETIMEDOUT when it was silent for too long */
    bool is_cut_off; /* it held the others up */
};

/* What the owner is told; all from the loop, and none may free the hub. */
struct cat_hub_handlers {
    void (*connected)(void *context, uint64_t number, const struct nk_sockaddr *peer);
    void (*disconnected)(void *context, const struct cat_hub_departure *departure);
    /* Whether another client may be added. Full at max_clients, and for ever when
     * the hub is about to end. */
    void (*has_room)(void *context, bool has_room);
    /* Once: it is over, see cat_session_options.on_ended. */
    void (*ended)(void *context, enum exit_status status, const char *action, int error);
};

struct cat_hub_options {
    bool broker;
    size_t max_clients;
    /* What the end of `in` does to the clients: HALF ends their direction, CLOSE closes
     * each when it has everything, and then the hub is over. With `broker` it does
     * nothing, whatever this says. */
    enum cat_on_eof on_eof;
    bool once;               /* over when the last client has gone */
    bool send_only;          /* nothing is written to `out`; without `broker` as CLOSE */
    bool recv_only;          /* `in` is not read */
    uint64_t idle_timeout;   /* ns without a byte from or to a client; 0 = never */
    bool crlf;               /* each end of line of `in` is sent as CR LF */
    bool hides_data;         /* what is received is traced and not written */
    struct cat_trace *trace; /* or NULL; not owned */
    uint64_t *sent;          /* bytes to and from clients are added here */
    uint64_t *received;      /* likewise */
    const struct cat_hub_handlers *handlers;
    void *context;
};

/* Takes over `in` and `out` in any case. Options are copied. Returns 0 and *out_hub,
 * or -errno. */
int cat_hub_new(struct cat_hub **out_hub, struct nk_event_loop *loop, int in, int out,
                const struct cat_hub_options *options);

/* Closes everything now, without a report, and frees it at the end of the turn.
 * NULL is fine. */
void cat_hub_free(struct cat_hub *hub);

/* Adds a client: the connected socket `fd`, a stream or one that keeps records, which is taken over
 * in any case. Returns 0 or -errno. */
int cat_hub_add(struct cat_hub *hub, int fd);

/* Writes what waits for `out`, as far as it takes it without delay. For a program that
 * is about to end. */
void cat_hub_write_rest(struct cat_hub *hub);

/* Clients that are there now, and all that have come. */
size_t cat_hub_active(const struct cat_hub *hub);
uint64_t cat_hub_served(const struct cat_hub *hub);

#endif
