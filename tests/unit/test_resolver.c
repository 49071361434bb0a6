/* Name look-up beside the loop: what is asked, what is answered, and when. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "fake_names.h"
#include "net/resolver.h"
#include "reactor_fixture.h"

static struct {
    int calls;
    int result;
    bool on_loop;
    struct nk_sockaddr addresses[NK_RESOLVER_MAX];
} seen;

static struct nk_event_loop *loop;
static struct nk_worker_pool *pool;
static sem_t gate;
static sem_t started;

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    memset(&fake_names, 0, sizeof fake_names);
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    assert_int_equal(sem_init(&started, 0, 0), 0);
    loop = new_loop();
    assert_int_equal(nk_worker_pool_start(&pool, 1, 1), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nk_worker_pool_stop(pool);
    nk_event_loop_free(loop);
    sem_destroy(&gate);
    sem_destroy(&started);
    return 0;
}

static void on_done(void *context, int result, const struct nk_sockaddr *addresses)
{
    assert_ptr_equal(context, &seen);
    seen.calls++;
    seen.result = result;
    seen.on_loop = nk_event_loop_is_own_thread(loop);
    if (result > 0)
        memcpy(seen.addresses, addresses, (size_t)result * sizeof *addresses);
}

static int start(struct nk_resolver **resolver, const char *host, int family)
{
    return nk_resolver_start(resolver, loop, pool, host, 8080, family, SOCK_STREAM, on_done, &seen);
}

/* Starts a look-up and waits for its report. */
static int look_up(const char *host, int family)
{
    struct nk_resolver *resolver;

    seen.calls = 0;
    assert_int_equal(start(&resolver, host, family), 0);
    assert_int_equal(seen.calls, 0); /* never from within start */
    TURN_UNTIL(loop, seen.calls > 0);
    turn_idle(loop, 2);
    assert_int_equal(seen.calls, 1);
    assert_true(seen.on_loop);
    return seen.result;
}

static void assert_address(size_t index, const char *text)
{
    char printed[NK_SOCKADDR_TEXT_MAX];

    assert_string_equal(nk_sockaddr_print(&seen.addresses[index], printed), text);
}

/* Occupies the only worker until `gate` is opened. */
static struct nk_resolver *occupy_worker(void)
{
    struct nk_resolver *resolver;

    fake_names.gate = &gate;
    fake_names.started = &started;
    assert_int_equal(start(&resolver, "slow.invalid", AF_UNSPEC), 0);
    assert_int_equal(sem_wait(&started), 0);
    return resolver;
}

/* A numeric address needs no worker: it is answered while all of them hang. */
static void numeric_hosts_need_no_worker(void **state)
{
    static const struct {
        const char *host;
        int family;
        const char *printed;
    } rows[] = {
        {"127.0.0.1", AF_UNSPEC, "127.0.0.1:8080"}, {"127.0.0.1", AF_INET, "127.0.0.1:8080"},
        {"::1", AF_UNSPEC, "[::1]:8080"},           {"::1", AF_INET6, "[::1]:8080"},
        {"127.1", AF_UNSPEC, "127.0.0.1:8080"},     {"fe80::1%lo", AF_INET6, "[fe80::1%lo]:8080"},
    };

    (void)state;
    (void)occupy_worker();
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        assert_int_equal(look_up(rows[i].host, rows[i].family), 1);
        assert_address(0, rows[i].printed);
    }
    sem_post(&gate);
}

/* "connect :8080" means this machine. */
static void no_host_is_the_loopback(void **state)
{
    (void)state;
    assert_int_equal(look_up("", AF_INET), 1);
    assert_address(0, "127.0.0.1:8080");
    assert_int_equal(look_up("", AF_INET6), 1);
    assert_address(0, "[::1]:8080");
    assert_int_equal(look_up("", AF_UNSPEC), 2);
}

/* The real getaddrinfo, by way of /etc/hosts; without duplicates. */
static void localhost_is_resolved(void **state)
{
    (void)state;
    assert_int_equal(look_up("localhost", AF_INET), 1);
    assert_address(0, "127.0.0.1:8080");
}

/* -4 with an IPv6 address, and an address with a zone that does not exist, are
 * failures that no name server is asked about. */
static void numeric_hosts_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    (void)occupy_worker();
    assert_int_equal(look_up("::1", AF_INET), -ENODATA);
    assert_int_equal(look_up("127.0.0.1", AF_INET6), -ENODATA);
    assert_int_equal(look_up("fe80::1%nosuchzone", AF_UNSPEC), -ENOENT);
    sem_post(&gate);
}

/* The difference between "no such name", "try later" and "broken" decides what
 * the user is told. */
