/* Accepting: batches, pausing, running out of descriptors, unix sockets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/log.h"
#include "net/acceptor.h"
#include "reactor_fixture.h"

enum { ACCEPTED_MAX = 256 };

static struct {
    int fds[ACCEPTED_MAX];
    size_t count;
    int batches;
    size_t pause_at; /* pause the acceptor from within when this many came */
    bool frees;      /* free it from within */
} seen;

static struct nk_event_loop *loop;
static struct nk_manual_clock clock_by_hand;
static struct nk_acceptor *acceptor;
static struct nk_sockaddr address;
static size_t descriptors_before;
static struct rlimit limit_before;
static int warnings;

static void count_warning(void *context, enum nk_log_level level, const char *message)
{
    (void)context;
    (void)message;
    warnings += level == NK_LOG_WARNING;
}

static void on_accepted(void *context, int fd)
{
    assert_ptr_equal(context, &seen);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(seen.count < ACCEPTED_MAX);
    seen.fds[seen.count++] = fd;
    if (seen.pause_at && seen.count == seen.pause_at)
        nk_acceptor_pause(acceptor);
    if (seen.frees) {
        nk_acceptor_free(acceptor);
        acceptor = NULL;
    }
}

static void on_batch_end(void *context)
{
    assert_ptr_equal(context, &seen);
    seen.batches++;
}

static struct nk_acceptor_options options(void)
{
    return (struct nk_acceptor_options){
        .backlog = ACCEPTED_MAX,
        .on_accepted = on_accepted,
        .on_batch_end = on_batch_end,
        .context = &seen,
    };
}

static int set_up(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_acceptor_options usual = options();

    (void)state;
    usual.no_delay = true;
    warnings = 0;
    nk_log_set_sink(count_warning, NK_LOG_WARNING, NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit_before), 0);
    descriptors_before = open_descriptors();
    memset(&seen, 0, sizeof seen);
    loop = new_loop_with_clock(&clock_by_hand);
    assert_int_equal(nk_acceptor_new(&acceptor, loop, &local, &usual), 0);
    address = *nk_acceptor_address(acceptor);
    return 0;
}

static void close_accepted(void)
{
    while (seen.count > 0)
        nk_socket_close(seen.fds[--seen.count]);
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit_before), 0);
    close_accepted();
    nk_acceptor_free(acceptor);
    nk_event_loop_free(loop);
    nk_log_set_sink(NULL, NK_LOG_ERROR, NULL);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- accepting ---- */

/* Nothing is accepted before it is resumed, and the real port is known. */
static void clients_wait_until_it_is_resumed(void **state)
{
    (void)state;
    assert_true(nk_sockaddr_port(&address) != 0);
    int client = connect_to(&address, SOCK_STREAM);
    turn_idle(loop, 3);
    assert_int_equal(seen.count, 0);
    nk_acceptor_resume(acceptor);
    TURN_UNTIL(loop, seen.count == 1);
    assert_int_equal(seen.batches, 1);
    int value;
    assert_int_equal(nk_socket_get_option(seen.fds[0], IPPROTO_TCP, TCP_NODELAY, &value), 0);
    assert_int_equal(value, 1);
    close(client);
}

/* ---- admitting ---- */

static struct nk_sockaddr asked_for;

static bool admit_if_told(void *admit_context, const struct nk_sockaddr *peer)
{
    const bool *may_come = admit_context;

    asked_for = *peer;
    return *may_come;
}

/* A client that may not come would be handed over all the same, keep a
 * descriptor, be left hanging, or keep the next one out. */
