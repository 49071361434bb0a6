/* DEFECTS 12: every way in which accept can fail. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/log.h"
#include "inject.h"
#include "net/acceptor.h"
#include "reactor_fixture.h"

static struct nk_event_loop *loop;
static struct nk_manual_clock clock_by_hand;
static struct nk_acceptor *acceptor;
static struct nk_sockaddr address;
static size_t descriptors_before;
static int accepted;
static int warnings;

static void on_accepted(void *context, int fd)
{
    (void)context;
    accepted++;
    close(fd);
}

static void count_warning(void *context, enum nk_log_level level, const char *message)
{
    (void)context;
    (void)message;
    warnings += level == NK_LOG_WARNING;
}

static int set_up(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_acceptor_options options = {.backlog = 64, .on_accepted = on_accepted};

    (void)state;
    inject_reset();
    accepted = 0;
    warnings = 0;
    nk_log_set_sink(count_warning, NK_LOG_WARNING, NULL);
    descriptors_before = open_descriptors();
    loop = new_loop_with_clock(&clock_by_hand);
    assert_int_equal(nk_acceptor_new(&acceptor, loop, &local, &options), 0);
    address = *nk_acceptor_address(acceptor);
    nk_acceptor_resume(acceptor);
    turn_idle(loop, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    inject_reset();
    nk_acceptor_free(acceptor);
    nk_event_loop_free(loop);
    nk_log_set_sink(NULL, NK_LOG_ERROR, NULL);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* An error of one client that died in the backlog, or of the network it came
 * over, must not keep the next client waiting, not even for one turn. */
static void an_error_of_one_client_does_not_stop_the_others(void **state)
{
    static const int errors[] = {ECONNABORTED, EPROTO,      EPERM,  ENETDOWN,
                                 ENOPROTOOPT,  EHOSTDOWN,   ENONET, EHOSTUNREACH,
                                 EOPNOTSUPP,   ENETUNREACH, EINTR};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(errors); i++) {
        int client = connect_to(&address, SOCK_STREAM);
        int before = accepted;
        inject_failure(INJECT_ACCEPT, 1, 3, errors[i]);
        turn_idle(loop, 1);
        assert_int_equal(accepted, before + 1);
        close(client);
    }
    assert_int_equal(warnings, 0);
}

/* Want of descriptors or memory: it stops listening for a moment instead of
 * spinning, and goes on by itself. */
static void a_shortage_pauses_and_passes(void **state)
{
    static const int errors[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(errors); i++) {
        int client = connect_to(&address, SOCK_STREAM);
        int before = accepted;
        inject_reset();
        inject_failures(INJECT_ACCEPT, 1, errors[i]);
        turn_idle(loop, 20);
        /* One try, and one more with the reserve where that can help. */
        assert_true(inject_count(INJECT_ACCEPT) <= 2);
        assert_int_equal(accepted, before);
        inject_reset();
        turn_idle(loop, 5);
        assert_int_equal(accepted, before);
        nk_manual_clock_advance(&clock_by_hand, 100 * MILLISECOND);
        turn_idle(loop, 2);
        assert_int_equal(accepted, before + 1);
        close(client);
        nk_manual_clock_advance(&clock_by_hand, 20 * SECOND);
    }
    assert_int_equal(warnings, (int)NK_ARRAY_LENGTH(errors));
}

/* A readiness that turns out to be none (somebody else took the client). */
static void a_false_alarm_is_harmless(void **state)
{
    (void)state;
    int client = connect_to(&address, SOCK_STREAM);
    inject_failure(INJECT_ACCEPT, 1, 1, EAGAIN);
    turn_idle(loop, 1);
    assert_int_equal(accepted, 0);
    turn_idle(loop, 1);
    assert_int_equal(accepted, 1);
    close(client);
}

/* An error that never ends must not lock the loop up in one event. */
static void an_endless_error_leaves_the_loop_its_turns(void **state)
{
    (void)state;
    int client = connect_to(&address, SOCK_STREAM);
    inject_failures(INJECT_ACCEPT, 1, ECONNABORTED);
    turn_idle(loop, 3);
    assert_true(inject_count(INJECT_ACCEPT) <= 3 * 64);
    assert_int_equal(accepted, 0);
    inject_reset();
    turn_idle(loop, 1);
    assert_int_equal(accepted, 1);
    close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_error_of_one_client_does_not_stop_the_others),
        CASE(a_shortage_pauses_and_passes),
        CASE(a_false_alarm_is_harmless),
        CASE(an_endless_error_leaves_the_loop_its_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
