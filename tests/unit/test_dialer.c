/* Happy Eyeballs: which address is tried when, who wins, and what is reported. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "dial_fixture.h"

#define DELAY NK_DIALER_ATTEMPT_DELAY

/* The attempts were exactly these, in this order. */
static void assert_attempts(const char *format, const struct nk_sockaddr *a,
                            const struct nk_sockaddr *b)
{
    char first[NK_SOCKADDR_TEXT_MAX];
    char second[NK_SOCKADDR_TEXT_MAX];
    char expected[sizeof seen.attempts] = "";

    nk_sockaddr_print(a, first);
    nk_sockaddr_print(b, second);
    for (const char *at = format; *at; at++) {
        size_t len = strlen(expected);
        char plain[2] = {*at, '\0'};
        snprintf(expected + len, sizeof expected - len, "%s",
                 *at == '1'   ? first
                 : *at == '2' ? second
                              : plain);
    }
    assert_string_equal(seen.attempts, expected);
}

/* A server that only speaks IPv4 must be reached without any delay when its IPv6
 * address refuses. */
static void a_refusal_starts_the_next_at_once(void **state)
{
    struct nk_sockaddr addresses[2];
    int refuser = refusing(&addresses[0], AF_INET6);
    int listener = listening(&addresses[1], AF_INET);

    (void)state;
    dial_all(addresses, 2);
    TURN_UNTIL(loop, seen.calls > 0); /* the clock has not moved */
    assert_attempts("try 1\n1: ECONNREFUSED\ntry 2\n", &addresses[0], &addresses[1]);
    assert_connected(&addresses[1]);
    nk_socket_close(listener);
    nk_socket_close(refuser);
}

/* An address that does not answer holds the next one up for 250 ms: not less
 * (servers would see two connections), not more. */
static void a_silent_address_delays_the_next(void **state)
{
    struct nk_sockaddr addresses[2];
    struct blackhole hole;
    int listener = listening(&addresses[1], AF_INET);

    (void)state;
    open_blackhole(&hole, AF_INET6);
    addresses[0] = hole.address;
    dial_all(addresses, 2);
    TURN_UNTIL(loop, attempts_started() == 1);
    pass_time(DELAY - 1);
    assert_int_equal(attempts_started(), 1);
    pass_time(1);
    assert_int_equal(attempts_started(), 2);
    TURN_UNTIL(loop, seen.calls > 0);
    assert_attempts("try 1\ntry 2\n", &addresses[0], &addresses[1]);
    assert_connected(&addresses[1]); /* and the first one's descriptor is gone: tear_down */
    nk_socket_close(listener);
    close_blackhole(&hole);
}

/* The first address is given its chance even while others are being tried. */
static void the_first_may_win_late(void **state)
{
    struct nk_sockaddr addresses[2];
    struct blackhole hole;
    struct blackhole other;

    (void)state;
    open_blackhole(&hole, AF_INET6);
    open_blackhole(&other, AF_INET);
    addresses[0] = hole.address;
    addresses[1] = other.address;
    dial_all(addresses, 2);
    TURN_UNTIL(loop, attempts_started() == 1);
    pass_time(DELAY);
    assert_int_equal(attempts_started(), 2);
    /* Makes room in the backlog; the kernel repeats the SYN after a second. */
    nk_socket_close(nk_socket_accept(hole.listener, NULL));
    TURN_UNTIL(loop, seen.calls > 0);
    assert_connected(&addresses[0]);
    close_blackhole(&hole);
    close_blackhole(&other);
}

/* The families take turns, whatever order the name servers have. */
static void families_take_turns(void **state)
{
    struct nk_sockaddr addresses[4];
    int refusers[4];
    const struct nk_sockaddr *order[] = {&addresses[0], &addresses[2], &addresses[1],
                                         &addresses[3]};
    char *at = seen.attempts;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        refusers[i] = refusing(&addresses[i], i < 2 ? AF_INET6 : AF_INET);
    dial_all(addresses, 4);
    TURN_UNTIL(loop, seen.calls > 0);
    for (size_t i = 0; i < 4; i++) {
        char text[NK_SOCKADDR_TEXT_MAX];
        at = strstr(at, "try ");
        assert_non_null(at);
        at += strlen("try ");
        nk_sockaddr_print(order[i], text);
        assert_memory_equal(at, text, strlen(text));
    }
    assert_failed(-ECONNREFUSED, NK_CONNECT_CONNECT);
    assert_true(nk_sockaddr_equal(&seen.result.remote, &addresses[3]));
    for (size_t i = 0; i < 4; i++)
        nk_socket_close(refusers[i]);
}

