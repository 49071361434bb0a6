/* Channels on a real loop: interest, closing, reuse of a descriptor. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/resource.h>
#include <sys/select.h>

#include "reactor/channel.h"
#include "reactor/event_dispatcher.h"
#include "reactor_fixture.h"

struct fixture {
    struct nk_event_loop *loop;
    size_t descriptors; /* open before the test */
};

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture.descriptors = open_descriptors();
    fixture.loop = new_loop();
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    nk_event_loop_free(fixture->loop);
    assert_int_equal(open_descriptors(), fixture->descriptors);
    return 0;
}

/* A channel that remembers what it was told. */
struct probe {
    struct nk_channel channel;
    unsigned events;
    int calls;
};

static void note(struct nk_channel *channel, unsigned events)
{
    struct probe *probe = nk_container_of(channel, struct probe, channel);

    probe->events = events;
    probe->calls++;
}

static void open_probe(struct probe *probe, struct nk_event_loop *loop, int fd, nk_channel_fn *call)
{
    *probe = (struct probe){0};
    assert_int_equal(nk_channel_open(&probe->channel, loop, fd, call), 0);
}

/* Nothing may be told before somebody wants it ("build completely, arm last"). */
static void a_new_channel_is_silent(void **state)
{
    struct fixture *fixture = *state;
    struct probe probe;
    int one;
    int other;

    unix_pair(&one, &other);
    write_text(other, "x");
    open_probe(&probe, fixture->loop, one, note);
    assert_true(nk_channel_is_open(&probe.channel));
    turn_idle(fixture->loop, 2);
    assert_int_equal(probe.calls, 0);
    nk_channel_want(&probe.channel, NK_READ);
    turn_idle(fixture->loop, 1);
    assert_int_equal(probe.calls, 1);
    assert_int_equal(probe.events, NK_READ);
    nk_channel_close_descriptor(&probe.channel);
    close(other);
}

/* A silent channel whose peer is gone would spin if it were told of the hang-up. */
static void a_silent_channel_is_not_told_of_a_hang_up(void **state)
{
    struct fixture *fixture = *state;
    struct probe probe;
    int one;
    int other;

    tcp_pair(&one, &other);
    open_probe(&probe, fixture->loop, one, note);
    nk_channel_want(&probe.channel, NK_READ);
    turn_idle(fixture->loop, 1);
    nk_channel_want(&probe.channel, 0);
    close_with_reset(other);
    await(one, POLLHUP);
    struct nk_event_loop_statistics before;
    struct nk_event_loop_statistics after;
    nk_event_loop_statistics(fixture->loop, &before);
    turn_idle(fixture->loop, 5);
    nk_event_loop_statistics(fixture->loop, &after);
    assert_int_equal(probe.calls, 0);
    assert_true(after.events == before.events);

    /* Wanted again, it learns at once. */
    nk_channel_want(&probe.channel, NK_READ);
    turn_idle(fixture->loop, 1);
    assert_int_equal(probe.calls, 1);
    assert_true(probe.events & NK_READ);
    nk_channel_close_descriptor(&probe.channel);
}

/* Interest that is turned off and on in one turn must end as it was said last. */
static void the_last_wish_of_a_turn_counts(void **state)
{
    struct fixture *fixture = *state;
    struct probe probe;
    int one;
    int other;

    unix_pair(&one, &other);
    write_text(other, "x");
    open_probe(&probe, fixture->loop, one, note);
    nk_channel_want(&probe.channel, NK_READ);
    nk_channel_want(&probe.channel, 0);
    turn_idle(fixture->loop, 2);
    assert_int_equal(probe.calls, 0);
    nk_channel_want(&probe.channel, NK_WRITE);
    nk_channel_want(&probe.channel, 0);
    nk_channel_want(&probe.channel, NK_READ);
    turn_idle(fixture->loop, 1);
    assert_int_equal(probe.events, NK_READ);
    assert_int_equal(nk_channel_wanted(&probe.channel), NK_READ);
    nk_channel_close_descriptor(&probe.channel);
    close(other);
}

/* Closing is idempotent; a second close must not close somebody else's number. */
static void closing_twice_is_harmless(void **state)
{
    struct fixture *fixture = *state;
    struct probe probe;
    int one;
    int other;

    unix_pair(&one, &other);
    open_probe(&probe, fixture->loop, one, note);
    nk_channel_want(&probe.channel, NK_READ);
    turn_idle(fixture->loop, 1);
    nk_channel_close_descriptor(&probe.channel);
    assert_false(nk_channel_is_open(&probe.channel));
    assert_null(nk_event_loop_channel(fixture->loop, one));
    int reused = fcntl(other, F_DUPFD_CLOEXEC, 0);
    assert_int_equal(reused, one);
    nk_channel_close_descriptor(&probe.channel);
    nk_channel_close(&probe.channel);
    nk_channel_want(&probe.channel, NK_READ);
    assert_true(fcntl(reused, F_GETFD) >= 0);
    turn_idle(fixture->loop, 1);
    assert_int_equal(probe.calls, 0);
    close(reused);
    close(other);
}

