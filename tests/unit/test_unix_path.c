/* The file of a listening unix socket: created, replaced, removed by whom. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>

#include "os/unix_path.h"
#include "reactor_fixture.h"

static char directory[64];
static struct nk_sockaddr address;

static int set_up(void **state)
{
    char path[96];

    (void)state;
    snprintf(directory, sizeof directory, "/tmp/netkit-test-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    assert_int_equal(nk_sockaddr_from_unix_path(&address, path), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(address.un.sun_path);
    assert_int_equal(rmdir(directory), 0);
    return 0;
}

static bool exists(void)
{
    struct stat status;

    return lstat(address.un.sun_path, &status) == 0;
}

static int bind_new(int *fd, struct nk_unix_path *path, int type)
{
    *fd = nk_socket_open(AF_UNIX, type);
    assert_true(*fd >= 0);
    return nk_unix_path_bind(*fd, &address, type, 16, path);
}

static void a_free_path_is_bound_and_removed(void **state)
{
    struct nk_unix_path path;
    int fd;

    (void)state;
    assert_int_equal(bind_new(&fd, &path, SOCK_STREAM), 0);
    assert_true(exists());
    assert_true(path.inode != 0);
    nk_unix_path_remove(&address, &path);
    assert_false(exists());
    nk_unix_path_remove(&address, &path); /* idempotent */
    nk_socket_close(fd);
}

/* Between bind and listen a socket refuses connections, so another server would
 * take it for dead and replace it: it has to listen when the bind returns. */
static void a_bound_stream_socket_listens_already(void **state)
{
    struct nk_unix_path path;
    struct nk_unix_path other;
    int fd;
    int rival;

    (void)state;
    assert_int_equal(bind_new(&fd, &path, SOCK_STREAM), 0);
    int client = connect_to(&address, SOCK_STREAM);
    assert_int_equal(bind_new(&rival, &other, SOCK_STREAM), -EADDRINUSE);
    assert_true(exists());
    nk_unix_path_remove(&address, &path);
    nk_socket_close(rival);
    nk_socket_close(client);
    nk_socket_close(fd);
}

/* What a crashed server left behind must not keep the next one from starting. */
static void a_dead_socket_is_replaced(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
    struct nk_unix_path path;
    struct nk_unix_path next;
    int fd;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(types); i++) {
        assert_int_equal(bind_new(&fd, &path, types[i]), 0);
        nk_socket_close(fd); /* as a crash does: the file stays */
        assert_true(exists());
        assert_int_equal(bind_new(&fd, &next, types[i]), 0);
        nk_socket_close(connect_to(&address, types[i]));
        nk_unix_path_remove(&address, &next);
        assert_false(exists());
        nk_socket_close(fd);
    }
}

/* A live server keeps its socket, also when its backlog is full. */
static void a_live_server_is_not_taken_over(void **state)
{
    struct nk_unix_path path;
    struct nk_unix_path other;
    int clients[8];
    int count = 0;
    int rival;

    (void)state;
    int fd = nk_socket_open(AF_UNIX, SOCK_STREAM);
    assert_int_equal(nk_unix_path_bind(fd, &address, SOCK_STREAM, 1, &path), 0);
    do {
        assert_true(count < 8);
        clients[count] = nk_socket_open(AF_UNIX, SOCK_STREAM);
    } while (nk_socket_connect(clients[count++], &address) == 0);
    assert_int_equal(bind_new(&rival, &other, SOCK_STREAM), -EADDRINUSE);
    assert_true(exists());
    while (count > 0)
        nk_socket_close(clients[--count]);
    nk_socket_close(rival);
    nk_socket_close(fd);
}

/* A file that is no socket is somebody's data. */
static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    struct nk_unix_path path;
    int fd;

    (void)state;
    int file = open(address.un.sun_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, "data", 4), 4);
    close(file);
    assert_int_equal(bind_new(&fd, &path, SOCK_STREAM), -EADDRINUSE);
    struct stat status;
    assert_int_equal(lstat(address.un.sun_path, &status), 0);
    assert_int_equal(status.st_size, 4);
    nk_socket_close(fd);
}

/* Nor is a link followed to a dead socket elsewhere and the link removed. */
static void a_symbolic_link_is_left_alone(void **state)
{
    struct nk_unix_path path;
    int fd;

    (void)state;
    assert_int_equal(symlink("nowhere", address.un.sun_path), 0);
    assert_int_equal(bind_new(&fd, &path, SOCK_STREAM), -EADDRINUSE);
    assert_true(exists());
    nk_socket_close(fd);
}

/* At the end only one's own file is removed: a successor's must stay. */
static void a_successors_file_is_left_alone(void **state)
{
    struct nk_unix_path mine;
    struct nk_unix_path theirs;
    int fd;
    int successor;

    (void)state;
    assert_int_equal(bind_new(&fd, &mine, SOCK_STREAM), 0);
    assert_int_equal(unlink(address.un.sun_path), 0);
    assert_int_equal(bind_new(&successor, &theirs, SOCK_STREAM), 0);
    nk_unix_path_remove(&address, &mine);
    assert_true(exists());
    nk_unix_path_remove(&address, &theirs);
    assert_false(exists());
    nk_socket_close(fd);
    nk_socket_close(successor);
}

/* An abstract name has no file to look after. */
static void an_abstract_name_is_just_bound(void **state)
{
    struct nk_sockaddr abstract;
    struct nk_unix_path path;
    char name[64];

    (void)state;
    snprintf(name, sizeof name, "@netkit-test-%d", (int)getpid());
    assert_int_equal(nk_sockaddr_from_unix_path(&abstract, name), 0);
    int fd = nk_socket_open(AF_UNIX, SOCK_STREAM);
    assert_int_equal(nk_unix_path_bind(fd, &abstract, SOCK_STREAM, 4, &path), 0);
    assert_int_equal(path.inode, 0);
    nk_socket_close(connect_to(&abstract, SOCK_STREAM));
    int rival = nk_socket_open(AF_UNIX, SOCK_STREAM);
    assert_int_equal(nk_unix_path_bind(rival, &abstract, SOCK_STREAM, 4, &path), -EADDRINUSE);
    nk_unix_path_remove(&abstract, &path);
    nk_socket_close(rival);
    nk_socket_close(fd);
}

/* No directory, no lock, no crash. */
static void a_missing_directory_is_reported(void **state)
{
    struct nk_sockaddr nowhere;
    struct nk_unix_path path;

    (void)state;
    assert_int_equal(nk_sockaddr_from_unix_path(&nowhere, "/nonexistent/netkit/socket"), 0);
    int fd = nk_socket_open(AF_UNIX, SOCK_STREAM);
    assert_int_equal(nk_unix_path_bind(fd, &nowhere, SOCK_STREAM, 4, &path), -ENOENT);
    nk_socket_close(fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_free_path_is_bound_and_removed),
        CASE(a_bound_stream_socket_listens_already),
        CASE(a_dead_socket_is_replaced),
        CASE(a_live_server_is_not_taken_over),
        CASE(a_file_that_is_no_socket_is_left_alone),
        CASE(a_symbolic_link_is_left_alone),
        CASE(a_successors_file_is_left_alone),
        CASE(an_abstract_name_is_just_bound),
        CASE(a_missing_directory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