/* "Several addresses tried: the last attempt's code." TCP to the broadcast
 * address fails with another error than a refusal, and without a packet. */
static void the_last_attempt_decides_about_the_error(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        struct nk_sockaddr addresses[2];
        int refuser = refusing(&addresses[i], AF_INET);

        (void)state;
        assert_int_equal(nk_sockaddr_from_numeric(&addresses[1 - i], "255.255.255.255", 9), 0);
        memset(&seen, 0, sizeof seen);
        dial_all(addresses, 2);
        TURN_UNTIL(loop, seen.calls > 0);
        assert_int_equal(seen.result.fd == -ECONNREFUSED, i == 1);
        assert_true(seen.result.fd < 0);
        assert_true(nk_sockaddr_equal(&seen.result.remote, &addresses[1]));
        nk_socket_close(refuser);
    }
}

/* Attempts overlap: the one that was started last decides, though another one
 * fails after it. Closing the silent listener turns the kernel's next SYN, a
 * second later, into a refusal. */
static void the_last_started_decides_though_it_fails_first(void **state)
{
    struct nk_sockaddr addresses[2];
    struct blackhole hole;

    (void)state;
    open_blackhole(&hole, AF_INET);
    addresses[0] = hole.address;
    assert_int_equal(nk_sockaddr_from_numeric(&addresses[1], "255.255.255.255", 9), 0);
    dial_all(addresses, 2);
    TURN_UNTIL(loop, attempts_started() == 1);
    pass_time(DELAY);
    pass_time(1); /* a timer that a timer starts needs time to pass */
    assert_non_null(strstr(seen.attempts, "255.255.255.255:9: "));
    assert_int_equal(seen.calls, 0);
    close_blackhole(&hole);
    TURN_UNTIL(loop, seen.calls > 0);
    assert_non_null(strstr(seen.attempts, "ECONNREFUSED"));
    assert_int_not_equal(seen.result.fd, -ECONNREFUSED);
    assert_true(nk_sockaddr_equal(&seen.result.remote, &addresses[1]));
}

/* One deadline over all attempts: at its time, not before. */
static void the_deadline_covers_all_attempts(void **state)
{
    struct nk_sockaddr addresses[2];
    struct blackhole holes[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_blackhole(&holes[i], AF_INET);
        addresses[i] = holes[i].address;
    }
    options.deadline = nk_event_loop_now(loop) + SECOND;
    dial_all(addresses, 2);
    TURN_UNTIL(loop, attempts_started() == 1);
    pass_time(DELAY);
    assert_int_equal(attempts_started(), 2);
    pass_time(SECOND - DELAY - 1);
    assert_int_equal(seen.calls, 0);
    pass_time(1);
    assert_failed(-ETIMEDOUT, NK_CONNECT_CONNECT);
    assert_true(nk_sockaddr_equal(&seen.result.remote, &addresses[1]));
    close_blackhole(&holes[0]);
    close_blackhole(&holes[1]);
}

/* A name server that does not answer must not outlast the deadline. */
static void the_deadline_covers_the_look_up(void **state)
{
    sem_t gate;

    (void)state;
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    fake_names.gate = &gate;
    options.deadline = nk_event_loop_now(loop) + SECOND;
    dial_all(NULL, 0);
    pass_time(SECOND - 1);
    assert_int_equal(seen.calls, 0);
    pass_time(1);
    assert_failed(-ETIMEDOUT, NK_CONNECT_RESOLVE);
    assert_false(seen.result.has_remote);
    sem_post(&gate);
    nk_worker_pool_stop(pool);
    pool = NULL;
    turn_idle(loop, 2);
    sem_destroy(&gate);
}

/* A failed look-up is told apart from a failed connection (exit 3, not 4). */
static void a_name_that_does_not_exist(void **state)
{
    (void)state;
    fake_names.code = EAI_NONAME;
    assert_int_equal(dial_and_wait("tcp://absent.invalid:80"), -ENOENT);
    assert_failed(-ENOENT, NK_CONNECT_RESOLVE);
    assert_false(seen.result.has_remote);
    assert_string_equal(seen.attempts, "");
}

