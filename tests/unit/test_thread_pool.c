/* The sub-loops of a server. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "reactor_fixture.h"
#include "threads/loop_call.h"
#include "threads/thread_pool.h"

static int own_thread(void *argument)
{
    return nk_event_loop_is_own_thread(argument);
}

/* Every loop must run when start returns, each on a thread of its own. */
static void every_loop_runs_on_its_own_thread(void **state)
{
    struct nk_event_loop *main_loop = new_loop();
    struct nk_thread_pool *pool;

    (void)state;
    assert_int_equal(nk_thread_pool_start(&pool, main_loop, 3, NULL), 0);
    assert_int_equal(nk_thread_pool_size(pool), 3);
    for (size_t i = 0; i < 3; i++) {
        struct nk_event_loop *loop = nk_thread_pool_loop(pool, i);
        char name[] = "loop-?";
        name[5] = (char)('1' + i);
        assert_string_equal(nk_event_loop_name(loop), name);
        assert_ptr_not_equal(loop, main_loop);
        assert_false(nk_event_loop_is_own_thread(loop));
        assert_true(nk_loop_call(loop, own_thread, loop));
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(loop, nk_thread_pool_loop(pool, j));
    }
    nk_thread_pool_stop(pool);
    nk_event_loop_free(main_loop);
}

/* Before it runs, everything may be built on its loops by the one thread there is:
 * a call that waited for another would never return. */
static void a_new_pool_has_loops_but_no_threads(void **state)
{
    struct nk_event_loop *main_loop = new_loop();
    struct nk_thread_pool *pool;

    (void)state;
    assert_int_equal(nk_thread_pool_new(&pool, main_loop, 2, NULL), 0);
    assert_int_equal(nk_thread_pool_size(pool), 2);
    for (size_t i = 0; i < 2; i++) {
        struct nk_event_loop *loop = nk_thread_pool_loop(pool, i);
        assert_ptr_not_equal(loop, main_loop);
        assert_true(nk_loop_call(loop, own_thread, loop));
        assert_true(nk_event_loop_is_own_thread(loop));
    }
    assert_int_equal(nk_thread_pool_run(pool), 0);
    for (size_t i = 0; i < 2; i++)
        assert_false(nk_event_loop_is_own_thread(nk_thread_pool_loop(pool, i)));
    nk_thread_pool_stop(pool);
    assert_int_equal(nk_thread_pool_new(&pool, main_loop, 2, NULL), 0);
    nk_thread_pool_stop(pool);
    nk_event_loop_free(main_loop);
}

/* With 0 threads the main loop does everything (--threads 0). */
static void zero_threads_is_the_main_loop(void **state)
{
    struct nk_event_loop *main_loop = new_loop();
    struct nk_thread_pool *pool;

    (void)state;
    assert_int_equal(nk_thread_pool_start(&pool, main_loop, 0, NULL), 0);
    assert_int_equal(nk_thread_pool_size(pool), 1);
    assert_ptr_equal(nk_thread_pool_loop(pool, 0), main_loop);
    nk_thread_pool_stop(pool);
    nk_thread_pool_stop(NULL);
    nk_event_loop_free(main_loop);
}

/* The options reach the loops of the pool, too. */
static void options_reach_every_loop(void **state)
{
    struct nk_event_loop_options options = {.dispatcher = "poll", .name = "ignored"};
    struct nk_event_loop *main_loop = new_loop();
    struct nk_thread_pool *pool;

    (void)state;
    assert_int_equal(nk_thread_pool_start(&pool, main_loop, 2, &options), 0);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(nk_event_loop_dispatcher_name(nk_thread_pool_loop(pool, i)), "poll");
    nk_thread_pool_stop(pool);
    nk_event_loop_free(main_loop);
}

/* A pool that cannot start leaves nothing behind. */
static void a_failed_start_leaves_nothing(void **state)
{
    struct nk_event_loop_options options = {.dispatcher = "kqueue"};
    struct nk_event_loop *main_loop = new_loop();
    struct nk_thread_pool *pool = NULL;
    size_t descriptors = open_descriptors();

    (void)state;
    assert_int_equal(nk_thread_pool_start(&pool, main_loop, 2, &options), -EINVAL);
    assert_int_equal(nk_thread_pool_start(&pool, main_loop, NK_THREAD_POOL_MAX + 1, NULL), -EINVAL);
    assert_null(pool);
    assert_int_equal(open_descriptors(), descriptors);
    nk_event_loop_free(main_loop);
}

/* The default number of threads comes from here; 0 would mean no pool at all. */
static void at_least_one_cpu_is_usable(void **state)
{
    (void)state;
    assert_true(nk_thread_pool_usable_cpus() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loop_runs_on_its_own_thread),
        cmocka_unit_test(a_new_pool_has_loops_but_no_threads),
        cmocka_unit_test(zero_threads_is_the_main_loop),
        cmocka_unit_test(options_reach_every_loop),
        cmocka_unit_test(a_failed_start_leaves_nothing),
        cmocka_unit_test(at_least_one_cpu_is_usable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
