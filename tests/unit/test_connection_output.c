/* The sending half of a connection: cork, direct send, errors. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "large_fixture.h"

/* ---- the cork ---- */

static size_t answer_in_pieces(struct nk_tcp_connection *connection, struct nk_slice input)
{
    for (size_t i = 0; i < input.len; i++)
        assert_int_equal(send_text(connection, "piece "), 0);
    assert_int_equal(nk_tcp_connection_queued(connection), 6 * input.len);
    return input.len;
}

/* What one callback sends goes out in one system call when it returns: this is
 * what makes pipelining cheap (DEFECTS 8 is about the answers, this about the
 * sends). */
static void one_callback_is_one_send(void **state)
{
    (void)state;
    script.on_connection_completed = use_wire;
    script.on_message = answer_in_pieces;
    int peer = add_unix();
    write_text(peer, "1234");
    TURN_UNTIL(loop, seen.messages == 1);
    assert_int_equal(wire.sends, 1);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), 0);
    assert_int_equal(seen.writes, 0);
    assert_receives(peer, "piece piece piece piece ");
    close(peer);
}

static size_t answer_much(struct nk_tcp_connection *connection, struct nk_slice input)
{
    /* 100 bytes at a time through the cork, its edge included. */
    for (size_t sent = 0; sent < 200000; sent += 100)
        assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large + sent, 100)), 0);
    return input.len;
}

/* More than the cork holds keeps its order across cork, direct send and queue. */
static void a_full_cork_keeps_the_order(void **state)
{
    (void)state;
    script.on_message = answer_much;
    int peer = add_unix();
    write_text(peer, "x");
    expect_pattern(peer, 200000);
    close(peer);
}

static size_t answer_small_large_small(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 10)), 0);
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large + 10, LARGE - 20)), 0);
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large + LARGE - 10, 10)), 0);
    return input.len;
}

/* DEFECTS 1: far more than the kernel takes must arrive byte for byte at a
 * reader that takes its time. */
static void more_than_the_kernel_takes_arrives_in_order(void **state)
{
    (void)state;
    script.on_message = answer_small_large_small;
    int peer = add_tcp();
    write_text(peer, "x");
    TURN_UNTIL(loop, seen.messages == 1);
    assert_true(nk_tcp_connection_queued(seen.connection) > 0);
    expect_pattern(peer, LARGE);
    TURN_UNTIL(loop, seen.writes == 1);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), 0);
    assert_null(seen.connection->output);
    close(peer);
}

/* Outside of a callback there is no cork to wait for. */
static void a_send_outside_of_a_callback_goes_out_at_once(void **state)
{
    (void)state;
    int peer = add_unix();
    assert_int_equal(send_text(seen.connection, "now"), 0);
    assert_receives(peer, "now");
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(NULL, 0)), 0);
    close(peer);
}

/* Short sends at every position must not change the stream (DEFECTS 10). */
static void short_sends_change_nothing(void **state)
{
    (void)state;
    script.on_connection_completed = use_wire;
    script.on_message = answer_small_large_small;
    int peer = add_unix();
    wire.send_limit = 4093;
    write_text(peer, "x");
    expect_pattern(peer, LARGE);
    close(peer);
}

/* While the kernel takes nothing, input that arrives must not cost a send that
 * can only fail. */
static void input_does_not_retry_a_full_socket(void **state)
{
    (void)state;
    script.on_connection_completed = use_wire;
    handlers.high_water = 2 * LARGE; /* it goes on reading */
    int peer = add_unix();
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(large, LARGE)), 0);
    turn_idle(loop, 2);
    int sends = wire.sends;
    write_text(peer, "input");
    TURN_UNTIL(loop, seen.input_len == 5);
    assert_int_equal(wire.sends, sends);
    close(peer);
}

/* ---- a cork that is lost ---- */

static int send_result;

static size_t overflow_the_cork(struct nk_tcp_connection *connection, struct nk_slice input)
{
    while ((send_result = nk_tcp_connection_send(connection, nk_slice_make(large, 1000))) == 0)
        continue;
    /* The end may not be reported from within the send. */
    assert_int_equal(seen.closed, 0);
    assert_int_not_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 1000)), 0);
    return input.len;
}

/* The cork holds more than may be queued and the kernel takes nothing: what the
 * handler was told is sent is lost, so the connection ends, and nothing may be
 * sent to its closed descriptor (it may be somebody else's by then). */
static void a_cork_that_cannot_be_queued_ends_the_connection(void **state)
{
    (void)state;
    handlers.max_output = 1000;
    script.on_connection_completed = use_wire;
    script.on_message = overflow_the_cork;
    int peer = add_unix();
    wire.send_error = -EAGAIN;
    write_text(peer, "x");
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, -ENOBUFS);
    assert_int_equal(send_result, -EPIPE);
    assert_int_equal(wire.sends, 1);
    close(peer);
}