static void who_is_not_admitted_is_reset(void **state)
{
    struct nk_acceptor_options refusing = options();
    struct nk_acceptor *other;
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_sockaddr name = {.len = 0};
    bool may_come = false;
    char byte;

    (void)state;
    refusing.admit = admit_if_told;
    refusing.admit_context = &may_come;
    assert_int_equal(nk_acceptor_new(&other, loop, &local, &refusing), 0);
    nk_acceptor_resume(other);
    size_t before = open_descriptors();
    int client = connect_to(nk_acceptor_address(other), SOCK_STREAM);
    assert_int_equal(nk_socket_local(client, &name), 0);
    TURN_UNTIL(loop, asked_for.len > 0);
    assert_true(nk_sockaddr_equal(&asked_for, &name));
    await(client, POLLIN);
    assert_int_equal(nk_socket_recv(client, &byte, 1), -ECONNRESET);
    assert_int_equal(seen.count, 0);
    assert_int_equal(seen.batches, 0);
    assert_int_equal(open_descriptors(), before + 1);
    nk_socket_close(client);
    may_come = true;
    client = connect_to(nk_acceptor_address(other), SOCK_STREAM);
    TURN_UNTIL(loop, seen.count == 1);
    nk_socket_close(client);
    nk_acceptor_free(other);
    turn_idle(loop, 1);
}

/* DEFECTS 12: one event accepts many, but not so many that the connections of
 * this loop are held up. */
static void clients_are_accepted_in_bounded_batches(void **state)
{
    enum { CLIENTS = 100 };
    int clients[CLIENTS];

    (void)state;
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = connect_to(&address, SOCK_STREAM);
    nk_acceptor_resume(acceptor);
    turn_idle(loop, 1);
    assert_in_range(seen.count, 32, 64);
    assert_int_equal(seen.batches, 1);
    TURN_UNTIL(loop, seen.count == CLIENTS);
    assert_int_equal(seen.batches, 2);
    for (size_t i = 0; i < CLIENTS; i++)
        close(clients[i]);
}

/* Paused from within its own callback it takes not one more. */
static void pausing_within_a_batch_ends_it(void **state)
{
    int clients[5];

    (void)state;
    seen.pause_at = 2;
    for (size_t i = 0; i < 5; i++)
        clients[i] = connect_to(&address, SOCK_STREAM);
    nk_acceptor_resume(acceptor);
    turn_idle(loop, 5);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.batches, 1);
    nk_acceptor_resume(acceptor);
    TURN_UNTIL(loop, seen.count == 5);
    for (size_t i = 0; i < 5; i++)
        close(clients[i]);
}

/* A handler that is served within the batch (--threads 0) may shut the server
 * down: the acceptor must survive its own end until the batch is over. */
static void it_may_be_freed_within_a_batch(void **state)
{
    int clients[3];

    (void)state;
    seen.frees = true;
    for (size_t i = 0; i < 3; i++)
        clients[i] = connect_to(&address, SOCK_STREAM);
    nk_acceptor_resume(acceptor);
    TURN_UNTIL(loop, seen.count == 1);
    turn_idle(loop, 2);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.batches, 1);
    for (size_t i = 0; i < 3; i++)
        close(clients[i]);
}

/* Clients that reset before they are accepted do not disturb the others. */
static void a_client_that_is_gone_already_does_no_harm(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        close_with_reset(connect_to(&address, SOCK_STREAM));
    int client = connect_to(&address, SOCK_STREAM);
    nk_acceptor_resume(acceptor);
    struct nk_sockaddr mine;
    assert_int_equal(nk_socket_local(client, &mine), 0);
    struct nk_sockaddr peer;
    TURN_UNTIL(loop, seen.count > 0 && nk_socket_peer(seen.fds[seen.count - 1], &peer) == 0 &&
                         nk_sockaddr_equal(&peer, &mine));
    close(client);
}

/* ---- out of descriptors ---- */

