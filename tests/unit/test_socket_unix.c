/* Unix sockets: stream, datagram and sequenced packets, by path and by abstract
 * name, each test in a directory of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/socket.h"

static char directory[] = "/tmp/netkit-socket-XXXXXX";
static char socket_path[sizeof directory + sizeof "/socket"];

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    (void)snprintf(socket_path, sizeof socket_path, "%s/socket", directory);
    return 0;
}

static int remove_socket(void **state)
{
    (void)state;
    (void)unlink(socket_path);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static struct nk_sockaddr at(const char *path)
{
    struct nk_sockaddr sockaddr;

    assert_int_equal(nk_sockaddr_from_unix_path(&sockaddr, path), 0);
    return sockaddr;
}

static int bind_to(const char *path, int type)
{
    struct nk_sockaddr local = at(path);
    int fd = nk_socket_open(AF_UNIX, type);

    assert_true(fd >= 0);
    assert_int_equal(nk_socket_bind(fd, &local), 0);
    return fd;
}

static int listen_at(const char *path, int type, int backlog)
{
    int fd = bind_to(path, type);

    assert_int_equal(nk_socket_listen(fd, backlog), 0);
    return fd;
}

static int connect_result(const char *path, int type, int *fd)
{
    struct nk_sockaddr remote = at(path);

    *fd = nk_socket_open(AF_UNIX, type);
    return nk_socket_connect(*fd, &remote);
}

static void assert_prints(const struct nk_sockaddr *sockaddr, const char *expected)
{
    char text[NK_SOCKADDR_TEXT_MAX];

    assert_string_equal(nk_sockaddr_print(sockaddr, text), expected);
}

static void talk_over(const char *path)
{
    struct nk_sockaddr name;
    int listener = listen_at(path, SOCK_STREAM, 4);
    int client;
    char bytes[8];

    assert_int_equal(connect_result(path, SOCK_STREAM, &client), 0);
    int server = nk_socket_accept(listener, &name);
    assert_true(server >= 0);
    assert_prints(&name, ""); /* clients of unix servers are unnamed */
    assert_int_equal(nk_socket_peer(client, &name), 0);
    assert_prints(&name, path);
    assert_int_equal(nk_socket_local(listener, &name), 0);
    struct nk_sockaddr expected = at(path);
    assert_true(nk_sockaddr_equal(&name, &expected));

    assert_int_equal(nk_socket_recv(server, bytes, sizeof bytes), -EAGAIN);
    assert_int_equal(nk_socket_send(client, "abc", 3, false), 3);
    assert_int_equal(nk_socket_recv(server, bytes, sizeof bytes), 3);
    nk_socket_close(client);
    assert_int_equal(nk_socket_recv(server, bytes, sizeof bytes), 0);
    nk_socket_close(server);
    nk_socket_close(listener);
}

static void stream_by_path(void **state)
{
    (void)state;
    talk_over(socket_path);
}

/* No file may appear for an abstract name, and a name of another length is
 * another name. */
static void stream_by_abstract_name(void **state)
{
    char name[64];
    int fd;

    (void)state;
    (void)snprintf(name, sizeof name, "@netkit-test-%ld", (long)getpid());
    talk_over(name);
    int listener = listen_at(name, SOCK_STREAM, 1);
    assert_int_equal(access(name, F_OK), -1);
    assert_int_equal(access(name + 1, F_OK), -1);
    name[strlen(name) - 1] = '\0';
    assert_int_equal(connect_result(name, SOCK_STREAM, &fd), -ECONNREFUSED);
    nk_socket_close(fd);
    nk_socket_close(listener);
}

/* These three are what a server tells a live socket, a dead file and no file
 * apart with; taking over a live one would cut its clients off. */
static void live_dead_and_missing_sockets_differ(void **state)
{
    int listener = listen_at(socket_path, SOCK_STREAM, 4);
    struct nk_sockaddr local = at(socket_path);
    int fd;

    (void)state;
    assert_int_equal(connect_result(socket_path, SOCK_STREAM, &fd), 0);
    nk_socket_close(fd);
    fd = nk_socket_open(AF_UNIX, SOCK_STREAM);
    assert_int_equal(nk_socket_bind(fd, &local), -EADDRINUSE);
    nk_socket_close(fd);

    nk_socket_close(listener);
    assert_int_equal(connect_result(socket_path, SOCK_STREAM, &fd), -ECONNREFUSED);
    nk_socket_close(fd);
    assert_int_equal(unlink(socket_path), 0);
    assert_int_equal(connect_result(socket_path, SOCK_STREAM, &fd), -ENOENT);
    nk_socket_close(fd);
}

