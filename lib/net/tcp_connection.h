/* A stream connection: bytes in, bytes out, back-pressure, an orderly end.
 *
 * It serves TCP and unix stream sockets, accepted or connected, and unix sockets
 * that keep records (SOCK_SEQPACKET). A connection
 * belongs to one loop for life and every function here is for that loop's
 * thread, usually from inside one of its callbacks. Other threads name it by
 * nk_tcp_connection_id and post a task that looks it up again.
 *
 * Receiving: the loop receives into one buffer that all its connections share
 * and hands the bytes to on_message. What the handler does not consume is kept
 * in a buffer of the connection's own, which exists only as long as it is
 * needed, and comes again in front of the next bytes.
 *
 * Sending: what a callback sends is gathered and goes out in one system call
 * when the callback returns. What the kernel does not take is queued, and then
 * the loop watches for writability. While more than `high_water` bytes are
 * queued the connection is not read from; at `low_water` it is again.
 *
 * Records: each call of on_message is about one record, which may be empty, and
 * each send makes one; they are neither merged nor cut. What the handler leaves of
 * a record comes again by itself when reading goes on, and is dropped when it was
 * not stopped (by pausing, or by the high-water mark): nothing could complete it.
 * A record above NK_EVENT_LOOP_BUFFER_SIZE closes the connection with -EMSGSIZE.
 *
 * The end: every way to close goes through the same steps, exactly once, and
 * the memory lives until the end of the loop's turn. A callback may close
 * anything and must then only return.
 */
#ifndef NK_NET_TCP_CONNECTION_H
#define NK_NET_TCP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"
#include "os/sockaddr.h"
#include "os/socket_tcp.h"
#include "reactor/event_loop.h"

struct nk_tcp_connection;
struct nk_connection_group;

/* What the connections of one server (or of one kind of client) have in common.
 * Constant while any of them lives. Callbacks may be NULL. */
struct nk_connection_handlers {
    /* The connection is established (after the handshake, if any). */
    void (*on_connection_completed)(struct nk_tcp_connection *connection);

    /* `input` is everything that has arrived and was not consumed yet; returns
     * how many bytes of it are done with. It is called again when more arrives,
     * when reading is resumed or the output has drained with bytes left, and once
     * with the peer's end of stream, when nk_tcp_connection_input_ended turns true
     * (the input may be empty then). Bytes that are left then come again only to a
     * handler that keeps the connection half open. */
    size_t (*on_message)(struct nk_tcp_connection *connection, struct nk_slice input);

    /* Everything queued has been taken by the kernel and nothing is queued now, or
     * it was asked for with nk_tcp_connection_request_write. Not called when a send
     * went out at once. */
    void (*on_write_completed)(struct nk_tcp_connection *connection);

    /* Exactly once, last of all. `reason` is 0 for an orderly end, or -errno:
     * -ECONNRESET, -EPIPE, -ETIMEDOUT (deadline), -ENOBUFS (input limit), -ECANCELED
     * (cut by nk_connection_group_cut) ... The connection may not be used
     * afterwards; its session memory is valid until this returns. */
    void (*on_connection_closed)(struct nk_tcp_connection *connection, int reason);

    /* The deadline passed. NULL: the connection is closed with -ETIMEDOUT; so is one
     * that was closing already, unless a new deadline is set here. One that closes
     * without a deadline is given up, with -ETIMEDOUT and without asking, when its peer
     * has taken nothing of the rest for a minute. */
    void (*on_deadline)(struct nk_tcp_connection *connection);

    /* The server drains: finish what was begun and close. NULL: what the kernel
     * has received already is delivered, then it is closed with NK_CLOSE_LINGER. */
    void (*on_drain)(struct nk_tcp_connection *connection);

    size_t session_size; /* bytes of nk_tcp_connection_session */
    size_t max_input;    /* unconsumed bytes kept; more is -ENOBUFS; 0 = 64 KiB */
    size_t max_output;   /* queued bytes; more is refused; 0 = 16 MiB */
    size_t high_water;   /* 0 = 64 KiB */
    size_t low_water;    /* 0 = nothing left */

    /* Bytes a second that each connection sends at most, up to NK_BYTE_RATE_MAX; 0 =
     * any number. What has to wait is queued like what the kernel does not take. */
    uint64_t output_rate;

