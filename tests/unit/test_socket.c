/* Every byte of netkit passes through these calls. The tests use real sockets on
 * loopback, port 0, and a directory of their own for unix paths. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loopback.h"
#include "os/socket.h"

struct pair {
    int listener;
    int client;
    int server;
};

static struct nk_sockaddr abstract_name(void)
{
    static int count;
    char name[64];
    struct nk_sockaddr sockaddr;

    (void)snprintf(name, sizeof name, "@netkit-test-%ld-%d", (long)getpid(), count++);
    assert_int_equal(nk_sockaddr_from_unix_path(&sockaddr, name), 0);
    return sockaddr;
}

static struct pair connected(struct nk_sockaddr local, int type)
{
    struct pair pair = {.listener = listen_on(&local, type)};

    pair.client = connect_to(&local, type);
    await(pair.listener, POLLIN);
    pair.server = nk_socket_accept(pair.listener, NULL);
    assert_true(pair.server >= 0);
    return pair;
}

static void close_pair(struct pair *pair)
{
    nk_socket_close(pair->client);
    nk_socket_close(pair->server);
    nk_socket_close(pair->listener);
}

static void assert_flags(int fd)
{
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* A blocking descriptor stops a whole loop; one without close-on-exec lives on
 * in a child and keeps the port or the connection open. */
static void every_descriptor_is_nonblocking_and_close_on_exec(void **state)
{
    static const struct {
        int family;
        int type;
    } kinds[] = {
        {AF_INET, SOCK_STREAM}, {AF_INET6, SOCK_STREAM}, {AF_INET, SOCK_DGRAM},
        {AF_UNIX, SOCK_STREAM}, {AF_UNIX, SOCK_DGRAM},   {AF_UNIX, SOCK_SEQPACKET},
    };
    struct pair pair = connected(loopback(AF_INET), SOCK_STREAM);

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(kinds); i++) {
        int fd = nk_socket_open(kinds[i].family, kinds[i].type);

        assert_flags(fd);
        nk_socket_close(fd);
    }
    assert_flags(pair.server);
    close_pair(&pair);
    pair = connected(abstract_name(), SOCK_STREAM);
    assert_flags(pair.server);
    close_pair(&pair);
}

static void open_reports_what_does_not_exist(void **state)
{
    (void)state;
    assert_int_equal(nk_socket_open(AF_UNIX, 77), -EINVAL);
    assert_int_equal(nk_socket_open(9999, SOCK_STREAM), -EAFNOSUPPORT);
}

static void close_ignores_negative_descriptors(void **state)
{
    int fd = nk_socket_open(AF_INET, SOCK_STREAM);

    (void)state;
    nk_socket_close(-1);
    nk_socket_close(-EMFILE);
    nk_socket_close(fd);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* Both ends must agree who they are: access lists and logs rely on it. */
static void tcp_ends_know_each_other(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct nk_sockaddr local = loopback(v6 ? AF_INET6 : AF_INET);
        int listener = listen_on(&local, SOCK_STREAM);
        int client = connect_to(&local, SOCK_STREAM);
        struct nk_sockaddr accepted;
        struct nk_sockaddr seen;

        assert_true(nk_sockaddr_port(&local) > 0);
        await(listener, POLLIN);
        int server = nk_socket_accept(listener, &accepted);
        assert_true(server >= 0);
        assert_int_equal(nk_socket_local(client, &seen), 0);
        assert_true(nk_sockaddr_equal(&seen, &accepted));
        assert_int_equal(nk_socket_peer(server, &seen), 0);
        assert_true(nk_sockaddr_equal(&seen, &accepted));
        assert_int_equal(nk_socket_peer(client, &seen), 0);
        assert_true(nk_sockaddr_equal(&seen, &local));
        close_pair(&(struct pair){listener, client, server});
    }
}

static void accept_without_a_client_would_block(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_sockaddr peer;
    struct nk_sockaddr before;
    int listener = listen_on(&local, SOCK_STREAM);

    (void)state;
    memset(&before, 0xa5, sizeof before);
    peer = before;
    assert_int_equal(nk_socket_accept(listener, &peer), -EAGAIN);
    assert_int_equal(nk_socket_accept(listener, NULL), -EAGAIN);
    assert_memory_equal(&peer, &before, sizeof peer);
    nk_socket_close(listener);
}

/* The three answers of recv that every service is built on: would block, bytes,
 * end of file; and that bytes sent before the end still arrive. */
