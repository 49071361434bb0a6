/* Connections that keep records: nothing is merged, cut or lost on its way in, out
 * and through the queue. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "connection_fixture.h"

/* Adds one end of a pair and returns the other. */
static int add_seqpacket(void)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
                     0);
    assert_int_equal(nk_connection_group_add_seqpacket(group, ends[0]), 0);
    return ends[1];
}

static void say(int peer, const char *record)
{
    assert_int_equal(nk_socket_send(peer, record, strlen(record), false), strlen(record));
}

/* The next record at the peer's end is exactly this one. */
static void expect(int peer, const char *record)
{
    char received[64];
    ssize_t got = -EAGAIN;

    TURN_UNTIL(loop, (got = nk_socket_recv(peer, received, sizeof received)) != -EAGAIN);
    assert_int_equal(got, strlen(record));
    assert_memory_equal(received, record, strlen(record));
}

/* What on_message was told, a '|' behind each record. */
static char told[256];

static size_t note(struct nk_tcp_connection *connection, struct nk_slice input)
{
    if (!nk_tcp_connection_input_ended(connection)) {
        size_t len = strlen(told);

        assert_true(len + input.len + 2 <= sizeof told);
        memcpy(told + len, input.data, input.len);
        memcpy(told + len + input.len, "|", 2);
    }
    return input.len;
}

static size_t echo(struct nk_tcp_connection *connection, struct nk_slice input)
{
    if (!nk_tcp_connection_input_ended(connection))
        assert_int_equal(nk_tcp_connection_send(connection, input), 0);
    return note(connection, input);
}

static int set_up_told(void **state)
{
    told[0] = '\0';
    return set_up(state);
}

#define RECORD_CASE(name) cmocka_unit_test_setup_teardown(name, set_up_told, tear_down)

/* Two records that come as one message, or one that is taken for the end. */
static void each_record_is_a_message(void **state)
{
    int peer;

    (void)state;
    script.on_message = echo;
    peer = add_seqpacket();
    assert_true(nk_tcp_connection_keeps_records(seen.connection));
    say(peer, "one");
    say(peer, "two");
    say(peer, "");
    say(peer, "three");
    expect(peer, "one");
    expect(peer, "two");
    expect(peer, "");
    expect(peer, "three");
    say(peer, "");
    assert_int_equal(nk_socket_shutdown_write(peer), 0);
    expect(peer, "");
    TURN_UNTIL(loop, seen.closed == 1);
    assert_int_equal(seen.reason, 0);
    assert_int_equal(seen.ends, 1);
    assert_string_equal(told, "one|two||three||");
    nk_socket_close(peer);
}

static size_t answer_in_pieces(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_int_equal(send_text(connection, "a"), 0);
    assert_int_equal(nk_tcp_connection_send(connection, (struct nk_slice){NULL, 0}), 0);
    assert_int_equal(send_text(connection, "ccc"), 0);
    return input.len;
}

/* What a stream gathers to save calls would be one record. */
static void sends_of_one_callback_are_not_gathered(void **state)
{
    int peer;

    (void)state;
    script.on_message = answer_in_pieces;
    peer = add_seqpacket();
    say(peer, "?");
    expect(peer, "a");
    expect(peer, "");
    expect(peer, "ccc");
    nk_socket_close(peer);
}

/* Streams are not told to keep records. */
static void a_stream_keeps_none(void **state)
{
    int peer = add_unix();

    (void)state;
    assert_false(nk_tcp_connection_keeps_records(seen.connection));
    nk_socket_close(peer);
    TURN_UNTIL(loop, seen.closed == 1);
}

/* The length of the record of that number; some are empty. */
static size_t length_of(size_t number)
{
    return number % 7 * 1000;
}

/* What the kernel does not take waits, and comes out as the same records. */
static void the_queue_keeps_records_apart(void **state)
{
    static char bytes[7000];
    char received[sizeof bytes];
    size_t sent = 0;
    uint64_t taken = 0;
    ssize_t got;
    int peer = add_seqpacket();

    (void)state;
    while (nk_tcp_connection_queued(seen.connection) < 60000) {
        memset(bytes, (int)('a' + sent % 26), sizeof bytes);
        taken += length_of(sent);
        assert_int_equal(
            nk_tcp_connection_send(seen.connection, nk_slice_make(bytes, length_of(sent))), 0);
        sent++;
    }
    assert_true(nk_tcp_connection_is_blocked(seen.connection));
    struct nk_connection_counters counters;
    nk_connection_group_counters(group, &counters);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), taken - counters.bytes_sent);
    for (size_t i = 0; i < sent; i++) {
        TURN_UNTIL(loop, (got = nk_socket_recv(peer, received, sizeof received)) != -EAGAIN);
        assert_int_equal(got, length_of(i));
        for (size_t j = 0; j < length_of(i); j += 999)
            assert_int_equal(received[j], 'a' + i % 26);
    }
    TURN_UNTIL(loop, seen.writes == 1);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), 0);
    nk_connection_group_counters(group, &counters);
    assert_int_equal(counters.bytes_sent, taken);
    nk_socket_close(peer);
}

