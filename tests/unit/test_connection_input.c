/* The receiving half of a connection: delivery, leftovers, pausing, the end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "connection_fixture.h"

/* ---- delivery ---- */

/* The bytes arrive as they were sent, in order, also across many deliveries. */
static void bytes_are_delivered_in_order(void **state)
{
    (void)state;
    int peer = add_unix();
    for (int i = 0; i < 50; i++) {
        write_text(peer, "0123456789");
        turn_idle(loop, i % 3);
    }
    TURN_UNTIL(loop, seen.input_len == 500);
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(seen.input[i], '0' + (int)(i % 10));
    close(peer);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, 0);
}

/* What has arrived before the connection is added is received without a wait:
 * that saves a turn for nearly every first request. */
static void first_bytes_are_received_at_once(void **state)
{
    int fd;
    int peer;

    (void)state;
    unix_pair(&fd, &peer);
    write_text(peer, "hello");
    assert_int_equal(nk_connection_group_add(group, fd), 0);
    assert_int_equal(seen.completed, 1);
    assert_seen("hello");
    close(peer);
}

/* One receive per event, so that a flood on one connection does not hold up the
 * others. */
static void one_event_is_one_receive(void **state)
{
    (void)state;
    script.on_connection_completed = use_wire;
    int peer = add_tcp();
    write_text(peer, "x");
    await(peer, POLLOUT);
    int before = wire.receives;
    TURN_UNTIL(loop, seen.messages == 1);
    assert_int_equal(wire.receives, before + 1);
    close(peer);
}

/* ---- what the handler leaves ---- */

/* Consumes whole lines only. */
static size_t take_lines(struct nk_tcp_connection *connection, struct nk_slice input)
{
    size_t last = nk_slice_find_last(input, '\n');

    (void)connection;
    return last == NK_SLICE_NOT_FOUND ? 0 : last + 1;
}

/* An incomplete message comes again in front of the next bytes. */
static void leftovers_come_again_in_front_of_new_bytes(void **state)
{
    static const char text[] = "one\ntwo\nthree\n";
    size_t taken = 0;

    (void)state;
    script.on_message = take_lines;
    int peer = add_unix();
    for (size_t i = 0; i < sizeof text - 1; i++) {
        struct nk_slice kept;
        write_all(peer, text + i, 1);
        TURN_UNTIL(loop, (size_t)seen.messages == i + 1);
        taken = text[i] == '\n' ? i + 1 : taken;
        kept = nk_tcp_connection_kept_input(seen.connection);
        assert_true(nk_slice_equal(kept, nk_slice_make(text + taken, i + 1 - taken)));
    }
    assert_seen(text);
    assert_null(seen.connection->input); /* an idle connection owns no buffer */
    close(peer);
}

/* Leftovers beyond the cap end the connection with the reason; without the cap
 * one client could have all memory. */
static void too_many_leftovers_close_the_connection(void **state)
{
    char bytes[600];

    (void)state;
    handlers.max_input = 1000;
    script.on_message = take_lines;
    memset(bytes, 'x', sizeof bytes);
    int peer = add_unix();
    write_all(peer, bytes, sizeof bytes);
    TURN_UNTIL(loop, seen.messages == 1);
    assert_int_equal(seen.closed, 0);
    write_all(peer, bytes, sizeof bytes);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, -ENOBUFS);
    close(peer);
}

/* The same when the first piece alone is too long. */
static void a_first_piece_above_the_cap_closes_the_connection(void **state)
{
    char bytes[600];

    (void)state;
    handlers.max_input = 500;
    script.on_message = take_lines;
    memset(bytes, 'x', sizeof bytes);
    int peer = add_unix();
    write_all(peer, bytes, sizeof bytes);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, -ENOBUFS);
    close(peer);
}

/* DEFECTS 5: half a message that waits for the rest must not burn a core. */
static void a_waiting_half_message_costs_no_turns(void **state)
{
    struct nk_event_loop_statistics before;
    struct nk_event_loop_statistics after;

    (void)state;
    script.on_message = take_lines;
    int peer = add_unix();
    write_text(peer, "half");
    TURN_UNTIL(loop, seen.messages == 1);
    turn_idle(loop, 2);
    nk_event_loop_statistics(loop, &before);
    turn_idle(loop, 20);
    nk_event_loop_statistics(loop, &after);
    assert_true(after.events == before.events);
    assert_true(after.tasks == before.tasks);
    assert_int_equal(seen.messages, 1);
    close(peer);
}

