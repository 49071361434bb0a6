/* One loop with one connection group whose callbacks are recorded and may be
 * scripted by each test. Include cmocka.h first.
 *
 * A test sets the functions of `script` it needs before it adds a connection;
 * what it leaves NULL is only recorded (input is consumed and kept). */
#ifndef TESTS_UNIT_CONNECTION_FIXTURE_H
#define TESTS_UNIT_CONNECTION_FIXTURE_H

#include "net/connection_group.h"
#include "net/connection_private.h"
#include "reactor_fixture.h"

static struct {
    void (*on_connection_completed)(struct nk_tcp_connection *connection);
    size_t (*on_message)(struct nk_tcp_connection *connection, struct nk_slice input);
    void (*on_write_completed)(struct nk_tcp_connection *connection);
    void (*on_connection_closed)(struct nk_tcp_connection *connection, int reason);
    void (*on_deadline)(struct nk_tcp_connection *connection);
    void (*on_drain)(struct nk_tcp_connection *connection);
} script;

static struct {
    int completed;
    int messages;
    int ends; /* messages that came with the end of the stream */
    int writes;
    int closed;
    int reason; /* of the last one closed */
    int deadlines;
    int drains;
    char input[256 * 1024]; /* what was consumed */
    size_t input_len;
    struct nk_tcp_connection *connection; /* completed last, NULL when it has closed */
} seen;

static struct nk_connection_handlers handlers;
static struct nk_event_loop *loop;
static struct nk_manual_clock clock_by_hand;
static struct nk_connection_group *group;
static size_t descriptors_before;

static void fixture_completed(struct nk_tcp_connection *connection)
{
    seen.completed++;
    seen.connection = connection;
    if (script.on_connection_completed)
        script.on_connection_completed(connection);
}

static size_t fixture_message(struct nk_tcp_connection *connection, struct nk_slice input)
{
    size_t consumed = input.len;

    seen.messages++;
    seen.ends += nk_tcp_connection_input_ended(connection);
    if (script.on_message)
        consumed = script.on_message(connection, input);
    assert_true(seen.input_len + consumed <= sizeof seen.input);
    if (consumed > 0)
        memcpy(seen.input + seen.input_len, input.data, consumed);
    seen.input_len += consumed;
    return consumed;
}

static void fixture_write_completed(struct nk_tcp_connection *connection)
{
    seen.writes++;
    if (script.on_write_completed)
        script.on_write_completed(connection);
}

static void fixture_closed(struct nk_tcp_connection *connection, int reason)
{
    seen.closed++;
    seen.reason = reason;
    if (seen.connection == connection)
        seen.connection = NULL;
    if (script.on_connection_closed)
        script.on_connection_closed(connection, reason);
}

static inline void fixture_deadline(struct nk_tcp_connection *connection)
{
    seen.deadlines++;
    if (script.on_deadline)
        script.on_deadline(connection);
}

static inline void fixture_drain(struct nk_tcp_connection *connection)
{
    seen.drains++;
    if (script.on_drain)
        script.on_drain(connection);
}

/* A group with all callbacks but the optional on_deadline and on_drain; a test
 * changes `handlers` before it adds connections. */
static int set_up(void **state)
{
    (void)state;
    descriptors_before = open_descriptors();
    memset(&script, 0, sizeof script);
    memset(&seen, 0, sizeof seen);
    handlers = (struct nk_connection_handlers){
        .on_connection_completed = fixture_completed,
        .on_message = fixture_message,
        .on_write_completed = fixture_write_completed,
        .on_connection_closed = fixture_closed,
    };
    loop = new_loop_with_clock(&clock_by_hand);
    struct nk_connection_group_options options = {.handlers = &handlers};
    assert_int_equal(nk_connection_group_new(&group, loop, &options), 0);
    return 0;
}

/* Whatever a test did, every connection is reported closed exactly once, and no
 * descriptor and (under the leak checker) no byte is left. */