    /* After the peer's end of stream: true = the handler closes when it is done;
     * false = closed with NK_CLOSE_FLUSH when on_message returns. */
    bool keeps_half_open;
};

enum nk_close {
    NK_CLOSE_RESET,  /* drop what is queued and say so: a TCP peer gets a RST, at which
                        whatever it does fails */
    NK_CLOSE_NOW,    /* drop what is queued */
    NK_CLOSE_FLUSH,  /* send what is queued, then close */
    NK_CLOSE_LINGER, /* send what is queued, end the sending direction, drain a bounded
                        amount of what still arrives, then close: the peer gets the last
                        bytes instead of a reset (RFC 9112 9.6) */
};

/* ---- sending ---- */

/* Sends `bytes`, which are copied when they cannot go out at once; as one record
 * where records are kept. Returns 0, -ENOBUFS when max_output would be passed or a
 * file is queued, -ENOMEM, -EMSGSIZE for a record that the socket cannot take, or
 * -EPIPE when the sending direction is closed. Nothing was taken on failure; if
 * a part was out already, or it shows later that a queued record cannot be sent,
 * the connection is closed with that reason. Never calls back from within. */
NK_PUBLIC int nk_tcp_connection_send(struct nk_tcp_connection *connection, struct nk_slice bytes)
    NK_NONNULL(1);

/* Sends `len` bytes of `file` from `offset` behind what was sent before. Takes
 * the descriptor and closes it, also on failure. Only one file can be queued,
 * and nothing behind it until it is sent: wait for on_write_completed. Should
 * the file end early, the connection is closed with -EIO. Returns 0, -EBUSY,
 * -ENOMEM, -EPIPE, or -EOPNOTSUPP where records are kept. */
NK_PUBLIC int nk_tcp_connection_send_file(struct nk_tcp_connection *connection, int file,
                                          uint64_t offset, uint64_t len) NK_NONNULL(1);

/* Lets a stream break off: `bytes` more go out of what is sent from now on. When there
 * are more than that, they are dropped, and the connection is closed in that way behind
 * those that went out: with NK_CLOSE_LINGER the peer gets all of them and then the end,
 * with NK_CLOSE_RESET what it has got when the reset comes. What was sent before is not
 * counted. Of two limits the nearer one counts. A connection without one does not pay
 * for it. Returns 0, -ENOMEM, -EPIPE, or -EOPNOTSUPP where records are kept. */
NK_PUBLIC NK_MUST_USE int nk_tcp_connection_limit_output(struct nk_tcp_connection *connection,
                                                         uint64_t bytes, enum nk_close how)
    NK_NONNULL(1);

/* Bytes that the kernel has taken so far. */
NK_PUBLIC uint64_t nk_tcp_connection_bytes_sent(const struct nk_tcp_connection *connection)
    NK_NONNULL(1);

/* Bytes that the kernel has not taken yet, a file's included. */
NK_PUBLIC uint64_t nk_tcp_connection_queued(const struct nk_tcp_connection *connection)
    NK_NONNULL(1);

/* Whether anything waits for the kernel: what this callback has gathered so far
 * does not count, a queued file and what did not go out earlier does. */
NK_PUBLIC bool nk_tcp_connection_is_blocked(const struct nk_tcp_connection *connection)
    NK_NONNULL(1);

/* Whether the peer has taken anything since this was last asked while the same
 * output was queued; true the first time. It looks into the kernel's buffer too:
 * a peer that reads slowly moves bytes there long before the socket turns
 * writable again. For deadlines. */
NK_PUBLIC bool nk_tcp_connection_made_progress(struct nk_tcp_connection *connection) NK_NONNULL(1);

/* One on_write_completed as soon as the socket takes bytes and nothing is
 * queued: for a handler that produces without end, a piece each time. */
NK_PUBLIC void nk_tcp_connection_request_write(struct nk_tcp_connection *connection) NK_NONNULL(1);

/* ---- receiving ---- */

/* Stops on_message until resumed; the kernel's buffer fills and holds the peer
 * back. Idempotent. */
NK_PUBLIC void nk_tcp_connection_pause_reading(struct nk_tcp_connection *connection) NK_NONNULL(1);

/* Goes on. Bytes that were kept are delivered in this or the next turn, never
 * from within this call. */
