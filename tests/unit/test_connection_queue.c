/* What the kernel has not taken yet: queue, water marks, reports, files. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "large_fixture.h"

/* Reads what is there and drops it; returns how much it was. */
static size_t drop_input(int peer)
{
    static char sink[65536];
    size_t dropped = 0;
    ssize_t got;

    while ((got = nk_socket_recv(peer, sink, sizeof sink)) > 0)
        dropped += (size_t)got;
    return dropped;
}

/* ---- water marks ---- */

static size_t send_100_kb_each(struct nk_tcp_connection *connection, struct nk_slice input)
{
    for (size_t i = 0; i < input.len; i++)
        assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 100 * 1000)), 0);
    return input.len;
}

/* Above the high-water mark the source is not read, at the low one it is again:
 * a client that sends requests and reads no answer must not fill our memory. */
static void the_high_water_mark_stops_reading(void **state)
{
    static char sink[65536];

    (void)state;
    handlers.high_water = 150 * 1000;
    handlers.low_water = 50 * 1000;
    script.on_message = send_100_kb_each;
    int peer = add_unix();
    /* One request per turn, until it does not take them any more. */
    int taken = -1;
    while (seen.messages != taken) {
        taken = seen.messages;
        write_text(peer, "x");
        turn_idle(loop, 3);
    }
    uint64_t queued = nk_tcp_connection_queued(seen.connection);
    assert_in_range(queued, 150 * 1000, 250 * 1000);
    turn_idle(loop, 5);
    assert_int_equal(seen.messages, taken);

    /* The peer reads: the request that waited is answered, but not before the
     * queue is down at the low-water mark. */
    while (seen.messages == taken) {
        queued = nk_tcp_connection_queued(seen.connection);
        ssize_t got = nk_socket_recv(peer, sink, 10000);
        assert_true(got > 0 || got == -EAGAIN);
        turn_idle(loop, 1);
    }
    assert_true(queued <= 60 * 1000);
    close(peer);
}

static size_t stop_when_much_is_queued(struct nk_tcp_connection *connection, struct nk_slice input)
{
    size_t done = 0;

    while (done < input.len && nk_tcp_connection_queued(connection) <= handlers.high_water) {
        assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 100 * 1000)), 0);
        done++;
    }
    return done;
}

/* A handler that stops for the high-water mark and has no on_write_completed
 * must get its leftovers when the output has drained: nobody else wakes it. */
static void leftovers_come_again_when_the_output_has_drained(void **state)
{
    (void)state;
    handlers.on_write_completed = NULL;
    handlers.high_water = 150 * 1000;
    script.on_message = stop_when_much_is_queued;
    int peer = add_unix();
    write_text(peer, "12345678901234567890");
    size_t received = 0;
    TURN_UNTIL(loop, (received += drop_input(peer)) == 20 * 100 * 1000);
    assert_seen("12345678901234567890");
    close(peer);
}

/* More than max_output is refused, nothing of it is taken, and the connection
 * lives on. */
static void more_than_max_output_is_refused(void **state)
{
    (void)state;
    handlers.max_output = 100 * 1000;
    int peer = add_unix();
    fill(nk_tcp_connection_id(seen.connection).fd);
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(large, 100 * 1000 + 1)),
                     -ENOBUFS);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), 0);
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(large, 60 * 1000)), 0);
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(large, 60 * 1000)),
                     -ENOBUFS);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), 60 * 1000);
    turn_idle(loop, 2);
    assert_int_equal(seen.closed, 0);
    close(peer);
}

/* ---- on_write_completed ---- */

/* Asked for on an empty queue it comes once, and not from within. */
static void a_requested_write_is_reported_once(void **state)
{
    (void)state;
    int peer = add_unix();
    nk_tcp_connection_request_write(seen.connection);
    nk_tcp_connection_request_write(seen.connection);
    assert_int_equal(seen.writes, 0);
    TURN_UNTIL(loop, seen.writes == 1);
    turn_idle(loop, 5);
    assert_int_equal(seen.writes, 1);
    close(peer);
}

/* Asked for while bytes are queued it comes when they are gone: once, not twice. */
static void a_requested_write_behind_a_queue_is_reported_once(void **state)
{
    (void)state;
    int peer = add_unix();
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(large, LARGE)), 0);
    nk_tcp_connection_request_write(seen.connection);
    turn_idle(loop, 3);
    assert_int_equal(seen.writes, 0);
    expect_pattern(peer, LARGE);
    TURN_UNTIL(loop, seen.writes == 1);
    turn_idle(loop, 5);
    assert_int_equal(seen.writes, 1);
    close(peer);
}

