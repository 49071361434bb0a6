/* The inside of connections and groups, shared by tcp_connection.c (life),
 * connection_input.c (receiving), connection_output.c (sending at once),
 * connection_queue.c (sending later), connection_pace.c (not too fast),
 * connection_limit.c (not too much) and connection_group.c; server_shard.c looks at the number of a
 * group's connections.
 */
#ifndef NK_NET_CONNECTION_PRIVATE_H
#define NK_NET_CONNECTION_PRIVATE_H

#include <errno.h>
#include <stdatomic.h>

#include "base/buffer.h"
#include "base/byte_rate.h"
#include "base/list.h"
#include "net/connection_group.h"
#include "net/tcp_connection.h"
#include "net/transport.h"

/* What the kernel has not taken yet: bytes, then the rest of one file. Exists
 * only while there is any. */
struct nk_outbox {
    struct nk_buffer bytes;
    uint32_t records; /* in `bytes`, each behind its length; for connections that keep them */
    int file;         /* -1 = none */
    off_t file_offset;
    uint64_t file_left;
    uint64_t untaken; /* here and in the kernel, when progress was last asked for */
    bool owed_none;   /* the peer had taken all of a paced output then */
};

/* 176 bytes beside the session: the whole memory of an idle connection. */
struct nk_tcp_connection {
    struct nk_channel channel;
    struct nk_transport transport;
    struct nk_connection_group *group;
    struct nk_list_node node; /* in group->connections */
    struct nk_timer timer;    /* runs until `deadline` or earlier; then looks again */
    struct nk_task task;      /* resuming, and in the end freeing */
    uint64_t deadline;
    uint64_t number;
    uint64_t bytes_sent;
    struct nk_buffer *input;  /* what the handler left; NULL when nothing */
    struct nk_outbox *output; /* NULL when everything was taken */
    uint32_t idle_since;      /* when it became idle, in units of 2^20 ns (about a ms) */
    int output_error;         /* why sending failed; the input is still read to its end */
    unsigned linger_left : 17;
    unsigned keeps_records : 1; /* SOCK_SEQPACKET */
    unsigned is_handshaking : 1;
    unsigned is_paused : 1;   /* by the handler */
    unsigned is_held : 1;     /* by the high-water mark */
    unsigned input_ended : 1; /* the peer's end of stream */
    unsigned write_requested : 1;
    unsigned write_completed : 1; /* on_write_completed is due in the posted task */
    unsigned task_is_posted : 1;
    unsigned shutdown_wanted : 1;
    unsigned close_wanted : 1;     /* as soon as the output is empty */
    unsigned linger_wanted : 1;    /* ... and then read on a while */
    unsigned close_is_limited : 1; /* the timer watches it while there is no deadline */
    unsigned is_lingering : 1;
    unsigned is_failed : 1; /* the posted task closes it with output_error */
    unsigned is_closed : 1;
    unsigned is_idle : 1;
    unsigned shutdown_done : 1;
    unsigned is_drain_due : 1; /* again, when the output is empty */
    unsigned is_paced : 1;     /* there is a struct nk_pace behind the session */
    unsigned awaits_pace : 1;  /* its timer runs: no more output before */
    unsigned is_limited : 1;   /* its transport's ops are those of connection_limit.c */
};

/* The limit of a connection's output, for handlers that have one. */
struct nk_pace {
    struct nk_byte_rate rate;
    struct nk_timer timer; /* until the next portion may go out */
    struct nk_tcp_connection *connection;
};

/* Bytes read and dropped, and how long, after a NK_CLOSE_LINGER. */
#define NK_LINGER_BYTES 65536
#define NK_LINGER_TIME (2 * NK_NANOSECONDS_PER_SECOND)

struct nk_connection_group {
    struct nk_event_loop *loop;
    const struct nk_connection_handlers *handlers;
    void *context;
    void (*on_closed)(void *owner, size_t remaining);
    void *owner;
    struct nk_list_node connections;
    bool is_draining;
    bool owes_room; /* somebody waits for a connection to end: the next idle one does */
    const atomic_bool *room_is_wanted; /* ... if they still wait then; NULL = they do */
    atomic_uint_fast64_t opened; /* written by the loop, read by anybody, like the next four */
    atomic_uint_fast64_t active;
    atomic_uint_fast64_t evicted;
    atomic_uint_fast64_t bytes_received;
    atomic_uint_fast64_t bytes_sent;
    struct nk_tcp_connection *corked; /* whose callback runs; its bytes are in `cork` */
    size_t cork_len;
    char cork[NK_EVENT_LOOP_BUFFER_SIZE];
};

/* Whether it is idle, and nothing of what came before is left to be done. */
static inline bool nk_connection_is_spare(const struct nk_tcp_connection *connection)
{
    return connection->is_idle && !connection->output && !connection->input;
}

/* Adds to a counter that only this thread writes: cheaper than a locked add. */
static inline void nk_count(atomic_uint_fast64_t *counter, uint64_t amount)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
                          memory_order_relaxed);
}

/* ---- connection_pace.c ---- */

/* Bytes of a connection with everything that belongs to it. */
size_t nk_connection_size(const struct nk_connection_handlers *handlers);

