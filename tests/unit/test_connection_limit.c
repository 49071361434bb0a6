/* A connection whose output ends after so many bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "large_fixture.h"

/* What the answers of a test are cut after, and how. */
static uint64_t limit;
static enum nk_close how;

static int send_pattern(struct nk_tcp_connection *connection, size_t offset, size_t len)
{
    return nk_tcp_connection_send(connection, nk_slice_make(large + offset, len));
}

/* Not one byte more than `len` is asked for: the error behind them is told once only. */
static void expect_so_many(int peer, uint64_t len)
{
    static char received[65536];
    uint64_t position = 0;

    while (position < len) {
        size_t wanted =
            len - position < sizeof received ? (size_t)(len - position) : sizeof received;
        ssize_t got = -EAGAIN;
        TURN_UNTIL(loop, (got = nk_socket_recv(peer, received, wanted)) != -EAGAIN);
        assert_true(got > 0);
        for (size_t i = 0; i < (size_t)got; i++)
            assert_true(received[i] == pattern(position + i));
        position += (uint64_t)got;
    }
}

/* The peer gets exactly `len` bytes of the pattern and then the end that was asked for. */
static void expect_cut(int peer, uint64_t len)
{
    ssize_t end = -EAGAIN;
    char byte;

    expect_so_many(peer, len);
    TURN_UNTIL(loop, (end = nk_socket_recv(peer, &byte, 1)) != -EAGAIN);
    assert_int_equal(end, how == NK_CLOSE_RESET ? -ECONNRESET : 0);
    nk_socket_close(peer);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, 0);
    assert_int_equal(seen.writes, 0);
}

static size_t answer_in_pieces(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_int_equal(nk_tcp_connection_limit_output(connection, limit, how), 0);
    for (size_t sent = 0; sent < 1000; sent += 100)
        assert_int_equal(send_pattern(connection, sent, 100), 0);
    return input.len;
}

/* A client that is tested with an answer that breaks off would get all of it, or none. */
static void gathered_output_is_cut(void **state)
{
    static const uint64_t limits[] = {0, 1, 100, 550, 999};

    (void)state;
    script.on_message = answer_in_pieces;
    for (size_t i = 0; i < 2 * NK_ARRAY_LENGTH(limits); i++) {
        how = i % 2 ? NK_CLOSE_RESET : NK_CLOSE_LINGER;
        limit = limits[i / 2];
        seen.closed = 0;
        int peer = add_tcp();
        write_text(peer, "x");
        expect_cut(peer, limit);
    }
    seen.closed = 2 * NK_ARRAY_LENGTH(limits); /* for the tear-down */
}

/* What fits is no reason to end it. */
static void a_limit_that_is_not_passed_does_nothing(void **state)
{
    (void)state;
    script.on_message = answer_in_pieces;
    how = NK_CLOSE_RESET;
    limit = 1000;
    int peer = add_tcp();
    write_text(peer, "x");
    expect_so_many(peer, 1000);
    turn_idle(loop, 3);
    assert_int_equal(seen.closed, 0);
    /* Only when something more would go out. */
    assert_int_equal(send_text(seen.connection, "one too many"), -EPIPE);
    TURN_UNTIL(loop, seen.closed);
    nk_socket_close(peer);
}

static size_t answer_much(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_int_equal(nk_tcp_connection_limit_output(connection, limit, how), 0);
    assert_int_equal(send_pattern(connection, 0, LARGE), 0);
    return input.len;
}

/* More than the kernel takes at once is cut in the queue. */
static void queued_output_is_cut(void **state)
{
    (void)state;
    script.on_message = answer_much;
    how = NK_CLOSE_LINGER;
    limit = LARGE - 1000;
    int peer = add_tcp();
    write_text(peer, "x");
    expect_cut(peer, limit);
}

static size_t answer_with_a_file(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_int_equal(send_pattern(connection, 0, 1000), 0);
    assert_int_equal(nk_tcp_connection_limit_output(connection, limit - 1000, how), 0);
    assert_int_equal(
        nk_tcp_connection_send_file(connection, file_of(large, LARGE), 1000, LARGE - 1000), 0);
    return input.len;
}

/* A file is cut like anything else, and what was sent before the limit is not counted. */
static void a_file_is_cut(void **state)
{
    (void)state;
    script.on_message = answer_with_a_file;
    how = NK_CLOSE_LINGER;
    limit = 5 * 1000 * 1000 + 1;
    int peer = add_tcp();
    write_text(peer, "x");
    expect_cut(peer, limit);
}

static void without_send_file(struct nk_tcp_connection *connection)
{
    use_wire(connection);
    wire.ops.send_file = NULL;
}

/* The same over a transport that has to copy. */
static void a_copied_file_is_cut(void **state)
{
    (void)state;
    script.on_connection_completed = without_send_file;
    script.on_message = answer_with_a_file;
    how = NK_CLOSE_LINGER;
    limit = 300 * 1000;
    int peer = add_tcp();
    write_text(peer, "x");
    expect_cut(peer, limit);
}

/* A second one cannot take the first back, only come before it. */
static void the_nearer_limit_counts(void **state)
{
    (void)state;
    int peer = add_tcp();
    how = NK_CLOSE_NOW;
    assert_int_equal(nk_tcp_connection_limit_output(seen.connection, UINT64_MAX, how), 0);
    assert_int_equal(send_pattern(seen.connection, 0, 500), 0);
    assert_int_equal(nk_tcp_connection_limit_output(seen.connection, 100, how), 0);
    assert_int_equal(nk_tcp_connection_limit_output(seen.connection, 101, NK_CLOSE_RESET), 0);
    assert_int_equal(send_pattern(seen.connection, 500, 500), 0);
    expect_cut(peer, 600);
}

/* It ends in the way that was asked for, whatever the handler does behind the cut. */
static size_t answer_and_close(struct nk_tcp_connection *connection, struct nk_slice input)
{
    answer_in_pieces(connection, input);
    nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    return input.len;
}

static void a_close_behind_the_cut_changes_nothing(void **state)
{
    (void)state;
    script.on_message = answer_and_close;
    how = NK_CLOSE_RESET;
    limit = 500;
    int peer = add_tcp();
    write_text(peer, "x");
    expect_cut(peer, limit);
}

/* A record is whole or not there at all: cutting one would be a lie. */
static void records_have_no_limit(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(nk_connection_group_add_seqpacket(group, fds[0]), 0);
    assert_int_equal(nk_tcp_connection_limit_output(seen.connection, 1, NK_CLOSE_NOW), -EOPNOTSUPP);
    nk_socket_close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(gathered_output_is_cut),
        CASE(a_limit_that_is_not_passed_does_nothing),
        CASE(queued_output_is_cut),
        CASE(a_file_is_cut),
        CASE(a_copied_file_is_cut),
        CASE(the_nearer_limit_counts),
        CASE(a_close_behind_the_cut_changes_nothing),
        CASE(records_have_no_limit),
    };

    return cmocka_run_group_tests(tests, make_large, free_large);
}
