/* What a confined process can still do: each case confines a child and looks at
 * what it then can open, make and remove. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/log.h"
#include "loopback.h"
#include "service/confine.h"
#include "service/open_beneath.h"
#include "tree_fixture.h"

#define CREATE_RULESET 444

/* The version of Landlock that the code under test believes in: -1 the real one,
 * 0 none. */
static long pretended_version = -1;

long syscall(long number, ...)
{
    static long (*real)(long, ...);
    long words[6];
    va_list list;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    va_start(list, number);
    for (size_t i = 0; i < 6; i++)
        words[i] = va_arg(list, long);
    va_end(list);
    if (number == CREATE_RULESET && words[0] == 0 && pretended_version > 0)
        return pretended_version;
    if (number == CREATE_RULESET && pretended_version == 0) {
        errno = ENOSYS;
        return -1;
    }
    return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

static long real_version(void)
{
    return syscall(CREATE_RULESET, NULL, 0, 1);
}

static int set_up(void **state)
{
    pretended_version = -1;
    assert_int_equal(tree_set_up(state), 0);
    tree_make_directory("root");
    tree_make_directory("root/sub");
    tree_make_file("root/file", "inside");
    tree_make_file("secret", "outside");
    tree_make_directory("lists");
    tree_make_file("lists/friends", "");
    tree_make_file("lists/next", "");
    tree_make_directory("logs");
    tree_make_file("logs/log", "");
    return 0;
}

static char path_room[5][PATH_MAX];

static const char *path_of(int room, const char *name)
{
    snprintf(path_room[room], sizeof path_room[room], "%s/%s", tree_path, name);
    return path_room[room];
}

/* Runs `check` in a child that has confined itself by the usual rules: its
 * result is the child's exit status. */
static int in_confined_child(int (*check)(void))
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        const struct confine_rule rules[] = {
            {CONFINE_LIST, path_of(0, "root")},
            {CONFINE_APPEND, path_of(1, "logs/log")},
            {CONFINE_REMOVE, path_of(2, "root/sub/socket")},
            {CONFINE_READ, path_of(3, "nothing/there")},
            {CONFINE_READ_AGAIN, path_of(4, "lists/friends")},
        };
        int error = confine_process(rules, NK_ARRAY_LENGTH(rules));
        _exit(error ? 100 : check());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int opening(const char *name, int flags)
{
    int fd = openat(tree_fd, name, flags | O_CLOEXEC, 0644);
    int error = fd < 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    return error;
}

/* The number of the first expectation that fails, or 0. */
static int check_files(void)
{
    const struct {
        int number;
        bool holds;
    } table[] = {
        {1, opening("root", O_RDONLY | O_DIRECTORY) == 0},
        {2, opening("root/sub", O_RDONLY | O_DIRECTORY) == 0},
        {3, opening("root/file", O_RDONLY) == EACCES},
        {4, opening("secret", O_RDONLY) == EACCES},
        {5, opening(".", O_RDONLY | O_DIRECTORY) == EACCES},
        {6, open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES},
        {7, open_beneath(tree_fd, "secret", O_RDONLY, OPEN_LINKS_ANY) == -EACCES},
        {8, opening("root/new", O_WRONLY | O_CREAT) == EACCES},
        {9, opening("root/file", O_WRONLY) == EACCES},
        {10, unlinkat(tree_fd, "root/file", 0) < 0 && errno == EACCES},
        {11, mkdirat(tree_fd, "root/directory", 0755) < 0 && errno == EACCES},
        {12, opening("/dev/null", O_RDONLY) == 0},
    };
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        if (!table[i].holds)
            return table[i].number;
    }
    return 0;
}

/* Whatever goes wrong in the server later, no file outside the root is opened,
 * nothing is read or written, although the descriptor of a directory above is. */
static void only_directories_of_the_root_can_be_opened(void **state)
{
    (void)state;
    assert_int_equal(in_confined_child(check_files), 0);
}

static int check_kept(void)
{
    int log = openat(tree_fd, "logs/log", O_WRONLY | O_APPEND | O_CLOEXEC);

    if (log < 0 || write(log, "x", 1) != 1)
        return 1;
    close(log);
    if (opening("logs/next", O_WRONLY | O_CREAT | O_APPEND) != 0)
        return 2;
    if (unlinkat(tree_fd, "logs/log", 0) == 0)
        return 3;
    if (unlinkat(tree_fd, "root/sub/socket", 0) != 0)
        return 4;
    /* An editor puts a new file in the place of the old one. */
    if (opening("lists/friends", O_RDONLY) != 0 || opening("lists/next", O_RDONLY) != 0)
        return 5;
    if (opening("lists/friends", O_WRONLY) == 0)
        return 6;
    return 0;
}

