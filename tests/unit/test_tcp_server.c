/* A server on one and on several loops: hand-off, limits, draining, cutting. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "net/tcp_server.h"
#include "reactor_fixture.h"

enum { CLIENTS_MAX = 128 };

static struct nk_event_loop *loop;
static struct nk_thread_pool *pool;
static struct nk_tcp_server *server;
static struct nk_connection_handlers handlers;
static struct nk_tcp_server_options options;
static struct nk_sockaddr address;
static size_t descriptors_before;

static atomic_int completed;
static atomic_int closed;
static atomic_int wrong_thread;
static atomic_int warnings;
static int drained;

/* ---- an echo service that counts ---- */

static void check_thread(struct nk_tcp_connection *connection)
{
    if (!nk_event_loop_is_own_thread(nk_tcp_connection_loop(connection)))
        atomic_fetch_add(&wrong_thread, 1);
}

static void on_completed(struct nk_tcp_connection *connection)
{
    check_thread(connection);
    atomic_fetch_add(&completed, 1);
}

static void on_completed_idle(struct nk_tcp_connection *connection)
{
    on_completed(connection);
    nk_tcp_connection_set_idle(connection, true);
}

static size_t echo(struct nk_tcp_connection *connection, struct nk_slice input)
{
    check_thread(connection);
    (void)nk_tcp_connection_send(connection, input);
    return input.len;
}

static void on_closed(struct nk_tcp_connection *connection, int reason)
{
    (void)reason;
    check_thread(connection);
    atomic_fetch_add(&closed, 1);
}

static void on_drained(void *context)
{
    assert_ptr_equal(context, &drained);
    drained++;
}

static void count_warning(void *context, enum nk_log_level level, const char *message)
{
    (void)context;
    (void)message;
    atomic_fetch_add(&warnings, level == NK_LOG_WARNING);
}

/* ---- starting and ending ---- */

static int set_up(void **state)
{
    (void)state;
    descriptors_before = open_descriptors();
    handlers = (struct nk_connection_handlers){
        .on_connection_completed = on_completed,
        .on_message = echo,
        .on_connection_closed = on_closed,
    };
    options = (struct nk_tcp_server_options){
        .handlers = &handlers,
        .backlog = CLIENTS_MAX,
        .on_drained = on_drained,
        .context = &drained,
    };
    completed = 0;
    closed = 0;
    wrong_thread = 0;
    warnings = 0;
    nk_log_set_sink(count_warning, NK_LOG_WARNING, NULL);
    drained = 0;
    loop = new_loop();
    return 0;
}

static void start(size_t threads)
{
    struct nk_sockaddr local = loopback(AF_INET);

    assert_int_equal(nk_thread_pool_start(&pool, loop, threads, NULL), 0);
    assert_int_equal(nk_tcp_server_new(&server, loop, pool, &options), 0);
    assert_int_equal(nk_tcp_server_listen(server, &local, false, NULL, &address), 0);
    assert_true(nk_sockaddr_port(&address) != 0);
    nk_tcp_server_start(server);
}

