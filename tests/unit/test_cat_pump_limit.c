/* The limit of a pump, in every way of moving, on a clock that the test moves. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "pump_fixture.h"

#define RATE 20000
#define BUCKET (RATE / 10)
#define TOTAL ((size_t)10000)

static struct nk_manual_clock clock_by_hand;

static int set_up_clock(void **state)
{
    int error = set_up(state);
    nk_event_loop_free(loop);
    loop = new_loop_with_clock(&clock_by_hand);
    return error;
}

static void limit(void)
{
    pump.rate_limit = RATE;
    pump.loop = loop;
}

static int pass(void *context, struct nk_slice bytes, struct nk_buffer *out)
{
    (void)context;
    return nk_buffer_append(out, bytes);
}

static const struct {
    enum cat_port_kind from;
    enum cat_port_kind to;
    cat_filter_fn *filter;
} ways[] = {
    {CAT_PORT_SOCKET, CAT_PORT_SOCKET, NULL},                                         /* relay */
    {CAT_PORT_SOCKET, CAT_PORT_PIPE, NULL},                                           /* splice */
    {CAT_PORT_PIPE, CAT_PORT_SOCKET, NULL},   {CAT_PORT_FILE, CAT_PORT_SOCKET, NULL}, /* sendfile */
    {CAT_PORT_PIPE, CAT_PORT_PIPE, NULL},                                             /* copy */
    {CAT_PORT_SOCKET, CAT_PORT_FILE, NULL},   {CAT_PORT_PIPE, CAT_PORT_SOCKET, pass},
};

static void begin(size_t way)
{
    size_t fed = 0;

    pump.filter = ways[way].filter;
    limit();
    open_ports(ways[way].from, ways[way].to);
    feed(from.outer, &fed, TOTAL);
    assert_int_equal(fed, TOTAL);
    if (source.kind == CAT_PORT_FILE)
        assert_int_equal(lseek(from.outer, 0, SEEK_SET), 0);
    else
        close_outer(&from);
    cat_pump_init(&pump, &source, &sink);
    cat_pump_start(&pump);
}

/* One of the ways forgets the limit, spins while it waits, or never goes on. */
static void every_way_keeps_the_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(ways); i++) {
        begin(i);
        turn_idle(loop, 20);
        assert_int_equal(pump.moved, BUCKET);
        expect_sleep();
        for (size_t portion = 1; pump.moved < TOTAL; portion++) {
            nk_manual_clock_advance(&clock_by_hand, 50 * MILLISECOND);
            turn_idle(loop, 20);
            assert_int_equal(pump.moved, BUCKET + portion * BUCKET / 2);
        }
        nk_manual_clock_advance(&clock_by_hand, 50 * MILLISECOND);
        TURN_UNTIL(loop, ended.calls > 0);
        assert_int_equal(ended.error, 0);
        finish();
    }
}

/* Freed while it waits, it is called by a timer of something that is gone. */
static void a_waiting_pump_may_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(ways); i++) {
        begin(i);
        turn_idle(loop, 20);
        finish();
        nk_manual_clock_advance(&clock_by_hand, SECOND);
        turn_idle(loop, 2);
    }
}

/* A record is not cut because of the limit, and is paid for afterwards. */
static void a_record_passes_whole(void **state)
{
    static char record[4 * BUCKET];
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    from = (struct ends){fds[0], fds[1]};
    to = make_ends(CAT_PORT_SOCKET, false);
    limit();
    assert_int_equal(cat_port_open(&source, loop, from.inner), 0);
    assert_int_equal(cat_port_open(&sink, loop, to.inner), 0);
    cat_pump_init(&pump, &source, &sink);
    cat_pump_start(&pump);
    assert_int_equal(write(from.outer, record, sizeof record), sizeof record);
    assert_int_equal(write(from.outer, record, 1), 1);
    turn_idle(loop, 10);
    assert_int_equal(pump.moved, sizeof record);
    nk_manual_clock_advance(&clock_by_hand, 290 * MILLISECOND);
    turn_idle(loop, 10);
    assert_int_equal(pump.moved, sizeof record);
    nk_manual_clock_advance(&clock_by_hand, 70 * MILLISECOND);
    turn_idle(loop, 10);
    assert_int_equal(pump.moved, sizeof record + 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_clock, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_way_keeps_the_limit),
        CASE(a_waiting_pump_may_go),
        CASE(a_record_passes_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
