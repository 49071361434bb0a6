#include "http/http_upload_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"

#define PART_PREFIX HTTP_UPLOAD_PREFIX "part-"

/* ---- one ---- */

int http_upload_part_name(char part[static NAME_MAX + 1], const char *name)
{
    int len = snprintf(part, NAME_MAX + 1, PART_PREFIX "%s", name);
    return len > NAME_MAX ? -ENAMETOOLONG : 0;
}

int64_t http_upload_part_size(int directory, const char *name)
{
    char part[NAME_MAX + 1];
    struct stat status;
    int error = http_upload_part_name(part, name);
    if (!error && fstatat(directory, part, &status, AT_SYMLINK_NOFOLLOW) < 0)
        error = -errno;
    if (!error && !S_ISREG(status.st_mode))
        error = -ENOENT;
    return error ? error : (int64_t)status.st_size;
}

/* The lock is held until the name is gone: who waits for it finds a file without one. */
static void remove_unused(int directory, const char *name)
{
    int fd = openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool is_in_use = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    if (!is_in_use)
        (void)unlinkat(directory, name, 0);
    if (fd >= 0)
        close(fd);
}

void http_upload_part_remove(int directory, const char *name)
{
    char part[NAME_MAX + 1];
    if (http_upload_part_size(directory, name) >= 0 && http_upload_part_name(part, name) == 0)
        remove_unused(directory, part);
}

/* ---- all of a directory ---- */

struct leftover {
    char name[NAME_MAX + 1];
    int64_t modified;
};

/* Puts one in, newest first; what falls out behind the last is removed. */
static void insert(int directory, struct leftover *newest, size_t *count,
                   const struct leftover *leftover)
{
    size_t at = *count;
    while (at > 0 && newest[at - 1].modified < leftover->modified)
        at--;
    if (at == HTTP_UPLOAD_PARTS_MAX) {
        remove_unused(directory, leftover->name);
        return;
    }
    if (*count == HTTP_UPLOAD_PARTS_MAX)
        remove_unused(directory, newest[--*count].name);
    memmove(&newest[at + 1], &newest[at], (*count - at) * sizeof(*newest));
    newest[at] = *leftover;
    ++*count;
}

static void clean_entries(int directory, DIR *entries, struct leftover *newest, int64_t now)
{
    static const struct nk_slice prefix = NK_SLICE(HTTP_UPLOAD_PREFIX);
    const struct dirent *entry;
    size_t count = 0;
    while ((entry = readdir(entries))) {
        struct leftover leftover;
        struct stat status;
        struct nk_slice name = nk_slice_of_string(entry->d_name);
        if (!nk_slice_starts_with(name, prefix) ||
            fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(status.st_mode))
            continue;
        memcpy(leftover.name, name.data, name.len + 1);
        leftover.modified = status.st_mtime;
        if (now - leftover.modified > HTTP_UPLOAD_PART_AGE)
            remove_unused(directory, leftover.name);
        else
            insert(directory, newest, &count, &leftover);
    }
}

void http_upload_clean(int directory, int64_t now)
{
    struct leftover *newest = malloc((HTTP_UPLOAD_PARTS_MAX + 1) * sizeof(*newest));
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (entries && newest)
        clean_entries(directory, entries, newest, now);
    if (entries)
        closedir(entries);
    else if (fd >= 0)
        close(fd);
    free(newest);
}

/* ---- at times ---- */

void http_upload_cleaner_init(struct http_upload_cleaner *cleaner)
{
    *cleaner = (struct http_upload_cleaner){.inode = 0};
    pthread_mutex_init(&cleaner->lock, NULL);
}

void http_upload_cleaner_deinit(struct http_upload_cleaner *cleaner)
{
    pthread_mutex_destroy(&cleaner->lock);
}

/* Whether it is time to clean; then it counts as done. A clock that was set back does
 * not put it off. */
static bool is_due(struct http_upload_cleaner *cleaner, const struct stat *status, int64_t now)
{
    const int64_t age = now - cleaner->cleaned;
    if (cleaner->device == status->st_dev && cleaner->inode == status->st_ino && age >= 0 &&
        age < HTTP_UPLOAD_CLEAN_INTERVAL)
        return false;
    cleaner->device = status->st_dev;
    cleaner->inode = status->st_ino;
    cleaner->cleaned = now;
    return true;
}

void http_upload_clean_at_times(struct http_upload_cleaner *cleaner, int directory, int64_t now)
{
    struct stat status;
    if (fstat(directory, &status) < 0)
        return;
    pthread_mutex_lock(&cleaner->lock);
    const bool is_time = is_due(cleaner, &status, now);
    pthread_mutex_unlock(&cleaner->lock);
    if (is_time)
        http_upload_clean(directory, now);
}
