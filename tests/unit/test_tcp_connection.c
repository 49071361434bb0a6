/* The life of a connection: its callbacks, its deadlines, every way to end it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "large_fixture.h"

static void queue_much(struct nk_tcp_connection *connection)
{
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large, LARGE)), 0);
}

/* ---- an ordinary life ---- */

static size_t echo(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_int_equal(nk_tcp_connection_send(connection, input), 0);
    return input.len;
}

/* 1 MiB through the echo, byte-exact in both directions, by TCP and unix. */
static void echoes_a_megabyte(void **state)
{
    enum { MEGABYTE = 1024 * 1024 };
    int peers[2];

    (void)state;
    script.on_message = echo;
    peers[0] = add_tcp();
    peers[1] = add_unix();
    for (size_t i = 0; i < 2; i++) {
        size_t sent = 0;
        uint64_t received = 0;
        seen.input_len = 0;
        while (received < MEGABYTE) {
            if (sent < MEGABYTE) {
                ssize_t taken = nk_socket_send(peers[i], large + sent, MEGABYTE - sent, false);
                assert_true(taken > 0 || taken == -EAGAIN);
                sent += taken > 0 ? (size_t)taken : 0;
            }
            turn_idle(loop, 1);
            received = read_pattern(peers[i], received);
            seen.input_len = 0; /* the record is smaller than this */
        }
        close(peers[i]);
    }
    TURN_UNTIL(loop, seen.closed == 2);
    assert_int_equal(seen.reason, 0);
}

static void answer_first(struct nk_tcp_connection *connection)
{
    assert_int_equal(send_text(connection, "welcome"), 0);
}

/* A greeting can be sent before anything was received. */
static void a_connection_can_speak_first(void **state)
{
    (void)state;
    script.on_connection_completed = answer_first;
    int peer = add_unix();
    assert_receives(peer, "welcome");
    close(peer);
}

static void check_session(struct nk_tcp_connection *connection)
{
    const char *session = nk_tcp_connection_session(connection);
    const char zeros[100] = {0};

    assert_memory_equal(session, zeros, sizeof zeros);
    memset(nk_tcp_connection_session(connection), 'x', sizeof zeros);
}

static void check_session_at_the_end(struct nk_tcp_connection *connection, int reason)
{
    const char *session = nk_tcp_connection_session(connection);

    (void)reason;
    assert_int_equal(session[99], 'x');
}

/* The service's own state starts as zeros and is there until the last callback. */
static void a_session_lives_as_long_as_its_connection(void **state)
{
    (void)state;
    handlers.session_size = 100;
    script.on_connection_completed = check_session;
    script.on_connection_closed = check_session_at_the_end;
    int peer = add_unix();
    assert_ptr_equal(nk_tcp_connection_group(seen.connection), group);
    assert_ptr_equal(nk_tcp_connection_loop(seen.connection), loop);
    close(peer);
    TURN_UNTIL(loop, seen.closed);
}

/* Callbacks may be NULL: input is dropped then, and the end still closes. */
static void every_callback_may_be_missing(void **state)
{
    struct nk_connection_counters counters;

    (void)state;
    handlers = (struct nk_connection_handlers){0};
    int peer = add_unix();
    write_text(peer, "nobody listens");
    turn_idle(loop, 2);
    close(peer);
    turn_idle(loop, 2);
    nk_connection_group_counters(group, &counters);
    assert_int_equal(counters.active, 0);
    assert_int_equal(counters.bytes_received, 14);
    seen.closed = 1; /* the tear-down counts callbacks */
}

/* ---- the ways to close ---- */

/* NOW drops what is queued. */
static void close_now_drops_the_queue(void **state)
{
    (void)state;
    int peer = add_unix();
    queue_much(seen.connection);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_NOW);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, 0);
    assert_true(read_pattern(peer, 0) < LARGE);
    assert_receives_end(peer);
    close(peer);
}

/* RESET tells the peer that something was dropped, even when nothing was. */
static void close_reset_makes_the_peer_fail(void **state)
{
    char byte;
    (void)state;
    int peer = add_tcp();
    nk_tcp_connection_close(seen.connection, NK_CLOSE_RESET);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, 0);
    await(peer, POLLIN);
    assert_int_equal(nk_socket_recv(peer, &byte, 1), -ECONNRESET);
    close(peer);
}

