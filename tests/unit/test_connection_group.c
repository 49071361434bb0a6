/* The connections of one loop as a whole: adding, draining, cutting, shedding. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sys/select.h>

#include "connection_fixture.h"

static size_t echo(struct nk_tcp_connection *connection, struct nk_slice input)
{
    (void)nk_tcp_connection_send(connection, input); /* some peers are gone already */
    return input.len;
}

static size_t echo_and_be_idle(struct nk_tcp_connection *connection, struct nk_slice input)
{
    nk_tcp_connection_set_idle(connection, true);
    return echo(connection, input);
}

static void mark_idle(struct nk_tcp_connection *connection)
{
    nk_tcp_connection_set_idle(connection, true);
}

/* ---- counters and memory ---- */

/* The counters are what the statistics show. */
static void counters_follow_the_connections(void **state)
{
    struct nk_connection_counters counters;

    (void)state;
    script.on_message = echo;
    int first = add_unix();
    int second = add_unix();
    write_text(first, "12345");
    TURN_UNTIL(loop, seen.messages == 1);
    nk_connection_group_counters(group, &counters);
    assert_int_equal(counters.opened, 2);
    assert_int_equal(counters.active, 2);
    assert_int_equal(counters.bytes_received, 5);
    assert_int_equal(counters.bytes_sent, 5);
    close(first);
    TURN_UNTIL(loop, seen.closed == 1);
    nk_connection_group_counters(group, &counters);
    assert_int_equal(counters.opened, 2);
    assert_int_equal(counters.active, 1);
    close(second);
}

/* DEFECTS 6: connections that come and go leave no descriptor and (the leak
 * checker) no byte behind; the tear-down compares. */
static void many_short_connections_leave_nothing(void **state)
{
    (void)state;
    script.on_message = echo;
    for (int i = 0; i < 2000; i++) {
        int peer = add_unix();
        write_text(peer, "hello");
        if (i % 3 == 0)
            close(peer);
        turn_idle(loop, 1);
        if (i % 3 != 0)
            close(peer);
        turn_idle(loop, 1);
        seen.input_len = 0;
    }
    turn_idle(loop, 2);
    assert_int_equal(seen.closed, 2000);
}

/* DEFECTS 7: after a storm of resets the next client on the same numbers is
 * served at once. */
static void a_client_after_a_storm_of_resets_is_served(void **state)
{
    (void)state;
    script.on_message = echo;
    for (int i = 0; i < 100; i++) {
        int peer = add_tcp();
        if (i % 2 == 0)
            write_text(peer, "x");
        close_with_reset(peer);
        turn_idle(loop, i % 3);
    }
    int peer = add_tcp();
    write_text(peer, "served");
    TURN_UNTIL(loop, seen.closed == 100 && seen.input_len >= 6);
    assert_receives(peer, "served");
    close(peer);
}

/* The descriptor is the group's also when it cannot be watched. */
static void a_descriptor_that_cannot_be_watched_is_closed(void **state)
{
    (void)state;
    if (strcmp(nk_event_loop_dispatcher_name(loop), "select") != 0)
        skip();
    int fd;
    int peer;
    unix_pair(&fd, &peer);
    int high = fcntl(fd, F_DUPFD_CLOEXEC, FD_SETSIZE);
    if (high < 0) {
        close(fd);
        close(peer);
        skip();
    }
    close(fd);
    assert_int_equal(nk_connection_group_add(group, high), -EMFILE);
    assert_receives_end(peer);
    assert_int_equal(seen.completed, 0);
    close(peer);
}

/* ---- draining ---- */

