/* Signals as loop events. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "reactor/signal_watch.h"
#include "reactor_fixture.h"

struct probe {
    struct nk_event_loop *loop;
    struct nk_signal_watch *watch;
    int signals[8];
    size_t count;
    bool frees;
};

static void note(void *context, int signal_number)
{
    struct probe *probe = context;

    assert_true(probe->count < NK_ARRAY_LENGTH(probe->signals));
    probe->signals[probe->count++] = signal_number;
    if (probe->frees) {
        nk_signal_watch_free(probe->watch);
        probe->watch = NULL;
    }
}

static void watch_two(struct probe *probe)
{
    static const int signals[] = {SIGUSR1, SIGTERM};

    probe->loop = new_loop();
    assert_int_equal(nk_signal_watch_new(&probe->watch, probe->loop, signals, 2, note, probe), 0);
}

static bool is_blocked(int signal_number)
{
    sigset_t mask;

    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    return sigismember(&mask, signal_number) == 1;
}

/* SIGTERM must arrive as a callback on the loop and not end the program. */
static void a_signal_becomes_a_callback(void **state)
{
    struct probe probe = {.count = 0};

    (void)state;
    watch_two(&probe);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(probe.count, 0);
    TURN_UNTIL(probe.loop, probe.count == 1);
    assert_int_equal(probe.signals[0], SIGTERM);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(raise(SIGTERM), 0);
    TURN_UNTIL(probe.loop, probe.count == 3);
    assert_int_equal(probe.signals[1] + probe.signals[2], SIGUSR1 + SIGTERM);
    nk_signal_watch_free(probe.watch);
    nk_event_loop_free(probe.loop);
}

/* Who acts on something that came after a signal has to know of the signal first. */
static void a_pending_signal_can_be_had_at_once(void **state)
{
    struct probe probe = {.count = 0};

    (void)state;
    watch_two(&probe);
    assert_false(nk_signal_watch_deliver(probe.watch));
    assert_int_equal(raise(SIGTERM), 0);
    assert_true(nk_signal_watch_deliver(probe.watch));
    assert_int_equal(probe.count, 1);
    assert_int_equal(probe.signals[0], SIGTERM);
    assert_false(nk_signal_watch_deliver(probe.watch));
    assert_int_equal(nk_event_loop_turn(probe.loop, 0), 0);
    assert_int_equal(probe.count, 1); /* and not once more */
    nk_signal_watch_free(probe.watch);
    nk_event_loop_free(probe.loop);
}

/* What a key on the terminal means can be told from what another program wants. */
static void the_sender_is_told(void **state)
{
    struct probe probe = {.count = 0};
    const struct itimerval soon = {.it_value.tv_usec = 1};
    static const int signals[] = {SIGALRM};

    (void)state;
    probe.loop = new_loop();
    assert_int_equal(nk_signal_watch_new(&probe.watch, probe.loop, signals, 1, note, &probe), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0); /* the kernel sends its signal */
    TURN_UNTIL(probe.loop, probe.count == 1);
    assert_true(nk_signal_watch_is_from_kernel(probe.watch));
    assert_int_equal(kill(getpid(), SIGALRM), 0);
    TURN_UNTIL(probe.loop, probe.count == 2);
    assert_false(nk_signal_watch_is_from_kernel(probe.watch));
    nk_signal_watch_free(probe.watch);
    nk_event_loop_free(probe.loop);
}

/* "A second signal is immediate": it must be told even when the first is still
 * being handled. */
static void a_second_signal_is_told_too(void **state)
{
    struct probe probe = {.count = 0};

    (void)state;
    watch_two(&probe);
    for (size_t i = 1; i <= 2; i++) {
        assert_int_equal(raise(SIGTERM), 0);
        TURN_UNTIL(probe.loop, probe.count == i);
    }
    nk_signal_watch_free(probe.watch);
    nk_event_loop_free(probe.loop);
}

/* The callback may free its own watch although another signal waits behind. */
static void a_callback_may_free_the_watch(void **state)
{
    struct probe probe = {.frees = true};

    (void)state;
    watch_two(&probe);
    /* The second one would end the process when the watch is gone. */
    assert_true(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
    assert_true(signal(SIGTERM, SIG_IGN) != SIG_ERR);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(raise(SIGTERM), 0);
    TURN_UNTIL(probe.loop, probe.count == 1);
    turn_idle(probe.loop, 2);
    assert_int_equal(probe.count, 1);
    assert_true(signal(SIGUSR1, SIG_DFL) != SIG_ERR);
    assert_true(signal(SIGTERM, SIG_DFL) != SIG_ERR);
    nk_event_loop_free(probe.loop);
}

/* Afterwards the thread's mask is as before, and no descriptor is left open. */
static void freeing_restores_the_mask(void **state)
{
    struct probe probe = {.count = 0};
    size_t descriptors = open_descriptors();

    (void)state;
    assert_false(is_blocked(SIGUSR1));
    watch_two(&probe);
    assert_true(is_blocked(SIGUSR1));
    assert_true(is_blocked(SIGTERM));
    nk_signal_watch_free(probe.watch);
    assert_false(is_blocked(SIGUSR1));
    assert_false(is_blocked(SIGTERM));
    nk_signal_watch_free(NULL);
    nk_event_loop_free(probe.loop);
    assert_int_equal(open_descriptors(), descriptors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_becomes_a_callback),
        cmocka_unit_test(a_pending_signal_can_be_had_at_once),
        cmocka_unit_test(the_sender_is_told),
        cmocka_unit_test(a_second_signal_is_told_too),
        cmocka_unit_test(a_callback_may_free_the_watch),
        cmocka_unit_test(freeing_restores_the_mask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