/* From here on this process cannot open another descriptor. */
static void use_up_descriptors(void)
{
    struct rlimit limit = limit_before;
    int next = fcntl(0, F_DUPFD_CLOEXEC, 0);

    assert_true(next >= 0);
    close(next);
    limit.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* DEFECTS 12: without descriptors one client is shed (it learns at once), the
 * others wait, nothing spins, one line is logged; when descriptors are back, the
 * waiting clients are accepted. */
static void without_descriptors_it_sheds_one_and_waits(void **state)
{
    struct nk_event_loop_statistics before;
    struct nk_event_loop_statistics after;
    int clients[3];
    char byte;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        clients[i] = connect_to(&address, SOCK_STREAM);
    use_up_descriptors();
    nk_acceptor_resume(acceptor);
    turn_idle(loop, 1);
    assert_int_equal(seen.count, 0);
    assert_int_equal(nk_acceptor_shed_count(acceptor), 1);
    assert_int_equal(warnings, 1);
    await(clients[0], POLLIN);
    assert_true(nk_socket_recv(clients[0], &byte, 1) <= 0);

    nk_event_loop_statistics(loop, &before);
    turn_idle(loop, 20);
    nk_event_loop_statistics(loop, &after);
    assert_true(after.events == before.events);
    assert_int_equal(nk_acceptor_shed_count(acceptor), 1);

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit_before), 0);
    nk_manual_clock_advance(&clock_by_hand, 100 * MILLISECOND);
    TURN_UNTIL(loop, seen.count == 2);
    assert_int_equal(nk_acceptor_shed_count(acceptor), 1);
    for (size_t i = 0; i < 3; i++)
        close(clients[i]);
}

/* While it lasts, one client is shed per pause and the log is not flooded. */
static void a_long_shortage_is_logged_seldom(void **state)
{
    int clients[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        clients[i] = connect_to(&address, SOCK_STREAM);
    use_up_descriptors();
    nk_acceptor_resume(acceptor);
    for (int i = 0; i < 6; i++) {
        turn_idle(loop, 2);
        nk_manual_clock_advance(&clock_by_hand, 100 * MILLISECOND);
    }
    assert_int_equal(nk_acceptor_shed_count(acceptor), 6);
    assert_int_equal(warnings, 1);
    nk_manual_clock_advance(&clock_by_hand, 10 * SECOND);
    turn_idle(loop, 3);
    assert_int_equal(warnings, 2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit_before), 0);
    for (size_t i = 0; i < 8; i++)
        close(clients[i]);
}

/* A pause of the owner outlasts the one for want of descriptors. */
static void a_pause_outlasts_the_shortage(void **state)
{
    (void)state;
    int client = connect_to(&address, SOCK_STREAM);
    int second = connect_to(&address, SOCK_STREAM);
    use_up_descriptors();
    nk_acceptor_resume(acceptor);
    turn_idle(loop, 1);
    nk_acceptor_pause(acceptor);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit_before), 0);
    nk_manual_clock_advance(&clock_by_hand, SECOND);
    turn_idle(loop, 3);
    assert_int_equal(seen.count, 0);
    nk_acceptor_resume(acceptor);
    TURN_UNTIL(loop, seen.count == 1);
    close(client);
    close(second);
}

/* ---- addresses ---- */

/* The port of a running server is refused, and nothing of the attempt is left. */
static void a_port_in_use_is_refused(void **state)
{
    struct nk_acceptor_options usual = options();
    struct nk_acceptor *second = NULL;

    (void)state;
    assert_int_equal(nk_acceptor_new(&second, loop, &address, &usual), -EADDRINUSE);
    assert_null(second);
}

/* After a restart the port is taken over although connections of the old server
 * are in TIME_WAIT. */
static void a_port_can_be_reused_after_a_restart(void **state)
{
    struct nk_acceptor_options usual = options();

    (void)state;
    nk_acceptor_resume(acceptor);
    int client = connect_to(&address, SOCK_STREAM);
    TURN_UNTIL(loop, seen.count == 1);
    close_accepted(); /* the server closes first and gets the TIME_WAIT */
    char byte;
    await(client, POLLIN);
    assert_int_equal(nk_socket_recv(client, &byte, 1), 0);
    close(client);
    nk_acceptor_free(acceptor);
    assert_int_equal(nk_acceptor_new(&acceptor, loop, &address, &usual), 0);
}