/* Idle connections are closed at once, the others are asked and finish. */
static void draining_closes_idle_ones_and_asks_the_others(void **state)
{
    (void)state;
    handlers.on_drain = fixture_drain;
    int busy = add_unix();
    struct nk_tcp_connection *connection = seen.connection;
    script.on_connection_completed = mark_idle;
    int idle = add_unix();
    nk_connection_group_drain(group);
    assert_true(nk_connection_group_is_draining(group));
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, 0);
    assert_int_equal(seen.drains, 1);
    assert_receives_end(idle);
    assert_int_equal(send_text(connection, "the rest"), 0);
    nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    assert_receives(busy, "the rest");
    assert_int_equal(seen.closed, 2);

    /* One that is added later (it was on its way) gets the same treatment. */
    int late = add_unix();
    assert_int_equal(seen.closed, 3);
    assert_receives_end(late);
    close(idle);
    close(busy);
    close(late);
}

/* Without on_drain what has been received already is still answered: the client
 * that sent it in time gets its answer and not a reset. */
static void draining_answers_what_has_arrived(void **state)
{
    (void)state;
    script.on_message = echo;
    int peer = add_tcp();
    turn_idle(loop, 1);
    write_text(peer, "in time");
    await(nk_tcp_connection_id(seen.connection).fd, POLLIN);
    nk_connection_group_drain(group);
    assert_receives(peer, "in time");
    assert_receives_end(peer);
    close(peer);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, 0);
}

/* A half-open connection has been told the end of its input already: draining
 * must not tell it again. */
static void draining_does_not_repeat_the_end(void **state)
{
    (void)state;
    handlers.keeps_half_open = true;
    int peer = add_tcp();
    assert_int_equal(nk_socket_shutdown_write(peer), 0);
    TURN_UNTIL(loop, seen.ends == 1);
    nk_connection_group_drain(group);
    turn_idle(loop, 2);
    assert_int_equal(seen.ends, 1);
    assert_int_equal(seen.closed, 1);
    close(peer);
}

/* Draining twice asks nobody to close twice. */
static void draining_twice_is_harmless(void **state)
{
    (void)state;
    int peer = add_unix();
    nk_connection_group_drain(group);
    nk_connection_group_drain(group);
    close(peer);
    TURN_UNTIL(loop, seen.closed);
    turn_idle(loop, 2);
    assert_int_equal(seen.closed, 1);
}

/* ---- cutting ---- */

/* Every connection ends now with its reason, also one that was closing. */
static void cutting_ends_all_of_them(void **state)
{
    int peers[5];

    (void)state;
    for (size_t i = 0; i < 5; i++)
        peers[i] = add_unix();
    fill(nk_tcp_connection_id(seen.connection).fd);
    assert_int_equal(send_text(seen.connection, "queued"), 0);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_FLUSH);
    assert_int_equal(nk_connection_group_cut(group), 5);
    assert_int_equal(seen.closed, 5);
    assert_int_equal(seen.reason, -ECANCELED);
    assert_int_equal(nk_connection_group_cut(group), 0);
    for (size_t i = 0; i < 5; i++)
        close(peers[i]);
}

/* ---- shedding ---- */

/* Of the idle ones the one that has been idle longest makes room; busy ones
 * never do. */
static void shedding_closes_the_longest_idle_one(void **state)
{
    struct nk_tcp_connection *connections[4];
    int peers[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        peers[i] = add_unix();
        connections[i] = seen.connection;
    }
    assert_false(nk_connection_group_shed(group, NULL));
    assert_int_equal(seen.closed, 0);
    /* A deadline says nothing: one that waits for a first request has a short one. */
    nk_tcp_connection_set_idle(connections[2], true);
    nk_tcp_connection_set_deadline(connections[2], nk_event_loop_now(loop) + 30 * SECOND);
    pass_time(SECOND);
    nk_tcp_connection_set_idle(connections[1], true);
    nk_tcp_connection_set_deadline(connections[1], nk_event_loop_now(loop) + 10 * SECOND);
    assert_true(nk_connection_group_shed(group, NULL));
    assert_receives_end(peers[2]);
    assert_true(nk_connection_group_shed(group, NULL));
    assert_receives_end(peers[1]);
    assert_false(nk_connection_group_shed(group, NULL));
    assert_int_equal(seen.closed, 2);
    for (size_t i = 0; i < 4; i++)
        close(peers[i]);
}

