/* The sending half of a connection: cork, queue, water marks, files, errors. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "connection_fixture.h"

/* A socket's kernel buffers are smaller than this, so some of it is queued. */
#define LARGE ((size_t)8 * 1024 * 1024)

static char *large;

static int make_large(void **state)
{
    (void)state;
    large = malloc(LARGE);
    if (large)
        fill_pattern(large, LARGE, 0);
    return large ? 0 : -1;
}

static int free_large(void **state)
{
    (void)state;
    free(large);
    return 0;
}

static int file_of(const char *bytes, size_t len)
{
    FILE *stream = tmpfile();
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, len, stream), len);
    assert_int_equal(fflush(stream), 0);
    int file = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 0);
    assert_true(file >= 0);
    fclose(stream);
    return file;
}

/* Reads at the peer while the loop turns until `len` bytes of the pattern came. */
static void expect_pattern(int peer, uint64_t len)
{
    uint64_t position = 0;

    TURN_UNTIL(loop, (position = read_pattern(peer, position)) >= len);
    assert_true(position == len);
}

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

/* ---- the cork ---- */

static size_t answer_in_pieces(struct nk_tcp_connection *connection, struct nk_slice input)
{
    for (size_t i = 0; i < input.len; i++)
        assert_int_equal(send_text(connection, "piece "), 0);
    assert_int_equal(nk_tcp_connection_queued(connection), 6 * input.len);
    return input.len;
}

/* What one callback sends goes out in one system call when it returns: this is
 * what makes pipelining cheap (DEFECTS 8 is about the answers, this about the
 * sends). */
static void one_callback_is_one_send(void **state)
{
    (void)state;
    script.on_connection_completed = use_wire;
    script.on_message = answer_in_pieces;
    int peer = add_unix();
    write_text(peer, "1234");
    TURN_UNTIL(loop, seen.messages == 1);
    assert_int_equal(wire.sends, 1);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), 0);
    assert_int_equal(seen.writes, 0);
    assert_receives(peer, "piece piece piece piece ");
    close(peer);
}

static size_t answer_much(struct nk_tcp_connection *connection, struct nk_slice input)
{
    /* 100 bytes at a time through the cork, its edge included. */
    for (size_t sent = 0; sent < 200000; sent += 100)
        assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large + sent, 100)), 0);
    return input.len;
}

/* More than the cork holds keeps its order across cork, direct send and queue. */
static void a_full_cork_keeps_the_order(void **state)
{
    (void)state;
    script.on_message = answer_much;
    int peer = add_unix();
    write_text(peer, "x");
    expect_pattern(peer, 200000);
    close(peer);
}

static size_t answer_small_large_small(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 10)), 0);
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large + 10, LARGE - 20)), 0);
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large + LARGE - 10, 10)), 0);
    return input.len;
}

/* DEFECTS 1: far more than the kernel takes must arrive byte for byte at a
 * reader that takes its time. */
static void more_than_the_kernel_takes_arrives_in_order(void **state)
{
    (void)state;
    script.on_message = answer_small_large_small;
    int peer = add_tcp();
    write_text(peer, "x");
    TURN_UNTIL(loop, seen.messages == 1);
    assert_true(nk_tcp_connection_queued(seen.connection) > 0);
    expect_pattern(peer, LARGE);
    TURN_UNTIL(loop, seen.writes == 1);
    assert_int_equal(nk_tcp_connection_queued(seen.connection), 0);
    assert_null(seen.connection->output);
    close(peer);
}

/* Outside of a callback there is no cork to wait for. */
static void a_send_outside_of_a_callback_goes_out_at_once(void **state)
{
    (void)state;
    int peer = add_unix();
    assert_int_equal(send_text(seen.connection, "now"), 0);
    assert_receives(peer, "now");
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(NULL, 0)), 0);
    close(peer);
}

/* Short sends at every position must not change the stream (DEFECTS 10). */
static void short_sends_change_nothing(void **state)
{
    (void)state;
    script.on_connection_completed = use_wire;
    script.on_message = answer_small_large_small;
    int peer = add_unix();
    wire.send_limit = 4093;
    write_text(peer, "x");
    expect_pattern(peer, LARGE);
    close(peer);
}

/* While the kernel takes nothing, input that arrives must not cost a send that
 * can only fail. */
static void input_does_not_retry_a_full_socket(void **state)
{
    (void)state;
    script.on_connection_completed = use_wire;
    handlers.high_water = 2 * LARGE; /* it goes on reading */
    int peer = add_unix();
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(large, LARGE)), 0);
    turn_idle(loop, 2);
    int sends = wire.sends;
    write_text(peer, "input");
    TURN_UNTIL(loop, seen.input_len == 5);
    assert_int_equal(wire.sends, sends);
    close(peer);
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

static int send_result;

static size_t overflow_the_cork(struct nk_tcp_connection *connection, struct nk_slice input)
{
    while ((send_result = nk_tcp_connection_send(connection, nk_slice_make(large, 1000))) == 0)
        continue;
    /* The end may not be reported from within the send. */
    assert_int_equal(seen.closed, 0);
    assert_int_not_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 1000)), 0);
    return input.len;
}

/* The cork holds more than may be queued and the kernel takes nothing: what the
 * handler was told is sent is lost, so the connection ends, and nothing may be
 * sent to its closed descriptor (it may be somebody else's by then). */
