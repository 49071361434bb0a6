/* Opening names below a directory: what is inside is found, nothing outside is,
 * with openat2(2) and on a kernel that has none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>

#include "service/open_beneath.h"
#include "tree_fixture.h"

#define FILE_FLAGS (O_RDONLY | O_NONBLOCK)

/* The kernel that the code under test believes in. */
static int openat2_error;

/* It is there, the kernel has none, a sandbox refuses it. */
static const int openat2_errors[] = {0, ENOSYS, EPERM};

long syscall(long number, ...)
{
    static long (*real)(long, ...);
    long words[6];
    va_list list;

    if (number == SYS_openat2 && openat2_error != 0) {
        errno = openat2_error;
        return -1;
    }
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    va_start(list, number);
    for (size_t i = 0; i < 6; i++)
        words[i] = va_arg(list, long);
    va_end(list);
    return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

static int set_up(void **state)
{
    char outside[PATH_MAX];

    assert_int_equal(tree_set_up(state), 0);
    tree_make_file("secret", "outside");
    tree_make_directory("root");
    tree_make_directory("root/sub");
    tree_make_file("root/file", "f");
    tree_make_file("root/sub/file", "f");
    tree_make_link("root/inside", "sub/file");
    tree_make_link("root/above", "../secret");
    tree_make_link("root/sub/around", "../../root/file");
    tree_make_link("root/absolute", "/sub/file");
    snprintf(outside, sizeof outside, "%s/secret", tree_path);
    tree_make_link("root/out", outside);
    openat2_error = 0;
    return 0;
}

/* 0 when it could be opened, or -errno. */
static int try_flags(const char *name, int flags, enum open_links links)
{
    int root = openat(tree_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = open_beneath(root, name, flags, links);

    assert_true(root >= 0);
    close(root);
    if (fd < 0)
        return fd;
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
    return 0;
}

static int try_file(const char *name, enum open_links links)
{
    return try_flags(name, FILE_FLAGS, links);
}

static void names_inside_are_opened(void **state)
{
    (void)state;
    for (size_t round = 0; round < NK_ARRAY_LENGTH(openat2_errors); round++) {
        openat2_error = openat2_errors[round];
        assert_int_equal(try_file("", OPEN_LINKS_INSIDE), 0);
        assert_int_equal(try_file("file", OPEN_LINKS_INSIDE), 0);
        assert_int_equal(try_file("sub/file", OPEN_LINKS_INSIDE), 0);
        assert_int_equal(try_file("sub/", OPEN_LINKS_INSIDE), 0);
        assert_int_equal(try_flags("sub", O_PATH | O_DIRECTORY, OPEN_LINKS_AS_ROOT), 0);
        assert_int_equal(try_file("nothing", OPEN_LINKS_INSIDE), -ENOENT);
        assert_int_equal(try_file("file/x", OPEN_LINKS_INSIDE), -ENOTDIR);
        assert_int_equal(try_flags("file", O_PATH | O_DIRECTORY, OPEN_LINKS_AS_ROOT), -ENOTDIR);
    }
}

/* Each way treats the links that would lead out differently; none but ANY lets
 * one. */
static void links_lead_where_they_may(void **state)
{
    static const struct {
        const char *name;
        int inside;
        int as_root;
        int any;
    } table[] = {
        {"inside", 0, 0, 0},
        {"above", -EXDEV, -ENOENT, 0},
        {"sub/around", -EXDEV, -ENOENT, 0},
        {"absolute", -EXDEV, 0, -ENOENT},
        {"out", -EXDEV, -ENOENT, 0},
        {"..", -EXDEV, 0, 0},
        {"../secret", -EXDEV, -ENOENT, 0},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        assert_int_equal(try_file(table[i].name, OPEN_LINKS_INSIDE), table[i].inside);
        assert_int_equal(try_file(table[i].name, OPEN_LINKS_AS_ROOT), table[i].as_root);
        assert_int_equal(try_file(table[i].name, OPEN_LINKS_ANY), table[i].any);
    }
}

/* With "/" as its root a directory must still not give way to another process's
 * root, or to whatever a descriptor is open on. */
static void links_that_are_not_names_are_refused(void **state)
{
    static const enum open_links ways[] = {OPEN_LINKS_INSIDE, OPEN_LINKS_AS_ROOT, OPEN_LINKS_ANY};
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    assert_true(root >= 0);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(ways); i++) {
        assert_int_equal(open_beneath(root, "proc/self/root", O_RDONLY, ways[i]), -ELOOP);
        assert_int_equal(open_beneath(root, "proc/self/cwd/x", O_RDONLY, ways[i]), -ELOOP);
    }
    close(root);
}

/* Without openat2 nothing tells where a link leads, so none is followed, the
 * last one neither. */
static void without_openat2_no_link_is_followed(void **state)
{
    static const char *const names[] = {"inside", "above", "out", "sub/around"};

    (void)state;
    tree_make_link("root/way", "sub");
    openat2_error = ENOSYS;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(names); i++) {
        assert_int_equal(try_file(names[i], OPEN_LINKS_AS_ROOT), -ELOOP);
        assert_int_equal(try_flags(names[i], O_PATH, OPEN_LINKS_AS_ROOT), -ELOOP);
    }
    assert_int_equal(try_file("way/file", OPEN_LINKS_AS_ROOT), -ENOTDIR);
    assert_int_equal(try_flags("way", O_PATH | O_DIRECTORY, OPEN_LINKS_AS_ROOT), -ENOTDIR);
}

/* The longest name is a name like others, one byte more is an error: it must not
 * be cut and then found. */
static void long_names_are_not_cut(void **state)
{
    char name[NAME_MAX + 8];

    (void)state;
    memset(name, 'n', NAME_MAX + 1);
    name[NAME_MAX] = '\0';
    assert_int_equal(mkdirat(tree_fd, "root/long", 0755), 0);
    int directory = openat(tree_fd, "root/long", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(directory, name, 0755), 0);
    for (size_t round = 0; round < NK_ARRAY_LENGTH(openat2_errors); round++) {
        char longer[NAME_MAX + 16];
        openat2_error = openat2_errors[round];
        int fd = open_beneath(directory, name, O_RDONLY, OPEN_LINKS_INSIDE);
        assert_true(fd >= 0);
        close(fd);
        snprintf(longer, sizeof longer, "%sn/x", name);
        assert_int_equal(open_beneath(directory, longer, O_RDONLY, OPEN_LINKS_INSIDE),
                         -ENAMETOOLONG);
    }
    close(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_inside_are_opened, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(links_lead_where_they_may, set_up, tree_tear_down),
        cmocka_unit_test(links_that_are_not_names_are_refused),
        cmocka_unit_test_setup_teardown(without_openat2_no_link_is_followed, set_up,
                                        tree_tear_down),
        cmocka_unit_test_setup_teardown(long_names_are_not_cut, set_up, tree_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
