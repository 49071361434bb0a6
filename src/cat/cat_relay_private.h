/* What the files of the relay share. Only for src/cat/cat_relay*.c.
 *
 * cat_relay.c runs it, cat_relay_listen.c binds its addresses, cat_relay_link.c
 * leads a client to the other side, cat_relay_header.c has the headers of the PROXY
 * protocol, and cat_relay_stream.c joins the two. Where datagrams are on a side,
 * cat_relay_message.c joins them and cat_relay_peers.c has the clients.
 */
#ifndef CAT_CAT_RELAY_PRIVATE_H
#define CAT_CAT_RELAY_PRIVATE_H

#include "base/list.h"
#include "cat/cat_pump.h"
#include "cat/cat_relay.h"
#include "cat/cat_relay_queue.h"
#include "cat/cat_run.h"
#include "cat/proxy_protocol.h"
#include "net/acceptor.h"
#include "net/dialer.h"
#include "net/udp_endpoint.h"
#include "reactor/signal_watch.h"
#include "service/local_addresses.h"

struct relay {
    const struct cat_relay_options *options;
    const struct cat_relay_reporter *reporter;
    struct nk_event_loop *loop;
    struct nk_signal_watch *signals;
    struct nk_worker_pool *pool; /* looks up the name of `to`; NULL when it has none */
    struct nk_acceptor *acceptors[LOCAL_ADDRESSES_MAX];
    size_t acceptor_count;
    struct nk_udp_endpoint *endpoints[LOCAL_ADDRESSES_MAX]; /* instead, for datagrams */
    size_t endpoint_count;
    struct cat_pipes pipes;    /* for the pumps */
    struct nk_list_node links; /* those with datagrams: the most silent one is the first */
    uint64_t limit;            /* of links at a time */
    bool is_accepting;
    bool has_stopped_accepting;         /* for good */
    struct nk_timer drain_timer;        /* when the rest is cut */
    int stop_signal;                    /* the first one; 0 = none yet */
    bool look_up_was_left;              /* a worker may still be at a name */
    enum exit_status last_failure;      /* of a client */
    uint64_t reported_at;               /* when a failure was */
    uint64_t unreported;                /* failures since */
    uint64_t started;                   /* monotonic ns */
    struct cat_relay_statistics totals; /* of links that have ended, but for accepted and active */
};

/* ---- cat_relay.c ---- */

/* A client has gone: room for the next one, or the last one. */
void relay_link_gone(struct relay *relay);

/* ---- cat_relay_listen.c ---- */

/* Binds all addresses of options->from and reports them. Clients are taken from
 * relay_resume on. Returns EXIT_STATUS_OK, or after a report _CANNOT_LISTEN or
 * _UNRESOLVED. */
enum exit_status relay_listen(struct relay *relay);
void relay_pause(struct relay *relay);
void relay_resume(struct relay *relay);

/* Takes no more clients, for good; also from within an accept. */
void relay_stop_listening(struct relay *relay);

/* ---- a client ---- */

enum relay_state {
    RELAY_READING_HEADER, /* the PROXY header of the client */
    RELAY_DIALLING,
    RELAY_SENDING_HEADER, /* ours to the target */
    RELAY_JOINED,
    RELAY_DELIVERING, /* one side was lost; the other has not got all its bytes yet */
};

struct relay_link {
    struct relay *relay;
    struct nk_list_node node;
    enum relay_state state;
    struct nk_sockaddr address;  /* the client's, which a PROXY header may say */
    struct nk_sockaddr local;    /* where it believes to be */
    struct nk_sockaddr remote;   /* where it was led */
    struct proxy_parser *parser; /* READING_HEADER */
    size_t header_sent;          /* SENDING_HEADER: bytes */
    struct nk_dialer *dialer;    /* DIALLING */
    struct cat_port client;
    struct cat_port target;
    bool is_reset;    /* nothing is kept for either side when it is closed */
    bool has_expired; /* it was silent for too long, and that is why it ends */

    /* Streams and records: */
    struct cat_pump there; /* client -> target */
    struct cat_pump back;  /* target -> client */
    bool there_has_ended;
    bool back_has_ended;
    struct cat_port *lost; /* it has stopped taking bytes */