/* nk_channel_close leaves the descriptor alone and really stops watching it, so
 * that another loop may watch it next. */
static void a_closed_channel_can_be_moved_to_another_loop(void **state)
{
    struct fixture *fixture = *state;
    struct nk_event_loop *second = new_loop();
    struct probe probe;
    int one;
    int other;

    unix_pair(&one, &other);
    write_text(other, "x");
    open_probe(&probe, fixture->loop, one, note);
    nk_channel_want(&probe.channel, NK_READ);
    turn_idle(fixture->loop, 1);
    nk_channel_close(&probe.channel);
    turn_idle(fixture->loop, 1);
    assert_int_equal(probe.calls, 1);
    open_probe(&probe, second, one, note);
    nk_channel_want(&probe.channel, NK_READ);
    turn_idle(second, 1);
    assert_int_equal(probe.calls, 1);
    nk_channel_close_descriptor(&probe.channel);
    close(other);
    nk_event_loop_free(second);
}

/* ---- what one callback does to others of the same batch ---- */

static struct probe trio[2];

static void close_both(struct nk_channel *channel, unsigned events)
{
    note(channel, events);
    nk_channel_close_descriptor(&trio[0].channel);
    nk_channel_close_descriptor(&trio[1].channel);
}

/* Two are ready, the first closes both: the second must not be called. */
static void an_event_of_a_closed_channel_falls_through(void **state)
{
    struct fixture *fixture = *state;
    int peers[2];

    for (int i = 0; i < 2; i++) {
        int fd;
        unix_pair(&fd, &peers[i]);
        write_text(peers[i], "x");
        open_probe(&trio[i], fixture->loop, fd, close_both);
        nk_channel_want(&trio[i].channel, NK_READ);
    }
    turn_idle(fixture->loop, 2);
    assert_int_equal(trio[0].calls + trio[1].calls, 1);
    close(peers[0]);
    close(peers[1]);
}

static struct probe successor;
static int successor_fd;

/* Closes the other one of the pair and opens a channel on the same number. */
static void replace_the_other(struct nk_channel *channel, unsigned events)
{
    note(channel, events);
    struct probe *victim = channel == &trio[0].channel ? &trio[1] : &trio[0];
    if (!nk_channel_is_open(&victim->channel))
        return;
    int number = victim->channel.fd;
    struct nk_event_loop *loop = victim->channel.loop;
    nk_channel_close_descriptor(&victim->channel);
    assert_int_equal(fcntl(successor_fd, F_DUPFD_CLOEXEC, number), number);
    open_probe(&successor, loop, number, note);
    nk_channel_want(&successor.channel, NK_READ | NK_WRITE);
}

/* DEFECTS 7: the event of a connection that was reset must not reach the next
 * owner of its number: a connector would report success before it is connected. */
static void a_stale_event_does_not_reach_a_reused_descriptor(void **state)
{
    struct fixture *fixture = *state;
    int quiet;

    unix_pair(&successor_fd, &quiet);
    fill(successor_fd); /* neither readable nor writable */
    for (int i = 0; i < 2; i++) {
        int fd;
        int peer;
        tcp_pair(&fd, &peer);
        open_probe(&trio[i], fixture->loop, fd, replace_the_other);
        nk_channel_want(&trio[i].channel, NK_READ);
        close_with_reset(peer);
        await(fd, POLLHUP);
    }
    turn_idle(fixture->loop, 1);
    assert_int_equal(trio[0].calls + trio[1].calls, 1);
    assert_int_equal(successor.calls, 0);
    turn_idle(fixture->loop, 2);
    assert_int_equal(successor.calls, 0);

    /* It is watched all the same. */
    write_text(quiet, "x");
    turn_idle(fixture->loop, 1);
    assert_int_equal(successor.calls, 1);
    assert_int_equal(successor.events, NK_READ);
    nk_channel_close_descriptor(&successor.channel);
    nk_channel_close_descriptor(&trio[0].channel);
    nk_channel_close_descriptor(&trio[1].channel);
    close(successor_fd);
    close(quiet);
}

/* ---- regular files ---- */

/* A file must be served beside a socket without stopping the socket, and a loop
 * whose file wants nothing must be able to sleep. */