static int second_file = -1;

static size_t queue_second_file(struct nk_tcp_connection *connection, struct nk_slice input)
{
    int file = second_file;

    second_file = -1;
    if (file >= 0)
        assert_int_equal(nk_tcp_connection_send_file(connection, file, 0, LARGE), 0);
    return input.len;
}

static void expect_empty_queue(struct nk_tcp_connection *connection)
{
    assert_int_equal(nk_tcp_connection_queued(connection), 0);
}

/* When a handler queues anew between the last byte of the first and its report,
 * it may not be told that everything is out: it would send the next answer into
 * the middle of a file. */
static void a_report_is_held_back_when_more_was_queued(void **state)
{
    uint64_t position = 0;

    (void)state;
    script.on_message = queue_second_file;
    script.on_write_completed = expect_empty_queue;
    second_file = file_of(large, LARGE);
    int peer = add_unix();
    fill(nk_tcp_connection_id(seen.connection).fd);
    assert_int_equal(send_text(seen.connection, "x"), 0);
    write_text(peer, "go");
    /* Make room: in one event the queue is sent and the request is received. */
    (void)drop_input(peer);
    turn_idle(loop, 1);
    char byte;
    await(peer, POLLIN);
    assert_int_equal(nk_socket_recv(peer, &byte, 1), 1);
    assert_int_equal(byte, 'x');
    TURN_UNTIL(loop, (position = read_pattern(peer, position)) == LARGE);
    TURN_UNTIL(loop, seen.writes == 1);
    close(peer);
}

static uint64_t produced;
static uint64_t to_produce;

static void produce(struct nk_tcp_connection *connection)
{
    char piece[1000];

    if (produced >= to_produce) {
        nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
        return;
    }
    fill_pattern(piece, sizeof piece, produced);
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(piece, sizeof piece)), 0);
    produced += sizeof piece;
    nk_tcp_connection_request_write(connection);
}

/* An endless producer: one piece each time the socket takes bytes. */
static void a_producer_is_paced_by_the_socket(void **state)
{
    (void)state;
    produced = 0;
    to_produce = 1000 * 1000;
    script.on_connection_completed = nk_tcp_connection_request_write;
    script.on_write_completed = produce;
    int peer = add_unix();
    turn_idle(loop, 2000);
    assert_true(produced < 1000 * 1000);
    assert_true(nk_tcp_connection_queued(seen.connection) <= 1000);
    expect_pattern(peer, 1000 * 1000);
    TURN_UNTIL(loop, seen.closed);
    close(peer);
}

static void produce_large_pieces(struct nk_tcp_connection *connection)
{
    static char piece[64 * 1024];

    if (produced >= to_produce) {
        nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
        return;
    }
    fill_pattern(piece, sizeof piece, produced);
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(piece, sizeof piece)), 0);
    produced += sizeof piece;
    nk_tcp_connection_request_write(connection);
}

/* DEFECTS 1: 64 MiB to a client that reads slowly arrive byte for byte, and no
 * more than one piece of them is ever held in memory. */
static void sixty_four_megabytes_reach_a_slow_reader(void **state)
{
    static char received[40 * 1000];
    uint64_t position = 0;

    (void)state;
    produced = 0;
    to_produce = (uint64_t)64 * 1024 * 1024;
    script.on_connection_completed = nk_tcp_connection_request_write;
    script.on_write_completed = produce_large_pieces;
    int peer = add_tcp();
    while (position < to_produce) {
        assert_int_equal(nk_event_loop_turn(loop, 0), 0);
        if (seen.connection)
            assert_true(nk_tcp_connection_queued(seen.connection) <= 64 * 1024);
        ssize_t got = nk_socket_recv(peer, received, sizeof received);
        assert_true(got > 0 || got == -EAGAIN);
        for (ssize_t i = 0; i < got; i++) {
            if (received[i] != pattern(position + (uint64_t)i))
                fail_msg("wrong byte at %llu", (unsigned long long)position + (unsigned)i);
        }
        position += got > 0 ? (uint64_t)got : 0;
    }
    assert_receives_end(peer);
    assert_int_equal(seen.closed, 1);
    close(peer);
}

/* ---- files ---- */