    /* Datagrams on either side or both: */
    struct nk_udp_endpoint *endpoint; /* where the client's come; NULL for a stream */
    struct nk_peer *peer;             /* the client; NULL for a stream */
    struct cat_relay_queue to_target;
    struct cat_relay_queue to_client;
    bool client_has_ended;
    bool target_was_told; /* of that */
    bool is_answered;
    bool is_refused; /* the target was not there after all */
    uint64_t sent;   /* bytes */
    uint64_t received;
    uint64_t active_at; /* when the last message came from either side */

    const char *action; /* the first failure */
    int error;
    const char *reason;    /* in words that say more, or NULL */
    struct nk_timer timer; /* of the state */
    uint64_t moved;        /* JOINED: bytes when silence was looked for last */
    size_t undelivered;    /* DELIVERING: bytes when it was looked last */
    uint64_t progress_at;  /* DELIVERING: when there were fewer than before */
    uint64_t joined_at;    /* monotonic ns; 0 = never */
    struct nk_task free_task;
};

/* ---- cat_relay_link.c ---- */

/* Takes over the connected descriptor of the client at that address. Without memory the
 * client is lost. */
void relay_link_start(struct relay *relay, int fd, const struct nk_sockaddr *address);

/* A client at that address, still without a connection to either side; NULL without
 * memory. */
struct relay_link *relay_link_new(struct relay *relay, const struct nk_sockaddr *address);

/* Reports, closes and forgets it. */
void relay_link_close(struct relay_link *link);

/* The same, as a failure of what was being done. */
void relay_link_fail(struct relay_link *link, const char *action, int error);

/* It seemed to be joined, but the target is not there. */
void relay_link_refuse(struct relay_link *link, const char *action, int error);

/* Closes it with a reset because it was silent for too long. */
void relay_link_expire(struct relay_link *link);

/* Cuts it because the time is over. */
void relay_link_cut(struct relay_link *link);

/* Forgets it without a report: it wanted nothing. */
void relay_link_drop(struct relay_link *link);

/* Leads it to the other side. */
void relay_link_dial(struct relay_link *link);

/* ---- cat_relay_header.c ---- */

/* Reads the client's PROXY header; then it is led to the other side. */
void relay_header_read(struct relay_link *link);

/* Sends one to the target; then the two are joined. */
void relay_header_send(struct relay_link *link);

/* The header did not come in time. */
void relay_header_timeout(struct relay_link *link);

/* ---- cat_relay_stream.c ---- */

/* Both ports are open: lets the bytes flow. */
void relay_stream_join(struct relay_link *link);

/* Its timer has expired. */
void relay_stream_timeout(struct relay_link *link);

/* ---- cat_relay_message.c ---- */

bool relay_has_datagram_clients(const struct relay *relay);
bool relay_has_datagram_targets(const struct relay *relay);

/* Before anything else of this file, and after it. */
void relay_message_init(struct relay_link *link);
void relay_message_deinit(struct relay_link *link);

/* The target is connected: lets the messages flow. */
void relay_message_join(struct relay_link *link);

/* A message of the client; it may wait until the target is connected. */
void relay_message_from_client(struct relay_link *link, struct nk_slice message);

/* There will be no more of them. It may be closed for that. */
void relay_message_end_client(struct relay_link *link);

/* Its timer has expired. */
void relay_message_timeout(struct relay_link *link);

/* ---- cat_relay_peers.c ---- */

/* Binds a socket for clients with datagrams. They are heard from
 * nk_udp_endpoint_resume on. */
int relay_peers_listen(struct relay *relay, const struct nk_sockaddr *local, bool v6_only);

/* Hears no more clients, but answers still go to those that are there. */
void relay_peers_drain(struct relay *relay);
void relay_peers_close(struct relay *relay);

/* The link leaves its peer. */
void relay_peer_forget(struct relay_link *link);

/* Datagrams that could not be delivered. */
uint64_t relay_peers_dropped(const struct relay *relay);

/* Bytes moved so far. */
uint64_t relay_link_sent(const struct relay_link *link);
uint64_t relay_link_received(const struct relay_link *link);

#endif
