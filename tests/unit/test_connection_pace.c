/* The limit of a connection's output, on a clock that the test moves. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "connection_fixture.h"

/* A bucket of 100 bytes, and a portion of 50 every 50 ms. */
#define RATE 1000
#define BUCKET 100
#define PORTION 50

static char content[4096];

static int set_up_pace(void **state)
{
    fill_pattern(content, sizeof content, 0);
    if (set_up(state) != 0)
        return -1;
    handlers.output_rate = RATE;
    handlers.session_size = 13; /* what follows it is aligned all the same */
    return 0;
}

#define PACED(name) cmocka_unit_test_setup_teardown(name, set_up_pace, tear_down)

static int file_of_pattern(void)
{
    FILE *stream = tmpfile();
    assert_non_null(stream);
    assert_int_equal(fwrite(content, 1, sizeof content, stream), sizeof content);
    assert_int_equal(fflush(stream), 0);
    int file = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 0);
    assert_true(file >= 0);
    fclose(stream);
    return file;
}

/* What is at the peer now continues the pattern at `*position`; counts it. */
static uint64_t receive(int peer, uint64_t *position)
{
    uint64_t before = *position;
    turn_idle(loop, 3);
    *position = read_pattern(peer, before);
    return *position - before;
}

/* Lets `len` bytes of the pattern come, `PORTION` at a time behind a full bucket. */
static void expect_portions(int peer, uint64_t len)
{
    uint64_t position = 0;
    assert_int_equal(receive(peer, &position), BUCKET);
    while (position < len) {
        pass_time(49 * MILLISECOND);
        assert_int_equal(receive(peer, &position), 0);
        pass_time(MILLISECOND);
        uint64_t left = len - position;
        assert_int_equal(receive(peer, &position), left < PORTION ? left : PORTION);
    }
}

static int send_pattern(struct nk_tcp_connection *connection, size_t len)
{
    return nk_tcp_connection_send(connection, nk_slice_make(content, len));
}

/* If this fails --limit-rate does not hold for answers from memory, or they stop. */
static void bytes_go_out_in_portions(void **state)
{
    (void)state;
    int peer = add_unix();
    assert_int_equal(send_pattern(seen.connection, 1020), 0);
    expect_portions(peer, 1020);
    assert_int_equal(seen.writes, 1);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), 0);
    nk_socket_close(peer);
}

/* The same for files. */
static void a_file_goes_out_in_portions(void **state)
{
    (void)state;
    int peer = add_unix(); /* where it has arrived when it is sent */
    assert_int_equal(nk_tcp_connection_send_file(seen.connection, file_of_pattern(), 0, 1020), 0);
    expect_portions(peer, 1020);
    assert_int_equal(seen.writes, 1);
    nk_socket_close(peer);
}

/* The limit is that of the connection: many small answers do not get around it. */
static void small_answers_share_the_limit(void **state)
{
    uint64_t position = 0;
    (void)state;
    int peer = add_unix();
    for (int i = 0; i < 10; i++)
        assert_int_equal(
            nk_tcp_connection_send(seen.connection, nk_slice_make(content + 20 * i, 20)), 0);
    assert_int_equal(receive(peer, &position), BUCKET);
    pass_time(50 * MILLISECOND);
    assert_int_equal(receive(peer, &position), PORTION);
    pass_time(50 * MILLISECOND);
    assert_int_equal(receive(peer, &position), PORTION);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), 0);
    nk_socket_close(peer);
}

/* A record is not cut: it goes out whole, and what comes behind it waits longer. */
static void records_stay_whole(void **state)
{
    int fds[2];
    char received[1024];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(nk_connection_group_add_seqpacket(group, fds[0]), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(send_pattern(seen.connection, 300), 0);
    assert_int_equal(send_pattern(seen.connection, 0), 0);
    turn_idle(loop, 2);
    assert_int_equal(nk_socket_recv(fds[1], received, sizeof received), 300);
    pass_time(249 * MILLISECOND); /* 200 bytes of debt and a portion */
    assert_int_equal(nk_socket_recv(fds[1], received, sizeof received), -EAGAIN);
    pass_time(MILLISECOND);
    turn_idle(loop, 2);
    assert_int_equal(nk_socket_recv(fds[1], received, sizeof received), 300);
    pass_time(300 * MILLISECOND);
    turn_idle(loop, 2);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), 0);
    assert_int_equal(seen.writes, 1);
    nk_socket_close(fds[1]);
}

/* What is queued when the connection is asked to close is sent at its pace, and the
 * close follows. */
static void closing_waits_for_the_pace(void **state)
{
    (void)state;
    int peer = add_unix();
    assert_int_equal(send_pattern(seen.connection, 420), 0);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_FLUSH);
    expect_portions(peer, 420);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.reason, 0);
    assert_receives_end(peer);
    nk_socket_close(peer);
}

/* A connection that is cut while it waits leaves no timer behind (the sanitizer would
 * see it run). */
static void cutting_stops_the_pace(void **state)
{
    (void)state;
    int peer = add_unix();
    assert_int_equal(send_pattern(seen.connection, 420), 0);
    nk_tcp_connection_close(seen.connection, NK_CLOSE_NOW);
    pass_time(SECOND);
    assert_int_equal(seen.closed, 1);
    nk_socket_close(peer);
}

/* A peer that takes all it gets is not called slow for a pace that is ours; one that
 * takes nothing of it is. */
static void only_the_peer_can_be_slow(void **state)
{
    uint64_t position = 0;
    (void)state;
    int peer = add_unix();
    assert_int_equal(send_pattern(seen.connection, 1020), 0);
    assert_int_equal(receive(peer, &position), BUCKET);
    for (int i = 0; i < 10; i++) {
        assert_true(nk_tcp_connection_made_progress(seen.connection));
        pass_time(MILLISECOND);
    }
    pass_time(40 * MILLISECOND);
    turn_idle(loop, 2);
    assert_true(nk_tcp_connection_made_progress(seen.connection));
    assert_false(nk_tcp_connection_made_progress(seen.connection));
    assert_int_equal(receive(peer, &position), PORTION);
    assert_true(nk_tcp_connection_made_progress(seen.connection));
    nk_socket_close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PACED(bytes_go_out_in_portions),      PACED(a_file_goes_out_in_portions),
        PACED(small_answers_share_the_limit), PACED(records_stay_whole),
        PACED(closing_waits_for_the_pace),    PACED(cutting_stops_the_pace),
        PACED(only_the_peer_can_be_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
