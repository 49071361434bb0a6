/* Out of memory at every allocation in turn: no crash, no leak, and at most the
 * client is lost whose memory it was. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "inject.h"
#include "net/connector.h"
#include "net/tcp_server.h"
#include "reactor_fixture.h"
#include "threads/worker_pool.h"

enum { CLIENTS = 3, ANSWER = 700 * 1000 };

static char *answer_bytes;

static int make_answer(void **state)
{
    (void)state;
    answer_bytes = malloc(ANSWER);
    if (answer_bytes)
        memset(answer_bytes, 'a', ANSWER);
    return answer_bytes ? 0 : -1;
}

static int free_answer(void **state)
{
    (void)state;
    free(answer_bytes);
    return 0;
}

/* ---- the server: lines in, a large answer and a file for each ---- */

static atomic_int completed;
static atomic_int closed;
static int drained;

static void on_completed(struct nk_tcp_connection *connection)
{
    uint64_t now = nk_event_loop_now(nk_tcp_connection_loop(connection));

    atomic_fetch_add(&completed, 1);
    nk_tcp_connection_set_deadline(connection, now + 60 * SECOND); /* needs the timer heap */
}

static size_t answer_lines(struct nk_tcp_connection *connection, struct nk_slice input)
{
    size_t last = nk_slice_find_last(input, '\n');

    if (last == NK_SLICE_NOT_FOUND)
        return 0; /* needs a buffer of its own */
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (nk_tcp_connection_send(connection, nk_slice_make(answer_bytes, ANSWER)) < 0 ||
        nk_tcp_connection_send_file(connection, file, 0, 1000) < 0)
        nk_tcp_connection_close(connection, NK_CLOSE_FLUSH);
    return last + 1;
}

static void on_closed(struct nk_tcp_connection *connection, int reason)
{
    (void)connection;
    (void)reason;
    atomic_fetch_add(&closed, 1);
}

static void on_drained(void *context)
{
    (void)context;
    drained++;
}

static const struct nk_connection_handlers handlers = {
    .on_connection_completed = on_completed,
    .on_message = answer_lines,
    .on_connection_closed = on_closed,
    .session_size = 64,
};

static const struct nk_tcp_server_options server_options = {
    .handlers = &handlers,
    .backlog = 16,
    .on_drained = on_drained,
};

/* ---- the clients: they use calls that are not wrapped ---- */

struct client {
    int fd;
    size_t received;
    bool is_over; /* served completely, or lost */
    bool is_served;
};

static void advance(struct client *client)
{
    static char sink[65536];
    ssize_t got;

    while (!client->is_over && (got = read(client->fd, sink, sizeof sink)) != -1) {
        client->received += (size_t)got;
        client->is_served = client->received == ANSWER + 1000;
        client->is_over = client->is_served || got == 0;
    }
    if (!client->is_over && errno != EAGAIN)
        client->is_over = true; /* reset */
}

/* Asks in two halves, so that the first has to be kept. */
static void serve_clients(struct nk_event_loop *loop, const struct nk_sockaddr *address,
                          struct client *clients)
{
    uint64_t give_up = time_now() + PATIENCE_MS * MILLISECOND;
    size_t over = 0;

    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.fd = connect_to(address, SOCK_STREAM)};
        (void)!write(clients[i].fd, "ha", 2);
        assert_int_equal(nk_event_loop_turn(loop, 0), 0);
        assert_int_equal(nk_event_loop_turn(loop, 0), 0);
    }
    for (size_t i = 0; i < CLIENTS; i++)
        (void)!write(clients[i].fd, "lf\n", 3);
    while (over < CLIENTS) {
        assert_true(time_now() < give_up);
        assert_int_equal(nk_event_loop_turn(loop, MILLISECOND), 0);
        over = 0;
        for (size_t i = 0; i < CLIENTS; i++) {
            advance(&clients[i]);
            over += clients[i].is_over;
        }
    }
}

