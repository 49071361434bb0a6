/* Many clients at once: what each hears and says, who waits for whom, and ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "hub_fixture.h"

#define MEBIBYTE ((size_t)1024 * 1024)

/* ---- who hears what ---- */

/* A client is left out, or hears another one. */
static void input_goes_to_all_and_all_to_output(void **state)
{
    (void)state;
    start();
    join(3);
    put(in.outer, "to all\n");
    for (int i = 0; i < 3; i++)
        expect(peers[i], "to all\n");
    put(peers[1], "from one\n");
    expect(out.outer, "from one\n");
    put(peers[0], "from another\n");
    expect(out.outer, "from another\n");
    for (int i = 0; i < 3; i++)
        expect_silence(peers[i]);
    assert_int_equal(bytes_sent, 3 * strlen("to all\n"));
    assert_int_equal(bytes_received, strlen("from one\nfrom another\n"));
}

/* With a broker a client hears himself, or others do not hear him. */
static void a_broker_passes_on(void **state)
{
    (void)state;
    options.broker = true;
    start();
    join(3);
    put(peers[0], "hello\n");
    expect(peers[1], "hello\n");
    expect(peers[2], "hello\n");
    expect(out.outer, "hello\n");
    put(in.outer, "welcome\n");
    for (int i = 0; i < 3; i++)
        expect(peers[i], "welcome\n");
    close_end(&in.outer); /* the others may go on */
    put(peers[2], "still here\n");
    expect(peers[0], "still here\n");
    expect_silence(peers[2]);
}

/* What is typed before anybody has come, or after all have gone, is lost. */
static void input_waits_for_somebody(void **state)
{
    (void)state;
    start();
    put(in.outer, "early");
    turn_idle(loop, 3);
    join(1);
    expect(peers[0], "early");
    close_with_reset(peers[0]);
    peers[0] = -1;
    expect_gone(1, -ECONNRESET);
    put(in.outer, "between");
    turn_idle(loop, 3);
    join(1);
    expect(peers[0], "between");
    assert_int_equal(told.ended, 0);
}

/* The state of the filter belongs to one client, or the words of others change. */
static void line_ends_of_the_input_are_changed(void **state)
{
    (void)state;
    options.crlf = true;
    options.broker = true;
    start();
    join(2);
    put(in.outer, "a\nb\r\n");
    expect(peers[0], "a\r\nb\r\n");
    expect(peers[1], "a\r\nb\r\n");
    put(peers[0], "as it is\n");
    expect(peers[1], "as it is\n");
}

/* What goes one way only goes the other way, too. */
static void one_way_is_possible(void **state)
{
    (void)state;
    options.recv_only = true;
    start();
    join(2);
    put(in.outer, "not read");
    put(peers[0], "kept");
    expect(out.outer, "kept");
    expect_silence(peers[0]);
    assert_int_equal(shutdown(peers[0], SHUT_WR), 0); /* nothing would ever come */
    expect_gone(1, 0);
    expect_end(peers[0]);
    cat_hub_free(hub);

    memset(&told, 0, sizeof told);
    close_end(&peers[0]);
    close_end(&peers[1]);
    close_end(&in.outer);
    close_end(&out.outer);
    in = make_ends(CAT_PORT_PIPE, true);
    out = make_ends(CAT_PORT_PIPE, false);
    options.recv_only = false;
    options.send_only = true;
    start();
    join(2);
    put(peers[0], "thrown away");
    put(in.outer, "sent");
    expect(peers[0], "sent");
    expect(peers[1], "sent");
    expect_silence(out.outer);
    close_end(&in.outer);
    expect_ended(EXIT_STATUS_OK, 0);
    expect_end(peers[0]);
}

/* ---- ends ---- */