static void a_cork_that_cannot_be_queued_ends_the_connection(void **state)
{
    (void)state;
    handlers.max_output = 1000;
    script.on_connection_completed = use_wire;
    script.on_message = overflow_the_cork;
    int peer = add_unix();
    wire.send_error = -EAGAIN;
    write_text(peer, "x");
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, -ENOBUFS);
    assert_int_equal(send_result, -EPIPE);
    assert_int_equal(wire.sends, 1);
    close(peer);
}

static size_t cork_and_file(struct nk_tcp_connection *connection, struct nk_slice input)
{
    assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 5000)), 0);
    assert_int_equal(nk_tcp_connection_send_file(connection, file_of(large, 10), 0, 10), 0);
    return input.len;
}

static int successor;      /* a socket that gets the number of the closed one */
static int successor_peer; /* where it would be seen what is sent to it */

static void reuse_the_number(struct nk_tcp_connection *connection, int reason)
{
    int number = nk_tcp_connection_id(connection).fd;
    int other;

    (void)reason;
    unix_pair(&other, &successor_peer);
    successor = other == number ? other : fcntl(other, F_DUPFD_CLOEXEC, number);
    assert_int_equal(successor, number);
    if (other != number)
        close(other);
}

/* The same with a file behind it: the file may not go out without its head, and
 * least of all to whoever gets the number of the closed descriptor. */
static void a_file_is_not_sent_without_what_stood_before_it(void **state)
{
    char byte;

    (void)state;
    handlers.max_output = 1000;
    script.on_connection_completed = use_wire;
    script.on_message = cork_and_file;
    script.on_connection_closed = reuse_the_number;
    int peer = add_unix();
    wire.send_error = -EAGAIN;
    write_text(peer, "x");
    TURN_UNTIL(loop, seen.closed);
    turn_idle(loop, 2);
    assert_int_equal(seen.reason, -ENOBUFS);
    assert_int_equal(nk_socket_recv(peer, &byte, 1), 0);
    assert_int_equal(nk_socket_recv(successor_peer, &byte, 1), -EAGAIN);
    close(successor);
    close(successor_peer);
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

/* ---- a sending direction that has died ---- */

/* DEFECTS 11: EPIPE ends that connection only, with the reason, after what the
 * peer had sent was delivered. */
static void a_dead_sending_direction_still_delivers_the_input(void **state)
{
    (void)state;
    script.on_connection_completed = use_wire;
    int peer = add_unix();
    int bystander = add_unix();
    assert_int_equal(seen.completed, 2);
    struct nk_tcp_connection *other = seen.connection;
    wire.send_error = -EPIPE;
    assert_int_equal(send_text(other, "x"), -EPIPE);
    assert_int_equal(send_text(other, "x"), -EPIPE);
    write_text(bystander, "last words");
    close(bystander);
    TURN_UNTIL(loop, seen.closed);
    assert_seen("last words");
    assert_int_equal(seen.reason, -EPIPE);
    turn_idle(loop, 2);
    assert_int_equal(seen.closed, 1);
    close(peer);
}

static size_t send_at_the_end(struct nk_tcp_connection *connection, struct nk_slice input)
{
    if (nk_tcp_connection_input_ended(connection)) {
        assert_int_equal(nk_tcp_connection_send(connection, nk_slice_make(large, 20000)), -EPIPE);
        /* The session is still this handler's. */
        assert_int_equal(seen.closed, 0);
    }
    return input.len;
}

/* With the peer's end received there is nothing to wait for: it ends with the
 * error, but never from within the handler's own send. */
static void a_failing_send_does_not_call_back_from_within(void **state)
{
    (void)state;
    handlers.keeps_half_open = true;
    script.on_connection_completed = use_wire;
    script.on_message = send_at_the_end;
    int peer = add_unix();
    wire.send_error = -EPIPE;
    assert_int_equal(nk_socket_shutdown_write(peer), 0);
    TURN_UNTIL(loop, seen.closed);
    assert_int_equal(seen.reason, -EPIPE);
    close(peer);
}

/* A peer that resets while bytes are queued for it ends its connection without
 * spinning, also when its reader is paused. */
static void a_reset_ends_a_connection_with_output(void **state)
{
    (void)state;
    script.on_connection_completed = nk_tcp_connection_pause_reading;
    int peer = add_tcp();
    assert_int_equal(nk_tcp_connection_send(seen.connection, nk_slice_make(large, LARGE)), 0);
    assert_true(nk_tcp_connection_queued(seen.connection) > 0);
    close_with_reset(peer);
    TURN_UNTIL(loop, seen.closed);
    assert_true(seen.reason == -ECONNRESET || seen.reason == -EPIPE);
    assert_int_equal(seen.writes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_callback_is_one_send),
        CASE(a_full_cork_keeps_the_order),
        CASE(more_than_the_kernel_takes_arrives_in_order),
        CASE(a_send_outside_of_a_callback_goes_out_at_once),
        CASE(short_sends_change_nothing),
        CASE(input_does_not_retry_a_full_socket),
        CASE(the_high_water_mark_stops_reading),
        CASE(leftovers_come_again_when_the_output_has_drained),
        CASE(more_than_max_output_is_refused),
        CASE(a_cork_that_cannot_be_queued_ends_the_connection),
        CASE(a_file_is_not_sent_without_what_stood_before_it),
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
        CASE(a_dead_sending_direction_still_delivers_the_input),
        CASE(a_failing_send_does_not_call_back_from_within),
        CASE(a_reset_ends_a_connection_with_output),
    };

    return cmocka_run_group_tests(tests, make_large, free_large);
}