/* FLUSH sends it first, refuses more, and takes no more input. */
static void close_flush_sends_the_queue_first(void **state)
{
    (void)state;
    int peer = add_unix();
    struct nk_tcp_connection *connection = seen.connection;
    queue_much(connection);
    nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    assert_true(nk_tcp_connection_is_closing(connection));
    assert_int_equal(send_text(connection, "too late"), -EPIPE);
    nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    write_text(peer, "ignored");
    turn_idle(loop, 3);
    assert_int_equal(seen.closed, 0);
    expect_pattern(peer, LARGE);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, 0);
    assert_int_equal(seen.messages, 0);
    close(peer);
}

/* LINGER lets the peer read the last bytes although it still sends: with FLUSH
 * the unread input would turn the close into a reset that destroys them. */
static void close_linger_keeps_the_last_bytes(void **state)
{
    (void)state;
    int peer = add_tcp();
    write_text(peer, "unread");
    assert_int_equal(send_text(seen.connection, "last words"), 0);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_LINGER);
    turn_idle(loop, 2);
    assert_int_equal(seen.closed, 0);
    write_text(peer, "more that nobody reads");
    turn_idle(loop, 2);
    assert_receives(peer, "last words");
    assert_receives_end(peer);
    assert_int_equal(seen.closed, 0);
    close(peer);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, 0);
    assert_int_equal(seen.messages, 0);
}

/* It lingers for a bounded time only ... */
static void lingering_is_bounded_in_time(void **state)
{
    (void)state;
    int peer = add_unix();
    nk_tcp_connection_close(seen.connection, NK_CLOSE_LINGER);
    turn_idle(loop, 2);
    assert_int_equal(seen.closed, 0);
    pass_time(NK_LINGER_TIME - MILLISECOND);
    assert_int_equal(seen.closed, 0);
    pass_time(SECOND);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, 0);
    close(peer);
}

/* ... and a bounded number of bytes: a peer that never stops sending must not
 * keep the connection. */
static void lingering_is_bounded_in_bytes(void **state)
{
    (void)state;
    int peer = add_unix();
    nk_tcp_connection_close(seen.connection, NK_CLOSE_LINGER);
    ssize_t sent = 0;
    for (size_t total = 0; !seen.closed; total += sent > 0 ? (size_t)sent : 0) {
        assert_true(total < 16 * NK_LINGER_BYTES);
        sent = nk_socket_send(peer, large, 1000, false);
        turn_idle(loop, 1);
    }
    assert_int_equal(seen.reason, 0);
    close(peer);
}

/* After the peer's end there is nothing to linger for. */
static void lingering_ends_with_the_peers_end(void **state)
{
    (void)state;
    handlers.keeps_half_open = true;
    int peer = add_unix();
    assert_int_equal(nk_socket_shutdown_write(peer), 0);
    TURN_UNTIL(loop, seen.ends == 1);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_LINGER);
    turn_idle(loop, 1);
    assert_int_equal(seen.closed, 1);
    close(peer);
}

/* A harder way overrides a softer one, never the other way round: a server that
 * cuts must not be talked out of it. */
static void a_harder_close_overrides_a_softer_one(void **state)
{
    (void)state;
    int peer = add_unix();
    struct nk_tcp_connection *connection = seen.connection;
    nk_tcp_connection_close(connection, NK_CLOSE_LINGER);
    turn_idle(loop, 1);
    assert_int_equal(seen.closed, 0);
    nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    assert_int_equal(seen.closed, 1);
    close(peer);

    peer = add_unix();
    connection = seen.connection;
    queue_much(connection);
    nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    nk_tcp_connection_close(connection, NK_CLOSE_LINGER);
    expect_pattern(peer, LARGE);
    TURN_UNTIL(loop, seen.closed == 2);
    close(peer);

    peer = add_unix();
    connection = seen.connection;
    queue_much(connection);
    nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    nk_tcp_connection_close(connection, NK_CLOSE_NOW);
    assert_int_equal(seen.closed, 3);
    nk_tcp_connection_close(connection, NK_CLOSE_NOW);
    assert_int_equal(seen.closed, 3);
    close(peer);
}