static int tear_down(void **state)
{
    struct nk_connection_counters counters;

    (void)state;
    (void)nk_connection_group_cut(group);
    turn_idle(loop, 2);
    nk_connection_group_counters(group, &counters);
    assert_int_equal(counters.active, 0);
    assert_int_equal(seen.closed, counters.opened);
    nk_connection_group_free(group);
    nk_event_loop_free(loop);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Adds one end of a pair and returns the other. */
static inline int add_unix(void)
{
    int fd;
    int peer;

    unix_pair(&fd, &peer);
    assert_int_equal(nk_connection_group_add(group, fd), 0);
    return peer;
}

static inline int add_tcp(void)
{
    int fd;
    int peer;

    tcp_pair(&fd, &peer);
    assert_int_equal(nk_connection_group_add(group, fd), 0);
    return peer;
}

/* Moves the clock and lets what is due happen. */
static inline void pass_time(uint64_t nanoseconds)
{
    nk_manual_clock_advance(&clock_by_hand, nanoseconds);
    turn_idle(loop, 2);
}

/* Everything consumed so far is exactly this text. */
static inline void assert_seen(const char *text)
{
    assert_int_equal(seen.input_len, strlen(text));
    assert_memory_equal(seen.input, text, seen.input_len);
}

static inline int send_text(struct nk_tcp_connection *connection, const char *text)
{
    return nk_tcp_connection_send(connection, nk_slice_of_string(text));
}

/* The next bytes at the peer's end are exactly this text. */
static inline void assert_receives(int peer, const char *text)
{
    char received[1024];
    size_t len = 0;

    assert_true(strlen(text) < sizeof received);
    while (len < strlen(text)) {
        await(peer, POLLIN);
        ssize_t got = nk_socket_recv(peer, received + len, strlen(text) - len);
        assert_true(got > 0);
        len += (size_t)got;
    }
    assert_memory_equal(received, text, len);
}

/* The peer finds the end of the stream, and nothing before it. */
static inline void assert_receives_end(int peer)
{
    char byte;

    await(peer, POLLIN);
    assert_int_equal(nk_socket_recv(peer, &byte, 1), 0);
}

/* The byte that belongs at `position` of a long stream, so that a lost, doubled
 * or swapped piece is found. */
static inline char pattern(uint64_t position)
{
    return (char)((position * 2654435761u) >> 13);
}

/* Reads what is there at the peer's end and checks it against the pattern;
 * returns the position behind it. How the stream ends is not looked at. */
static inline uint64_t read_pattern(int peer, uint64_t position)
{
    static char received[65536];
    ssize_t got;

    while ((got = nk_socket_recv(peer, received, sizeof received)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (received[i] != pattern(position + (uint64_t)i))
                fail_msg("wrong byte at %llu", (unsigned long long)position + (unsigned)i);
        }
        position += (uint64_t)got;
    }
    assert_true(got == 0 || got == -EAGAIN || got == -ECONNRESET);
    return position;
}

static inline void fill_pattern(char *bytes, size_t len, uint64_t position)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = pattern(position + i);
}

/* ---- a transport that counts and can fail ---- */

static struct {
    struct nk_transport_ops ops;
    const struct nk_transport_ops *plain;
    int sends;
    int receives;
    size_t send_limit; /* bytes taken by one send; 0 = no limit */
    int send_error;    /* -errno instead of sending */
    int receive_error; /* -errno instead of receiving */
} wire;

static ssize_t wire_send(struct nk_transport *transport, const void *data, size_t len, bool more)
{
    wire.sends++;
    if (wire.send_error)
        return wire.send_error;
    if (wire.send_limit && len > wire.send_limit)
        len = wire.send_limit;
    return wire.plain->send(transport, data, len, more);
}

static ssize_t wire_recv(struct nk_transport *transport, void *data, size_t len)
{
    wire.receives++;
    if (wire.receive_error)
        return wire.receive_error;
    return wire.plain->recv(transport, data, len);
}

/* For script.on_connection_completed: from then on the connection's calls are
 * counted in `wire`. */
static inline void use_wire(struct nk_tcp_connection *connection)
{
    memset(&wire, 0, sizeof wire);
    wire.plain = connection->transport.ops;
    wire.ops = *wire.plain;
    wire.ops.send = wire_send;
    wire.ops.recv = wire_recv;
    connection->transport.ops = &wire.ops;
}

#endif
