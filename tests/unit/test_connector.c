/* Connecting: success, refusal, deadline, and that nobody is called twice. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "net/connector.h"
#include "reactor_fixture.h"

static struct {
    int calls;
    int result;
} seen;

static struct nk_event_loop *loop;
static struct nk_manual_clock clock_by_hand;
static size_t descriptors_before;

static void on_done(void *context, int fd)
{
    assert_ptr_equal(context, &seen);
    seen.calls++;
    seen.result = fd;
}

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    descriptors_before = open_descriptors();
    loop = new_loop_with_clock(&clock_by_hand);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nk_event_loop_free(loop);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

static struct nk_connector *start(const struct nk_sockaddr *remote, uint64_t deadline)
{
    struct nk_connector *connector;

    assert_int_equal(nk_connector_start(&connector, loop, remote, deadline, on_done, &seen), 0);
    assert_int_equal(seen.calls, 0); /* never from within */
    return connector;
}

/* Turns the loop and its clock until the outcome is there. */
static void await_outcome(void)
{
    uint64_t give_up = time_now() + PATIENCE_MS * MILLISECOND;

    while (seen.calls == 0) {
        assert_true(time_now() < give_up);
        assert_int_equal(nk_event_loop_turn(loop, MILLISECOND), 0);
        nk_manual_clock_advance(&clock_by_hand, 1);
    }
    turn_idle(loop, 3);
    assert_int_equal(seen.calls, 1);
}

/* The descriptor that is reported is really connected, by each family. */
static void a_connection_is_reported_with_its_descriptor(void **state)
{
    static const int families[] = {AF_INET, AF_INET6};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(families); i++) {
        struct nk_sockaddr address = loopback(families[i]);
        int listener = listen_on(&address, SOCK_STREAM);
        seen.calls = 0;
        start(&address, NK_NEVER);
        await_outcome();
        assert_true(seen.result >= 0);
        int accepted = nk_socket_accept(listener, NULL);
        assert_true(accepted >= 0);
        write_text(seen.result, "x");
        await(accepted, POLLIN);
        nk_socket_close(accepted);
        nk_socket_close(seen.result);
        nk_socket_close(listener);
    }
}

/* Nobody listens: -ECONNREFUSED, and the descriptor is closed. */
static void a_refusal_is_reported(void **state)
{
    struct nk_sockaddr address = loopback(AF_INET);

    (void)state;
    /* A port that is bound but does not listen stays refused. */
    int holder = nk_socket_open(AF_INET, SOCK_STREAM);
    assert_int_equal(nk_socket_bind(holder, &address), 0);
    assert_int_equal(nk_socket_local(holder, &address), 0);
    start(&address, nk_event_loop_now(loop) + 60 * SECOND);
    await_outcome();
    assert_int_equal(seen.result, -ECONNREFUSED);
    nk_socket_close(holder);
}

/* A listener whose backlog is full lets further clients hang: the deadline must
 * end that, at its time and not before. */
static void the_deadline_ends_the_wait(void **state)
{
    struct nk_sockaddr address = loopback(AF_INET);
    int fillers[16];
    size_t count = 0;

    (void)state;
    int listener = nk_socket_open(AF_INET, SOCK_STREAM);
    assert_int_equal(nk_socket_bind(listener, &address), 0);
    assert_int_equal(nk_socket_listen(listener, 0), 0);
    assert_int_equal(nk_socket_local(listener, &address), 0);
    for (; count < NK_ARRAY_LENGTH(fillers); count++) {
        fillers[count] = nk_socket_open(AF_INET, SOCK_STREAM);
        (void)!nk_socket_connect(fillers[count], &address);
    }
    start(&address, nk_event_loop_now(loop) + 5 * SECOND);
    turn_idle(loop, 5);
    nk_manual_clock_advance(&clock_by_hand, 5 * SECOND - 1);
    turn_idle(loop, 5);
    assert_int_equal(seen.calls, 0);
    nk_manual_clock_advance(&clock_by_hand, 1);
    turn_idle(loop, 1);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.result, -ETIMEDOUT);
    while (count > 0)
        nk_socket_close(fillers[--count]);
    nk_socket_close(listener);
}

/* A unix socket whose file does not exist. */
static void a_missing_unix_socket_is_reported(void **state)
{
    struct nk_sockaddr address;

    (void)state;
    assert_int_equal(nk_sockaddr_from_unix_path(&address, "/nonexistent/netkit/socket"), 0);
    start(&address, NK_NEVER);
    await_outcome();
    assert_int_equal(seen.result, -ENOENT);
}

/* A unix server whose backlog is full brings no event when it has room again:
 * the connector has to come back by itself, until the deadline. */