/* Shutdown ends the sending direction behind the queue and goes on receiving. */
static void shutdown_half_closes_behind_the_queue(void **state)
{
    uint64_t position = 0;
    char byte;

    (void)state;
    int peer = add_tcp();
    queue_much(seen.connection);
    nk_tcp_connection_shutdown(seen.connection);
    assert_int_equal(send_text(seen.connection, "too late"), -EPIPE);
    TURN_UNTIL(loop, (position = read_pattern(peer, position)) == LARGE);
    TURN_UNTIL(loop, nk_socket_recv(peer, &byte, 1) == 0);
    write_text(peer, "still heard");
    TURN_UNTIL(loop, seen.input_len == 11);
    assert_int_equal(seen.closed, 0);
    close(peer);
    TURN_UNTIL(loop, seen.closed);
}

/* An abort reports the reason it was given. */
static void an_abort_reports_its_reason(void **state)
{
    (void)state;
    int peer = add_unix();
    nk_tcp_connection_abort(seen.connection, -EPROTO);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, -EPROTO);
    close(peer);
}

/* A reset is told apart from an orderly end. */
static void a_reset_is_reported_as_such(void **state)
{
    (void)state;
    int peer = add_tcp();
    close_with_reset(peer);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, -ECONNRESET);
}

/* ---- closing from within each callback ---- */

static enum nk_close how;

static void close_it(struct nk_tcp_connection *connection)
{
    (void)send_text(connection, "bye");
    nk_tcp_connection_close(connection, how);
}

static size_t close_on_message(struct nk_tcp_connection *connection, struct nk_slice input)
{
    close_it(connection);
    return input.len / 2;
}

static void close_again(struct nk_tcp_connection *connection, int reason)
{
    (void)reason;
    assert_int_equal(send_text(connection, "no"), -EPIPE);
    nk_tcp_connection_close(connection, how);
    nk_tcp_connection_abort(connection, -EPROTO);
    nk_tcp_connection_shutdown(connection);
    nk_tcp_connection_pause_reading(connection);
    nk_tcp_connection_resume_reading(connection);
    nk_tcp_connection_request_write(connection);
    nk_tcp_connection_set_deadline(connection, 1);
}

/* "A callback may close anything": in each of them, in each way, the end comes
 * exactly once and nothing is touched afterwards (the sanitizer watches). */
static void every_callback_may_close(void **state)
{
    (void)state;
    handlers.on_deadline = fixture_deadline;
    script.on_connection_closed = close_again;
    for (int which = 0; which < 4 * 4; which++) {
        how = (enum nk_close)(which % 4);
        script.on_connection_completed = which / 4 == 0 ? close_it : NULL;
        script.on_message = which / 4 == 1 ? close_on_message : NULL;
        script.on_write_completed = which / 4 == 2 ? close_it : NULL;
        script.on_deadline = which / 4 == 3 ? close_it : NULL;
        int closed = seen.closed;
        int fd;
        int peer;
        unix_pair(&fd, &peer);
        write_text(peer, "data");
        assert_int_equal(nk_connection_group_add(group, fd), 0);
        if (seen.connection && which / 4 >= 2) {
            nk_tcp_connection_request_write(seen.connection);
            nk_tcp_connection_set_deadline(seen.connection, nk_event_loop_now(loop) + 1);
        }
        if (which / 4 == 3)
            pass_time(SECOND);
        turn_idle(loop, 2);
        if (how == NK_CLOSE_FLUSH || how == NK_CLOSE_LINGER)
            assert_receives(peer, "bye");
        char byte;
        await(peer, POLLIN);
        assert_true(nk_socket_recv(peer, &byte, 1) <= 0); /* a reset when input was unread */
        close(peer);
        turn_idle(loop, 2);
        assert_int_equal(seen.closed, closed + 1);
    }
}

static size_t close_peer_connections(struct nk_tcp_connection *connection, struct nk_slice input)
{
    (void)connection;
    assert_int_equal(nk_connection_group_cut(group), 3);
    return input.len;
}

