#include "http/http_upload_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/http_upload_parts.h"

#define TEMPORARY_PREFIX HTTP_UPLOAD_PREFIX "temporary-"

/* As open(2) gives it to any new file: the umask takes away. */
#define FILE_MODE 0666

/* Names of 64 random bits: a second attempt is a wonder already. */
#define NAME_ATTEMPTS 4

/* ---- names ---- */

bool http_upload_name_is_good(struct nk_slice name)
{
    static const struct nk_slice prefix = NK_SLICE(HTTP_UPLOAD_PREFIX);
    static const struct nk_slice dot = NK_SLICE(".");
    static const struct nk_slice dots = NK_SLICE("..");
    return name.len > 0 && name.len <= NAME_MAX && memchr(name.data, '\0', name.len) == NULL &&
           memchr(name.data, '/', name.len) == NULL && !nk_slice_equal(name, dot) &&
           !nk_slice_equal(name, dots) && !nk_slice_starts_with(name, prefix);
}

static int print_temporary_name(char hidden[static NAME_MAX + 1])
{
    uint64_t number;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return -EIO;
    snprintf(hidden, NAME_MAX + 1, TEMPORARY_PREFIX "%016llx", (unsigned long long)number);
    return 0;
}

/* ---- opening ---- */

void http_upload_file_init(struct http_upload_file *file, int directory, struct nk_slice name)
{
    *file = (struct http_upload_file){.directory = directory, .fd = -1};
    memcpy(file->name, name.data, name.len);
}

/* Where the file system knows no files without names. */
static int create_hidden(struct http_upload_file *file)
{
    for (int i = 0; i < NAME_ATTEMPTS; i++) {
        int error = print_temporary_name(file->hidden);
        if (error)
            return error;
        file->fd = openat(file->directory, file->hidden,
                          O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
        if (file->fd >= 0) {
            (void)flock(file->fd, LOCK_EX | LOCK_NB); /* see remove_unused */
            return 0;
        }
        file->hidden[0] = '\0';
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}

int http_upload_file_create(struct http_upload_file *file)
{
    if (access("/proc/self/fd", F_OK) == 0) { /* the way to give it a name, see link_as */
        file->fd = openat(file->directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, FILE_MODE);
        if (file->fd >= 0)
            return 0;
        if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
            return -errno;
    }
    return create_hidden(file);
}

int http_upload_file_continue(struct http_upload_file *file)
{
    struct stat status;
    int error = http_upload_part_name(file->hidden, file->name);
    if (!error) {
        file->fd =
            openat(file->directory, file->hidden, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        error = file->fd < 0 ? -errno : 0;
    }
    if (!error && flock(file->fd, LOCK_EX | LOCK_NB) < 0)
        error = errno == EWOULDBLOCK ? -EBUSY : -errno;
    if (!error && fstat(file->fd, &status) < 0)
        error = -errno;
    if (!error && !S_ISREG(status.st_mode))
        error = -EEXIST;
    if (!error && status.st_nlink == 0) /* somebody was faster and has completed it */
        error = -ENOENT;
    if (error) {
        if (file->fd >= 0)
            close(file->fd);
        file->fd = -1;
        file->hidden[0] = '\0';
        return error;
    }
    file->is_part = true;
    file->size = (uint64_t)status.st_size;
    return 0;
}

/* ---- writing ---- */

int http_upload_file_write(struct http_upload_file *file, struct nk_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t written = pwrite(file->fd, bytes.data, bytes.len, (off_t)file->size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        file->size += (uint64_t)written;
        bytes = nk_slice_from(bytes, (size_t)written);
    }
    return 0;
}

/* ---- the end ---- */

/* Gives the open file a further name, which must be free. By its descriptor: what stands
 * under the hidden name may have become another file. */
static int link_as(const struct http_upload_file *file, const char *name)
{
    char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
    int rc = linkat(AT_FDCWD, path, file->directory, name, AT_SYMLINK_FOLLOW);
    return rc < 0 ? -errno : 0;
}

/* Whether the hidden name is (still) that of the open file. */
static bool owns_hidden_name(const struct http_upload_file *file)
{
    struct stat own;
    struct stat found;
    return file->hidden[0] != '\0' && fstat(file->fd, &own) == 0 &&
           fstatat(file->directory, file->hidden, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           own.st_ino == found.st_ino && own.st_dev == found.st_dev;
}

/* Takes the hidden name away from the open file. */
static void forget_hidden_name(struct http_upload_file *file)
{
    if (owns_hidden_name(file))
        (void)unlinkat(file->directory, file->hidden, 0);
    file->hidden[0] = '\0';
}

/* Appears under a free name. Where files have one name only it is moved there. */
static int appear_as(struct http_upload_file *file, const char *name)
{
    int error = link_as(file, name);
    if ((error == -EPERM || error == -EOPNOTSUPP || error == -ENOENT) && owns_hidden_name(file))
        error =
            renameat2(file->directory, file->hidden, file->directory, name, RENAME_NOREPLACE) < 0
                ? -errno
                : 0;
    return error;
}

/* Appears in the place of `name`, which may be a file already. */
static int replace(struct http_upload_file *file, const char *name)
{
    char temporary[NAME_MAX + 1];
    int error = print_temporary_name(temporary);
    if (!error)
        error = appear_as(file, temporary);
    if (!error && renameat(file->directory, temporary, file->directory, name) < 0) {
        error = -errno;
        (void)unlinkat(file->directory, temporary, 0);
    }
    return error;
}

static void close_file(struct http_upload_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

/* Whether `name` stands for a file that may be replaced; 0 when it is free. */
static int find_old(const struct http_upload_file *file, bool overwrite)
{
    struct stat status;
    struct http_stamp stamp = {0};
    bool exists = fstatat(file->directory, file->name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!exists && errno != ENOENT)
        return -errno;
    if (exists)
        http_stamp_of(&stamp, &status);
    if (file->is_conditional && !http_stamp_equal(&stamp, &file->expected))
        return -ECANCELED;
    if (!exists)
        return 0;
    return overwrite && S_ISREG(status.st_mode) ? 1 : -EEXIST;
}

/* Of several uploads that want to replace the same state of a file one does: nothing of
 * ours may come between the look and the replacement. */
static int appear(struct http_upload_file *file, bool overwrite)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    int error = 0;
    pthread_mutex_lock(&lock);
    int old = find_old(file, overwrite);
    if (old > 0)
        error = replace(file, file->name);
    else if (old == 0)
        error = appear_as(file, file->name);
    pthread_mutex_unlock(&lock);
    return error ? error : old;
}

int http_upload_file_commit(struct http_upload_file *file, bool overwrite)
{
    if (fdatasync(file->fd) < 0)
        return -errno;
    int old = appear(file, overwrite);
    if (old < 0)
        return old;
    forget_hidden_name(file);
    if (!file->is_part)
        http_upload_part_remove(file->directory, file->name);
    if (fstat(file->fd, &file->appeared) < 0)
        file->appeared = (struct stat){0};
    close_file(file);
    return old;
}

void http_upload_file_keep(struct http_upload_file *file)
{
    char part[NAME_MAX + 1];
    if (file->fd < 0)
        return;
    if (file->is_part) {
        close_file(file);
        return;
    }
    if (file->size > 0 && http_upload_part_name(part, file->name) == 0)
        (void)replace(file, part);
    http_upload_file_discard(file);
}

void http_upload_file_discard(struct http_upload_file *file)
{
    if (file->fd >= 0)
        forget_hidden_name(file);
    close_file(file);
}