static size_t take_half_and_pause(struct nk_tcp_connection *connection, struct nk_slice input)
{
    size_t half = seen.messages == 1 ? input.len / 2 : input.len;

    if (seen.messages == 1)
        nk_tcp_connection_pause_reading(connection);
    (void)note(connection, nk_slice_first(input, half));
    return half;
}

/* The rest of a record would be joined with the next one. */
static void what_is_left_of_a_record_comes_again_alone(void **state)
{
    int peer;

    (void)state;
    script.on_message = take_half_and_pause;
    peer = add_seqpacket();
    say(peer, "abcdef");
    say(peer, "next");
    TURN_UNTIL(loop, seen.messages == 1);
    turn_idle(loop, 3);
    assert_int_equal(seen.messages, 1);
    nk_tcp_connection_resume_reading(seen.connection);
    TURN_UNTIL(loop, seen.messages == 3);
    assert_string_equal(told, "abc|def|next|");
    nk_socket_close(peer);
}

static size_t take_one_byte(struct nk_tcp_connection *connection, struct nk_slice input)
{
    size_t taken = input.len > 0 ? 1 : 0;

    (void)note(connection, nk_slice_first(input, taken));
    return taken;
}

/* A handler that waits for more of a record would wait for ever. */
static void what_is_left_without_a_stop_is_dropped(void **state)
{
    int peer;

    (void)state;
    script.on_message = take_one_byte;
    peer = add_seqpacket();
    say(peer, "abc");
    say(peer, "def");
    TURN_UNTIL(loop, seen.messages == 2);
    assert_string_equal(told, "a|d|");
    assert_int_equal(nk_socket_shutdown_write(peer), 0);
    TURN_UNTIL(loop, seen.closed == 1);
    nk_socket_close(peer);
}

/* A record that the buffer cannot hold would be cut without a word. */
static void a_record_that_is_too_long_ends_the_connection(void **state)
{
    static char bytes[NK_EVENT_LOOP_BUFFER_SIZE + 1];
    int peer = add_seqpacket();

    (void)state;
    assert_int_equal(nk_socket_send(peer, bytes, sizeof bytes - 1, false), sizeof bytes - 1);
    TURN_UNTIL(loop, seen.messages == 1);
    assert_int_equal(seen.input_len, sizeof bytes - 1);
    assert_int_equal(nk_socket_send(peer, bytes, sizeof bytes, false), sizeof bytes);
    TURN_UNTIL(loop, seen.closed == 1);
    assert_int_equal(seen.reason, -EMSGSIZE);
    nk_socket_close(peer);
}

static void shrink_send_buffer(void)
{
    int size = 16384;

    assert_int_equal(nk_socket_set_option(seen.connection->transport.fd, SOL_SOCKET, SO_SNDBUF,
                                          &size, sizeof size),
                     0);
}

/* One record that cannot be sent is no reason to lose the connection, or a part of
 * it would be sent. */
static void a_record_that_cannot_be_sent_is_refused(void **state)
{
    static char bytes[100000];
    int peer = add_seqpacket();

    (void)state;
    shrink_send_buffer();
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(bytes, sizeof bytes)),
                     -EMSGSIZE);
    assert_int_equal(send_text(seen.connection, "fits"), 0);
    expect(peer, "fits");
    assert_int_equal(seen.closed, 0);
    nk_socket_close(peer);
}

/* When it was queued already nobody can be told any more. */
static void a_queued_record_that_cannot_be_sent_ends_the_connection(void **state)
{
    static char bytes[100000];
    char received[8192];
    int peer = add_seqpacket();

    (void)state;
    shrink_send_buffer();
    while (!nk_tcp_connection_is_blocked(seen.connection))
        assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(bytes, 5000)), 0);
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(bytes, sizeof bytes)),
                     0);
    ssize_t got;
    TURN_UNTIL(loop, (got = nk_socket_recv(peer, received, sizeof received), seen.closed == 1));
    assert_true(got >= 0 || got == -EAGAIN);
    assert_int_equal(seen.reason, -EMSGSIZE);
    nk_socket_close(peer);
}

/* The queue has a limit, also for records without bytes. */
static void the_queue_is_bounded(void **state)
{
    static char bytes[1000];
    int error = 0;
    int peer;

    (void)state;
    handlers.max_output = 100000;
    peer = add_seqpacket();
    while (!nk_tcp_connection_is_blocked(seen.connection))
        assert_int_equal(
            nk_tcp_connection_send(seen.connection, nk_slice_make(bytes, sizeof bytes)), 0);
    for (size_t i = 0; i < 100000 && !error; i++)
        error = send_text(seen.connection, "");
    assert_int_equal(error, -ENOBUFS);
    assert_int_equal(seen.closed, 0);
    nk_socket_close(peer);
}

