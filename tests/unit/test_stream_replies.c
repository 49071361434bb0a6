/* Replies of a connection that are held back: who is read from, and when it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "connection_fixture.h"
#include "service/stream_replies.h"

#define IDLE_TIMEOUT (10 * SECOND)

static struct stream_replies replies;
static uint64_t dropped;

static void on_completed(struct nk_tcp_connection *connection)
{
    stream_replies_init(&replies, connection, IDLE_TIMEOUT);
}

static void on_deadline(struct nk_tcp_connection *connection)
{
    (void)connection;
    stream_replies_expire(&replies);
}

static void on_closed(struct nk_tcp_connection *connection, int reason)
{
    (void)connection;
    (void)reason;
    dropped = stream_replies_clear(&replies);
}

static int set_up_replies(void **state)
{
    if (set_up(state) != 0)
        return -1;
    handlers.on_deadline = fixture_deadline;
    script.on_connection_completed = on_completed;
    script.on_deadline = on_deadline;
    script.on_connection_closed = on_closed;
    memset(&replies, 0, sizeof replies);
    dropped = 0;
    return 0;
}

#define REPLY_CASE(name) cmocka_unit_test_setup_teardown(name, set_up_replies, tear_down)

static void add(const char *text, uint64_t delay)
{
    char *room = stream_replies_add(&replies, strlen(text), delay);

    assert_non_null(room);
    memcpy(room, text, strlen(text));
}

/* The deadline may come up to a quarter of a second late. */
static void pass_seconds(unsigned seconds)
{
    pass_time(seconds * SECOND);
    pass_time(SECOND / 2);
}

/* Otherwise a server that is slow on purpose cuts off those who wait for it, or never
 * those who say nothing. */
static void a_client_that_waits_is_not_idle(void **state)
{
    int peer = add_unix();

    (void)state;
    turn_idle(loop, 1);
    add("late", 15 * SECOND);
    pass_seconds(10);
    assert_int_equal(seen.deadlines, 1);
    assert_int_equal(seen.closed, 0);
    pass_seconds(5);
    assert_receives(peer, "late");
    pass_seconds(5); /* the silence has begun anew */
    assert_int_equal(seen.closed, 0);
    pass_seconds(6);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, -ETIMEDOUT);
    assert_int_equal(dropped, 0);
    nk_socket_close(peer);
}

/* Otherwise a client that asks and asks fills the memory, or is never read from again. */
static void who_is_owed_too_much_is_not_read_from(void **state)
{
    static char received[16 * 1024];
    int peer = add_unix();

    (void)state;
    turn_idle(loop, 1);
    for (unsigned i = 0; !stream_replies_are_full(&replies); i++) {
        assert_true(i < 300);
        assert_non_null(
            memset(stream_replies_add(&replies, 1024, (i + 1) * MILLISECOND), 'x', 1024));
    }
    stream_replies_hold(&replies);
    write_text(peer, "more");
    turn_idle(loop, 3);
    assert_int_equal(seen.input_len, 0);
    for (unsigned i = 0; i < 300 && seen.input_len == 0; i++) {
        pass_time(MILLISECOND);
        while (nk_socket_recv(peer, received, sizeof received) > 0)
            continue;
    }
    assert_seen("more");
    assert_true(replies.queue.size > 0);
    assert_false(stream_replies_are_full(&replies));
    nk_socket_close(peer);
}

/* Otherwise a client that has ended, or a server that is to end, loses what it is owed. */
static void the_last_reply_closes_the_connection(void **state)
{
    int peer = add_unix();

    (void)state;
    turn_idle(loop, 1);
    add("one", SECOND);
    add("two", 2 * SECOND);
    stream_replies_drain(&replies);
    write_text(peer, "too late");
    pass_time(SECOND);
    assert_receives(peer, "one");
    assert_int_equal(seen.closed, 0);
    pass_time(SECOND);
    assert_receives(peer, "two");
    nk_socket_close(peer);
    TURN_UNTIL(loop, seen.closed == 1);
    assert_int_equal(seen.input_len, 0);
    assert_int_equal(dropped, 0);
}

/* Otherwise nobody is told how many answers were lost with the connection. */
static void replies_that_nobody_gets_are_counted(void **state)
{
    int peer = add_unix();

    (void)state;
    assert_int_equal(stream_replies_clear(&replies), 0); /* not completed yet */
    turn_idle(loop, 1);
    add("one", SECOND);
    add("two", SECOND);
    nk_tcp_connection_abort(seen.connection, -ECONNRESET);
    turn_idle(loop, 1);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(dropped, 2);
    pass_time(2 * SECOND);
    nk_socket_close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPLY_CASE(a_client_that_waits_is_not_idle),
        REPLY_CASE(who_is_owed_too_much_is_not_read_from),
        REPLY_CASE(the_last_reply_closes_the_connection),
        REPLY_CASE(replies_that_nobody_gets_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