/* Returns how many clients were served, or -errno when it did not start. */
static int run_server(size_t threads)
{
    struct nk_event_loop *loop;
    struct nk_thread_pool *pool;
    struct nk_tcp_server *server = NULL;
    struct nk_sockaddr address = loopback(AF_INET);
    struct client clients[CLIENTS];
    int served = 0;

    int error = nk_event_loop_new(&loop, NULL);
    if (error)
        return error;
    error = nk_thread_pool_start(&pool, loop, threads, NULL);
    if (error) {
        nk_event_loop_free(loop);
        return error;
    }
    error = nk_tcp_server_new(&server, loop, pool, &server_options);
    if (!error)
        error = nk_tcp_server_listen(server, &address, false, NULL, &address);
    if (!error) {
        drained = 0;
        nk_tcp_server_start(server);
        serve_clients(loop, &address, clients);
        nk_tcp_server_drain(server);
        nk_tcp_server_cut(server);
        TURN_UNTIL(loop, drained);
        nk_thread_pool_stop(pool);
        for (size_t i = 0; i < CLIENTS; i++) {
            served += clients[i].is_served;
            close(clients[i].fd);
        }
        turn_idle(loop, 2);
        nk_tcp_server_free(server);
    } else {
        nk_tcp_server_free(server);
        nk_thread_pool_stop(pool);
    }
    nk_event_loop_free(loop);
    return error ? error : served;
}

/* Lets the n-th allocation fail, for n = 1, 2, 3 ... until a whole run has none
 * that fails. `in_a_row` allocations fail together, and so many clients may be
 * lost at most. */
static void torture(size_t threads, unsigned in_a_row)
{
    size_t descriptors = open_descriptors();
    unsigned nth = 1;

    for (;; nth++) {
        assert_true(nth < 1000);
        inject_reset();
        completed = 0;
        closed = 0;
        inject_failure(INJECT_ALLOCATION, nth, in_a_row, ENOMEM);
        int served = run_server(threads);
        unsigned failed = inject_failed(INJECT_ALLOCATION);
        inject_reset();
        assert_int_equal(open_descriptors(), descriptors);
        assert_int_equal(atomic_load(&completed), atomic_load(&closed));
        if (failed == 0) {
            assert_int_equal(served, CLIENTS);
            break;
        }
        if (served < 0)
            assert_int_equal(served, -ENOMEM);
        else
            assert_true(served + (int)in_a_row >= CLIENTS);
    }
    assert_true(nth > 10);
}

static void a_server_survives_each_failed_allocation(void **state)
{
    (void)state;
    torture(0, 1);
}

static void a_server_survives_failed_allocations_in_a_row(void **state)
{
    (void)state;
    torture(0, 2);
    torture(0, 3);
}

static void a_server_with_threads_survives_each_failed_allocation(void **state)
{
    (void)state;
    torture(2, 1);
}

/* ---- the other objects ---- */

static int done_result;

static void on_done(void *context, int fd)
{
    (void)context;
    done_result = fd;
}

/* A connector that cannot be made says so and calls nobody. */
static void a_connector_survives_each_failed_allocation(void **state)
{
    struct nk_sockaddr address = loopback(AF_INET);
    int listener = listen_on(&address, SOCK_STREAM);
    size_t descriptors = open_descriptors();
    unsigned failed = 1;

    (void)state;
    for (unsigned nth = 1; failed; nth++) {
        struct nk_event_loop *loop;
        struct nk_connector *connector;
        assert_int_equal(nk_event_loop_new(&loop, NULL), 0);
        inject_reset();
        done_result = -EINPROGRESS;
        inject_failure(INJECT_ALLOCATION, nth, 1, ENOMEM);
        int error = nk_connector_start(&connector, loop, &address,
                                       nk_event_loop_now(loop) + 60 * SECOND, on_done, NULL);
        if (error) {
            assert_int_equal(error, -ENOMEM);
            turn_idle(loop, 1);
            assert_int_equal(done_result, -EINPROGRESS);
        } else {
            TURN_UNTIL(loop, done_result != -EINPROGRESS);
            assert_true(done_result >= 0);
            close(done_result);
        }
        failed = inject_failed(INJECT_ALLOCATION);
        inject_reset();
        nk_event_loop_free(loop);
        assert_int_equal(open_descriptors(), descriptors);
    }
    close(listener);
}

static void nothing(struct nk_job *job)
{
    (void)job;
}

