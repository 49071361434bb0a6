/* The end-of-stream contract: two directions that do not know of each other. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "session_fixture.h"

/* The end of one direction ends the other, or is not passed on. */
static void each_direction_ends_by_itself(void **state)
{
    (void)state;
    for (int input_first = 0; input_first < 2; input_first++) {
        ended.calls = 0;
        start();
        put(in.outer, "up");
        expect(peer, "up");
        put(peer, "down");
        expect(out.outer, "down");
        for (int step = 0; step < 2; step++) {
            assert_int_equal(ended.calls, 0);
            if ((step == 0) == (input_first != 0)) {
                close_end(&in.outer);
                expect_end(peer);
            } else {
                assert_int_equal(shutdown(peer, SHUT_WR), 0);
                expect_end(out.outer);
            }
            if (step == 0 && input_first) {
                put(peer, "more");
                expect(out.outer, "more");
            } else if (step == 0) {
                put(in.outer, "more");
                expect(peer, "more");
            }
        }
        expect_ended(EXIT_STATUS_OK, 0);
        close_end(&peer);
        close_end(&out.outer);
    }
}

/* A reader that does not read stops the other direction, too. */
static void a_blocked_direction_does_not_stop_the_other(void **state)
{
    size_t fed = 0;
    size_t seen = 0;
    size_t up = 0;

    (void)state;
    start();
    for (int i = 0; i < 200; i++) {
        feed(peer, &fed, (size_t)64 * 1024 * 1024);
        turn_idle(loop, 1);
    }
    put(in.outer, "still moving");
    expect(peer, "still moving");
    close_end(&in.outer);
    expect_end(peer);
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    TURN_UNTIL(loop, drain(out.outer, &seen));
    assert_int_equal(seen, fed);
    expect_ended(EXIT_STATUS_OK, 0);

    ended.calls = 0;
    close_end(&peer);
    close_end(&out.outer);
    start();
    for (int i = 0; i < 200; i++) {
        feed(in.outer, &up, (size_t)64 * 1024 * 1024);
        turn_idle(loop, 1);
    }
    put(peer, "still moving");
    expect(out.outer, "still moving");
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    expect_end(out.outer);
    close_end(&in.outer);
    seen = 0;
    TURN_UNTIL(loop, drain(peer, &seen));
    assert_int_equal(seen, up);
    expect_ended(EXIT_STATUS_OK, 0);
}

/* --on-eof close waits for an answer that nobody wants. */
static void close_ends_everything_with_the_input(void **state)
{
    (void)state;
    options.on_eof = CAT_ON_EOF_CLOSE;
    start();
    put(in.outer, "last");
    close_end(&in.outer);
    expect_ended(EXIT_STATUS_OK, 0);
    expect(peer, "last");
    expect_end(peer);
}

/* Closing while the peer has sent something resets the connection; bytes that
 * are still on their way would be lost. */
static void what_was_sent_is_delivered_before_closing(void **state)
{
    size_t fed = 0;
    size_t seen = 0;

    (void)state;
    options.send_only = true;
    start();
    TURN_UNTIL(loop, (put(peer, "noise"), feed(in.outer, &fed, 300000), fed == 300000));
    close_end(&in.outer);
    turn_idle(loop, 20);
    TURN_UNTIL(loop, (nk_manual_clock_advance(&clock_by_hand, 5 * MILLISECOND), drain(peer, &seen),
                      ended.calls > 0));
    assert_int_equal(ended.status, EXIT_STATUS_OK);
    TURN_UNTIL(loop, drain(peer, &seen));
    assert_int_equal(seen, fed);
}