/* The end of the input ends more than the clients' direction, or not even that. */
static void the_end_of_input_half_closes(void **state)
{
    (void)state;
    start();
    join(2);
    put(in.outer, "last");
    close_end(&in.outer);
    for (int i = 0; i < 2; i++) {
        expect(peers[i], "last");
        expect_end(peers[i]);
    }
    put(peers[0], "thanks");
    expect(out.outer, "thanks");
    join(1); /* too late to hear anything, but not to say something */
    expect_end(peers[2]);
    put(peers[2], "me too");
    expect(out.outer, "me too");
    assert_int_equal(told.disconnected, 0);
    close_end(&peers[2]);
    expect_gone(1, 0);
    assert_int_equal(told.last.number, 3);
    assert_int_equal(told.last.received, strlen("me too"));
    assert_int_equal(told.ended, 0);
}

/* --on-eof close leaves clients open, or closes them before they have everything. */
static void the_end_of_input_may_close(void **state)
{
    size_t fed = 0;
    size_t seen[2] = {0};
    bool has_end[2] = {false};

    (void)state;
    options.on_eof = CAT_ON_EOF_CLOSE;
    start();
    join(2);
    TURN_UNTIL(loop, (feed(in.outer, &fed, MEBIBYTE), drain(peers[0], &seen[0]),
                      drain(peers[1], &seen[1]), fed == MEBIBYTE));
    put(peers[0], "unread");
    close_end(&in.outer);
    for (int i = 0; i < 2; i++) {
        TURN_UNTIL(loop, (nk_manual_clock_advance(&clock_by_hand, MILLISECOND),
                          has_end[i] = drain(peers[i], &seen[i]), has_end[i]));
        assert_int_equal(seen[i], fed);
    }
    expect_ended(EXIT_STATUS_OK, 0);
    assert_false(told.has_room);
}

/* --on-eof keep ends somebody's direction. */
static void the_end_of_input_may_do_nothing(void **state)
{
    (void)state;
    options.on_eof = CAT_ON_EOF_KEEP;
    start();
    join(1);
    close_end(&in.outer);
    expect_silence(peers[0]);
    put(peers[0], "on");
    expect(out.outer, "on");
}

/* A client that has ended its direction is thrown out while it listens. */
static void a_listener_stays(void **state)
{
    (void)state;
    start();
    join(2);
    assert_int_equal(shutdown(peers[0], SHUT_WR), 0);
    turn_idle(loop, 3);
    nk_manual_clock_advance(&clock_by_hand, 60 * SECOND);
    turn_idle(loop, 3);
    put(in.outer, "news");
    expect(peers[0], "news");
    expect(peers[1], "news");
    close_end(&in.outer); /* and then there is nothing more to stay for */
    expect_gone(1, 0);
    expect_end(peers[0]);
}

/* A client that has gone altogether takes a place for ever. */
static void one_that_has_gone_is_noticed(void **state)
{
    int network;

    (void)state;
    start();
    unix_pair(&peers[0], &network);
    assert_int_equal(cat_hub_add(hub, network), 0);
    put(peers[0], "bye");
    close_end(&peers[0]);
    expect(out.outer, "bye");
    expect_gone(1, 0);
}

/* --once ends with the first one that goes, or before his words are written. */
static void once_ends_with_the_last_client(void **state)
{
    (void)state;
    options.once = true;
    options.recv_only = true;
    start();
    join(2);
    close_end(&peers[0]);
    expect_gone(1, 0);
    assert_int_equal(told.ended, 0);
    put(peers[1], "last words");
    close_end(&peers[1]);
    TURN_UNTIL(loop, told.disconnected == 2);
    expect(out.outer, "last words");
    expect_ended(EXIT_STATUS_OK, 0);
}

/* A run in which every client was lost looks like a success. */
static void once_tells_when_all_were_lost(void **state)
{
    (void)state;
    options.once = true;
    start();
    join(1);
    turn_idle(loop, 2);
    close_with_reset(peers[0]);
    peers[0] = -1;
    TURN_UNTIL(loop, told.ended > 0);
    assert_int_equal(told.status, EXIT_STATUS_LOST);
    assert_int_equal(told.last.error, -ECONNRESET);
}

