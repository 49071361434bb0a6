/* A session between two pipes and a peer, on a clock that the test moves. Include
 * cmocka.h first. */
#ifndef TESTS_UNIT_SESSION_FIXTURE_H
#define TESTS_UNIT_SESSION_FIXTURE_H

#include <signal.h>

#include "cat/cat_session.h"
#include "cat_fixture.h"

static struct nk_event_loop *loop;
static struct nk_manual_clock clock_by_hand;
static size_t descriptors_before;
static struct cat_session *session;
static struct cat_session_options options;
static int peer;
static struct ends in;
static struct ends out;

static struct {
    int calls;
    enum exit_status status;
    const char *action;
    int error;
} ended;

static inline void on_ended(struct cat_session *which, enum exit_status status, const char *action,
                            int error)
{
    assert_ptr_equal(which, session);
    assert_ptr_equal(cat_session_owner(which), &ended);
    ended.calls++;
    ended.status = status;
    ended.action = action;
    ended.error = error;
    cat_session_free(which);
    session = NULL;
}

static inline int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    descriptors_before = open_descriptors();
    loop = new_loop_with_clock(&clock_by_hand);
    memset(&ended, 0, sizeof ended);
    options =
        (struct cat_session_options){.linger = NK_NEVER, .on_ended = on_ended, .owner = &ended};
    peer = -1;
    in = (struct ends){-1, -1};
    out = (struct ends){-1, -1};
    return 0;
}

static inline void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    cat_session_free(session);
    session = NULL;
    nk_event_loop_free(loop);
    close_end(&peer);
    close_end(&in.outer);
    close_end(&out.outer);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

static inline void start_on(int network)
{
    assert_int_equal(cat_session_start(&session, loop, network, in.inner, out.inner, &options), 0);
}

/* Pipes on both sides and a TCP peer, as in a shell's pipeline. */
static inline void start(void)
{
    int network;

    tcp_pair(&peer, &network);
    in = make_ends(CAT_PORT_PIPE, true);
    out = make_ends(CAT_PORT_PIPE, false);
    start_on(network);
}

static inline void put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Turns until `text` has arrived on `fd`, and nothing else. */
static inline void expect(int fd, const char *text)
{
    char seen[64] = "";
    size_t len = 0;
    ssize_t got;

    TURN_UNTIL(loop, (got = read(fd, seen + len, sizeof seen - 1 - len),
                      len += got > 0 ? (size_t)got : 0, len >= strlen(text)));
    assert_string_equal(seen, text);
}

static inline void expect_end(int fd)
{
    char byte;
    ssize_t got;

    TURN_UNTIL(loop, (got = read(fd, &byte, 1), got == 0));
}

static inline void expect_ended(enum exit_status status, int error)
{
    TURN_UNTIL(loop, (nk_manual_clock_advance(&clock_by_hand, MILLISECOND), ended.calls > 0));
    turn_idle(loop, 2);
    assert_int_equal(ended.calls, 1);
    assert_int_equal(ended.status, status);
    assert_int_equal(ended.error, error);
    if (error)
        assert_non_null(ended.action);
    else
        assert_null(ended.action);
}

#endif
