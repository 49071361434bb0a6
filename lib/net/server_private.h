/* The inside of a server, shared by tcp_server.c (what its owner calls, on the
 * main loop) and server_shard.c (its part on each loop). Private to those two.
 */
#ifndef NK_NET_SERVER_PRIVATE_H
#define NK_NET_SERVER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/acceptor.h"
#include "net/connection_group.h"
#include "net/tcp_server.h"

/* Listeners per loop: one for each address on the command line, and some. */
#define NK_SERVER_ACCEPTORS_MAX 64

/* The server's part on one loop. */
struct nk_server_shard {
    struct nk_tcp_server *server;
    struct nk_event_loop *loop;
    struct nk_connection_group *group;
    struct nk_acceptor *acceptors[NK_SERVER_ACCEPTORS_MAX]; /* with reuse_port */
    size_t acceptor_count;
    int waiting; /* accepted here over the limit, served when one ends; -1 = none */
    bool is_drained;
    atomic_uint_fast64_t lost; /* clients that could not be taken over */
    atomic_uint_fast64_t shed; /* from its acceptors, when they are freed */
    atomic_uint_fast64_t denied;
    atomic_uint_fast64_t cut;
    struct nk_task drain_task;   /* main -> this loop */
    struct nk_task cut_task;     /* main -> this loop */
    struct nk_task drained_task; /* this loop -> main */
    struct nk_task shed_task;    /* main -> this loop: give up an idle connection */
    atomic_bool shed_task_is_posted;
    struct nk_task room_task; /* this loop -> itself: one has ended */
    bool room_task_is_posted;

    /* The way of a new connection from the main loop to this one. */
    atomic_uint_fast64_t handed; /* connections given to this loop or accepted by it */
    bool has_new;                /* main loop only: some since the last batch end */
    pthread_mutex_t lock;
    int *incoming; /* guarded by lock, like the next three */
    size_t incoming_count;
    size_t incoming_size;
    bool is_posted;
    struct nk_task hand_off_task; /* main -> this loop */
};

struct nk_tcp_server {
    struct nk_event_loop *main_loop;
    struct nk_thread_pool *pool;
    struct nk_tcp_server_options options;
    struct nk_acceptor *acceptors[NK_SERVER_ACCEPTORS_MAX]; /* on the main loop */
    size_t acceptor_count;
    uint64_t shed;                 /* main loop: of acceptors already freed, and in the hand-off */
    uint64_t denied;               /* main loop */
    uint32_t random;               /* main loop */
    int waiting;                   /* main loop: accepted over the limit, served next; -1 = none */
    size_t drained_count;          /* main loop */
    bool is_draining;              /* main loop */
    bool is_cut;                   /* main loop */
    atomic_uint_fast64_t handed;   /* connections given to any loop */
    atomic_uint_fast64_t closed;   /* ... that have ended */
    atomic_bool is_full;           /* a client waits for one to end */
    atomic_bool has_seqpacket;     /* some of the clients keep records */
    atomic_uint_fast64_t next_log; /* of being full; monotonic ns */
    struct nk_task room_task;      /* a loop -> main: one has ended */
    atomic_bool room_task_is_posted;
    size_t shard_count;
    struct nk_server_shard shards[];
};

int nk_server_shard_init(struct nk_server_shard *shard, struct nk_tcp_server *server,
                         struct nk_event_loop *loop, void *context);
void nk_server_shard_deinit(struct nk_server_shard *shard);

/* The acceptor's callbacks on the shard's own loop (`context` is the shard). */
bool nk_server_shard_admit(void *context, const struct nk_sockaddr *peer);
void nk_server_shard_accept(void *context, int fd);

/* Says that a client has to wait, once in a while. Any loop's thread. */
void nk_server_log_full(struct nk_tcp_server *server, const struct nk_event_loop *loop);

/* Puts `fd` on its way to the shard; nk_server_shard_send_off wakes it. Main
 * loop. Takes the descriptor. */
void nk_server_shard_hand_off(struct nk_server_shard *shard, int fd);
void nk_server_shard_send_off(struct nk_server_shard *shard);

/* Connections on their way to the shard or open there. Main loop. */
uint64_t nk_server_shard_load(const struct nk_server_shard *shard);

/* Tasks for the shard's loop. */
void nk_server_shard_drain(struct nk_task *task);
void nk_server_shard_cut(struct nk_task *task);

/* tcp_server.c: the main loop learns that a shard is drained, that there is room. */
void nk_server_on_shard_drained(struct nk_task *task);
void nk_server_on_room(struct nk_task *task);

#endif