/* One reset ends the others, too. */
static void nobody_notices_that_another_is_lost(void **state)
{
    (void)state;
    start();
    join(3);
    put(peers[1], "cut in the mid");
    expect(out.outer, "cut in the mid");
    close_with_reset(peers[1]);
    peers[1] = -1;
    expect_gone(1, -ECONNRESET);
    assert_int_equal(told.last.number, 2);
    assert_false(told.last.is_cut_off);
    put(in.outer, "on");
    expect(peers[0], "on");
    expect(peers[2], "on");
    assert_int_equal(told.ended, 0);
}

/* A failure of standard output looks like a success, or its reader's leaving like a
 * failure. */
static void output_may_fail(void **state)
{
    (void)state;
    start();
    join(1);
    close_end(&out.outer);
    put(peers[0], "x");
    expect_ended(EXIT_STATUS_OK, 0);
    cat_hub_free(hub);
    close_end(&peers[0]);
    close_end(&in.outer);

    memset(&told, 0, sizeof told);
    in = make_ends(CAT_PORT_PIPE, true);
    out = (struct ends){open("/dev/full", O_WRONLY | O_CLOEXEC), -1};
    start();
    join(1);
    put(peers[0], "x");
    expect_ended(EXIT_STATUS_FAILED, -ENOSPC);
}

/* An input that cannot be read is taken for one that has ended. */
static void input_may_fail(void **state)
{
    (void)state;
    close(in.inner);
    in.inner = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    start();
    join(1);
    expect_ended(EXIT_STATUS_FAILED, -EISDIR);
}

/* ---- limits ---- */

/* More clients than allowed, or a place that is free is not given away. */
static void places_are_counted(void **state)
{
    (void)state;
    options.max_clients = 2;
    options.recv_only = true;
    start();
    join(1);
    assert_true(told.has_room);
    join(1);
    assert_false(told.has_room);
    close_end(&peers[0]);
    expect_gone(1, 0);
    assert_true(told.has_room);
    assert_int_equal(cat_hub_served(hub), 2);
}

/* A silent client stays, or one that moves something goes. */
static void silence_has_a_limit(void **state)
{
    (void)state;
    options.idle_timeout = 10 * SECOND;
    start();
    join(2);
    for (int i = 0; i < 4; i++) {
        put(peers[1], "x");
        expect(out.outer, "x");
        assert_int_equal(told.disconnected, i < 3 ? 0 : 1);
        nk_manual_clock_advance(&clock_by_hand, 4 * SECOND);
        turn_idle(loop, 2);
    }
    assert_int_equal(told.last.number, 1);
    assert_int_equal(told.last.error, -ETIMEDOUT);
    assert_false(told.last.is_cut_off);
    expect_end(peers[0]);
}

/* ---- back-pressure ---- */

/* Feeds until nothing moves any more; returns how much went in. */
static size_t feed_up(int fd)
{
    size_t fed = 0;
    size_t before = 1;

    for (int quiet = 0; quiet < 20; quiet = fed == before ? quiet + 1 : 0) {
        before = fed;
        feed(fd, &fed, 64 * MEBIBYTE);
        turn_idle(loop, 2);
    }
    assert_true(fed < 64 * MEBIBYTE);
    return fed;
}

/* A slow reader of standard output makes memory grow, or bytes get lost. */
static void a_slow_output_stops_all_clients(void **state)
{
    size_t seen = 0;

    (void)state;
    start();
    join(2);
    size_t fed = feed_up(peers[0]);
    assert_true(bytes_received < MEBIBYTE);
    put(peers[1], "x"); /* waits in the kernel */
    turn_idle(loop, 3);
    assert_true(bytes_received < MEBIBYTE);
    close_end(&peers[0]); /* the rest is not lost with him */
    TURN_UNTIL(loop, (drain(out.outer, &seen), bytes_received == fed + 1));
    put(in.outer, "heard");
    expect(peers[1], "heard");
}

