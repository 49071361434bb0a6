/* Limits and standard descriptors belong to the whole process, so every test
 * runs in a child of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/descriptors.h"

/* Runs `body` in a child, which returns the number of the check that failed, or
 * 0. It cannot use cmocka's assertions nor print: its output may be closed. */
static void run_in_child(int (*body)(void))
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool set_limits(rlim_t soft, rlim_t hard)
{
    const struct rlimit files = {.rlim_cur = soft, .rlim_max = hard};

    return setrlimit(RLIMIT_NOFILE, &files) == 0;
}

static int raise_from_64_to_200(void)
{
    uint64_t limit = 0;

    if (!set_limits(64, 200))
        return 1;
    if (nk_descriptors_limit() != 64)
        return 2;
    if (nk_descriptors_raise_limit(&limit) != 0 || limit != 200)
        return 3;
    if (nk_descriptors_limit() != 200)
        return 4;
    /* It is in force, not only recorded. */
    return fcntl(0, F_DUPFD, 199) == 199 || errno == EBADF ? 0 : 5;
}

/* A server with the usual soft limit of 1024 would refuse its 1025th client
 * although the administrator allows many more. */
static void soft_limit_becomes_the_hard_one(void **state)
{
    (void)state;
    run_in_child(raise_from_64_to_200);
}

static int raise_twice(void)
{
    uint64_t limit = 0;

    if (!set_limits(200, 200))
        return 1;
    if (nk_descriptors_raise_limit(NULL) != 0)
        return 2;
    if (nk_descriptors_raise_limit(&limit) != 0 || limit != 200)
        return 3;
    return 0;
}

static void raised_limit_stays(void **state)
{
    (void)state;
    run_in_child(raise_twice);
}

static bool is_dev_null(int fd)
{
    struct stat opened;
    struct stat dev_null;

    return fstat(fd, &opened) == 0 && stat("/dev/null", &dev_null) == 0 &&
           S_ISCHR(opened.st_mode) && opened.st_rdev == dev_null.st_rdev;
}

/* All eight sets of closed descriptors, one child each. */
static int closed_set;

static int open_closed_ones(void)
{
    int pipe_ends[2];
    char byte;

    /* Three known descriptors in the place of the standard ones. */
    if (pipe(pipe_ends) != 0)
        return 1;
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(pipe_ends[1], fd) != fd)
            return 2;
        if (closed_set & 1 << fd)
            (void)close(fd);
    }
    if (nk_descriptors_open_standard() != 0)
        return 3;
    for (int fd = 0; fd < 3; fd++) {
        bool was_closed = closed_set & 1 << fd;

        if (is_dev_null(fd) != was_closed)
            return 10 + fd;
        if (fcntl(fd, F_GETFD) != 0) /* programs we start need them too */
            return 20 + fd;
        if (was_closed && (read(fd, &byte, 1) != 0 || write(fd, "x", 1) != 1))
            return 30 + fd;
    }
    /* Nothing else was left open. */
    int next = dup(pipe_ends[0]);
    return next == pipe_ends[1] + 1 ? 0 : 40;
}

/* A socket that gets number 1 or 2 would send our messages to the peer. */
static void closed_standard_descriptors_are_opened_and_others_left(void **state)
{
    (void)state;
    for (closed_set = 0; closed_set < 8; closed_set++)
        run_in_child(open_closed_ones);
}

static int open_without_free_descriptors(void)
{
    (void)close(0);
    if (!set_limits(0, 0))
        return 1;
    return nk_descriptors_open_standard() == -EMFILE ? 0 : 2;
}

static void failure_to_open_is_reported(void **state)
{
    (void)state;
    run_in_child(open_without_free_descriptors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soft_limit_becomes_the_hard_one),
        cmocka_unit_test(raised_limit_stays),
        cmocka_unit_test(closed_standard_descriptors_are_opened_and_others_left),
        cmocka_unit_test(failure_to_open_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