/* Half of a record that does not fit may not stay in the queue. */
static void a_record_that_the_queue_refuses_leaves_nothing(void **state)
{
    static char bytes[60000];
    char received[sizeof bytes];
    size_t sent = 0;
    ssize_t got;
    int peer;

    (void)state;
    handlers.max_output = 100000;
    peer = add_seqpacket();
    while (nk_tcp_connection_send(seen.connection, nk_slice_make(bytes, sizeof bytes)) == 0)
        sent++;
    assert_int_equal(send_text(seen.connection, "small"), 0);
    for (size_t i = 0; i < sent; i++) {
        TURN_UNTIL(loop, (got = nk_socket_recv(peer, received, sizeof received)) != -EAGAIN);
        assert_int_equal(got, sizeof bytes);
    }
    expect(peer, "small");
    nk_socket_close(peer);
}

static size_t send_much(struct nk_tcp_connection *connection, struct nk_slice input)
{
    static char bytes[50000];

    for (int i = 0; i < 10; i++)
        assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(bytes, sizeof bytes)), 0);
    return note(connection, input);
}

/* A peer that asks and does not listen has to be stopped. */
static void a_full_queue_stops_the_reading(void **state)
{
    char received[65536];
    int peer;

    (void)state;
    script.on_message = send_much;
    peer = add_seqpacket();
    say(peer, "first");
    say(peer, "second");
    TURN_UNTIL(loop, seen.messages == 1);
    turn_idle(loop, 3);
    assert_string_equal(told, "first|");
    ssize_t got;
    TURN_UNTIL(loop, (got = nk_socket_recv(peer, received, sizeof received), seen.messages == 2));
    assert_true(got > 0 || got == -EAGAIN);
    assert_string_equal(told, "first|second|");
    nk_socket_close(peer);
}

/* The last bytes reach a peer that is still sending, records without bytes too. */
static void lingering_drops_records_until_the_end(void **state)
{
    int peer = add_seqpacket();

    (void)state;
    assert_int_equal(send_text(seen.connection, "bye"), 0);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_LINGER);
    say(peer, "more");
    say(peer, "");
    say(peer, "and more");
    expect(peer, "bye");
    expect(peer, ""); /* the end */
    turn_idle(loop, 3);
    assert_int_equal(seen.closed, 0);
    assert_int_equal(seen.messages, 0);
    nk_socket_close(peer);
    TURN_UNTIL(loop, seen.closed == 1);
    assert_int_equal(seen.reason, 0);
}

/* A server that stops answers what has arrived. */
static void draining_answers_what_has_arrived(void **state)
{
    int peer;

    (void)state;
    script.on_message = echo;
    peer = add_seqpacket();
    say(peer, "one");
    say(peer, "");
    say(peer, "two");
    nk_connection_group_drain(group);
    expect(peer, "one");
    expect(peer, "");
    expect(peer, "two");
    nk_socket_close(peer);
    TURN_UNTIL(loop, seen.closed == 1);
    assert_int_equal(seen.reason, 0);
}

/* A file has no records. */
static void a_file_is_refused(void **state)
{
    int peer = add_seqpacket();
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_int_equal(nk_tcp_connection_send_file(seen.connection, file, 0, 10), -EOPNOTSUPP);
    assert_int_equal(fcntl(file, F_GETFD), -1);
    nk_socket_close(peer);
}

/* The peer goes away while output waits for it. */
static void the_end_of_the_peer_is_noticed(void **state)
{
    static char bytes[50000];
    int peer = add_seqpacket();

    (void)state;
    while (!nk_tcp_connection_is_blocked(seen.connection))
        assert_int_equal(
            nk_tcp_connection_send(seen.connection, nk_slice_make(bytes, sizeof bytes)), 0);
    say(peer, "last words");
    nk_socket_close(peer);
    TURN_UNTIL(loop, seen.closed == 1);
    assert_true(seen.reason == -ECONNRESET || seen.reason == -EPIPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORD_CASE(each_record_is_a_message),
        RECORD_CASE(sends_of_one_callback_are_not_gathered),
        RECORD_CASE(a_stream_keeps_none),
        RECORD_CASE(the_queue_keeps_records_apart),
        RECORD_CASE(what_is_left_of_a_record_comes_again_alone),
        RECORD_CASE(what_is_left_without_a_stop_is_dropped),
        RECORD_CASE(a_record_that_is_too_long_ends_the_connection),
        RECORD_CASE(a_record_that_cannot_be_sent_is_refused),
        RECORD_CASE(a_queued_record_that_cannot_be_sent_ends_the_connection),
        RECORD_CASE(the_queue_is_bounded),
        RECORD_CASE(a_record_that_the_queue_refuses_leaves_nothing),
        RECORD_CASE(a_full_queue_stops_the_reading),
        RECORD_CASE(lingering_drops_records_until_the_end),
        RECORD_CASE(draining_answers_what_has_arrived),
        RECORD_CASE(a_file_is_refused),
        RECORD_CASE(the_end_of_the_peer_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
