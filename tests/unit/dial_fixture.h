/* A loop whose clock is moved by hand, a worker for names, and dialers whose
 * reports are recorded. Include cmocka.h first. */
#ifndef TESTS_UNIT_DIAL_FIXTURE_H
#define TESTS_UNIT_DIAL_FIXTURE_H

#include "fake_names.h"
#include "net/dialer.h"
#include "reactor_fixture.h"

static struct {
    int calls;
    struct nk_dialer_result result;
    char attempts[1024]; /* what on_attempt was told, a line each */
    void (*then)(void);  /* called within on_done */
} seen;

static struct nk_event_loop *loop;
static struct nk_worker_pool *pool;
static struct nk_manual_clock clock_by_hand;
static struct nk_dialer_options options;
static size_t descriptors_before;

static void on_done(void *context, const struct nk_dialer_result *result)
{
    assert_ptr_equal(context, &seen);
    seen.calls++;
    seen.result = *result;
    if (seen.then)
        seen.then();
}

static void on_attempt(void *context, const struct nk_sockaddr *remote, int error)
{
    char text[NK_SOCKADDR_TEXT_MAX];
    size_t len = strlen(seen.attempts);

    assert_ptr_equal(context, &seen);
    nk_sockaddr_print(remote, text);
    if (error == -EINPROGRESS)
        snprintf(seen.attempts + len, sizeof seen.attempts - len, "try %s\n", text);
    else
        snprintf(seen.attempts + len, sizeof seen.attempts - len, "%s: %s\n", text,
                 strerrorname_np(-error));
}

static int set_up(void **state)
{
    (void)state;
    descriptors_before = open_descriptors();
    memset(&seen, 0, sizeof seen);
    memset(&fake_names, 0, sizeof fake_names);
    loop = new_loop_with_clock(&clock_by_hand);
    assert_int_equal(nk_worker_pool_start(&pool, 1, 16), 0);
    options = (struct nk_dialer_options){
        .pool = pool,
        .on_attempt = on_attempt,
        .on_done = on_done,
        .context = &seen,
    };
    return 0;
}

/* Whatever happened: one report at most, and no descriptor (nor, under the leak
 * checker, a byte) is left. */
static int tear_down(void **state)
{
    (void)state;
    nk_worker_pool_stop(pool);
    nk_event_loop_free(loop);
    assert_true(seen.calls <= 1);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static inline int try_to_dial(struct nk_dialer **dialer, const char *text)
{
    struct nk_address address;
    const char *reason;

    assert_int_equal(nk_address_parse(&address, text, &reason), 0);
    return nk_dialer_start(dialer, loop, &address, &options);
}

static inline struct nk_dialer *dial(const char *text)
{
    struct nk_dialer *dialer;

    assert_int_equal(try_to_dial(&dialer, text), 0);
    assert_int_equal(seen.calls, 0); /* never from within */
    assert_string_equal(seen.attempts, "");
    return dialer;
}

/* Moves the clock and lets what is due happen. */
static inline void pass_time(uint64_t nanoseconds)
{
    nk_manual_clock_advance(&clock_by_hand, nanoseconds);
    turn_idle(loop, 3);
}

/* Dials and waits for the outcome. Hardly any time passes, but some: a timer that
 * a timer starts does not expire in the same nanosecond. */
static inline int dial_and_wait(const char *text)
{
    uint64_t give_up = time_now() + PATIENCE_MS * MILLISECOND;

    dial(text);
    while (seen.calls == 0) {
        assert_true(time_now() < give_up);
        assert_int_equal(nk_event_loop_turn(loop, MILLISECOND), 0);
        pass_time(1);
    }
    return seen.result.fd;
}

/* Dials a name that has these addresses, in this order. */
static inline struct nk_dialer *dial_all(const struct nk_sockaddr *addresses, size_t count)
{
    fake_names.addresses = addresses;
    fake_names.count = count;
    return dial("tcp://host.invalid:1");
}

/* How many attempts were started so far. */
static inline size_t attempts_started(void)
{
    size_t count = 0;

    for (const char *at = seen.attempts; (at = strstr(at, "try ")) != NULL; at++)
        count++;
    return count;
}

static inline void assert_failed(int error, enum nk_connect_step step)
{
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.result.fd, error);
    assert_int_equal(seen.result.failure.step, step);
}

/* A connection was reported, and to this address. Closes it. */
static inline void assert_connected(const struct nk_sockaddr *remote)
{
    struct nk_sockaddr peer;

    assert_int_equal(seen.calls, 1);
    assert_true(seen.result.fd >= 0);
    assert_true(seen.result.has_remote);
    assert_true(nk_sockaddr_equal(&seen.result.remote, remote));
    assert_int_equal(nk_socket_peer(seen.result.fd, &peer), 0);
    assert_true(nk_sockaddr_equal(&peer, remote));
    nk_socket_close(seen.result.fd);
}

/* An address whose port is taken but does not listen: connecting is refused.
 * Returns the descriptor that holds the port. */
static inline int refusing(struct nk_sockaddr *address, int family)
{
    *address = loopback(family);
    int fd = nk_socket_open(family, SOCK_STREAM);

    assert_int_equal(nk_socket_bind(fd, address), 0);
    assert_int_equal(nk_socket_local(fd, address), 0);
    return fd;
}

static inline int listening(struct nk_sockaddr *address, int family)
{
    *address = loopback(family);
    return listen_on(address, SOCK_STREAM);
}

/* An address that does not answer: the one place of its backlog is taken, so the
 * kernel drops what else comes. */
struct blackhole {
    struct nk_sockaddr address;
    int listener;
    int filler;
};

static inline void open_blackhole(struct blackhole *hole, int family)
{
    hole->address = loopback(family);
    hole->listener = nk_socket_open(family, SOCK_STREAM);
    assert_int_equal(nk_socket_bind(hole->listener, &hole->address), 0);
    assert_int_equal(nk_socket_listen(hole->listener, 0), 0);
    assert_int_equal(nk_socket_local(hole->listener, &hole->address), 0);
    hole->filler = connect_to(&hole->address, SOCK_STREAM);
}

static inline void close_blackhole(struct blackhole *hole)
{
    nk_socket_close(hole->listener);
    nk_socket_close(hole->filler);
}

#endif
