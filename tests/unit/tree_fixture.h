/* A small directory tree in a place of its own, made for each test and removed
 * after it, whatever the test has added. */
#ifndef TESTS_UNIT_TREE_FIXTURE_H
#define TESTS_UNIT_TREE_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char tree_path[64]; /* without symbolic links in it */
static int tree_fd = -1;

static inline int tree_set_up(void **state)
{
    (void)state;
    snprintf(tree_path, sizeof tree_path, "/tmp/netkit-test-XXXXXX");
    assert_non_null(mkdtemp(tree_path));
    tree_fd = open(tree_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(tree_fd >= 0);
    return 0;
}

static inline int tree_remove_one(const char *path, const struct stat *status, int type,
                                  struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline int tree_tear_down(void **state)
{
    (void)state;
    close(tree_fd);
    tree_fd = -1;
    return nftw(tree_path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Names are relative to the tree. */
static inline void tree_make_directory(const char *name)
{
    assert_int_equal(mkdirat(tree_fd, name, 0755), 0);
}

static inline void tree_make_file(const char *name, const char *text)
{
    int fd = openat(tree_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static inline void tree_make_link(const char *name, const char *target)
{
    assert_int_equal(symlinkat(target, tree_fd, name), 0);
}

/* Names at its top but "." and "..". */
static inline size_t tree_count_entries(void)
{
    size_t count = 0;
    DIR *entries = opendir(tree_path);

    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(entries);
    return count;
}

#endif