/* --on-eof keep tells the peer of an end that is none. */
static void keep_leaves_the_end_to_the_peer(void **state)
{
    char byte;

    (void)state;
    options.on_eof = CAT_ON_EOF_KEEP;
    start();
    close_end(&in.outer);
    turn_idle(loop, 20);
    assert_int_equal(read(peer, &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
    put(peer, "answer");
    expect(out.outer, "answer");
    close_end(&peer);
    expect_ended(EXIT_STATUS_OK, 0);
}

/* --once goes on with the direction that is left. */
static void once_is_over_with_the_first_end(void **state)
{
    (void)state;
    options.once = true;
    start();
    put(peer, "all");
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    expect(out.outer, "all");
    expect_ended(EXIT_STATUS_OK, 0);
    close_end(&peer);
    close_end(&in.outer);
    close_end(&out.outer);
    ended.calls = 0;
    start();
    close_end(&in.outer);
    expect_ended(EXIT_STATUS_OK, 0);
}

/* The linger time begins with the end of the input, not before, and ends it. */
static void linger_waits_for_so_long(void **state)
{
    (void)state;
    options.linger = 2 * SECOND;
    start();
    nk_manual_clock_advance(&clock_by_hand, 10 * SECOND);
    turn_idle(loop, 5);
    close_end(&in.outer);
    expect_end(peer);
    nk_manual_clock_advance(&clock_by_hand, 2 * SECOND - 1);
    turn_idle(loop, 5);
    put(peer, "late");
    expect(out.outer, "late");
    assert_int_equal(ended.calls, 0);
    nk_manual_clock_advance(&clock_by_hand, 1);
    expect_ended(EXIT_STATUS_OK, 0);
}

/* Bytes in either direction put the idle time-out off; silence does not. */
static void silence_times_out(void **state)
{
    (void)state;
    options.idle_timeout = SECOND;
    start();
    for (int i = 0; i < 5; i++) {
        put(i % 2 == 0 ? in.outer : peer, "x");
        expect(i % 2 == 0 ? peer : out.outer, "x");
        nk_manual_clock_advance(&clock_by_hand, 900 * MILLISECOND);
        turn_idle(loop, 3);
        assert_int_equal(ended.calls, 0);
    }
    nk_manual_clock_advance(&clock_by_hand, SECOND);
    turn_idle(loop, 2);
    nk_manual_clock_advance(&clock_by_hand, SECOND);
    expect_ended(EXIT_STATUS_TIMED_OUT, -ETIMEDOUT);
}

/* --recv-only reads the input, or tells the peer of an end. */
static void recv_only_sends_nothing(void **state)
{
    char byte;

    (void)state;
    options.recv_only = true;
    start();
    put(in.outer, "secret");
    turn_idle(loop, 20);
    assert_int_equal(read(peer, &byte, 1), -1);
    put(peer, "news");
    expect(out.outer, "news");
    close_end(&peer);
    expect_ended(EXIT_STATUS_OK, 0);
}

/* --send-only writes something, or stops a peer that sends. */
static void send_only_throws_away(void **state)
{
    size_t fed = 0;
    char byte;

    (void)state;
    options.send_only = true;
    start();
    TURN_UNTIL(loop, (feed(peer, &fed, 8000000), fed == 8000000));
    assert_int_equal(read(out.outer, &byte, 1), 0); /* closed at once */
    put(in.outer, "news");
    expect(peer, "news");
    close_end(&in.outer);
    expect_ended(EXIT_STATUS_OK, 0);
}

/* ---- failures ---- */

/* What arrived before a reset is delivered; then the status is "lost". */
static void a_reset_is_lost_after_the_bytes(void **state)
{
    (void)state;
    start();
    put(peer, "before");
    TURN_UNTIL(loop, nk_socket_unacknowledged(peer) == 0);
    close_with_reset(peer);
    peer = -1;
    expect(out.outer, "before");
    expect_ended(EXIT_STATUS_LOST, -ECONNRESET);
}

/* The same when the reset shows itself while sending. */
static void a_reset_while_sending_is_lost(void **state)
{
    size_t fed = 0;

    (void)state;
    start();
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    expect_end(out.outer);
    close_with_reset(peer);
    peer = -1;
    TURN_UNTIL(loop, (feed(in.outer, &fed, SIZE_MAX), ended.calls > 0));
    assert_int_equal(ended.status, EXIT_STATUS_LOST);
    assert_true(ended.error == -EPIPE || ended.error == -ECONNRESET);
}

/* The same with --once: behind it nothing is left to be read, which looks like a good end. */
static void a_reset_while_sending_is_lost_with_once(void **state)
{
    size_t fed = 0;
    size_t before;

    (void)state;
    options.once = true;
    start();
    do {
        before = fed;
        feed(in.outer, &fed, SIZE_MAX);
        turn_idle(loop, 5);
    } while (fed > before);
    close_with_reset(peer);
    peer = -1;
    TURN_UNTIL(loop, ended.calls > 0);
    assert_int_equal(ended.status, EXIT_STATUS_LOST);
    assert_true(ended.error == -EPIPE || ended.error == -ECONNRESET);
}

/* A peer that has ended its own direction is not read from: that it has not got everything,
 * and never will, has to be found out in another way than by waiting for ever. */
static void a_reset_before_all_is_delivered_is_lost(void **state)
{
    const int size = 1 << 20;
    size_t fed = 0;
    int network;

    (void)state;
    options.send_only = true;
    tcp_pair(&peer, &network);
    assert_int_equal(setsockopt(network, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    in = make_ends(CAT_PORT_PIPE, true);
    out = make_ends(CAT_PORT_PIPE, false);
    start_on(network);
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    TURN_UNTIL(loop, (feed(in.outer, &fed, 200000), fed == 200000));
    close_end(&in.outer);
    turn_idle(loop, 20);
    assert_int_equal(ended.calls, 0);
    close_with_reset(peer);
    peer = -1;
    expect_ended(EXIT_STATUS_LOST, -ECONNRESET);
}

/* `netkit connect ... | head` is no failure. */
static void a_reader_that_leaves_is_a_quiet_end(void **state)
{
    (void)state;
    start();
    close_end(&out.outer);
    put(peer, "x");
    expect_ended(EXIT_STATUS_OK, 0);
}

/* A full disk is a failure. */
static void a_full_disk_is_a_failure(void **state)
{
    int network;

    (void)state;
    tcp_pair(&peer, &network);
    in = make_ends(CAT_PORT_PIPE, true);
    out = (struct ends){open("/dev/full", O_WRONLY | O_CLOEXEC), -1};
    start_on(network);
    put(peer, "x");
    expect_ended(EXIT_STATUS_FAILED, -ENOSPC);
}

/* An input that cannot be read is a failure, not an end. */
static void an_unreadable_input_is_a_failure(void **state)
{
    int network;

    (void)state;
    tcp_pair(&peer, &network);
    in = (struct ends){open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), -1};
    out = make_ends(CAT_PORT_PIPE, false);
    start_on(network);
    expect_ended(EXIT_STATUS_FAILED, -EISDIR);
}

/* ---- odd descriptors ---- */

/* A terminal: the peer's end is the end, without a key being pressed. */
static void the_peers_end_frees_the_terminal(void **state)
{
    int network;

    (void)state;
    tcp_pair(&peer, &network);
    in = make_ends(CAT_PORT_TERMINAL, true);
    out = make_ends(CAT_PORT_PIPE, false);
    start_on(network);
    put(in.outer, "typed");
    expect(peer, "typed");
    close_end(&peer);
    expect_ended(EXIT_STATUS_OK, 0);
}

/* The same with a person behind two pipes. */
static void the_peers_end_is_a_persons_end(void **state)
{
    (void)state;
    options.interactive = true;
    start();
    put(peer, "bye");
    expect(out.outer, "bye");
    close_end(&peer);
    expect_ended(EXIT_STATUS_OK, 0);
}

/* One socket as input and output, as inetd has it: the peer's end must reach its
 * reader while its other direction goes on. */
static void one_socket_for_both_ends_one_direction(void **state)
{
    int network;

    (void)state;
    tcp_pair(&peer, &network);
    in = make_ends(CAT_PORT_SHARED_SOCKET, true);
    out = (struct ends){fcntl(in.inner, F_DUPFD_CLOEXEC, 0), -1};
    start_on(network);
    put(in.outer, "up");
    expect(peer, "up");
    put(peer, "down");
    expect(in.outer, "down");
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    expect_end(in.outer);
    put(in.outer, "more");
    expect(peer, "more");
    assert_int_equal(shutdown(in.outer, SHUT_WR), 0);
    expect_ended(EXIT_STATUS_OK, 0);
}

/* Without an input there is its end; without an output the session is over with
 * the input. */
static void a_direction_may_be_missing(void **state)
{
    int network;

    (void)state;
    tcp_pair(&peer, &network);
    out = make_ends(CAT_PORT_PIPE, false);
    start_on(network);
    expect_end(peer);
    put(peer, "x");
    expect(out.outer, "x");
    close_end(&peer);
    expect_ended(EXIT_STATUS_OK, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_direction_ends_by_itself),
        CASE(a_blocked_direction_does_not_stop_the_other),
        CASE(close_ends_everything_with_the_input),
        CASE(what_was_sent_is_delivered_before_closing),
        CASE(keep_leaves_the_end_to_the_peer),
        CASE(once_is_over_with_the_first_end),
        CASE(linger_waits_for_so_long),
        CASE(silence_times_out),
        CASE(recv_only_sends_nothing),
        CASE(send_only_throws_away),
        CASE(a_reset_is_lost_after_the_bytes),
        CASE(a_reset_while_sending_is_lost),
        CASE(a_reset_while_sending_is_lost_with_once),
        CASE(a_reset_before_all_is_delivered_is_lost),
        CASE(a_reader_that_leaves_is_a_quiet_end),
        CASE(a_full_disk_is_a_failure),
        CASE(an_unreadable_input_is_a_failure),
        CASE(the_peers_end_frees_the_terminal),
        CASE(the_peers_end_is_a_persons_end),
        CASE(one_socket_for_both_ends_one_direction),
        CASE(a_direction_may_be_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