/* -4 and -6 leave the other family alone. */
static void one_family_may_be_asked_for(void **state)
{
    struct nk_sockaddr addresses[2];
    int listeners[2] = {listening(&addresses[0], AF_INET6), listening(&addresses[1], AF_INET)};

    (void)state;
    options.family = AF_INET;
    dial_all(addresses, 2);
    TURN_UNTIL(loop, seen.calls > 0);
    assert_attempts("try 2\n", &addresses[0], &addresses[1]);
    assert_connected(&addresses[1]);
    nk_socket_close(listeners[0]);
    nk_socket_close(listeners[1]);
}

/* Whoever knows the addresses of a host would have it looked up once more for each
 * connection; or they would be tried on a port that they were known for. */
static void known_addresses_are_not_looked_up(void **state)
{
    struct nk_sockaddr addresses[2];
    char text[NK_ADDRESS_TEXT_MAX];
    struct nk_dialer *dialer;
    int listener = listening(&addresses[1], AF_INET);

    (void)state;
    assert_int_equal(nk_sockaddr_from_numeric(&addresses[0], "::1", 9), 0);
    snprintf(text, sizeof text, "tcp://host.invalid:%u", nk_sockaddr_port(&addresses[1]));
    nk_sockaddr_set_port(&addresses[1], 9);
    options.pool = NULL;
    options.addresses = addresses;
    options.address_count = 1;
    options.family = AF_INET;
    assert_int_equal(try_to_dial(&dialer, text), -EAFNOSUPPORT);
    options.address_count = 2;
    assert_true(dial_and_wait(text) >= 0);
    assert_int_equal(attempts_started(), 1);
    nk_socket_close(seen.result.fd);
    nk_socket_close(listener);
}

/* The caller must be able to give up whenever it likes, hear nothing more, and
 * leave nothing behind. The stages: before the first turn, during the look-up,
 * with one attempt and with two under way. */
static void cancelled_at_every_stage(void **state)
{
    struct blackhole holes[2];
    struct nk_sockaddr addresses[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_blackhole(&holes[i], i == 0 ? AF_INET6 : AF_INET);
        addresses[i] = holes[i].address;
    }
    for (int stage = 0; stage < 4; stage++) {
        memset(&seen, 0, sizeof seen);
        struct nk_dialer *dialer = dial_all(addresses, 2);
        if (stage == 1)
            turn_idle(loop, 1);
        if (stage >= 2)
            TURN_UNTIL(loop, attempts_started() == 1);
        if (stage == 3)
            pass_time(DELAY);
        nk_dialer_cancel(dialer);
        pass_time(SECOND);
        assert_int_equal(seen.calls, 0);
    }
    memset(&seen, 0, sizeof seen);
    nk_dialer_cancel(dial("127.0.0.1:1")); /* its outcome is on the way already */
    nk_dialer_cancel(dial("unix:/nonexistent/netkit"));
    turn_idle(loop, 3);
    assert_int_equal(seen.calls, 0);
    close_blackhole(&holes[0]);
    close_blackhole(&holes[1]);
}

static void dial_again(void)
{
    struct nk_dialer *dialer;

    if (seen.calls == 1) {
        memset(&seen, 0, sizeof seen);
        assert_int_equal(try_to_dial(&dialer, "tcp://host.invalid:1"), 0);
    }
}

/* A program may dial again as soon as it hears of a failure. */
static void a_report_may_start_the_next_dialer(void **state)
{
    struct nk_sockaddr address;
    int refuser = refusing(&address, AF_INET);

    (void)state;
    dial_all(&address, 1);
    seen.then = dial_again;
    TURN_UNTIL(loop, seen.calls == 1 && !seen.then);
    assert_failed(-ECONNREFUSED, NK_CONNECT_CONNECT);
    assert_int_equal(fake_names.lookups, 2);
    nk_socket_close(refuser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_refusal_starts_the_next_at_once),
        CASE(a_silent_address_delays_the_next),
        CASE(the_first_may_win_late),
        CASE(families_take_turns),
        CASE(the_last_attempt_decides_about_the_error),
        CASE(the_last_started_decides_though_it_fails_first),
        CASE(the_deadline_covers_all_attempts),
        CASE(the_deadline_covers_the_look_up),
        CASE(a_name_that_does_not_exist),
        CASE(one_family_may_be_asked_for),
        CASE(known_addresses_are_not_looked_up),
        CASE(cancelled_at_every_stage),
        CASE(a_report_may_start_the_next_dialer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
