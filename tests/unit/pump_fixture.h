/* A pump between two ports, and what it reports. Include cmocka.h first. */
#ifndef TESTS_UNIT_PUMP_FIXTURE_H
#define TESTS_UNIT_PUMP_FIXTURE_H

#include <signal.h>

#include "cat/cat_pump.h"
#include "cat_fixture.h"

static struct nk_event_loop *loop;
static size_t descriptors_before;
static struct cat_port source;
static struct cat_port sink;
static struct cat_pump pump;
static struct ends from;
static struct ends to;

static struct {
    int calls;
    int error;
    bool at_sink;
} ended;

static inline void on_ended(struct cat_pump *which, int error, bool at_sink)
{
    assert_ptr_equal(which, &pump);
    ended.calls++;
    ended.error = error;
    ended.at_sink = at_sink;
}

static inline int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    descriptors_before = open_descriptors();
    loop = new_loop();
    memset(&ended, 0, sizeof ended);
    pump = (struct cat_pump){.on_ended = on_ended};
    return 0;
}

static inline void close_outer(struct ends *ends)
{
    if (ends->outer >= 0)
        close(ends->outer);
    ends->outer = -1;
}

static inline void finish(void)
{
    cat_pump_deinit(&pump);
    cat_pump_deinit(&pump);
    cat_port_close(&source);
    cat_port_close(&sink);
    close_outer(&from);
    close_outer(&to);
    memset(&ended, 0, sizeof ended);
    pump = (struct cat_pump){.on_ended = on_ended};
}

static inline int tear_down(void **state)
{
    (void)state;
    finish();
    nk_event_loop_free(loop);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

static inline void open_ports(enum cat_port_kind kind_from, enum cat_port_kind kind_to)
{
    from = make_ends(kind_from, true);
    to = make_ends(kind_to, false);
    assert_int_equal(cat_port_open(&source, loop, from.inner), 0);
    assert_int_equal(cat_port_open(&sink, loop, to.inner), 0);
    assert_int_equal(source.kind, kind_from);
    assert_int_equal(sink.kind, kind_to);
}

static inline void start(enum cat_port_kind kind_from, enum cat_port_kind kind_to)
{
    open_ports(kind_from, kind_to);
    cat_pump_init(&pump, &source, &sink);
    cat_pump_start(&pump);
}

/* Gives the stream its end, on which a pipe or socket must be closed. A terminal
 * that is closed forgets what was not read yet. */
static inline void feed_all(size_t *fed, size_t total)
{
    bool is_taken = source.kind != CAT_PORT_TERMINAL || pump.moved == total;

    feed(from.outer, fed, total);
    if (*fed == total && is_taken && source.kind != CAT_PORT_FILE)
        close_outer(&from);
}

/* Nothing can move: the loop must come to sleep instead of turning for ever. */
static inline void expect_sleep(void)
{
    uint64_t give_up = time_now() + PATIENCE_MS * MILLISECOND;
    uint64_t before;

    do {
        before = time_now();
        assert_true(before < give_up);
        for (int i = 0; i < 5; i++)
            assert_int_equal(nk_event_loop_turn(loop, MILLISECOND), 0);
    } while (time_now() - before < 4 * MILLISECOND);
}

#endif