static void failures_are_told_apart(void **state)
{
    static const struct {
        int code;
        int error;
        const char *text;
    } rows[] = {
        {EAI_NONAME, -ENOENT, "no such host"},
        {EAI_NODATA, -ENODATA, "the host has no address of the kind asked for"},
        {EAI_ADDRFAMILY, -ENODATA, "the host has no address of the kind asked for"},
        {EAI_AGAIN, -EAGAIN, "the name servers do not answer"},
        {EAI_FAIL, -EIO, "the name look-up failed"},
        {EAI_MEMORY, -ENOMEM, "out of memory"},
        {EAI_SYSTEM, -EMFILE, "too many open files"},
        {EAI_OVERFLOW, -EIO, "the name look-up failed"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        char room[NK_ERROR_TEXT_MAX];

        fake_names.code = rows[i].code;
        assert_int_equal(look_up("absent.invalid", AF_UNSPEC), rows[i].error);
        assert_string_equal(nk_resolver_error_text(rows[i].error, room), rows[i].text);
    }
}

/* No label is longer than 63 bytes, so the real getaddrinfo refuses this one
 * without asking a server. */
static void a_name_that_cannot_exist_is_not_found(void **state)
{
    static const char host[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.test";
    char too_long[NK_ADDRESS_HOST_MAX + 2];
    struct nk_resolver *resolver;

    (void)state;
    assert_true(look_up(host, AF_INET) < 0);
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    assert_int_equal(start(&resolver, too_long, AF_UNSPEC), -EINVAL);
}

/* The order is the resolver's advice (RFC 6724) and must survive; duplicates,
 * strange families and what is beyond the cap must not. */
static void addresses_keep_their_order_without_duplicates(void **state)
{
    struct nk_sockaddr found[NK_RESOLVER_MAX + 10];

    (void)state;
    for (uint16_t i = 0; i < NK_ARRAY_LENGTH(found); i++)
        assert_int_equal(nk_sockaddr_from_numeric(&found[i], "127.0.0.1", (uint16_t)(1000 + i)), 0);
    assert_int_equal(nk_sockaddr_from_numeric(&found[1], "::1", 80), 0);
    assert_int_equal(nk_sockaddr_from_unix_path(&found[2], "/x"), 0);
    found[3] = found[0];
    fake_names.addresses = found;
    fake_names.count = NK_ARRAY_LENGTH(found);
    assert_int_equal(look_up("many.invalid", AF_UNSPEC), NK_RESOLVER_MAX);
    assert_address(0, "127.0.0.1:1000");
    assert_address(1, "[::1]:80");
    assert_address(2, "127.0.0.1:1004");
    assert_address(NK_RESOLVER_MAX - 1, "127.0.0.1:1065");
    assert_int_equal(look_up("many.invalid", AF_INET6), 1);
}

/* The caller's memory may be gone when the worker is done: it must hear nothing,
 * and nothing may leak. */
static void cancelled_while_the_worker_runs(void **state)
{
    (void)state;
    nk_resolver_cancel(occupy_worker());
    sem_post(&gate);
    nk_worker_pool_stop(pool); /* now the completion is posted */
    pool = NULL;
    turn_idle(loop, 3);
    assert_int_equal(seen.calls, 0);
}

/* A look-up that waits in the queue must not be made for nobody. */
static void cancelled_in_the_queue_it_is_not_made(void **state)
{
    struct nk_resolver *running = occupy_worker();
    struct nk_resolver *queued;

    (void)state;
    assert_int_equal(start(&queued, "other.invalid", AF_UNSPEC), 0);
    nk_resolver_cancel(queued);
    nk_resolver_cancel(running);
    sem_post(&gate);
    nk_worker_pool_stop(pool);
    pool = NULL;
    turn_idle(loop, 3);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(fake_names.lookups, 1);
}

/* The loop may be freed with the outcome under way: the leak checker looks. */
static void cancelled_just_before_the_end(void **state)
{
    struct nk_resolver *resolver;

    (void)state;
    assert_int_equal(start(&resolver, "127.0.0.1", AF_UNSPEC), 0);
    nk_resolver_cancel(resolver);
    nk_resolver_cancel(occupy_worker());
    sem_post(&gate);
}

/* A full queue must be told at once, because the loop may not wait. */
static void a_full_pool_refuses(void **state)
{
    struct nk_resolver *resolver = NULL;

    (void)state;
    (void)occupy_worker();
    assert_int_equal(start(&resolver, "queued.invalid", AF_UNSPEC), 0);
    resolver = NULL;
    assert_int_equal(start(&resolver, "refused.invalid", AF_UNSPEC), -EAGAIN);
    assert_null(resolver);
    sem_post(&gate);
    sem_post(&gate);
    TURN_UNTIL(loop, seen.calls == 2);
}

/* Without a pool names are an error and numbers are fine. */
static void a_pool_is_needed_for_names_only(void **state)
{
    struct nk_resolver *resolver;

    (void)state;
    assert_int_equal(nk_resolver_start(&resolver, loop, NULL, "some.invalid", 1, AF_UNSPEC,
                                       SOCK_STREAM, on_done, &seen),
                     -EINVAL);
    assert_int_equal(nk_resolver_start(&resolver, loop, NULL, "127.0.0.1", 1, AF_UNSPEC,
                                       SOCK_STREAM, on_done, &seen),
                     0);
    TURN_UNTIL(loop, seen.calls == 1);
}

/* Otherwise a program starts threads that nobody needs, or has none for its names. */
static void only_names_need_one(void **state)
{
    static const struct {
        const char *address;
        bool is_needed;
    } rows[] = {
        {"tcp://example.org:80", true},
        {"localhost:80", true},
        {"127.0.0.1:80", false},
        {"[::1]:80", false},
        {":80", false},
        {"unix:/run/name", false},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        struct nk_address address;
        const char *reason;
        assert_int_equal(nk_address_parse(&address, rows[i].address, &reason), 0);
        assert_int_equal(nk_resolver_is_needed(&address), rows[i].is_needed);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(numeric_hosts_need_no_worker),
        CASE(no_host_is_the_loopback),
        CASE(localhost_is_resolved),
        CASE(numeric_hosts_that_do_not_fit_are_refused),
        CASE(failures_are_told_apart),
        CASE(a_name_that_cannot_exist_is_not_found),
        CASE(addresses_keep_their_order_without_duplicates),
        CASE(cancelled_while_the_worker_runs),
        CASE(cancelled_in_the_queue_it_is_not_made),
        CASE(cancelled_just_before_the_end),
        CASE(a_full_pool_refuses),
        CASE(a_pool_is_needed_for_names_only),
        CASE(only_names_need_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