/* One callback closes all, itself included, while events for them are waiting. */
static void a_callback_may_close_every_connection(void **state)
{
    int peers[3];

    (void)state;
    script.on_message = close_peer_connections;
    for (size_t i = 0; i < 3; i++)
        peers[i] = add_unix();
    for (size_t i = 0; i < 3; i++)
        write_text(peers[i], "x");
    turn_idle(loop, 2);
    assert_int_equal(seen.messages, 1);
    assert_int_equal(seen.closed, 3);
    assert_int_equal(seen.reason, -ECANCELED);
    for (size_t i = 0; i < 3; i++)
        close(peers[i]);
}

static void resume_then_close(struct nk_tcp_connection *connection)
{
    nk_tcp_connection_resume_reading(connection); /* posts a task */
    nk_tcp_connection_close(connection, NK_CLOSE_NOW);
}

static size_t leave_all_and_pause(struct nk_tcp_connection *connection, struct nk_slice input)
{
    (void)input;
    nk_tcp_connection_pause_reading(connection);
    nk_tcp_connection_request_write(connection);
    return 0;
}

/* Closed with its own task still posted: the memory must wait for the task. */
static void a_connection_may_close_with_a_task_posted(void **state)
{
    (void)state;
    script.on_message = leave_all_and_pause;
    script.on_write_completed = resume_then_close;
    int peer = add_unix();
    write_text(peer, "data");
    TURN_UNTIL(loop, seen.closed);
    turn_idle(loop, 3);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.messages, 1);
    close(peer);
}

static struct {
    struct nk_task task;
    struct nk_tcp_connection *connection;
} witness;

static void look_at_it(struct nk_task *task)
{
    (void)task;
    assert_true(nk_tcp_connection_is_closing(witness.connection));
}

static size_t close_before_its_task(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_true(connection->task_is_posted);
    nk_tcp_connection_close(connection, NK_CLOSE_NOW);
    witness.connection = connection;
    nk_event_loop_post(loop, &witness.task, look_at_it);
    return input.len;
}

/* Whoever runs behind that task in the same turn may still name the connection. */
static void a_closed_connection_lives_until_the_turn_ends(void **state)
{
    (void)state;
    script.on_message = close_before_its_task;
    int peer = add_unix();
    nk_tcp_connection_request_write(seen.connection);
    write_text(peer, "x"); /* one event for both */
    TURN_UNTIL(loop, seen.closed);
    turn_idle(loop, 2);
    assert_int_equal(seen.writes, 0);
    close(peer);
}

/* ---- deadlines ---- */

/* Never early, at most a quarter of a second late; moving it later costs nothing
 * and moving it earlier is obeyed. */
static void a_deadline_is_kept(void **state)
{
    (void)state;
    handlers.on_deadline = fixture_deadline;
    int peer = add_unix();
    uint64_t now = nk_event_loop_now(loop);
    nk_tcp_connection_set_deadline(seen.connection, now + 10 * SECOND);
    pass_time(9 * SECOND);
    nk_tcp_connection_set_deadline(seen.connection, now + 20 * SECOND);
    pass_time(11 * SECOND - 1);
    assert_int_equal(seen.deadlines, 0);
    pass_time(SECOND / 4 + 1);
    assert_int_equal(seen.deadlines, 1);
    pass_time(60 * SECOND); /* once */
    assert_int_equal(seen.deadlines, 1);

    now = nk_event_loop_now(loop);
    nk_tcp_connection_set_deadline(seen.connection, now + 60 * SECOND);
    nk_tcp_connection_set_deadline(seen.connection, now + SECOND);
    pass_time(SECOND + SECOND / 4);
    assert_int_equal(seen.deadlines, 2);

    nk_tcp_connection_set_deadline(seen.connection, now + 10 * SECOND);
    nk_tcp_connection_set_deadline(seen.connection, NK_NEVER);
    pass_time(60 * SECOND);
    assert_int_equal(seen.deadlines, 2);
    close(peer);
}

/* Every step of an ever earlier deadline is obeyed, although the timers share a
 * grain of a quarter of a second. */