NK_PUBLIC void nk_tcp_connection_resume_reading(struct nk_tcp_connection *connection) NK_NONNULL(1);

/* What on_message has left: it comes again, in front of the next bytes. Valid until the
 * next callback. */
NK_PUBLIC struct nk_slice nk_tcp_connection_kept_input(const struct nk_tcp_connection *connection)
    NK_NONNULL(1);

/* Whether it keeps records (SOCK_SEQPACKET). */
NK_PUBLIC bool nk_tcp_connection_keeps_records(const struct nk_tcp_connection *connection)
    NK_NONNULL(1);

/* The peer has ended its stream and everything was delivered. */
NK_PUBLIC bool nk_tcp_connection_input_ended(const struct nk_tcp_connection *connection)
    NK_NONNULL(1);

/* ---- ending ---- */

/* Ends the sending direction behind what is queued and goes on receiving. */
NK_PUBLIC void nk_tcp_connection_shutdown(struct nk_tcp_connection *connection) NK_NONNULL(1);

/* Closes it; on_connection_closed may be called from within. Idempotent, but a
 * harder way overrides an earlier, softer one. */
NK_PUBLIC void nk_tcp_connection_close(struct nk_tcp_connection *connection, enum nk_close how)
    NK_NONNULL(1);

/* Closes it now and reports `reason`. */
NK_PUBLIC void nk_tcp_connection_abort(struct nk_tcp_connection *connection, int reason)
    NK_NONNULL(1);

/* Already closed, or closing as soon as what is queued is sent. */
NK_PUBLIC bool nk_tcp_connection_is_closing(const struct nk_tcp_connection *connection)
    NK_NONNULL(1);

/* Calls on_deadline at about that monotonic time (never early, up to a quarter
 * of a second late, so that the deadlines of many connections share their
 * wake-ups); NK_NEVER for none. Moving it later, the usual case, is one store. */
NK_PUBLIC void nk_tcp_connection_set_deadline(struct nk_tcp_connection *connection,
                                              uint64_t deadline) NK_NONNULL(1);

/* Marks it as having nothing in progress: as soon as nothing is queued and no bytes
 * are kept, it is closed first when descriptors run out, and at once when the server
 * drains; with something left on_drain is called as for any other. */
NK_PUBLIC void nk_tcp_connection_set_idle(struct nk_tcp_connection *connection, bool is_idle)
    NK_NONNULL(1);

/* ---- who and where ---- */

/* handlers->session_size bytes, zero at first, freed with the connection. */
NK_PUBLIC void *nk_tcp_connection_session(struct nk_tcp_connection *connection) NK_NONNULL(1);

/* The group it was added to, for the service's state of this loop. */
NK_PUBLIC struct nk_connection_group *nk_tcp_connection_group(
    const struct nk_tcp_connection *connection) NK_NONNULL(1);

/* The loop that it belongs to for life. */
NK_PUBLIC struct nk_event_loop *nk_tcp_connection_loop(const struct nk_tcp_connection *connection)
    NK_NONNULL(1);

/* Never reused in this process, unlike pointers and descriptors. */
struct nk_connection_id {
    int fd;
    uint64_t number;
};
NK_PUBLIC struct nk_connection_id nk_tcp_connection_id(const struct nk_tcp_connection *connection)
    NK_NONNULL(1);

/* The connection of that id on this loop, or NULL when it is gone or closed. */
NK_PUBLIC struct nk_tcp_connection *nk_tcp_connection_find(const struct nk_event_loop *loop,
                                                           struct nk_connection_id id)
    NK_NONNULL(1);

/* The peer's address (getpeername). 0 or -errno. */
NK_PUBLIC NK_MUST_USE int nk_tcp_connection_peer(const struct nk_tcp_connection *connection,
                                                 struct nk_sockaddr *peer) NK_NONNULL(1, 2);

/* What the kernel knows of the way to the peer (os/socket_tcp.h). 0 or -errno:
 * -EOPNOTSUPP on unix sockets, -ENOTCONN when it is closed. */
NK_PUBLIC NK_MUST_USE int nk_tcp_connection_info(const struct nk_tcp_connection *connection,
                                                 struct nk_tcp_info *info) NK_NONNULL(1, 2);

#endif
