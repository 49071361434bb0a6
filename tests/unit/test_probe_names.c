/* Names that are looked up once for all who want them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "fake_names.h"
#include "probe/probe_names.h"
#include "reactor_fixture.h"

#define NAME "host.invalid"

static struct nk_event_loop *loop;
static struct nk_worker_pool *pool;
static struct probe_names names;
static struct nk_sockaddr address;
static sem_t gate;

static int calls;
static int last_result;
static uint16_t last_port;

static int set_up(void **state)
{
    (void)state;
    memset(&fake_names, 0, sizeof fake_names);
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    assert_int_equal(nk_sockaddr_from_numeric(&address, "192.0.2.1", 0), 0);
    fake_names.addresses = &address;
    fake_names.count = 1;
    loop = new_loop();
    assert_int_equal(nk_worker_pool_start(&pool, 1, 16), 0);
    names = (struct probe_names){.loop = loop, .pool = pool};
    calls = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nk_worker_pool_stop(pool);
    nk_event_loop_free(loop);
    sem_destroy(&gate);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void on_done(struct probe_name_wish *wish, int result, const struct nk_sockaddr *addresses)
{
    (void)wish;
    calls++;
    last_result = result;
    last_port = result > 0 ? nk_sockaddr_port(&addresses[0]) : 1;
}

static void ask(const char *host, bool may_be_old, struct probe_name_wish *wish)
{
    assert_int_equal(probe_names_ask(&names, host, may_be_old, wish, on_done), 0);
}

/* Otherwise a scan asks the name server for each port. */
static void all_share_one_look_up(void **state)
{
    struct probe_name_wish wishes[4];

    (void)state;
    ask(NAME, true, &wishes[0]);
    ask(NAME, true, &wishes[1]);
    assert_int_equal(calls, 0);
    TURN_UNTIL(loop, calls == 2);
    ask(NAME, true, &wishes[2]);
    ask(NAME, false, &wishes[3]);
    assert_int_equal(calls, 4);
    assert_int_equal(last_result, 1);
    assert_int_equal(last_port, 0);
    assert_int_equal(fake_names.lookups, 1);
    ask("other.invalid", true, &wishes[0]);
    TURN_UNTIL(loop, calls == 5);
    assert_int_equal(fake_names.lookups, 2);
    assert_false(probe_names_deinit(&names));
}

/* Otherwise a wrong name is looked up for each port, or a name server that comes back is
 * not asked again. */
static void a_failure_is_old_news_to_some(void **state)
{
    struct probe_name_wish wishes[3];

    (void)state;
    fake_names.code = EAI_NONAME;
    ask(NAME, true, &wishes[0]);
    TURN_UNTIL(loop, calls == 1);
    ask(NAME, true, &wishes[1]);
    assert_int_equal(calls, 2);
    assert_int_equal(last_result, -ENOENT);
    assert_int_equal(fake_names.lookups, 1);
    fake_names.code = 0;
    ask(NAME, false, &wishes[2]);
    TURN_UNTIL(loop, calls == 3);
    assert_int_equal(last_result, 1);
    assert_false(probe_names_deinit(&names));
}

/* Otherwise an attempt whose time is up is told of a name when it is gone. */
static void a_wish_may_be_withdrawn(void **state)
{
    struct probe_name_wish wishes[2];

    (void)state;
    fake_names.gate = &gate;
    ask(NAME, true, &wishes[0]);
    ask(NAME, true, &wishes[1]);
    probe_names_withdraw(&wishes[0]);
    probe_names_withdraw(&wishes[0]);
    sem_post(&gate);
    TURN_UNTIL(loop, calls > 0);
    turn_idle(loop, 2);
    assert_int_equal(calls, 1);
    assert_false(probe_names_deinit(&names));
}

/* Otherwise nobody knows that a worker is still busy, and the run waits for it. */
static void a_look_up_under_way_is_left(void **state)
{
    struct probe_name_wish wish;

    (void)state;
    fake_names.gate = &gate;
    ask(NAME, true, &wish);
    probe_names_withdraw(&wish);
    assert_true(probe_names_deinit(&names));
    sem_post(&gate);
    turn_idle(loop, 2);
    assert_int_equal(calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(all_share_one_look_up),
        CASE(a_failure_is_old_news_to_some),
        CASE(a_wish_may_be_withdrawn),
        CASE(a_look_up_under_way_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
