/* The heap of timers against a plain list, and what callbacks may do to it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "reactor/timer_queue.h"

enum { TIMERS = 200, OPERATIONS = 20000 };

struct probe {
    struct nk_timer timer;
    uint64_t deadline; /* what the oracle believes; NK_NEVER = not running */
    int expired;
};

static struct probe probes[TIMERS];
static uint64_t last_deadline; /* of the timer that expired last in a round */

static uint64_t random_number(void)
{
    static uint64_t seed = 88172645463325252u;

    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void expect_order(struct nk_timer *timer)
{
    struct probe *probe = nk_container_of(timer, struct probe, timer);

    assert_true(probe->deadline != NK_NEVER);
    assert_true(probe->deadline >= last_deadline);
    assert_false(nk_timer_is_running(timer));
    last_deadline = probe->deadline;
    probe->deadline = NK_NEVER;
    probe->expired++;
}

static uint64_t oracle_next(void)
{
    uint64_t next = NK_NEVER;

    for (size_t i = 0; i < TIMERS; i++)
        next = probes[i].deadline < next ? probes[i].deadline : next;
    return next;
}

static size_t oracle_due(uint64_t now)
{
    size_t due = 0;

    for (size_t i = 0; i < TIMERS; i++)
        due += probes[i].deadline <= now;
    return due;
}

/* A wrong sift would lose, duplicate or misorder timers after some sequence of
 * starting, moving, cancelling and expiring. */
static void random_operations_agree_with_a_plain_list(void **state)
{
    struct nk_timer_queue queue;
    uint64_t now = 1000;

    (void)state;
    nk_timer_queue_init(&queue);
    for (size_t i = 0; i < TIMERS; i++) {
        nk_timer_init(&probes[i].timer, expect_order);
        probes[i].deadline = NK_NEVER;
    }
    for (int i = 0; i < OPERATIONS; i++) {
        struct probe *probe = &probes[random_number() % TIMERS];
        uint64_t choice = random_number() % 10;

        if (choice < 6) {
            probe->deadline = now + random_number() % 500;
            assert_int_equal(nk_timer_queue_set(&queue, &probe->timer, probe->deadline), 0);
        } else if (choice < 8) {
            nk_timer_queue_cancel(&queue, &probe->timer);
            probe->deadline = NK_NEVER;
        } else {
            now += random_number() % 50;
            last_deadline = 0;
            size_t due = oracle_due(now);
            assert_int_equal(nk_timer_queue_expire(&queue, now), due);
        }
        assert_true(nk_timer_is_running(&probe->timer) == (probe->deadline != NK_NEVER));
        assert_true(nk_timer_queue_next(&queue) == oracle_next());
    }
    nk_timer_queue_deinit(&queue);
}

static struct nk_timer_queue shared;
static struct nk_timer victim;
static int calls;

static void restart_at_zero(struct nk_timer *timer)
{
    calls++;
    assert_int_equal(nk_timer_queue_set(&shared, timer, 0), 0);
}

/* A timer that always restarts itself would keep expire from ever returning. */
static void a_zero_timer_cannot_starve_the_caller(void **state)
{
    struct nk_timer timer;

    (void)state;
    calls = 0;
    nk_timer_queue_init(&shared);
    nk_timer_init(&timer, restart_at_zero);
    assert_int_equal(nk_timer_queue_set(&shared, &timer, 0), 0);
    for (uint64_t now = 10; now < 15; now++)
        assert_int_equal(nk_timer_queue_expire(&shared, now), 1);
    assert_int_equal(calls, 5);
    nk_timer_queue_deinit(&shared);
}

static void count(struct nk_timer *timer)
{
    (void)timer;
    calls++;
}

static void cancel_victim(struct nk_timer *timer)
{
    (void)timer;
    calls++;
    nk_timer_queue_cancel(&shared, &victim);
}

/* A timer cancelled by an earlier one of the same round must not be called: its
 * object may be gone. */
static void a_callback_may_cancel_one_that_is_due(void **state)
{
    struct nk_timer first;

    (void)state;
    calls = 0;
    nk_timer_queue_init(&shared);
    nk_timer_init(&first, cancel_victim);
    nk_timer_init(&victim, count);
    assert_int_equal(nk_timer_queue_set(&shared, &first, 1), 0);
    assert_int_equal(nk_timer_queue_set(&shared, &victim, 2), 0);
    assert_int_equal(nk_timer_queue_expire(&shared, 5), 1);
    assert_int_equal(calls, 1);
    assert_false(nk_timer_is_running(&victim));
    assert_true(nk_timer_queue_next(&shared) == NK_NEVER);
    nk_timer_queue_deinit(&shared);
}

static void postpone_victim(struct nk_timer *timer)
{
    (void)timer;
    assert_int_equal(nk_timer_queue_set(&shared, &victim, 100), 0);
}

/* An idle time-out moved by the activity that is handled first must not fire. */
static void a_callback_may_postpone_one_that_is_due(void **state)
{
    struct nk_timer first;

    (void)state;
    calls = 0;
    nk_timer_queue_init(&shared);
    nk_timer_init(&first, postpone_victim);
    nk_timer_init(&victim, count);
    assert_int_equal(nk_timer_queue_set(&shared, &first, 1), 0);
    assert_int_equal(nk_timer_queue_set(&shared, &victim, 2), 0);
    assert_int_equal(nk_timer_queue_expire(&shared, 5), 1);
    assert_int_equal(calls, 0);
    assert_int_equal(nk_timer_queue_next(&shared), 100);
    assert_int_equal(nk_timer_queue_expire(&shared, 100), 1);
    assert_int_equal(calls, 1);
    nk_timer_queue_deinit(&shared);
}

/* Closing twice is common: the second cancel must not touch the heap. */
static void cancelling_twice_is_harmless(void **state)
{
    struct nk_timer other;

    (void)state;
    nk_timer_queue_init(&shared);
    nk_timer_init(&victim, count);
    nk_timer_init(&other, count);
    nk_timer_queue_cancel(&shared, &victim);
    assert_int_equal(nk_timer_queue_set(&shared, &victim, 1), 0);
    assert_int_equal(nk_timer_queue_set(&shared, &other, 2), 0);
    nk_timer_queue_cancel(&shared, &victim);
    nk_timer_queue_cancel(&shared, &victim);
    assert_int_equal(nk_timer_queue_next(&shared), 2);
    nk_timer_queue_deinit(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree_with_a_plain_list),
        cmocka_unit_test(a_zero_timer_cannot_starve_the_caller),
        cmocka_unit_test(a_callback_may_cancel_one_that_is_due),
        cmocka_unit_test(a_callback_may_postpone_one_that_is_due),
        cmocka_unit_test(cancelling_twice_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