static size_t answer_with_file(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 1000)), 0);
    assert_int_equal(
        nk_tcp_connection_send_file(connection, file_of(large, LARGE), 1000, LARGE - 1000), 0);
    /* Only one file, and nothing behind it until it is sent. */
    assert_int_equal(send_text(connection, "too early"), -ENOBUFS);
    assert_int_equal(nk_tcp_connection_send_file(connection, file_of("x", 1), 0, 1), -EBUSY);
    assert_int_equal(nk_tcp_connection_queued(connection), LARGE);
    return input.len;
}

/* Head and file arrive as one stream, whatever the kernel takes at a time. */
static void a_file_arrives_behind_its_head(void **state)
{
    (void)state;
    script.on_message = answer_with_file;
    int peer = add_tcp();
    write_text(peer, "x");
    expect_pattern(peer, LARGE);
    TURN_UNTIL(loop, seen.writes == 1);
    assert_int_equal(send_text(seen.connection, "next"), 0);
    assert_receives(peer, "next");
    close(peer);
}

static void without_send_file(struct nk_tcp_connection *connection)
{
    use_wire(connection);
    wire.ops.send_file = NULL;
}

/* A transport without send_file (TLS will be one) copies to the same effect. */
static void a_file_is_copied_when_it_cannot_be_sent(void **state)
{
    (void)state;
    script.on_connection_completed = without_send_file;
    script.on_message = answer_with_file;
    int peer = add_unix();
    wire.send_limit = 50000;
    write_text(peer, "x");
    expect_pattern(peer, LARGE);
    TURN_UNTIL(loop, seen.writes == 1);
    close(peer);
}

/* An empty file is sent at once and reported like any other. */
static void an_empty_file_is_reported(void **state)
{
    (void)state;
    int peer = add_unix();
    assert_int_equal(nk_tcp_connection_send_file(seen.connection, file_of("", 0), 0, 0), 0);
    TURN_UNTIL(loop, seen.writes == 1);
    close(peer);
}

/* A file that has become shorter than announced ends the connection: the peer
 * must not take the next answer for the missing part. */
static void a_file_that_shrinks_ends_the_connection(void **state)
{
    uint64_t position = 0;

    (void)state;
    int peer = add_tcp();
    int file = file_of(large, LARGE);
    int ours = fcntl(file, F_DUPFD_CLOEXEC, 0);
    assert_int_equal(nk_tcp_connection_send_file(seen.connection, file, 0, LARGE), 0);
    assert_true(nk_tcp_connection_queued(seen.connection) > 0);
    assert_int_equal(ftruncate(ours, (off_t)LARGE - 1000), 0);
    TURN_UNTIL(loop, (position = read_pattern(peer, position), seen.closed));
    assert_int_equal(seen.reason, -EIO);
    assert_int_equal(seen.writes, 0);
    assert_true(read_pattern(peer, position) <= LARGE - 1000);
    close(ours);
    close(peer);
}

/* Sending a directory or a write-only descriptor is refused by the kernel; the
 * connection ends with the reason instead of hanging. */
static void a_file_that_cannot_be_read_ends_the_connection(void **state)
{
    (void)state;
    int peer = add_unix();
    int file = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(nk_tcp_connection_send_file(seen.connection, file, 0, 10), 0);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, -EIO);
    close(peer);
}

/* The descriptor is the connection's also when nothing comes of it. */
static void a_refused_file_is_closed(void **state)
{
    (void)state;
    int peer = add_unix();
    nk_tcp_connection_shutdown(seen.connection);
    size_t before = open_descriptors();
    assert_int_equal(nk_tcp_connection_send_file(seen.connection, file_of("x", 1), 0, 1), -EPIPE);
    assert_int_equal(open_descriptors(), before);
    close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_high_water_mark_stops_reading),
        CASE(leftovers_come_again_when_the_output_has_drained),
        CASE(more_than_max_output_is_refused),
        CASE(a_requested_write_is_reported_once),
        CASE(a_requested_write_behind_a_queue_is_reported_once),
        CASE(a_report_is_held_back_when_more_was_queued),
        CASE(a_producer_is_paced_by_the_socket),
        CASE(sixty_four_megabytes_reach_a_slow_reader),
        CASE(a_file_arrives_behind_its_head),
        CASE(a_file_is_copied_when_it_cannot_be_sent),
        CASE(an_empty_file_is_reported),
        CASE(a_file_that_shrinks_ends_the_connection),
        CASE(a_file_that_cannot_be_read_ends_the_connection),
        CASE(a_refused_file_is_closed),
    };

    return cmocka_run_group_tests(tests, make_large, free_large);
}