static void a_full_unix_backlog_is_tried_again(void **state)
{
    struct nk_sockaddr address;
    int fillers[8];
    size_t count = 0;
    char name[64];

    (void)state;
    snprintf(name, sizeof name, "@netkit-connector-%d", (int)getpid());
    assert_int_equal(nk_sockaddr_from_unix_path(&address, name), 0);
    int listener = nk_socket_open(AF_UNIX, SOCK_STREAM);
    assert_int_equal(nk_socket_bind(listener, &address), 0);
    assert_int_equal(nk_socket_listen(listener, 1), 0);
    do {
        assert_true(count < NK_ARRAY_LENGTH(fillers));
        fillers[count] = nk_socket_open(AF_UNIX, SOCK_STREAM);
    } while (nk_socket_connect(fillers[count++], &address) == 0);

    start(&address, nk_event_loop_now(loop) + SECOND);
    for (int i = 0; i < 20; i++) {
        nk_manual_clock_advance(&clock_by_hand, 10 * MILLISECOND);
        turn_idle(loop, 1);
    }
    assert_int_equal(seen.calls, 0);
    nk_socket_close(nk_socket_accept(listener, NULL));
    for (int i = 0; i < 3; i++) {
        nk_manual_clock_advance(&clock_by_hand, 10 * MILLISECOND);
        turn_idle(loop, 1);
    }
    assert_int_equal(seen.calls, 1);
    assert_true(seen.result >= 0);
    nk_socket_close(seen.result);

    seen.calls = 0;
    nk_socket_close(fillers[--count]);
    int last = nk_socket_open(AF_UNIX, SOCK_STREAM);
    while (nk_socket_connect(last, &address) == 0) {
        nk_socket_close(last);
        last = nk_socket_open(AF_UNIX, SOCK_STREAM);
    }
    start(&address, nk_event_loop_now(loop) + 25 * MILLISECOND);
    for (int i = 0; i < 6; i++) {
        nk_manual_clock_advance(&clock_by_hand, 5 * MILLISECOND);
        turn_idle(loop, 1);
    }
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.result, -ETIMEDOUT);
    nk_socket_close(last);
    while (count > 0)
        nk_socket_close(fillers[--count]);
    nk_socket_close(listener);
}

/* Given up, it reports nothing and leaves nothing. */
static void a_cancelled_attempt_reports_nothing(void **state)
{
    struct nk_sockaddr address = loopback(AF_INET);

    (void)state;
    int listener = listen_on(&address, SOCK_STREAM);
    nk_connector_cancel(start(&address, nk_event_loop_now(loop) + SECOND));
    nk_manual_clock_advance(&clock_by_hand, 2 * SECOND);
    turn_idle(loop, 3);
    assert_int_equal(seen.calls, 0);
    nk_socket_close(listener);
}

/* When not even a socket can be made the caller learns it at once. */
static void a_family_that_does_not_exist_is_refused(void **state)
{
    struct nk_sockaddr address = loopback(AF_INET);
    struct nk_connector *connector = NULL;

    (void)state;
    address.any.sa_family = AF_UNSPEC;
    assert_true(nk_connector_start(&connector, loop, &address, NK_NEVER, on_done, &seen) < 0);
    assert_null(connector);
    turn_idle(loop, 2);
    assert_int_equal(seen.calls, 0);
}

static int bound_datagram_socket(struct nk_sockaddr *local)
{
    int fd = nk_socket_open(AF_INET, SOCK_DGRAM);

    assert_int_equal(nk_socket_bind(fd, local), 0);
    assert_int_equal(nk_socket_local(fd, local), 0);
    return fd;
}

/* Two that send from the same UDP port: the second one would get the answers of both,
 * and the first one none. */
static void a_datagram_port_is_not_shared(void **state)
{
    struct nk_sockaddr remote = loopback(AF_INET);
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_connector_options options = {.type = SOCK_DGRAM, .source = &local};
    struct nk_connect_failure failure = {.step = NK_CONNECT_CONNECT};
    struct nk_connector *connector;

    (void)state;
    int server = bound_datagram_socket(&remote);
    nk_socket_close(bound_datagram_socket(&local)); /* a port that is free */
    assert_int_equal(nk_connector_start_with(&connector, loop, &remote, &options, NK_NEVER, on_done,
                                             &seen, NULL),
                     0);
    await_outcome();
    assert_true(seen.result >= 0);
    assert_int_equal(nk_connector_start_with(&connector, loop, &remote, &options, NK_NEVER, on_done,
                                             &seen, &failure),
                     -EADDRINUSE);
    assert_int_equal(failure.step, NK_CONNECT_BIND);
    nk_socket_close(seen.result);
    nk_socket_close(server);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_connection_is_reported_with_its_descriptor),
        CASE(a_refusal_is_reported),
        CASE(the_deadline_ends_the_wait),
        CASE(a_missing_unix_socket_is_reported),
        CASE(a_full_unix_backlog_is_tried_again),
        CASE(a_cancelled_attempt_reports_nothing),
        CASE(a_family_that_does_not_exist_is_refused),
        CASE(a_datagram_port_is_not_shared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