/* A log that was rotated away is opened again, an access list that was replaced is
 * read again, and the file of one's own socket removed in the end. */
static void what_is_needed_later_still_works(void **state)
{
    (void)state;
    tree_make_file("root/sub/socket", "");
    assert_int_equal(in_confined_child(check_kept), 0);
}

static void *check_in_thread(void *result)
{
    *(int *)result = check_files();
    return NULL;
}

static int check_thread(void)
{
    int result = -1;
    pthread_t thread;

    if (pthread_create(&thread, NULL, check_in_thread, &result) != 0)
        return 50;
    pthread_join(thread, NULL);
    return result;
}

/* The threads that serve clients are started later and must not be freer. */
static void threads_inherit_it(void **state)
{
    (void)state;
    assert_int_equal(in_confined_child(check_thread), 0);
}

static struct nk_sockaddr listening;

static int check_network(void)
{
    int fd = nk_socket_open(AF_INET, SOCK_STREAM);
    int error = nk_socket_connect(fd, &listening);

    return fd < 0 || error != -EACCES;
}

/* A server accepts; it does not call. */
static void no_connection_can_be_made(void **state)
{
    (void)state;
    if (real_version() < 4)
        skip();
    listening = loopback(AF_INET);
    int listener = listen_on(&listening, SOCK_STREAM);
    assert_int_equal(in_confined_child(check_network), 0);
    nk_socket_close(listener);
}

static char said[1024];

static void collect(void *context, enum nk_log_level level, const char *message)
{
    (void)context;
    size_t len = strlen(said);
    snprintf(said + len, sizeof said - len, "%d %s\n", (int)level, message);
}

/* What the child says while it confines itself. */
static const char *confined_child_says(long version)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pretended_version = version;
        nk_log_set_sink(collect, NK_LOG_INFO, NULL);
        int error = confine_process(NULL, 0);
        ssize_t written = write(ends[1], said, strlen(said));
        _exit(error != 0 || written < 0);
    }
    close(ends[1]);
    static char heard[1024];
    ssize_t len = read(ends[0], heard, sizeof heard - 1);
    int status = 1;
    assert_true(len >= 0);
    heard[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return heard;
}

/* An old kernel confines as far as it can and says what is missing; one without
 * Landlock is no error, or the server would not start there. */
static void what_the_kernel_cannot_do_is_said(void **state)
{
    char expected[64];

    (void)state;
    assert_string_equal(confined_child_says(0), "2 not confined: the kernel offers no Landlock\n");
    if (real_version() < 1)
        skip();
    assert_string_equal(
        confined_child_says(1),
        "2 not confined in moving files between directories: Landlock has version 1 here\n"
        "2 not confined in truncating files: Landlock has version 1 here\n"
        "2 not confined in TCP connections of its own: Landlock has version 1 here\n"
        "2 not confined in control of devices: Landlock has version 1 here\n"
        "2 not confined in signals and abstract unix sockets: Landlock has version 1 here\n"
        "2 confined by Landlock, version 1\n");
    snprintf(expected, sizeof expected, "2 confined by Landlock, version %ld\n", real_version());
    if (real_version() >= 6)
        assert_string_equal(confined_child_says(-1), expected);
}

int main(void)
{
    const struct CMUnitTest with_landlock[] = {
        cmocka_unit_test_setup_teardown(only_directories_of_the_root_can_be_opened, set_up,
                                        tree_tear_down),
        cmocka_unit_test_setup_teardown(what_is_needed_later_still_works, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(threads_inherit_it, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(no_connection_can_be_made, set_up, tree_tear_down),
    };
    const struct CMUnitTest always[] = {
        cmocka_unit_test(what_the_kernel_cannot_do_is_said),
    };
    int failed = cmocka_run_group_tests(always, NULL, NULL);

    if (real_version() < 1) {
        print_message("no Landlock here: what it confines is not tested\n");
        return failed;
    }
    return failed + cmocka_run_group_tests(with_landlock, NULL, NULL);
}
