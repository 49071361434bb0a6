/* Calling a function on the thread of a loop and waiting for it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "reactor_fixture.h"
#include "threads/event_loop_thread.h"
#include "threads/loop_call.h"

struct question {
    struct nk_event_loop *loop;
    int calls;
    bool on_loop;
};

static int ask(void *argument)
{
    struct question *question = argument;

    question->calls++;
    question->on_loop = nk_event_loop_is_own_thread(question->loop);
    return -EDOM - question->calls;
}

/* It must have run, there and only once, when the call returns: the caller uses
 * what the function made. */
static void runs_once_on_the_loop_and_returns_its_result(void **state)
{
    struct nk_event_loop_thread *thread;
    struct question question = {.calls = 0};

    (void)state;
    assert_int_equal(nk_event_loop_thread_start(&thread, NULL, NULL), 0);
    question.loop = nk_event_loop_thread_loop(thread);
    for (int i = 1; i <= 100; i++) {
        assert_int_equal(nk_loop_call(question.loop, ask, &question), -EDOM - i);
        assert_int_equal(question.calls, i);
        assert_true(question.on_loop);
    }
    nk_event_loop_thread_stop(thread);
}

/* From the loop's own thread it must not wait for itself. */
static void runs_directly_on_its_own_thread(void **state)
{
    struct question question = {.loop = new_loop()};

    (void)state;
    assert_int_equal(nk_loop_call(question.loop, ask, &question), -EDOM - 1);
    assert_true(question.on_loop);
    nk_event_loop_free(question.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_once_on_the_loop_and_returns_its_result),
        cmocka_unit_test(runs_directly_on_its_own_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