/* The whole way down, whatever the test left open. */
static int tear_down(void **state)
{
    (void)state;
    nk_tcp_server_drain(server);
    nk_tcp_server_cut(server);
    TURN_UNTIL(loop, drained);
    assert_int_equal(drained, 1);
    nk_thread_pool_stop(pool);
    turn_idle(loop, 2);
    nk_tcp_server_free(server);
    nk_event_loop_free(loop);
    assert_int_equal(atomic_load(&completed), atomic_load(&closed));
    assert_int_equal(atomic_load(&wrong_thread), 0);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- clients ---- */

static atomic_bool may_come;

static bool admit_if_told(void *admit_context, const struct nk_sockaddr *peer)
{
    assert_ptr_equal(admit_context, &may_come);
    assert_int_equal(peer->any.sa_family, AF_INET);
    return atomic_load(&may_come);
}

static int connect_client(void)
{
    return connect_to(&address, SOCK_STREAM);
}

/* Whether the server answers within a moment; a client over the limit is
 * connected by the kernel but not answered. */
static bool is_answered(int client, int milliseconds)
{
    uint64_t give_up = time_now() + (uint64_t)milliseconds * MILLISECOND;
    char byte;

    do {
        assert_int_equal(nk_event_loop_turn(loop, MILLISECOND), 0);
        ssize_t got = nk_socket_recv(client, &byte, 1);
        if (got == 1)
            return true;
        assert_int_equal(got, -EAGAIN);
    } while (time_now() < give_up);
    return false;
}

/* Waits while the loop turns; the answer has to come. */
static void assert_echoes(int client)
{
    write_text(client, "x");
    assert_true(is_answered(client, PATIENCE_MS));
}

static uint64_t evicted_by(size_t index)
{
    struct nk_connection_counters counters;

    nk_tcp_server_loop_counters(server, index, &counters);
    return counters.evicted;
}

/* Waits while the loop turns until the server has closed this one. */
static bool is_closed(int client)
{
    char byte;
    ssize_t got = nk_socket_recv(client, &byte, 1);

    return got == 0 || got == -ECONNRESET;
}

static uint64_t opened_by(size_t index)
{
    struct nk_connection_counters counters;

    nk_tcp_server_loop_counters(server, index, &counters);
    return counters.opened;
}

/* ---- serving ---- */

/* With 0 threads the main loop does everything. */
static void serves_on_the_main_loop(void **state)
{
    int clients[10];

    (void)state;
    start(0);
    for (size_t i = 0; i < 10; i++)
        clients[i] = connect_client();
    for (size_t i = 0; i < 10; i++)
        assert_echoes(clients[i]);
    assert_int_equal(opened_by(0), 10);
    for (size_t i = 0; i < 10; i++)
        close(clients[i]);
}

/* DEFECTS 2: connections are built on their own loop, completely, and spread:
 * no loop is left out and none takes most of them. */
static void connections_are_spread_over_the_loops(void **state)
{
    enum { LOOPS = 4 };
    int clients[CLIENTS_MAX];
    uint64_t total = 0;

    (void)state;
    start(LOOPS);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        clients[i] = connect_client();
        if (i % 16 == 15)
            assert_echoes(clients[i]);
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        assert_echoes(clients[i]);
    for (size_t i = 0; i < LOOPS; i++) {
        assert_in_range(opened_by(i), CLIENTS_MAX / LOOPS / 2, CLIENTS_MAX / LOOPS * 2);
        total += opened_by(i);
    }
    assert_int_equal(total, CLIENTS_MAX);
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        close(clients[i]);
}

/* When the clients of one loop leave, it gets the new ones. */
static void the_less_loaded_loop_is_preferred(void **state)
{
    int clients[40];
    size_t owners[40];

    (void)state;
    start(2);
    for (size_t i = 0; i < 40; i++) {
        uint64_t before = opened_by(0);
        clients[i] = connect_client();
        assert_echoes(clients[i]);
        owners[i] = opened_by(0) > before ? 0 : 1;
    }
    assert_int_equal(opened_by(0), 20);
    for (size_t i = 0; i < 40; i++) {
        if (owners[i] == 0)
            close(clients[i]);
    }
    TURN_UNTIL(loop, atomic_load(&closed) == 20);
    for (size_t i = 0; i < 40; i++) {
        if (owners[i] != 0)
            continue;
        clients[i] = connect_client();
        assert_echoes(clients[i]);
    }
    assert_int_equal(opened_by(0), 40);
    assert_int_equal(opened_by(1), 20);
    for (size_t i = 0; i < 40; i++)
        close(clients[i]);
}

/* With reuse_port each loop has a listener of its own on the same port. */
static void every_loop_may_listen_itself(void **state)
{
    int clients[64];
    uint64_t total = 0;

    (void)state;
    options.reuse_port = true;
    start(3);
    for (size_t i = 0; i < 64; i++)
        clients[i] = connect_client();
    for (size_t i = 0; i < 64; i++)
        assert_echoes(clients[i]);
    for (size_t i = 0; i < 3; i++)
        total += opened_by(i);
    assert_int_equal(total, 64);
    for (size_t i = 0; i < 64; i++)
        close(clients[i]);
}

/* A context for each loop of the pool reaches the connections of that loop. */
static int contexts_used[3];
static void *const contexts[] = {&contexts_used[0], &contexts_used[1], &contexts_used[2]};

static void count_context(struct nk_tcp_connection *connection)
{
    int *mine = nk_connection_group_context(nk_tcp_connection_group(connection));

    on_completed(connection);
    (*mine)++; /* only this loop's thread touches it */
}

static void every_loop_has_its_context(void **state)
{
    int clients[30];

    (void)state;
    handlers.on_connection_completed = count_context;
    options.contexts = contexts;
    memset(contexts_used, 0, sizeof contexts_used);
    start(3);
    for (size_t i = 0; i < 30; i++) {
        clients[i] = connect_client();
        assert_echoes(clients[i]);
    }
    for (size_t i = 0; i < 30; i++)
        close(clients[i]);
    TURN_UNTIL(loop, atomic_load(&closed) == 30);
    nk_tcp_server_drain(server);
    TURN_UNTIL(loop, drained);
    int total = 0;
    for (size_t i = 0; i < 3; i++) {
        assert_true(contexts_used[i] > 0);
        assert_int_equal((uint64_t)contexts_used[i], opened_by(i));
        total += contexts_used[i];
    }
    assert_int_equal(total, 30);
}

/* ---- limits ---- */

/* Over the limit a client waits unserved and is served when another one ends. The
 * log says so, but not each time. */
static void over_the_limit(size_t threads)
{
    int clients[4];

    options.max_connections = 2;
    start(threads);
    for (size_t i = 0; i < 4; i++)
        clients[i] = connect_client();
    assert_echoes(clients[0]);
    assert_echoes(clients[1]);
    write_text(clients[2], "x");
    write_text(clients[3], "x");
    assert_false(is_answered(clients[2], 30));
    assert_int_equal(atomic_load(&completed), 2);
    close(clients[0]);
    assert_true(is_answered(clients[2], PATIENCE_MS));
    assert_int_equal(atomic_load(&completed), 3);
    assert_false(is_answered(clients[3], 10));
    close(clients[1]);
    assert_true(is_answered(clients[3], PATIENCE_MS));
    close(clients[2]);
    close(clients[3]);
    assert_int_equal(atomic_load(&warnings), 1);
}

static void clients_over_the_limit_wait(void **state)
{
    (void)state;
    over_the_limit(0);
}

static void clients_over_the_limit_wait_with_threads(void **state)
{
    (void)state;
    over_the_limit(2);
}

static void clients_over_the_limit_wait_with_reuse_port(void **state)
{
    (void)state;
    options.reuse_port = true;
    over_the_limit(0);
}

/* An idle connection makes room at once; which one is asked first is the
 * group's business. */
static void an_idle_connection_makes_room(void **state)
{
    (void)state;
    handlers.on_connection_completed = on_completed_idle;
    options.max_connections = 1;
    start(1);
    int first = connect_client();
    assert_echoes(first);
    int second = connect_client();
    assert_echoes(second);
    TURN_UNTIL(loop, is_closed(first));
    assert_int_equal(evicted_by(0), 1);
    close(first);
    close(second);
}

static size_t echo_and_be_idle(struct nk_tcp_connection *connection, struct nk_slice input)
{
    nk_tcp_connection_set_idle(connection, true);
    return echo(connection, input);
}

/* Nobody is idle when a client comes over the limit, but somebody is soon after:
 * the client may not have to wait for that one's idle time-out. */
static void one_that_becomes_idle_later_makes_room(void **state)
{
    (void)state;
    handlers.on_message = echo_and_be_idle;
    options.max_connections = 1;
    start(1);
    int first = connect_client();
    TURN_UNTIL(loop, atomic_load(&completed) == 1);
    int second = connect_client();
    write_text(second, "x");
    assert_false(is_answered(second, 10));
    assert_echoes(first); /* its last answer is not lost */
    assert_true(is_answered(second, PATIENCE_MS));
    TURN_UNTIL(loop, is_closed(first));
    assert_int_equal(evicted_by(0), 1);
    close(first);
    close(second);
}

/* The same with a listener per loop; and a client may not have to give way to
 * nobody: the limit is a number of clients that are really served. */
static void an_idle_connection_makes_room_with_reuse_port(void **state)
{
    (void)state;
    handlers.on_connection_completed = on_completed_idle;
    options.max_connections = 1;
    options.reuse_port = true;
    start(1);
    int first = connect_client();
    assert_echoes(first);
    assert_echoes(first);
    assert_int_equal(atomic_load(&closed), 0);
    int second = connect_client();
    assert_echoes(second);
    TURN_UNTIL(loop, is_closed(first));
    close(first);
    close(second);
}

/* A unix listener beside reuse_port ones stays on the main loop. What the other
 * loops lose may not count against it: it would be full for ever. */
static void a_unix_listener_beside_shared_ports_is_served(void **state)
{
    struct nk_sockaddr local;
    char name[64];

    (void)state;
    options.reuse_port = true;
    options.max_connections = 8;
    start(2);
    snprintf(name, sizeof name, "@netkit-server-%d", (int)getpid());
    assert_int_equal(nk_sockaddr_from_unix_path(&local, name), 0);
    assert_int_equal(nk_tcp_server_listen(server, &local, false, NULL, NULL), 0);
    nk_tcp_server_start(server);
    for (int i = 0; i < 5; i++) {
        int client = connect_client();
        assert_echoes(client);
        close(client);
    }
    TURN_UNTIL(loop, atomic_load(&closed) == 5);
    int client = connect_to(&local, SOCK_STREAM);
    assert_echoes(client);
    close(client);
}

/* Clients that come and go at the limit must all be served in the end: a lost
 * wake-up would leave one waiting for ever. */
static void nobody_waits_for_ever_at_the_limit(void **state)
{
    (void)state;
    options.max_connections = 3;
    start(2);
    for (int round = 0; round < 30; round++) {
        int clients[8];
        for (size_t i = 0; i < 8; i++) {
            clients[i] = connect_client();
            write_text(clients[i], "x");
        }
        for (size_t i = 0; i < 8; i++) {
            assert_true(is_answered(clients[i], PATIENCE_MS));
            close(clients[i]);
        }
    }
    TURN_UNTIL(loop, atomic_load(&closed) == 240);
}

/* ---- ending ---- */

static atomic_int asked;

/* Goes on serving until the client has had enough. */
static void note_drain(struct nk_tcp_connection *connection)
{
    check_thread(connection);
    atomic_fetch_add(&asked, 1);
}

/* Draining closes idle connections, leaves the others their time, refuses new
 * clients, and reports once, when the last one has ended. */
static void draining_waits_for_the_busy_ones(size_t threads)
{
    char byte;

    asked = 0;
    handlers.on_drain = note_drain;
    start(threads);
    int busy = connect_client();
    assert_echoes(busy);
    nk_tcp_server_drain(server);
    nk_tcp_server_drain(server);
    TURN_UNTIL(loop, atomic_load(&asked) == 1);
    assert_echoes(busy);
    assert_int_equal(drained, 0);
    int late = nk_socket_open(AF_INET, SOCK_STREAM);
    int error = nk_socket_connect(late, &address);
    if (error == -EINPROGRESS) {
        await(late, POLLOUT);
        error = nk_socket_take_error(late);
    }
    assert_int_equal(error, -ECONNREFUSED);
    close(late);
    assert_int_equal(nk_socket_shutdown_write(busy), 0);
    TURN_UNTIL(loop, drained);
    assert_int_equal(nk_socket_recv(busy, &byte, 1), 0);
    turn_idle(loop, 3);
    assert_int_equal(drained, 1);
    close(busy);
}

static void draining_waits_for_the_busy_ones_alone(void **state)
{
    (void)state;
    draining_waits_for_the_busy_ones(0);
}

static void draining_waits_for_the_busy_ones_with_threads(void **state)
{
    (void)state;
    draining_waits_for_the_busy_ones(2);
}

/* Without any connection the report comes all the same. */
static void draining_an_empty_server_reports(void **state)
{
    (void)state;
    start(3);
    nk_tcp_server_drain(server);
    TURN_UNTIL(loop, drained == 1);
}

/* Cutting ends what is left and counts it. */
static void cutting_ends_what_is_left(void **state)
{
    struct nk_tcp_server_counters counters;
    int clients[6];

    (void)state;
    handlers.on_drain = check_thread;
    start(2);
    for (size_t i = 0; i < 6; i++) {
        clients[i] = connect_client();
        assert_echoes(clients[i]);
    }
    nk_tcp_server_drain(server);
    turn_idle(loop, 2);
    assert_int_equal(drained, 0);
    nk_tcp_server_cut(server);
    TURN_UNTIL(loop, drained);
    nk_tcp_server_counters(server, &counters);
    assert_int_equal(counters.cut, 6);
    assert_int_equal(counters.shed, 0);
    for (size_t i = 0; i < 6; i++) {
        TURN_UNTIL(loop, is_closed(clients[i]));
        close(clients[i]);
    }
}

static void drain_the_server(struct nk_tcp_connection *connection)
{
    on_completed(connection);
    nk_tcp_server_drain(server);
}

/* A handler on the main loop may drain the server from within the accept. */
static void a_handler_may_drain_the_server(void **state)
{
    (void)state;
    handlers.on_connection_completed = drain_the_server;
    start(0);
    int client = connect_client();
    int second = connect_client();
    TURN_UNTIL(loop, atomic_load(&completed) >= 1);
    close(client);
    close(second);
    TURN_UNTIL(loop, drained);
}

/* Clients that connect while the server ends may not be leaked or served by a
 * loop that is gone. */
static void clients_may_arrive_while_it_ends(void **state)
{
    int clients[64];

    (void)state;
    start(2);
    for (size_t i = 0; i < 64; i++)
        clients[i] = connect_client();
    turn_idle(loop, 1); /* some are on their way to their loop now */
    nk_tcp_server_drain(server);
    nk_tcp_server_cut(server);
    TURN_UNTIL(loop, drained);
    for (size_t i = 0; i < 64; i++)
        close(clients[i]);
}

/* ---- beginning ---- */

/* A server that never starts can be freed while the pool runs. */
static void a_server_that_never_started_is_freed(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_tcp_server *other;

    (void)state;
    start(2);
    options.reuse_port = true;
    assert_int_equal(nk_tcp_server_new(&other, loop, pool, &options), 0);
    assert_int_equal(nk_tcp_server_listen(other, &local, false, NULL, NULL), 0);
    nk_tcp_server_free(other);
    nk_tcp_server_free(NULL);
}

/* An address in use is the caller's to report; the server goes on. */
static void an_address_in_use_is_refused(void **state)
{
    struct nk_sockaddr bound = address;

    (void)state;
    start(1);
    assert_int_equal(nk_tcp_server_listen(server, &address, false, NULL, &bound), -EADDRINUSE);
    int client = connect_client();
    assert_echoes(client);
    close(client);
}

/* ---- many clients from several threads ---- */

enum { STORM_THREADS = 2, STORM_CLIENTS = 300 };

static void *connect_many(void *argument)
{
    atomic_int *answered = argument;

    for (int i = 0; i < STORM_CLIENTS; i++) {
        int client = nk_socket_open(AF_INET, SOCK_STREAM);
        struct pollfd poll_fd = {.fd = client, .events = POLLOUT};
        char byte = 'x';
        (void)!nk_socket_connect(client, &address);
        (void)poll(&poll_fd, 1, PATIENCE_MS);
        if (i % 5 != 0 && nk_socket_send(client, &byte, 1, false) == 1) {
            poll_fd.events = POLLIN;
            (void)poll(&poll_fd, 1, PATIENCE_MS);
            atomic_fetch_add(answered, nk_socket_recv(client, &byte, 1) == 1);
        }
        if (i % 2 == 0)
            (void)!nk_socket_set_abortive_close(client);
        nk_socket_close(client);
    }
    return NULL;
}

/* DEFECTS 2 and 6: ordinary and rude clients by the hundred; every one that asks
 * is answered and nothing is left (TSan watches the hand-off). */
static void a_storm_of_clients_is_served(void **state)
{
    pthread_t threads[STORM_THREADS];
    atomic_int answered = 0;

    (void)state;
    start(2);
    for (size_t i = 0; i < STORM_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, connect_many, &answered), 0);
    TURN_UNTIL(loop, atomic_load(&answered) == STORM_THREADS * STORM_CLIENTS / 5 * 4);
    for (size_t i = 0; i < STORM_THREADS; i++)
        pthread_join(threads[i], NULL);
    TURN_UNTIL(loop, atomic_load(&closed) == atomic_load(&completed));
}