/* What had arrived from one that has gone is lost when he is written to: the kernel
 * tells of the reset before his last words are read. */
static void last_words_are_read_though_he_has_gone(void **state)
{
    size_t fed = 0;
    size_t seen = 0;

    (void)state;
    start();
    join(1);
    do { /* until the hub reads no more, and some lie in the kernel */
        feed(peers[0], &fed, fed + 32768);
        turn_idle(loop, 30);
    } while (bytes_received == fed);
    TURN_UNTIL(loop, nk_socket_unacknowledged(peers[0]) == 0);
    close_end(&peers[0]);
    for (int i = 0; i < 3; i++) {
        put(in.outer, "too late");
        turn_idle(loop, 3);
    }
    TURN_UNTIL(loop, (drain(out.outer, &seen), seen == fed));
    TURN_UNTIL(loop, told.disconnected == 1);
    assert_true(told.last.error != 0);
}

/* A slow client makes memory grow, or others miss something. */
static void a_slow_client_stops_the_input(void **state)
{
    size_t fed = 0;
    size_t seen[2] = {0};

    (void)state;
    start();
    join(2);
    for (int i = 0; i < 400; i++) {
        feed(in.outer, &fed, 64 * MEBIBYTE);
        drain(peers[0], &seen[0]);
        turn_idle(loop, 1);
    }
    assert_true(fed < 64 * MEBIBYTE);
    size_t stopped_at = seen[0];
    put(peers[1], "but talks");
    expect(out.outer, "but talks");
    TURN_UNTIL(loop, (drain(peers[1], &seen[1]), drain(peers[0], &seen[0]),
                      seen[1] > stopped_at && seen[1] == seen[0] && seen[0] == fed));
}

/* Stops reading at one client and feeds the input until it stops, too. */
static void block_one_of(int count)
{
    size_t fed = 0;
    size_t seen[PEERS_MAX] = {0};

    join(count);
    for (int i = 0; i < 400; i++) {
        feed(in.outer, &fed, 64 * MEBIBYTE);
        for (int j = 1; j < count; j++)
            drain(peers[j], &seen[j]);
        turn_idle(loop, 1);
    }
    assert_true(fed < 64 * MEBIBYTE);
}

/* One that has stopped reading stops everybody, for ever. */
static void one_that_takes_nothing_is_cut_off(void **state)
{
    (void)state;
    start();
    block_one_of(2);
    nk_manual_clock_advance(&clock_by_hand, CAT_HUB_PATIENCE - 1);
    turn_idle(loop, 2);
    assert_int_equal(told.disconnected, 0);
    nk_manual_clock_advance(&clock_by_hand, CAT_HUB_PATIENCE);
    turn_idle(loop, 2);
    assert_int_equal(told.disconnected, 1);
    assert_int_equal(told.last.number, 1);
    assert_true(told.last.is_cut_off);
    uint64_t before = bytes_sent;
    size_t fed = 0;
    char bytes[65536];
    ssize_t got;
    TURN_UNTIL(loop, (feed(in.outer, &fed, MEBIBYTE), got = read(peers[1], bytes, sizeof bytes),
                      got != 0 && bytes_sent > before + MEBIBYTE / 2));
}

/* One that is alone may take his time; when others come it counts from there. */
static void one_that_is_alone_is_waited_for(void **state)
{
    (void)state;
    start();
    block_one_of(1);
    for (int i = 0; i < 5; i++) {
        nk_manual_clock_advance(&clock_by_hand, 2 * CAT_HUB_PATIENCE);
        turn_idle(loop, 2);
    }
    nk_manual_clock_advance(&clock_by_hand, CAT_HUB_PATIENCE - 1);
    turn_idle(loop, 2);
    join(1);
    nk_manual_clock_advance(&clock_by_hand, CAT_HUB_PATIENCE - 1);
    turn_idle(loop, 2);
    assert_int_equal(told.disconnected, 0);
    nk_manual_clock_advance(&clock_by_hand, 1);
    turn_idle(loop, 2);
    assert_int_equal(told.disconnected, 1);
    assert_true(told.last.is_cut_off);
}