static void an_earlier_deadline_is_obeyed(void **state)
{
    (void)state;
    handlers.on_deadline = fixture_deadline;
    for (uint64_t step = 1; step <= 40; step++) {
        int peer = add_unix();
        uint64_t now = nk_event_loop_now(loop);
        int before = seen.deadlines;
        nk_tcp_connection_set_deadline(seen.connection, now + 2 * SECOND);
        nk_tcp_connection_set_deadline(seen.connection, now + step * 47 * MILLISECOND);
        pass_time(step * 47 * MILLISECOND - 1);
        assert_int_equal(seen.deadlines, before);
        pass_time(SECOND / 4 + 1);
        assert_int_equal(seen.deadlines, before + 1);
        close(peer);
        turn_idle(loop, 1);
    }
}

/* Without a handler for it the deadline closes the connection. */
static void a_deadline_without_a_handler_closes(void **state)
{
    (void)state;
    int peer = add_unix();
    nk_tcp_connection_set_deadline(seen.connection, nk_event_loop_now(loop) + SECOND);
    pass_time(2 * SECOND);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, -ETIMEDOUT);
    assert_receives_end(peer);
    close(peer);
}

/* A peer that never takes the rest of a closing connection cannot keep it. */
static void a_closing_connection_is_given_up_in_the_end(void **state)
{
    (void)state;
    int peer = add_unix();
    queue_much(seen.connection);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_FLUSH);
    pass_time(59 * SECOND);
    assert_int_equal(seen.closed, 0);
    pass_time(2 * SECOND);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, -ETIMEDOUT);
    close(peer);
}

/* One that takes it slowly gets all of it, however long that takes: it would find the
 * end of the stream where the end of the answer is not. Nobody asks the handler, who
 * has set no deadline. */
static void a_slow_peer_gets_the_rest_of_a_closing_connection(void **state)
{
    static char taken[64 * 1024];
    uint64_t position = 0;

    (void)state;
    handlers.on_deadline = fixture_deadline;
    int peer = add_unix();
    queue_much(seen.connection);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_FLUSH);
    for (int i = 0; i < 5; i++) {
        ssize_t got = nk_socket_recv(peer, taken, sizeof taken);
        assert_true(got > 0);
        position += (uint64_t)got;
        pass_time(59 * SECOND);
        assert_int_equal(seen.closed, 0);
    }
    TURN_UNTIL(loop, (position = read_pattern(peer, position)) == LARGE);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, 0);
    assert_int_equal(seen.deadlines, 0);
    close(peer);
}

static void answer_408_and_close(struct nk_tcp_connection *connection)
{
    (void)send_text(connection, "408");
    nk_tcp_connection_close(connection, NK_CLOSE_LINGER);
}

/* The same when the handler of the deadline only closes again, as one that
 * answers 408 does: otherwise a peer that reads nothing stays for ever. */
static void a_handler_that_closes_again_cannot_keep_it_either(void **state)
{
    (void)state;
    handlers.on_deadline = fixture_deadline;
    script.on_deadline = answer_408_and_close;
    int peer = add_unix();
    queue_much(seen.connection);
    nk_tcp_connection_set_deadline(seen.connection, nk_event_loop_now(loop) + SECOND);
    pass_time(2 * SECOND);
    assert_int_equal(seen.deadlines, 1);
    assert_int_equal(seen.closed, 0);
    pass_time(61 * SECOND);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, -ETIMEDOUT);
    close(peer);
}

static uint64_t last_queued;

static void extend_while_it_moves(struct nk_tcp_connection *connection)
{
    uint64_t queued = nk_tcp_connection_queued(connection);

    if (queued < last_queued)
        nk_tcp_connection_set_deadline(connection, nk_event_loop_now(loop) + SECOND);
    last_queued = queued;
}

/* A handler may grant a slow reader more time, also while it closes. */
static void a_handler_may_extend_a_closing_connection(void **state)
{
    uint64_t position = 0;
    static char sink[65536];

    (void)state;
    handlers.on_deadline = fixture_deadline;
    script.on_deadline = extend_while_it_moves;
    int peer = add_unix();
    queue_much(seen.connection);
    last_queued = nk_tcp_connection_queued(seen.connection);
    nk_tcp_connection_set_deadline(seen.connection, nk_event_loop_now(loop) + SECOND);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_FLUSH);
    for (int second = 0; second < 5; second++) {
        for (int i = 0; i < 8; i++) {
            ssize_t got = nk_socket_recv(peer, sink, sizeof sink);
            position += got > 0 ? (uint64_t)got : 0;
            turn_idle(loop, 1);
        }
        pass_time(SECOND + SECOND / 4);
        assert_int_equal(seen.closed, 0);
    }
    assert_true(position > 0);
    pass_time(3 * SECOND); /* it reads no more */
    assert_int_equal(seen.closed, 1);
    close(peer);
}

