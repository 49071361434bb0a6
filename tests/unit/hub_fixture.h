/* A hub between two pipes and some clients, on a clock that the test moves. Include
 * cmocka.h first. */
#ifndef TESTS_UNIT_HUB_FIXTURE_H
#define TESTS_UNIT_HUB_FIXTURE_H

#include <signal.h>

#include "cat/cat_hub.h"
#include "cat_fixture.h"

#define PEERS_MAX 4

static struct nk_event_loop *loop;
static struct nk_manual_clock clock_by_hand;
static size_t descriptors_before;
static struct cat_hub *hub;
static struct cat_hub_options options;
static struct ends in;
static struct ends out;
static int peers[PEERS_MAX];
static uint64_t bytes_sent;
static uint64_t bytes_received;

/* What the hub has told. */
static struct {
    uint64_t connected;
    uint64_t disconnected;
    struct cat_hub_departure last;
    bool has_room;
    int ended;
    enum exit_status status;
    const char *action;
    int error;
} told;

static inline void on_connected(void *context, uint64_t number, const struct nk_sockaddr *peer)
{
    assert_ptr_equal(context, &told);
    assert_non_null(peer);
    assert_int_equal(number, ++told.connected);
}

static inline void on_disconnected(void *context, const struct cat_hub_departure *departure)
{
    assert_ptr_equal(context, &told);
    told.disconnected++;
    told.last = *departure;
}

static inline void on_room(void *context, bool has_room)
{
    assert_ptr_equal(context, &told);
    told.has_room = has_room;
}

static inline void on_ended(void *context, enum exit_status status, const char *action, int error)
{
    assert_ptr_equal(context, &told);
    told.ended++;
    told.status = status;
    told.action = action;
    told.error = error;
}

static const struct cat_hub_handlers handlers = {
    .connected = on_connected,
    .disconnected = on_disconnected,
    .has_room = on_room,
    .ended = on_ended,
};

static inline int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    descriptors_before = open_descriptors();
    loop = new_loop_with_clock(&clock_by_hand);
    memset(&told, 0, sizeof told);
    told.has_room = true;
    bytes_sent = 0;
    bytes_received = 0;
    hub = NULL;
    for (int i = 0; i < PEERS_MAX; i++)
        peers[i] = -1;
    in = make_ends(CAT_PORT_PIPE, true);
    out = make_ends(CAT_PORT_PIPE, false);
    options = (struct cat_hub_options){
        .max_clients = PEERS_MAX,
        .sent = &bytes_sent,
        .received = &bytes_received,
        .handlers = &handlers,
        .context = &told,
    };
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
    cat_hub_free(hub);
    nk_event_loop_free(loop);
    for (int i = 0; i < PEERS_MAX; i++)
        close_end(&peers[i]);
    close_end(&in.outer);
    close_end(&out.outer);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

static inline void start(void)
{
    assert_int_equal(cat_hub_new(&hub, loop, in.inner, out.inner, &options), 0);
}

/* Makes `count` clients; their outer ends are `peers`. */
static inline void join(int count)
{
    for (int i = 0; i < PEERS_MAX && count > 0; i++) {
        int network;
        if (peers[i] >= 0)
            continue;
        tcp_pair(&peers[i], &network);
        assert_int_equal(cat_hub_add(hub, network), 0);
        count--;
    }
    assert_int_equal(count, 0);
}

static inline void put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Turns until `text` has arrived on `fd`, and nothing else. */
static inline void expect(int fd, const char *text)
{
    char seen[128] = "";
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

/* Nothing comes and nothing ends, however long one waits. */
static inline void expect_silence(int fd)
{
    char byte;

    turn_idle(loop, 5);
    assert_int_equal(read(fd, &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
}

static inline void expect_ended(enum exit_status status, int error)
{
    TURN_UNTIL(loop, (nk_manual_clock_advance(&clock_by_hand, MILLISECOND), told.ended > 0));
    turn_idle(loop, 2);
    assert_int_equal(told.ended, 1);
    assert_int_equal(told.status, status);
    assert_int_equal(told.error, error);
    assert_int_equal(told.action != NULL, error != 0);
}

static inline void expect_gone(uint64_t count, int error)
{
    TURN_UNTIL(loop,
               (nk_manual_clock_advance(&clock_by_hand, MILLISECOND), told.disconnected == count));
    assert_int_equal(told.last.error, error);
    assert_int_equal(cat_hub_active(hub), told.connected - count);
}

#endif