static uint64_t denied_count(void)
{
    struct nk_tcp_server_counters counters;

    nk_tcp_server_counters(server, &counters);
    return counters.denied;
}

/* Clients that may not come would be served on some of the loops, or not be
 * counted. */
static void check_admission(size_t threads, bool reuse_port)
{
    enum { CLIENTS = 12 };
    int clients[CLIENTS];

    options.admit = admit_if_told;
    options.admit_context = &may_come;
    options.reuse_port = reuse_port;
    start(threads);
    atomic_store(&may_come, false);
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = nk_socket_open(AF_INET, SOCK_STREAM);
        int result = nk_socket_connect(clients[i], &address); /* which the reset may overtake */
        assert_true(result == 0 || result == -EINPROGRESS || result == -ECONNRESET);
    }
    for (size_t i = 0; i < CLIENTS; i++)
        TURN_UNTIL(loop, is_closed(clients[i]));
    assert_int_equal(denied_count(), CLIENTS);
    assert_int_equal(atomic_load(&completed), 0);
    atomic_store(&may_come, true);
    for (size_t i = 0; i < CLIENTS; i++) {
        nk_socket_close(clients[i]);
        clients[i] = connect_client();
        assert_echoes(clients[i]);
    }
    assert_int_equal(denied_count(), CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++)
        nk_socket_close(clients[i]);
}