/* ---- finding one again ---- */

/* DEFECTS 7: an id that was kept must never lead to the next owner of the same
 * descriptor, pointer or slot. */
static void an_id_never_finds_a_successor(void **state)
{
    (void)state;
    int peer = add_unix();
    struct nk_connection_id id = nk_tcp_connection_id(seen.connection);
    assert_ptr_equal(nk_tcp_connection_find(loop, id), seen.connection);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_NOW);
    assert_null(nk_tcp_connection_find(loop, id));
    turn_idle(loop, 1);
    close(peer);
    peer = add_unix();
    struct nk_connection_id next = nk_tcp_connection_id(seen.connection);
    assert_int_equal(next.fd, id.fd); /* the kernel reuses the lowest number */
    assert_true(next.number != id.number);
    assert_null(nk_tcp_connection_find(loop, id));
    assert_ptr_equal(nk_tcp_connection_find(loop, next), seen.connection);
    id.fd = -1;
    assert_null(nk_tcp_connection_find(loop, id));
    close(peer);
}

/* The number of a descriptor that is no connection's leads nowhere. */
static void an_id_does_not_find_other_channels(void **state)
{
    (void)state;
    for (int fd = 0; fd < 64; fd++)
        assert_null(nk_tcp_connection_find(loop, (struct nk_connection_id){fd, 1}));
}

static int peer_error;

static void ask_peer_at_the_end(struct nk_tcp_connection *connection, int reason)
{
    struct nk_sockaddr address;

    (void)reason;
    peer_error = nk_tcp_connection_peer(connection, &address);
}

/* The peer's address is the peer's; after the end it is refused, because the
 * number of the descriptor may be somebody else's by then. */
static void the_peer_is_known_while_it_is_open(void **state)
{
    struct nk_sockaddr address;
    struct nk_sockaddr expected;

    (void)state;
    script.on_connection_closed = ask_peer_at_the_end;
    int peer = add_tcp();
    assert_int_equal(nk_tcp_connection_peer(seen.connection, &address), 0);
    assert_int_equal(nk_socket_local(peer, &expected), 0);
    assert_true(nk_sockaddr_equal(&address, &expected));
    nk_tcp_connection_close(seen.connection, NK_CLOSE_NOW);
    assert_int_equal(peer_error, -ENOTCONN);
    close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(echoes_a_megabyte),
        CASE(a_connection_can_speak_first),
        CASE(a_session_lives_as_long_as_its_connection),
        CASE(every_callback_may_be_missing),
        CASE(close_now_drops_the_queue),
        CASE(close_reset_makes_the_peer_fail),
        CASE(close_flush_sends_the_queue_first),
        CASE(close_linger_keeps_the_last_bytes),
        CASE(lingering_is_bounded_in_time),
        CASE(lingering_is_bounded_in_bytes),
        CASE(lingering_ends_with_the_peers_end),
        CASE(a_harder_close_overrides_a_softer_one),
        CASE(shutdown_half_closes_behind_the_queue),
        CASE(an_abort_reports_its_reason),
        CASE(a_reset_is_reported_as_such),
        CASE(every_callback_may_close),
        CASE(a_callback_may_close_every_connection),
        CASE(a_connection_may_close_with_a_task_posted),
        CASE(a_closed_connection_lives_until_the_turn_ends),
        CASE(a_deadline_is_kept),
        CASE(an_earlier_deadline_is_obeyed),
        CASE(a_deadline_without_a_handler_closes),
        CASE(a_closing_connection_is_given_up_in_the_end),
        CASE(a_slow_peer_gets_the_rest_of_a_closing_connection),
        CASE(a_handler_that_closes_again_cannot_keep_it_either),
        CASE(a_handler_may_extend_a_closing_connection),
        CASE(an_id_never_finds_a_successor),
        CASE(an_id_does_not_find_other_channels),
        CASE(the_peer_is_known_while_it_is_open),
    };

    return cmocka_run_group_tests(tests, make_large, free_large);
}