/* Starting a worker pool fails cleanly; a running one allocates nothing. */
static void a_worker_pool_allocates_only_at_its_start(void **state)
{
    struct nk_event_loop *loop = new_loop();
    struct nk_worker_pool *pool = NULL;
    struct nk_job job = {.work = nothing, .complete = nothing, .loop = loop};

    (void)state;
    turn_idle(loop, 1); /* it has all its memory then */
    inject_reset();
    inject_failure(INJECT_ALLOCATION, 1, 1, ENOMEM);
    assert_int_equal(nk_worker_pool_start(&pool, 2, 4), -ENOMEM);
    assert_null(pool);
    assert_int_equal(nk_worker_pool_start(&pool, 2, 4), 0);
    unsigned before = inject_count(INJECT_ALLOCATION);
    assert_int_equal(nk_worker_pool_submit(pool, &job), 0);
    nk_worker_pool_stop(pool);
    turn_idle(loop, 1);
    assert_int_equal(inject_count(INJECT_ALLOCATION), before);
    nk_event_loop_free(loop);
}

static void count_expiry(struct nk_timer *timer)
{
    (void)timer;
    drained++;
}

/* A timer that finds no room is refused; those that run keep their time. */
static void a_refused_timer_leaves_the_others_running(void **state)
{
    struct nk_timer_queue queue;
    struct nk_timer timers[40];
    size_t set = 0;

    (void)state;
    nk_timer_queue_init(&queue);
    inject_reset();
    inject_failure(INJECT_ALLOCATION, 2, 1000, ENOMEM);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(timers); i++) {
        nk_timer_init(&timers[i], count_expiry);
        int error = nk_timer_queue_set(&queue, &timers[i], 1000 - i);
        assert_true(error == 0 || error == -ENOMEM);
        assert_true(nk_timer_is_running(&timers[i]) == (error == 0));
        set += error == 0;
    }
    assert_in_range(set, 1, NK_ARRAY_LENGTH(timers) - 1);
    /* A running one can be moved without memory. */
    assert_int_equal(nk_timer_queue_set(&queue, &timers[0], 5), 0);
    assert_int_equal(nk_timer_queue_next(&queue), 5);
    drained = 0;
    assert_int_equal(nk_timer_queue_expire(&queue, 1000), set);
    assert_int_equal(drained, set);
    inject_reset();
    nk_timer_queue_deinit(&queue);
}

struct probe {
    struct nk_channel channel;
    int calls;
};

static void count_call(struct nk_channel *channel, unsigned events)
{
    (void)events;
    nk_container_of(channel, struct probe, channel)->calls++;
}

/* When no change of interest can be noted for want of memory, none may be lost
 * once it is back: the channel would be silent for ever. */
static void a_wish_without_memory_is_not_lost(void **state)
{
    struct nk_event_loop *loop = new_loop();
    struct probe probe = {.calls = 0};
    static struct probe others[200];
    int fds[NK_ARRAY_LENGTH(others)];
    size_t count = NK_ARRAY_LENGTH(others);
    int fd;
    int peer;

    (void)state;
    unix_pair(&fd, &peer);
    write_text(peer, "x");
    assert_int_equal(nk_channel_open(&probe.channel, loop, fd, count_call), 0);
    inject_reset();
    /* More than the list of changes has room for at first. */
    for (size_t i = 0; i < count; i++) {
        fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        assert_int_equal(nk_channel_open(&others[i].channel, loop, fds[i], count_call), 0);
    }
    inject_failures(INJECT_ALLOCATION, 1, ENOMEM);
    inject_failures(INJECT_EPOLL_CTL, 1, ENOMEM);
    for (size_t i = 0; i < count; i++)
        nk_channel_want(&others[i].channel, NK_READ);
    nk_channel_want(&probe.channel, NK_READ);
    turn_idle(loop, 2);
    inject_reset();
    TURN_UNTIL(loop, probe.calls > 0);
    turn_idle(loop, 3);
    for (size_t i = 0; i < count; i++) {
        assert_true(others[i].calls > 0);
        nk_channel_close(&others[i].channel);
        close(fds[i]);
    }
    nk_channel_close_descriptor(&probe.channel);
    close(peer);
    nk_event_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_survives_each_failed_allocation),
        cmocka_unit_test(a_server_survives_failed_allocations_in_a_row),
        cmocka_unit_test(a_server_with_threads_survives_each_failed_allocation),
        cmocka_unit_test(a_connector_survives_each_failed_allocation),
        cmocka_unit_test(a_worker_pool_allocates_only_at_its_start),
        cmocka_unit_test(a_refused_timer_leaves_the_others_running),
        cmocka_unit_test(a_wish_without_memory_is_not_lost),
    };

    return cmocka_run_group_tests(tests, make_answer, free_answer);
}