static void a_regular_file_is_always_ready_while_wanted(void **state)
{
    struct fixture *fixture = *state;
    struct probe file;
    struct probe socket;
    FILE *stream = tmpfile();
    int one;
    int other;

    assert_non_null(stream);
    unix_pair(&one, &other);
    write_text(other, "x");
    open_probe(&file, fixture->loop, fileno(stream), note);
    open_probe(&socket, fixture->loop, one, note);
    nk_channel_want(&file.channel, NK_READ);
    nk_channel_want(&socket.channel, NK_READ);
    for (int i = 1; i <= 3; i++) {
        /* Must not sleep, although nothing but the file and the socket is there. */
        assert_int_equal(nk_event_loop_turn(fixture->loop, NK_NEVER), 0);
        assert_int_equal(file.calls, i);
        assert_int_equal(file.events, NK_READ);
        assert_int_equal(socket.calls, i);
    }
    nk_channel_want(&file.channel, 0);
    nk_channel_want(&socket.channel, 0);
    uint64_t start = time_now();
    assert_int_equal(nk_event_loop_turn(fixture->loop, 2 * MILLISECOND), 0);
    assert_true(time_now() - start >= 2 * MILLISECOND);
    assert_int_equal(file.calls, 3);
    nk_channel_want(&file.channel, NK_READ);
    turn_idle(fixture->loop, 1);
    assert_int_equal(file.calls, 4);
    nk_channel_close(&file.channel);
    turn_idle(fixture->loop, 1);
    assert_int_equal(file.calls, 4);
    nk_channel_close_descriptor(&socket.channel);
    fclose(stream);
    close(other);
}

/* As many busy sockets as one batch holds must not keep a file from its turn. */
static void busy_sockets_do_not_starve_a_regular_file(void **state)
{
    enum { BUSY = NK_READY_MAX + 20 };
    static struct probe busy[BUSY];
    struct fixture *fixture = *state;
    struct probe file;
    FILE *stream = tmpfile();
    int one;
    int other;

    assert_non_null(stream);
    unix_pair(&one, &other);
    write_text(other, "x");
    for (int i = 0; i < BUSY; i++) {
        open_probe(&busy[i], fixture->loop, fcntl(one, F_DUPFD_CLOEXEC, 0), note);
        nk_channel_want(&busy[i].channel, NK_READ);
    }
    open_probe(&file, fixture->loop, fileno(stream), note);
    nk_channel_want(&file.channel, NK_READ);
    turn_idle(fixture->loop, 6);
    assert_true(file.calls >= 2);
    for (int i = 0; i < BUSY; i++) {
        assert_true(busy[i].calls >= 1);
        int fd = busy[i].channel.fd;
        nk_channel_close(&busy[i].channel); /* a duplicate: it has to be unwatched first */
        close(fd);
    }
    nk_channel_close(&file.channel);
    fclose(stream);
    close(one);
    close(other);
}

/* DEFECTS 13: select must refuse a number behind its bit set with an error that
 * says so; the others must serve it. */
static void a_high_descriptor_is_served_or_refused(void **state)
{
    struct fixture *fixture = *state;
    struct probe probe = {.calls = 0};
    struct rlimit limit;
    int one;
    int other;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max <= FD_SETSIZE + 10)
        skip();
    rlim_t former = limit.rlim_cur;
    limit.rlim_cur = FD_SETSIZE + 10;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    unix_pair(&one, &other);
    write_text(other, "x");
    int high = fcntl(one, F_DUPFD_CLOEXEC, FD_SETSIZE);
    assert_true(high >= FD_SETSIZE);
    int error = nk_channel_open(&probe.channel, fixture->loop, high, note);
    if (strcmp(nk_event_loop_dispatcher_name(fixture->loop), "select") == 0) {
        assert_int_equal(error, -EMFILE);
    } else {
        assert_int_equal(error, 0);
        nk_channel_want(&probe.channel, NK_READ);
        turn_idle(fixture->loop, 1);
        assert_int_equal(probe.calls, 1);
        nk_channel_close(&probe.channel);
    }
    close(high);
    close(one);
    close(other);
    limit.rlim_cur = former;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_new_channel_is_silent),
        CASE(a_silent_channel_is_not_told_of_a_hang_up),
        CASE(the_last_wish_of_a_turn_counts),
        CASE(closing_twice_is_harmless),
        CASE(a_closed_channel_can_be_moved_to_another_loop),
        CASE(an_event_of_a_closed_channel_falls_through),
        CASE(a_stale_event_does_not_reach_a_reused_descriptor),
        CASE(a_regular_file_is_always_ready_while_wanted),
        CASE(busy_sockets_do_not_starve_a_regular_file),
        CASE(a_high_descriptor_is_served_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