static size_t cork_and_file(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 5000)), 0);
    assert_int_equal(nk_tcp_connection_send_file(connection, file_of(large, 10), 0, 10), 0);
    return input.len;
}

static int successor;      /* a socket that gets the number of the closed one */
static int successor_peer; /* where it would be seen what is sent to it */

static void reuse_the_number(struct nk_tcp_connection *connection, int reason)
{
    int number = nk_tcp_connection_id(connection).fd;
    int other;

    (void)reason;
    unix_pair(&other, &successor_peer);
    successor = other == number ? other : fcntl(other, F_DUPFD_CLOEXEC, number);
    assert_int_equal(successor, number);
    if (other != number)
        close(other);
}

/* The same with a file behind it: the file may not go out without its head, and
 * least of all to whoever gets the number of the closed descriptor. */
static void a_file_is_not_sent_without_what_stood_before_it(void **state)
{
    char byte;

    (void)state;
    handlers.max_output = 1000;
    script.on_connection_completed = use_wire;
    script.on_message = cork_and_file;
    script.on_connection_closed = reuse_the_number;
    int peer = add_unix();
    wire.send_error = -EAGAIN;
    write_text(peer, "x");
    TURN_UNTIL(loop, seen.closed);
    turn_idle(loop, 2);
    assert_int_equal(seen.reason, -ENOBUFS);
    assert_int_equal(nk_socket_recv(peer, &byte, 1), 0);
    assert_int_equal(nk_socket_recv(successor_peer, &byte, 1), -EAGAIN);
    close(successor);
    close(successor_peer);
    close(peer);
}

/* ---- a sending direction that has died ---- */

/* DEFECTS 11: EPIPE ends that connection only, with the reason, after what the
 * peer had sent was delivered. */
static void a_dead_sending_direction_still_delivers_the_input(void **state)
{
    (void)state;
    script.on_connection_completed = use_wire;
    int peer = add_unix();
    int bystander = add_unix();
    assert_int_equal(seen.completed, 2);
    struct nk_tcp_connection *other = seen.connection;
    wire.send_error = -EPIPE;
    assert_int_equal(send_text(other, "x"), -EPIPE);
    assert_int_equal(send_text(other, "x"), -EPIPE);
    write_text(bystander, "last words");
    close(bystander);
    TURN_UNTIL(loop, seen.closed);
    assert_seen("last words");
    assert_int_equal(seen.reason, -EPIPE);
    turn_idle(loop, 2);
    assert_int_equal(seen.closed, 1);
    close(peer);
}

static size_t send_at_the_end(struct nk_tcp_connection *connection, struct nk_slice input)
{
    if (nk_tcp_connection_input_ended(connection)) {
        assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 20000)), -EPIPE);
        /* The session is still this handler's. */
        assert_int_equal(seen.closed, 0);
    }
    return input.len;
}

/* With the peer's end received there is nothing to wait for: it ends with the
 * error, but never from within the handler's own send. */
static void a_failing_send_does_not_call_back_from_within(void **state)
{
    (void)state;
    handlers.keeps_half_open = true;
    script.on_connection_completed = use_wire;
    script.on_message = send_at_the_end;
    int peer = add_unix();
    wire.send_error = -EPIPE;
    assert_int_equal(nk_socket_shutdown_write(peer), 0);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, -EPIPE);
    close(peer);
}

/* A peer that resets while bytes are queued for it ends its connection without
 * spinning, also when its reader is paused. */
static void a_reset_ends_a_connection_with_output(void **state)
{
    (void)state;
    script.on_connection_completed = nk_tcp_connection_pause_reading;
    int peer = add_tcp();
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(large, LARGE)), 0);
    assert_true(nk_tcp_connection_queued(seen.connection) > 0);
    close_with_reset(peer);
    TURN_UNTIL(loop, seen.closed);
    assert_true(seen.reason == -ECONNRESET || seen.reason == -EPIPE);
    assert_int_equal(seen.writes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_callback_is_one_send),
        CASE(a_full_cork_keeps_the_order),
        CASE(more_than_the_kernel_takes_arrives_in_order),
        CASE(a_send_outside_of_a_callback_goes_out_at_once),
        CASE(short_sends_change_nothing),
        CASE(input_does_not_retry_a_full_socket),
        CASE(a_cork_that_cannot_be_queued_ends_the_connection),
        CASE(a_file_is_not_sent_without_what_stood_before_it),
        CASE(a_dead_sending_direction_still_delivers_the_input),
        CASE(a_failing_send_does_not_call_back_from_within),
        CASE(a_reset_ends_a_connection_with_output),
    };

    return cmocka_run_group_tests(tests, make_large, free_large);
}