static void recv_tells_bytes_from_nothing_from_the_end(void **state)
{
    struct nk_sockaddr places[] = {loopback(AF_INET), abstract_name()};
    char bytes[16];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(places); i++) {
        struct pair pair = connected(places[i], SOCK_STREAM);

        assert_int_equal(nk_socket_recv(pair.server, bytes, sizeof bytes), -EAGAIN);
        assert_int_equal(nk_socket_send(pair.client, "hello", 5, false), 5);
        assert_int_equal(nk_socket_shutdown_write(pair.client), 0);
        await(pair.server, POLLIN);
        assert_int_equal(nk_socket_recv(pair.server, bytes, 3), 3);
        assert_memory_equal(bytes, "hel", 3);
        assert_int_equal(nk_socket_recv(pair.server, bytes, sizeof bytes), 2);
        await(pair.server, POLLIN);
        assert_int_equal(nk_socket_recv(pair.server, bytes, sizeof bytes), 0);
        /* Half closed: the other direction goes on. */
        assert_int_equal(nk_socket_send(pair.server, "x", 1, false), 1);
        await(pair.client, POLLIN);
        assert_int_equal(nk_socket_recv(pair.client, bytes, sizeof bytes), 1);
        close_pair(&pair);
    }
}

/* A handshake looks before it takes: what is peeked at must still be there for
 * whoever receives next, and the three answers must be those of recv. */
static void peek_leaves_the_bytes_where_they_are(void **state)
{
    struct pair pair = connected(loopback(AF_INET), SOCK_STREAM);
    char bytes[16];

    (void)state;
    assert_int_equal(nk_socket_peek(pair.server, bytes, sizeof bytes), -EAGAIN);
    assert_int_equal(nk_socket_send(pair.client, "hello", 5, false), 5);
    assert_int_equal(nk_socket_shutdown_write(pair.client), 0);
    await(pair.server, POLLIN);
    for (int i = 0; i < 2; i++) {
        memset(bytes, 0, sizeof bytes);
        assert_int_equal(nk_socket_peek(pair.server, bytes, sizeof bytes), 5);
        assert_memory_equal(bytes, "hello", 5);
    }
    assert_int_equal(nk_socket_recv(pair.server, bytes, 2), 2);
    assert_int_equal(nk_socket_peek(pair.server, bytes, 1), 1);
    assert_memory_equal(bytes, "l", 1);
    assert_int_equal(nk_socket_recv(pair.server, bytes, sizeof bytes), 3);
    assert_memory_equal(bytes, "llo", 3);
    await(pair.server, POLLIN);
    assert_int_equal(nk_socket_peek(pair.server, bytes, sizeof bytes), 0);
    assert_int_equal(nk_socket_peek(-1, bytes, sizeof bytes), -EBADF);
    close_pair(&pair);
}

/* A peer that does not read must stop the sender, not block it. */
static void send_to_a_full_socket_would_block(void **state)
{
    static const char block[65536];
    struct pair pair = connected(loopback(AF_INET), SOCK_STREAM);
    ssize_t sent;
    int rounds = 0;

    (void)state;
    do {
        sent = nk_socket_send(pair.client, block, sizeof block, false);
        assert_true(sent > 0 || sent == -EAGAIN);
    } while (sent > 0 && ++rounds < 10000);
    assert_int_equal(sent, -EAGAIN);
    close_pair(&pair);
}

/* With `more` the kernel may hold a part back, so that head and body share a
 * packet. It gives up holding after 200 ms, so a stalled machine gets another
 * try. */
static void more_holds_bytes_back_until_the_last(void **state)
{
    bool was_held = false;
    char bytes[8];

    (void)state;
    for (int i = 0; i < 10 && !was_held; i++) {
        struct pair pair = connected(loopback(AF_INET), SOCK_STREAM);

        assert_int_equal(nk_socket_set_no_delay(pair.client, true), 0);
        assert_int_equal(nk_socket_send(pair.client, "he", 2, true), 2);
        was_held = nk_socket_recv(pair.server, bytes, sizeof bytes) == -EAGAIN;
        if (was_held) {
            assert_int_equal(nk_socket_send(pair.client, "llo", 3, false), 3);
            await(pair.server, POLLIN);
            assert_int_equal(nk_socket_recv(pair.server, bytes, sizeof bytes), 5);
            assert_memory_equal(bytes, "hello", 5);
        }
        close_pair(&pair);
    }
    assert_true(was_held);
}

/* connect reports "in progress" and the real result comes later, once. The port
 * is bound and not listened on, so that nobody else can answer there. */