/* ---- pausing ---- */

static size_t take_one_and_pause(struct nk_tcp_connection *connection, struct nk_slice input)
{
    nk_tcp_connection_pause_reading(connection);
    return input.len > 0 ? 1 : 0;
}

/* A paused handler is not called, whatever arrives; resumed, it gets first what
 * it had left, never from within the call. */
static void pausing_holds_and_resuming_redelivers(void **state)
{
    (void)state;
    script.on_message = take_one_and_pause;
    int peer = add_unix();
    write_text(peer, "abc");
    TURN_UNTIL(loop, seen.messages == 1);
    write_text(peer, "d");
    turn_idle(loop, 3);
    assert_int_equal(seen.messages, 1);
    for (int i = 2; i <= 3; i++) {
        nk_tcp_connection_resume_reading(seen.connection);
        assert_int_equal(seen.messages, i - 1);
        TURN_UNTIL(loop, seen.messages == i);
    }
    assert_seen("abc");
    nk_tcp_connection_resume_reading(seen.connection);
    TURN_UNTIL(loop, seen.messages == 4);
    assert_seen("abcd");
    close(peer);
}

/* Pausing holds the peer back through the kernel's buffers: a source that is
 * read although its sink is full would fill our memory. */
static void a_paused_connection_holds_its_peer_back(void **state)
{
    (void)state;
    script.on_connection_completed = nk_tcp_connection_pause_reading;
    int peer = add_unix();
    assert_true(fill(peer) > 0);
    turn_idle(loop, 5);
    assert_int_equal(seen.messages, 0);
    assert_int_equal(nk_socket_send(peer, "x", 1, false), -EAGAIN);
    nk_tcp_connection_resume_reading(seen.connection);
    nk_tcp_connection_resume_reading(seen.connection); /* idempotent */
    TURN_UNTIL(loop, nk_socket_send(peer, "x", 1, false) == 1);
    close(peer);
}

/* A paused reader must still get what the peer sent before it closed. */
static void bytes_before_the_end_survive_a_pause(void **state)
{
    (void)state;
    script.on_connection_completed = nk_tcp_connection_pause_reading;
    int peer = add_unix();
    write_text(peer, "last words");
    close(peer);
    turn_idle(loop, 3);
    assert_int_equal(seen.closed, 0);
    nk_tcp_connection_resume_reading(seen.connection);
    TURN_UNTIL(loop, seen.closed);
    assert_seen("last words");
    assert_int_equal(seen.reason, 0);
}

/* A reset of a paused connection must not spin; resumed, it brings the reason. */
static void a_reset_while_paused_does_not_spin(void **state)
{
    struct nk_event_loop_statistics before;
    struct nk_event_loop_statistics after;

    (void)state;
    script.on_connection_completed = nk_tcp_connection_pause_reading;
    int peer = add_tcp();
    turn_idle(loop, 1);
    int fd = nk_tcp_connection_id(seen.connection).fd;
    close_with_reset(peer);
    await(fd, POLLHUP);
    nk_event_loop_statistics(loop, &before);
    turn_idle(loop, 10);
    nk_event_loop_statistics(loop, &after);
    assert_true(after.events == before.events);
    assert_int_equal(seen.closed, 0);
    nk_tcp_connection_resume_reading(seen.connection);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, -ECONNRESET);
}

/* ---- the end of the stream ---- */

/* The handler learns the end once, with what is left, and the connection is
 * closed behind it. */
static void the_end_is_delivered_once_with_the_rest(void **state)
{
    (void)state;
    script.on_message = take_lines;
    int peer = add_unix();
    write_text(peer, "line\nrest");
    TURN_UNTIL(loop, seen.messages == 1);
    assert_int_equal(seen.ends, 0);
    assert_int_equal(nk_socket_shutdown_write(peer), 0);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.ends, 1);
    assert_int_equal(seen.messages, 2);
    assert_seen("line\n");
    assert_int_equal(seen.reason, 0);
    close(peer);
}