/* An idle one behind many busy ones is found, at the latest when asked again. */
static void shedding_finds_an_idle_one_behind_busy_ones(void **state)
{
    enum { MANY = 100 };
    int peers[MANY];

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        peers[i] = add_unix();
    nk_tcp_connection_set_idle(seen.connection, true);
    assert_true(nk_connection_group_shed(group, NULL) || nk_connection_group_shed(group, NULL));
    assert_int_equal(seen.closed, 1);
    assert_receives_end(peers[MANY - 1]);
    for (size_t i = 0; i < MANY; i++)
        close(peers[i]);
}

/* When the room has been made elsewhere meanwhile, nobody has to go for it: a client
 * would lose the request that it sends just then. */
static void a_debt_is_forgotten_when_nobody_waits(void **state)
{
    atomic_bool is_wanted = true;

    (void)state;
    script.on_message = echo_and_be_idle;
    int first = add_unix();
    int second = add_unix();
    assert_false(nk_connection_group_shed(group, &is_wanted));
    atomic_store(&is_wanted, false);
    write_text(first, "x");
    TURN_UNTIL(loop, seen.messages == 1);
    assert_receives(first, "x");
    turn_idle(loop, 2);
    assert_int_equal(seen.closed, 0);

    close(first);
    TURN_UNTIL(loop, seen.closed == 1);
    atomic_store(&is_wanted, true);
    assert_false(nk_connection_group_shed(group, &is_wanted));
    write_text(second, "y");
    TURN_UNTIL(loop, seen.closed == 2);
    assert_receives(second, "y");
    close(second);
}

/* ---- the owner ---- */

static struct {
    int calls;
    size_t remaining;
} owner;

static void note_closed(void *context, size_t remaining)
{
    assert_ptr_equal(context, &owner);
    owner.calls++;
    owner.remaining = remaining;
}

/* The server counts by this callback: it must come for every connection, with
 * the number that is left. */
static void the_owner_learns_of_every_end(void **state)
{
    struct nk_connection_group_options options = {
        .handlers = &handlers,
        .context = state,
        .on_closed = note_closed,
        .owner = &owner,
    };
    struct nk_connection_group *owned;
    int fds[2];
    int peers[2];

    assert_int_equal(nk_connection_group_new(&owned, loop, &options), 0);
    assert_ptr_equal(nk_connection_group_context(owned), state);
    assert_ptr_equal(nk_connection_group_loop(owned), loop);
    for (size_t i = 0; i < 2; i++) {
        unix_pair(&fds[i], &peers[i]);
        assert_int_equal(nk_connection_group_add(owned, fds[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        close(peers[i]);
        TURN_UNTIL(loop, owner.calls == (int)i + 1);
        assert_int_equal(owner.remaining, 1 - i);
    }
    turn_idle(loop, 1);
    nk_connection_group_free(owned);
    nk_connection_group_free(NULL);
    seen.closed = 0; /* the tear-down looks at the other group */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(counters_follow_the_connections),
        CASE(many_short_connections_leave_nothing),
        CASE(a_client_after_a_storm_of_resets_is_served),
        CASE(a_descriptor_that_cannot_be_watched_is_closed),
        CASE(draining_closes_idle_ones_and_asks_the_others),
        CASE(draining_answers_what_has_arrived),
        CASE(draining_does_not_repeat_the_end),
        CASE(draining_twice_is_harmless),
        CASE(cutting_ends_all_of_them),
        CASE(shedding_closes_the_longest_idle_one),
        CASE(shedding_finds_an_idle_one_behind_busy_ones),
        CASE(a_debt_is_forgotten_when_nobody_waits),
        CASE(the_owner_learns_of_every_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