/* For connections with an output rate, before anything is sent and when it is closed. */
void nk_pace_begin(struct nk_tcp_connection *connection);
void nk_pace_end(struct nk_tcp_connection *connection);

/* How many of `wanted` bytes a paced connection may send now. 0 = none: its output goes
 * on by itself when it may. */
size_t nk_pace_allowed(struct nk_tcp_connection *connection, size_t wanted);

/* The same for any connection. */
static inline size_t nk_connection_allowed(struct nk_tcp_connection *connection, size_t wanted)
{
    return NK_LIKELY(!connection->is_paced) ? wanted : nk_pace_allowed(connection, wanted);
}

/* So many have gone out, perhaps more than were allowed: a record is not cut. */
void nk_pace_took(struct nk_tcp_connection *connection, uint64_t bytes);

/* Up to this size of a file what goes before it shares a packet with it. In front of a
 * larger one it goes out at once: the peer is awake and reads while the kernel still
 * sends, which on loopback halves the cost of a MiB, and one packet more is nothing. */
#define NK_GATHERED_FILE ((uint64_t)512 * 1024)

/* Whether bytes had better wait for the file behind them. */
static inline bool nk_file_is_gathered(const struct nk_outbox *output)
{
    return output && output->file >= 0 && output->file_left <= NK_GATHERED_FILE;
}

/* ---- connection_limit.c ---- */

/* What a limited transport says instead of sending behind its limit. */
#define NK_OUTPUT_IS_OVER (-ECANCELED)

/* How a connection ends that has passed its limit. */
enum nk_close nk_connection_limit_end(const struct nk_tcp_connection *connection);

/* When the connection is freed; harmless for one without a limit. */
void nk_connection_free_limit(struct nk_tcp_connection *connection);

/* Bytes that the kernel has taken. */
static inline void nk_count_sent(struct nk_tcp_connection *connection, uint64_t amount)
{
    if (NK_UNLIKELY(connection->is_paced))
        nk_pace_took(connection, amount);
    connection->bytes_sent += amount;
    nk_count(&connection->group->bytes_sent, amount);
}

/* ---- tcp_connection.c ---- */

/* Binds `fd` to a new connection and links it; nothing is called yet. */
int nk_connection_create(struct nk_tcp_connection **out, struct nk_connection_group *group, int fd);

/* Calls on_connection_completed, receives what is there and arms it. */
void nk_connection_establish(struct nk_tcp_connection *connection);

/* Every callback but on_connection_closed runs between these two: what it sends
 * is gathered between them and sent by the second. */
void nk_connection_begin_callback(struct nk_tcp_connection *connection);
void nk_connection_end_callback(struct nk_tcp_connection *connection);

/* Posts the task that resumes reading and reports completed writes. */
void nk_connection_post_task(struct nk_tcp_connection *connection);

/* Sends what is queued, as far as it goes, and does what had to wait for that. */
void nk_connection_continue_output(struct nk_tcp_connection *connection);

/* Recomputes what the channel wants. */
void nk_connection_update_interest(struct nk_tcp_connection *connection);

/* ---- connection_group.c ---- */

/* Closes an idle connection, asks a busy one to finish. */
void nk_connection_drain(struct nk_tcp_connection *connection);

/* Closes this idle connection for somebody who waits, if they still do. */
void nk_connection_make_room(struct nk_tcp_connection *connection);

/* ---- connection_input.c ---- */

/* Whether the next bytes are wanted now. */
bool nk_connection_wants_to_read(const struct nk_tcp_connection *connection);

/* Receives once and delivers. Returns the bytes received, 0 when there were none. */
size_t nk_connection_receive(struct nk_tcp_connection *connection);

/* Hands `input`, which lies in the connection's own buffer, to on_message and
 * keeps what it does not consume. */
void nk_connection_deliver(struct nk_tcp_connection *connection, struct nk_slice input);

/* ---- connection_output.c ---- */

/* Sends what the callback gathered. */
void nk_connection_flush_cork(struct nk_tcp_connection *connection);

/* The transport's send, as far as the pace allows; it never cuts a record. */
ssize_t nk_connection_send_allowed(struct nk_tcp_connection *connection, struct nk_slice bytes,
                                   bool more);

/* Closes the connection, but not from here: whoever sends is not called back
 * with the end of the connection before the send returns. */
void nk_connection_fail(struct nk_tcp_connection *connection, int error);

/* The sending direction is dead. What the peer sent before is still delivered:
 * reading goes on, whoever paused it, until it brings the end or the error. */
void nk_connection_fail_output(struct nk_tcp_connection *connection, int error);

/* ---- connection_queue.c ---- */

/* Puts a copy of the bytes, or the record, behind what is queued. 0 or -errno. */
int nk_connection_queue(struct nk_tcp_connection *connection, struct nk_slice bytes);

/* The same with a part of a file, which is taken on success; outside of a callback it
 * is sent as far as it goes. No other may be queued. 0 or -ENOMEM. */
int nk_connection_queue_file(struct nk_tcp_connection *connection, int file, uint64_t offset,
                             uint64_t len);

/* Sends what is queued as far as the kernel takes it. */
void nk_connection_flush_output(struct nk_tcp_connection *connection);

void nk_connection_free_output(struct nk_tcp_connection *connection);

#endif
