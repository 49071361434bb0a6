/* The pipes that pumps borrow: that none has two borrowers or somebody else's
 * bytes in it, and that there are never more than allowed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cat/cat_pipes.h"

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* A pipe is made anew for each borrower, or two get the same. */
static void test_reuse(void **state)
{
    struct cat_pipes pipes;
    int one[2] = {-1, -1};
    int other[2] = {-1, -1};
    char byte;

    (void)state;
    cat_pipes_init(&pipes, 8);
    assert_int_equal(cat_pipes_take(&pipes, one), 0);
    assert_int_equal(cat_pipes_take(&pipes, other), 0);
    assert_int_not_equal(one[0], other[0]);
    assert_int_equal(write(one[1], "x", 1), 1);
    assert_int_equal(read(one[0], &byte, 1), 1);
    assert_true(read(one[0], &byte, 1) < 0 && errno == EAGAIN); /* never blocks */
    int fd = one[0];
    cat_pipes_give(&pipes, one, true);
    assert_int_equal(one[0], -1);
    assert_int_equal(one[1], -1);
    assert_int_equal(cat_pipes_take(&pipes, one), 0);
    assert_int_equal(one[0], fd);
    cat_pipes_give(&pipes, one, true);
    cat_pipes_give(&pipes, other, true);
    cat_pipes_close_kept(&pipes);
    assert_false(is_open(fd));
}

/* What was left in a pipe gets to its next borrower. */
static void test_leftover(void **state)
{
    struct cat_pipes pipes;
    int ends[2];

    (void)state;
    cat_pipes_init(&pipes, 8);
    assert_int_equal(cat_pipes_take(&pipes, ends), 0);
    int fd = ends[0];
    assert_int_equal(write(ends[1], "x", 1), 1);
    cat_pipes_give(&pipes, ends, false);
    assert_false(is_open(fd));
    cat_pipes_close_kept(&pipes);
}

/* More pipes are open than allowed, or one that came back is lost. */
static void test_limit(void **state)
{
    struct cat_pipes pipes;
    int ends[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};

    (void)state;
    cat_pipes_init(&pipes, 2);
    assert_int_equal(cat_pipes_take(&pipes, ends[0]), 0);
    assert_int_equal(cat_pipes_take(&pipes, ends[1]), 0);
    assert_int_equal(cat_pipes_take(&pipes, ends[2]), -EMFILE);
    assert_int_equal(ends[2][0], -1);
    cat_pipes_give(&pipes, ends[0], false);
    assert_int_equal(cat_pipes_take(&pipes, ends[2]), 0);
    cat_pipes_give(&pipes, ends[1], true);
    cat_pipes_give(&pipes, ends[2], true);
    cat_pipes_close_kept(&pipes);
}

/* After a rush all of its pipes stay open. */
static void test_few_are_kept(void **state)
{
    enum { COUNT = CAT_PIPES_KEPT + 8 };
    struct cat_pipes pipes;
    int ends[COUNT][2];
    int last = -1;

    (void)state;
    cat_pipes_init(&pipes, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(cat_pipes_take(&pipes, ends[i]), 0);
    for (int i = 0; i < COUNT; i++) {
        last = ends[i][0];
        cat_pipes_give(&pipes, ends[i], true);
    }
    assert_false(is_open(last));
    cat_pipes_close_kept(&pipes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_leftover),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_few_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