/* A full backlog is no refusal: the client has to try again later. */
static void full_backlog_would_block(void **state)
{
    int listener = listen_at(socket_path, SOCK_STREAM, 1);
    int clients[16];
    int count = 0;
    int result = 0;

    (void)state;
    while (result == 0 && count < 16)
        result = connect_result(socket_path, SOCK_STREAM, &clients[count++]);
    assert_int_equal(result, -EAGAIN);
    while (count > 0)
        nk_socket_close(clients[--count]);
    nk_socket_close(listener);
}

/* A message is delivered whole, and an empty datagram is data, not the end. */
static void datagrams_keep_their_borders(void **state)
{
    int server = bind_to(socket_path, SOCK_DGRAM);
    int client;
    char bytes[8];

    (void)state;
    assert_int_equal(connect_result(socket_path, SOCK_DGRAM, &client), 0);
    assert_int_equal(nk_socket_send(client, "ab", 2, false), 2);
    assert_int_equal(nk_socket_send(client, "", 0, false), 0);
    assert_int_equal(nk_socket_send(client, "cde", 3, false), 3);
    assert_int_equal(nk_socket_recv(server, bytes, sizeof bytes), 2);
    assert_int_equal(nk_socket_recv(server, bytes, sizeof bytes), 0);
    assert_int_equal(nk_socket_recv(server, bytes, sizeof bytes), 3);
    assert_int_equal(nk_socket_recv(server, bytes, sizeof bytes), -EAGAIN);
    nk_socket_close(client);
    nk_socket_close(server);
}

static void sequenced_packets_keep_their_borders_and_end(void **state)
{
    int listener = listen_at(socket_path, SOCK_SEQPACKET, 1);
    int client;
    char bytes[8];

    (void)state;
    assert_int_equal(connect_result(socket_path, SOCK_SEQPACKET, &client), 0);
    int server = nk_socket_accept(listener, NULL);
    assert_true(server >= 0);
    assert_int_equal(nk_socket_send(client, "ab", 2, false), 2);
    assert_int_equal(nk_socket_send(client, "cde", 3, false), 3);
    assert_int_equal(nk_socket_recv(server, bytes, sizeof bytes), 2);
    assert_int_equal(nk_socket_recv(server, bytes, sizeof bytes), 3);
    assert_int_equal(nk_socket_shutdown_write(client), 0);
    assert_int_equal(nk_socket_recv(server, bytes, sizeof bytes), 0);
    nk_socket_close(server);
    nk_socket_close(client);
    nk_socket_close(listener);
}

/* A foreign program may bind a path that fills sun_path without a NUL. The
 * kernel then reports one byte more than the structure has. */
static void path_that_fills_the_structure_is_read_within_it(void **state)
{
    struct nk_sockaddr full = {.un = {.sun_family = AF_UNIX}, .len = sizeof(struct sockaddr_un)};
    struct nk_sockaddr seen;
    char text[NK_SOCKADDR_TEXT_MAX];
    char working_directory[4096];
    int fd = nk_socket_open(AF_UNIX, SOCK_STREAM);

    (void)state;
    memset(full.un.sun_path, 'p', sizeof full.un.sun_path);
    assert_non_null(getcwd(working_directory, sizeof working_directory));
    assert_int_equal(chdir(directory), 0);
    assert_int_equal(nk_socket_bind(fd, &full), 0);
    assert_int_equal(nk_socket_local(fd, &seen), 0);
    assert_int_equal(seen.len, sizeof(struct sockaddr_un));
    assert_int_equal(strlen(nk_sockaddr_print(&seen, text)), sizeof full.un.sun_path);
    assert_true(nk_sockaddr_equal(&seen, &full));
    assert_int_equal(unlink(text), 0);
    assert_int_equal(chdir(working_directory), 0);
    nk_socket_close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(stream_by_path, remove_socket),
        cmocka_unit_test_teardown(stream_by_abstract_name, remove_socket),
        cmocka_unit_test_teardown(live_dead_and_missing_sockets_differ, remove_socket),
        cmocka_unit_test_teardown(full_backlog_would_block, remove_socket),
        cmocka_unit_test_teardown(datagrams_keep_their_borders, remove_socket),
        cmocka_unit_test_teardown(sequenced_packets_keep_their_borders_and_end, remove_socket),
        cmocka_unit_test_teardown(path_that_fills_the_structure_is_read_within_it, remove_socket),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