static size_t answer_the_end(struct nk_tcp_connection *connection, struct nk_slice input)
{
    if (nk_tcp_connection_input_ended(connection))
        assert_int_equal(send_text(connection, "goodbye"), 0);
    return input.len;
}

/* What the handler answers to the end of the stream still goes out. */
static void an_answer_to_the_end_is_sent(void **state)
{
    (void)state;
    script.on_message = answer_the_end;
    int peer = add_tcp();
    assert_int_equal(nk_socket_shutdown_write(peer), 0);
    TURN_UNTIL(loop, seen.closed);
    assert_receives(peer, "goodbye");
    assert_receives_end(peer);
    close(peer);
}

/* A handler that keeps the connection half open goes on sending afterwards, is
 * not told the end again and costs no turns while it waits. */
static void a_half_open_connection_goes_on_sending(void **state)
{
    struct nk_event_loop_statistics before;
    struct nk_event_loop_statistics after;

    (void)state;
    handlers.keeps_half_open = true;
    int peer = add_tcp();
    write_text(peer, "question");
    assert_int_equal(nk_socket_shutdown_write(peer), 0);
    TURN_UNTIL(loop, seen.ends == 1);
    turn_idle(loop, 2);
    nk_event_loop_statistics(loop, &before);
    turn_idle(loop, 10);
    nk_event_loop_statistics(loop, &after);
    assert_true(after.events == before.events);
    assert_int_equal(seen.closed, 0);
    assert_int_equal(send_text(seen.connection, "late answer"), 0);
    assert_receives(peer, "late answer");
    nk_tcp_connection_close(seen.connection, NK_CLOSE_FLUSH);
    turn_idle(loop, 1);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.ends, 1);
    assert_receives_end(peer);
    close(peer);
}

/* DEFECTS 9: bytes that lie before a reset are read out first, then the error is
 * learned, then the connection is closed with it. */
static void bytes_before_a_reset_are_delivered_first(void **state)
{
    int fd;
    int peer;

    (void)state;
    tcp_pair(&fd, &peer);
    write_text(peer, "last words");
    await(fd, POLLIN);
    close_with_reset(peer);
    await(fd, POLLHUP);
    assert_int_equal(nk_connection_group_add(group, fd), 0);
    TURN_UNTIL(loop, seen.closed);
    assert_seen("last words");
    assert_int_equal(seen.reason, -ECONNRESET);
}

/* ---- receiving from within a callback ---- */

static int nested_fd;

static size_t add_another_then_compare(struct nk_tcp_connection *connection, struct nk_slice input)
{
    char before[16];

    (void)connection;
    if (input.len != 5)
        return input.len;
    memcpy(before, input.data, input.len);
    if (nested_fd >= 0) {
        int fd = nested_fd;
        nested_fd = -1;
        assert_int_equal(nk_connection_group_add(group, fd), 0);
    }
    assert_memory_equal(before, input.data, input.len);
    return input.len;
}

/* A handler that adds another connection, which receives at once, must not find
 * the other one's bytes in its own input. */
static void adding_a_connection_in_a_callback_keeps_the_input(void **state)
{
    int peer;

    (void)state;
    script.on_message = add_another_then_compare;
    unix_pair(&nested_fd, &peer);
    write_text(peer, "OTHER");
    int first = add_unix();
    write_text(first, "mine!");
    TURN_UNTIL(loop, seen.input_len == 10);
    assert_seen("mine!OTHER");
    close(first);
    close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(bytes_are_delivered_in_order),
        CASE(first_bytes_are_received_at_once),
        CASE(one_event_is_one_receive),
        CASE(leftovers_come_again_in_front_of_new_bytes),
        CASE(too_many_leftovers_close_the_connection),
        CASE(a_first_piece_above_the_cap_closes_the_connection),
        CASE(a_waiting_half_message_costs_no_turns),
        CASE(pausing_holds_and_resuming_redelivers),
        CASE(a_paused_connection_holds_its_peer_back),
        CASE(bytes_before_the_end_survive_a_pause),
        CASE(a_reset_while_paused_does_not_spin),
        CASE(the_end_is_delivered_once_with_the_rest),
        CASE(an_answer_to_the_end_is_sent),
        CASE(a_half_open_connection_goes_on_sending),
        CASE(bytes_before_a_reset_are_delivered_first),
        CASE(adding_a_connection_in_a_callback_keeps_the_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