static void who_is_not_admitted_is_not_served(void **state)
{
    (void)state;
    check_admission(0, false);
}

static void who_is_not_admitted_is_not_served_with_threads(void **state)
{
    (void)state;
    check_admission(2, false);
}

static void who_is_not_admitted_is_not_served_with_reuse_port(void **state)
{
    (void)state;
    check_admission(3, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(serves_on_the_main_loop),
        CASE(connections_are_spread_over_the_loops),
        CASE(the_less_loaded_loop_is_preferred),
        CASE(every_loop_may_listen_itself),
        CASE(every_loop_has_its_context),
        CASE(who_is_not_admitted_is_not_served),
        CASE(who_is_not_admitted_is_not_served_with_threads),
        CASE(who_is_not_admitted_is_not_served_with_reuse_port),
        CASE(clients_over_the_limit_wait),
        CASE(clients_over_the_limit_wait_with_threads),
        CASE(clients_over_the_limit_wait_with_reuse_port),
        CASE(an_idle_connection_makes_room),
        CASE(one_that_becomes_idle_later_makes_room),
        CASE(an_idle_connection_makes_room_with_reuse_port),
        CASE(a_unix_listener_beside_shared_ports_is_served),
        CASE(nobody_waits_for_ever_at_the_limit),
        CASE(draining_waits_for_the_busy_ones_alone),
        CASE(draining_waits_for_the_busy_ones_with_threads),
        CASE(draining_an_empty_server_reports),
        CASE(cutting_ends_what_is_left),
        CASE(a_handler_may_drain_the_server),
        CASE(clients_may_arrive_while_it_ends),
        CASE(a_server_that_never_started_is_freed),
        CASE(an_address_in_use_is_refused),
        CASE(a_storm_of_clients_is_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