/* With reuse_port several listeners share the port. */
static void listeners_can_share_a_port(void **state)
{
    struct nk_acceptor_options usual = options();
    struct nk_sockaddr local = loopback(AF_INET6);
    struct nk_acceptor *one;
    struct nk_acceptor *other;

    (void)state;
    usual.reuse_port = true;
    assert_int_equal(nk_acceptor_new(&one, loop, &local, &usual), 0);
    local = *nk_acceptor_address(one);
    assert_int_equal(nk_acceptor_new(&other, loop, &local, &usual), 0);
    assert_true(nk_sockaddr_equal(nk_acceptor_address(other), &local));
    nk_acceptor_free(one);
    nk_acceptor_free(other);
}

/* The options of the address reach the listener; bad ones fail the start. */
static void socket_options_are_applied(void **state)
{
    struct nk_acceptor_options usual = options();
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_acceptor *other = NULL;

    (void)state;
    usual.socket_options = "congestion=no-such-control";
    assert_int_equal(nk_acceptor_new(&other, loop, &local, &usual), -ENOENT);
    assert_null(other);
    usual.socket_options = "keepalive=yes";
    assert_int_equal(nk_acceptor_new(&other, loop, &local, &usual), 0);
    nk_acceptor_free(other);
}

/* A unix socket: its file is there while it listens and gone afterwards; a
 * second server is refused while the first lives and served after its crash. */
static void has_its_file_while_it_listens(int type)
{
    struct nk_acceptor_options usual = options();
    struct nk_acceptor *server;
    struct nk_acceptor *rival = NULL;
    struct nk_sockaddr local;
    struct stat status;
    char directory[] = "/tmp/netkit-test-XXXXXX";
    char path[64];

    usual.type = type;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    assert_int_equal(nk_sockaddr_from_unix_path(&local, path), 0);
    assert_int_equal(nk_acceptor_new(&server, loop, &local, &usual), 0);
    assert_int_equal(nk_acceptor_new(&rival, loop, &local, &usual), -EADDRINUSE);
    usual.type = type == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;
    assert_int_equal(nk_acceptor_new(&rival, loop, &local, &usual), -EADDRINUSE);
    assert_null(rival);
    usual.type = type;
    nk_acceptor_resume(server);
    int client = connect_to(&local, type);
    TURN_UNTIL(loop, seen.count >= 1);
    int accepted_type = 0;
    assert_int_equal(nk_socket_get_option(seen.fds[0], SOL_SOCKET, SO_TYPE, &accepted_type), 0);
    assert_int_equal(accepted_type, type);
    close(client);
    nk_acceptor_free(server);
    assert_int_equal(lstat(path, &status), -1);

    /* A crash leaves the file; the next server replaces it. */
    int dead = nk_socket_open(AF_UNIX, type);
    assert_int_equal(nk_socket_bind(dead, &local), 0);
    nk_socket_close(dead);
    assert_int_equal(nk_acceptor_new(&server, loop, &local, &usual), 0);

    /* Somebody replaces our file: it is not ours to remove any more. */
    assert_int_equal(unlink(path), 0);
    int other = nk_socket_open(AF_UNIX, type);
    assert_int_equal(nk_socket_bind(other, &local), 0);
    nk_acceptor_free(server);
    assert_int_equal(lstat(path, &status), 0);
    nk_socket_close(other);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void a_unix_socket_has_its_file_while_it_listens(void **state)
{
    (void)state;
    has_its_file_while_it_listens(SOCK_STREAM);
    close_accepted();
    has_its_file_while_it_listens(SOCK_SEQPACKET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(clients_wait_until_it_is_resumed),
        CASE(who_is_not_admitted_is_reset),
        CASE(clients_are_accepted_in_bounded_batches),
        CASE(pausing_within_a_batch_ends_it),
        CASE(it_may_be_freed_within_a_batch),
        CASE(a_client_that_is_gone_already_does_no_harm),
        CASE(without_descriptors_it_sheds_one_and_waits),
        CASE(a_long_shortage_is_logged_seldom),
        CASE(a_pause_outlasts_the_shortage),
        CASE(a_port_in_use_is_refused),
        CASE(a_port_can_be_reused_after_a_restart),
        CASE(listeners_can_share_a_port),
        CASE(socket_options_are_applied),
        CASE(a_unix_socket_has_its_file_while_it_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
