/* What most services do with a connection: sending, and ending those that are silent. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "connection_fixture.h"
#include "service/stream.h"

#define TIMEOUT (10 * SECOND)

static char bytes[4 * 1024 * 1024]; /* more than the kernel takes at once */
static char taken[64 * 1024];

static void on_deadline(struct nk_tcp_connection *connection)
{
    service_on_deadline(connection, TIMEOUT);
}

/* A connection with a deadline. */
static int add_watched(void)
{
    handlers.on_deadline = fixture_deadline;
    script.on_deadline = on_deadline;
    int peer = add_unix();
    turn_idle(loop, 1);
    service_extend_deadline(seen.connection, TIMEOUT);
    return peer;
}

/* The deadline may come up to a quarter of a second late. */
static void pass_timeout(void)
{
    pass_time(TIMEOUT);
    pass_time(SECOND / 2);
}

/* Otherwise a client that says nothing keeps its connection for ever. */
static void silence_ends_a_connection(void **state)
{
    int peer = add_watched();

    (void)state;
    pass_time(TIMEOUT / 2);
    service_extend_deadline(seen.connection, TIMEOUT);
    pass_time(TIMEOUT / 2 + SECOND);
    assert_int_equal(seen.closed, 0);
    pass_timeout();
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, -ETIMEDOUT);
    nk_socket_close(peer);
}

/* Otherwise "no limit" is one that has passed already. */
static void no_timeout_is_no_deadline(void **state)
{
    int peer = add_unix();

    (void)state;
    handlers.on_deadline = fixture_deadline;
    turn_idle(loop, 1);
    service_extend_deadline(seen.connection, 0);
    pass_time(1000 * SECOND);
    assert_int_equal(seen.deadlines, 0);
    assert_int_equal(seen.closed, 0);
    nk_socket_close(peer);
}

/* Otherwise a long download over a slow line is cut off, or one that nobody takes is kept
 * for ever. */
static void who_takes_its_bytes_slowly_is_not_silent(void **state)
{
    int peer = add_watched();

    (void)state;
    service_send(seen.connection, nk_slice_make(bytes, sizeof bytes));
    turn_idle(loop, 2);
    assert_true(nk_tcp_connection_is_blocked(seen.connection));
    for (int i = 0; i < 3; i++) {
        assert_true(nk_socket_recv(peer, taken, sizeof taken) > 0);
        turn_idle(loop, 1);
        pass_timeout();
        assert_int_equal(seen.closed, 0);
    }
    assert_true(seen.deadlines >= 3);
    pass_timeout();
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, -ETIMEDOUT);
    nk_socket_close(peer);
}

/* Otherwise an answer that comes too late turns an orderly end into an abort. */
static void bytes_after_the_end_are_dropped(void **state)
{
    size_t received = 0;
    ssize_t got;
    int peer = add_unix();

    (void)state;
    turn_idle(loop, 1);
    service_send(seen.connection, nk_slice_make(bytes, sizeof bytes));
    nk_tcp_connection_close(seen.connection, NK_CLOSE_FLUSH);
    service_send(seen.connection, nk_slice_of_string("too late"));
    while ((got = nk_socket_recv(peer, taken, sizeof taken)) != 0) {
        assert_true(got > 0 || got == -EAGAIN);
        received += got > 0 ? (size_t)got : 0;
        turn_idle(loop, 1);
    }
    assert_int_equal(received, sizeof bytes);
    nk_socket_close(peer);
    TURN_UNTIL(loop, seen.closed == 1);
    assert_int_equal(seen.reason, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(silence_ends_a_connection),
        CASE(no_timeout_is_no_deadline),
        CASE(who_takes_its_bytes_slowly_is_not_silent),
        CASE(bytes_after_the_end_are_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