/* One that reads slowly, but reads, is cut off: the socket does not turn writable
 * for what he takes in ten seconds. */
static void a_slow_reader_is_not_cut_off(void **state)
{
    char bytes[64];
    size_t fed = 0;
    size_t seen = 0;
    int network;

    (void)state;
    start();
    unix_pair(&peers[0], &network); /* where what is taken counts at once */
    assert_int_equal(cat_hub_add(hub, network), 0);
    join(1);
    for (int i = 0; i < 400; i++) {
        feed(in.outer, &fed, 64 * MEBIBYTE);
        drain(peers[1], &seen);
        turn_idle(loop, 1);
    }
    uint64_t before = bytes_sent;
    for (int i = 0; i < 10; i++) {
        assert_true(read(peers[0], bytes, sizeof bytes) > 0);
        ssize_t got = 1;
        for (int j = 0; j < 1000 && got > 0; j++) /* one whole packet of the kernel's */
            got = read(peers[0], bytes, sizeof bytes);
        for (int j = 0; j < 40; j++) {
            feed(in.outer, &fed, 64 * MEBIBYTE);
            drain(peers[1], &seen);
            turn_idle(loop, 1);
        }
        nk_manual_clock_advance(&clock_by_hand, CAT_HUB_PATIENCE);
        turn_idle(loop, 2);
    }
    assert_true(bytes_sent > before);
    assert_int_equal(told.disconnected, 0);
    for (int i = 0; i < 2; i++) {
        nk_manual_clock_advance(&clock_by_hand, CAT_HUB_PATIENCE);
        turn_idle(loop, 2);
    }
    assert_int_equal(told.disconnected, 1);
}

/* With a broker, two that talk and do not listen fill the memory. */
static void a_broker_is_bounded(void **state)
{
    (void)state;
    options.broker = true;
    close(out.inner);
    close_end(&out.outer);
    out = (struct ends){open("/dev/null", O_WRONLY | O_CLOEXEC), -1};
    start();
    join(2);
    feed_up(peers[0]);
    feed_up(peers[1]);
    assert_true(bytes_received < 16 * MEBIBYTE); /* most of it in the kernel's buffers */
    for (int i = 0; i < 3; i++) {
        nk_manual_clock_advance(&clock_by_hand, CAT_HUB_PATIENCE);
        turn_idle(loop, 3);
    }
    assert_true(told.disconnected >= 1);
    assert_true(told.last.is_cut_off);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(input_goes_to_all_and_all_to_output),
        CASE(a_broker_passes_on),
        CASE(input_waits_for_somebody),
        CASE(line_ends_of_the_input_are_changed),
        CASE(one_way_is_possible),
        CASE(the_end_of_input_half_closes),
        CASE(the_end_of_input_may_close),
        CASE(the_end_of_input_may_do_nothing),
        CASE(a_listener_stays),
        CASE(one_that_has_gone_is_noticed),
        CASE(once_ends_with_the_last_client),
        CASE(once_tells_when_all_were_lost),
        CASE(nobody_notices_that_another_is_lost),
        CASE(output_may_fail),
        CASE(input_may_fail),
        CASE(places_are_counted),
        CASE(silence_has_a_limit),
        CASE(a_slow_output_stops_all_clients),
        CASE(last_words_are_read_though_he_has_gone),
        CASE(a_slow_client_stops_the_input),
        CASE(one_that_takes_nothing_is_cut_off),
        CASE(one_that_is_alone_is_waited_for),
        CASE(a_slow_reader_is_not_cut_off),
        CASE(a_broker_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
