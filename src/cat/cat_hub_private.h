/* The inside of a hub, shared by cat_hub.c (standard input and output, the end),
 * cat_hub_client.c (what one client is sent and says) and cat_hub_watch.c (what
 * timers ask about it). Private to those three.
 */
#ifndef CAT_CAT_HUB_PRIVATE_H
#define CAT_CAT_HUB_PRIVATE_H

#include "base/list.h"
#include "cat/cat_hub.h"
#include "cat/cat_hub_queue.h"

/* One read. */
#define CAT_HUB_CHUNK ((size_t)64 * 1024)

/* From here on the sources wait for the slowest client, or for `out`. */
#define CAT_HUB_QUEUE_HIGH ((size_t)256 * 1024)
#define CAT_HUB_OUTPUT_MAX ((size_t)256 * 1024)

struct cat_hub {
    struct nk_event_loop *loop;
    struct cat_hub_options options;
    struct cat_port in;
    struct cat_port out;
    struct nk_list_node clients;
    size_t active;
    size_t takers; /* clients that may still be sent something */
    uint64_t served;
    uint64_t lost;
    struct cat_hub_queue queue; /* to the clients */
    struct nk_buffer output;    /* to `out` */
    struct nk_buffer changed;   /* a chunk of `in` behind the filter */
    struct cat_crlf crlf;
    bool is_interactive; /* a person types */
    bool input_ended;
    bool ends_clients;   /* everyone's direction ends when he has everything */
    bool closes_clients; /* everyone goes when he has everything */
    bool reads_clients;  /* there is room for what they say */
    bool has_room;       /* as the owner was told last */
    bool is_over;        /* ended as soon as the output is written */
    bool has_ended;
    struct nk_task free_task;
    char chunk[CAT_HUB_CHUNK];
};

struct cat_hub_client {
    struct cat_hub *hub;
    struct nk_list_node node;
    struct cat_port port;
    struct cat_hub_reader reader;
    struct nk_timer idle_timer;
    struct nk_timer stall_timer; /* runs while something waits for it */
    struct nk_timer watch_timer; /* looks for what no event tells */
    struct nk_sockaddr peer;
    uint64_t number;
    uint64_t sent;
    uint64_t received;
    uint64_t moved;         /* both, when the idle timer last looked */
    uint64_t stalled_since; /* when it was last seen to take something */
    uint64_t stalled_at;    /* `sent`, when the stall timer last looked */
    size_t stalled_outq;    /* and what the kernel had of it */
    uint64_t sent_at_end;   /* `sent`, when the client's end was read */
    bool input_ended;       /* the client's end was read */
    bool output_ended;      /* and ours was sent */
    bool leaves;            /* when it has everything */
    bool is_closed;
    int send_error; /* it takes nothing more; what it has said is read to the end */
    struct nk_task free_task;
};

/* ---- cat_hub.c ---- */

/* Something a client has said. Returns 0 or -ENOMEM. */
int cat_hub_take(struct cat_hub *hub, struct cat_hub_client *client, struct nk_slice bytes);

/* A client has gone, and everything may be different. */
void cat_hub_forget(struct cat_hub *hub, const struct cat_hub_departure *departure);

/* Recomputes what is waited for; after every event. */
void cat_hub_update(struct cat_hub *hub);

/* ---- cat_hub_client.c ---- */

/* Sends what waits for it, and ends its direction if it is time. It may leave. */
void cat_hub_client_flush(struct cat_hub_client *client);

/* Tells the loop what it waits for. */
void cat_hub_client_update(struct cat_hub_client *client);

/* Frees it without a report. */
void cat_hub_client_free(struct cat_hub_client *client);

/* Closes and frees it and reports its departure, once. */
void cat_hub_client_leave_as(struct cat_hub_client *client, int error, bool is_cut_off);

static inline void cat_hub_client_leave(struct cat_hub_client *client, int error)
{
    cat_hub_client_leave_as(client, error, false);
}

/* Whether something waits for it. */
static inline bool cat_hub_client_is_behind(const struct cat_hub_client *client)
{
    return cat_hub_reader_next(&client->reader).len > 0;
}

/* ---- cat_hub_watch.c ---- */

void cat_hub_client_init_timers(struct cat_hub_client *client);
void cat_hub_client_cancel_timers(struct cat_hub_client *client);

/* From now on silence has its limit, if there is one. */
void cat_hub_client_start_idle_timer(struct cat_hub_client *client);

/* It leaves when it has everything, or is found to be gone. */
void cat_hub_client_watch(struct cat_hub_client *client);

/* Has the kernel find out whether it is still there. */
void cat_hub_client_probe(const struct cat_hub_client *client);

/* Something waits for it: from now on it has to take something. */
void cat_hub_client_start_patience(struct cat_hub_client *client);

/* The same for all for whom something waits already. */
void cat_hub_restart_patience(struct cat_hub *hub);

static inline struct cat_hub_client *cat_hub_client_of(struct nk_list_node *node)
{
    return nk_container_of(node, struct cat_hub_client, node);
}

#endif