static void refused_connection_is_told_by_take_error(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    int holder = nk_socket_open(AF_INET, SOCK_STREAM);
    int fd = nk_socket_open(AF_INET, SOCK_STREAM);

    (void)state;
    assert_int_equal(nk_socket_bind(holder, &local), 0);
    assert_int_equal(nk_socket_local(holder, &local), 0);
    int result = nk_socket_connect(fd, &local);
    if (result == -EINPROGRESS) {
        await(fd, POLLOUT);
        result = nk_socket_take_error(fd);
    }
    assert_int_equal(result, -ECONNREFUSED);
    assert_int_equal(nk_socket_take_error(fd), 0);
    nk_socket_close(fd);
    nk_socket_close(holder);
}

/* Closing this way is how a loop gets rid of a peer that misbehaves. */
static void abortive_close_resets_the_peer(void **state)
{
    struct pair pair = connected(loopback(AF_INET), SOCK_STREAM);
    char byte;

    (void)state;
    assert_int_equal(nk_socket_set_abortive_close(pair.client), 0);
    nk_socket_close(pair.client);
    await(pair.server, POLLIN);
    assert_int_equal(nk_socket_recv(pair.server, &byte, 1), -ECONNRESET);
    pair.client = -1;
    close_pair(&pair);
}

static void errors_are_negative_errno(void **state)
{
    struct nk_sockaddr sockaddr = loopback(AF_INET);
    int unconnected = nk_socket_open(AF_INET, SOCK_STREAM);
    off_t offset = 0;
    int value = 0;
    char byte = 0;

    (void)state;
    assert_int_equal(nk_socket_recv(-1, &byte, 1), -EBADF);
    assert_int_equal(nk_socket_send(-1, &byte, 1, false), -EBADF);
    assert_int_equal(nk_socket_send_file(-1, -1, &offset, 1), -EBADF);
    assert_int_equal(nk_socket_accept(-1, NULL), -EBADF);
    assert_int_equal(nk_socket_bind(-1, &sockaddr), -EBADF);
    assert_int_equal(nk_socket_listen(-1, 1), -EBADF);
    assert_int_equal(nk_socket_connect(-1, &sockaddr), -EBADF);
    assert_int_equal(nk_socket_take_error(-1), -EBADF);
    assert_int_equal(nk_socket_shutdown_write(-1), -EBADF);
    assert_int_equal(nk_socket_shutdown_write(unconnected), -ENOTCONN);
    assert_int_equal(nk_socket_local(-1, &sockaddr), -EBADF);
    assert_int_equal(nk_socket_peer(unconnected, &sockaddr), -ENOTCONN);
    assert_int_equal(nk_socket_set_reuse_address(-1, true), -EBADF);
    assert_int_equal(nk_socket_get_option(-1, SOL_SOCKET, SO_TYPE, &value), -EBADF);
    assert_int_equal(value, 0);
    nk_socket_close(unconnected);
}

/* What one end is given, the other would not get as it was. */
static void a_pair_is_connected(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int fds[2];
    char text[8] = "";

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(types); i++) {
        assert_int_equal(nk_socket_pair(types[i], fds), 0);
        assert_int_equal(nk_socket_recv(fds[0], text, sizeof text), -EAGAIN);
        assert_int_equal(nk_socket_send(fds[1], "hi", 2, false), 2);
        assert_int_equal(nk_socket_recv(fds[0], text, sizeof text), 2);
        assert_string_equal(text, "hi");
        assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
        nk_socket_close(fds[0]);
        nk_socket_close(fds[1]);
    }
    assert_int_equal(nk_socket_pair(77, fds), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_descriptor_is_nonblocking_and_close_on_exec),
        cmocka_unit_test(open_reports_what_does_not_exist),
        cmocka_unit_test(close_ignores_negative_descriptors),
        cmocka_unit_test(tcp_ends_know_each_other),
        cmocka_unit_test(accept_without_a_client_would_block),
        cmocka_unit_test(recv_tells_bytes_from_nothing_from_the_end),
        cmocka_unit_test(peek_leaves_the_bytes_where_they_are),
        cmocka_unit_test(send_to_a_full_socket_would_block),
        cmocka_unit_test(more_holds_bytes_back_until_the_last),
        cmocka_unit_test(refused_connection_is_told_by_take_error),
        cmocka_unit_test(abortive_close_resets_the_peer),
        cmocka_unit_test(errors_are_negative_errno),
        cmocka_unit_test(a_pair_is_connected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
