#include "http/http_entries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading ---- */

/* The status of what a link leads to, when that would be served. */
static bool follow(const struct http_entries_place *place, const char *name, struct stat *status)
{
    char path[PATH_MAX];
    int written = snprintf(path, sizeof(path), "%s%s", place->name, name);
    if (written < 0 || (size_t)written >= sizeof(path))
        return false;
    int file = open_beneath(place->root, path, O_PATH, place->links);
    bool is_known = file >= 0 && fstat(file, status) == 0;
    if (file >= 0)
        close(file);
    return is_known;
}

static enum http_entry_type type_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return HTTP_ENTRY_DIRECTORY;
    if (S_ISLNK(mode))
        return HTTP_ENTRY_LINK;
    return S_ISREG(mode) ? HTTP_ENTRY_FILE : HTTP_ENTRY_OTHER;
}

static void look_at(struct http_entry *entry, const struct http_entries_place *place)
{
    struct stat status;
    struct stat target;
    entry->type = HTTP_ENTRY_OTHER;
    if (fstatat(place->directory, entry->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (S_ISLNK(status.st_mode) && follow(place, entry->name, &target))
        status = target;
    entry->type = type_of(status.st_mode);
    if (entry->type == HTTP_ENTRY_LINK)
        return;
    entry->has_date = true;
    entry->modified = status.st_mtime;
    if (entry->type == HTTP_ENTRY_FILE)
        entry->size = (uint64_t)status.st_size;
}

static int add_entry(struct http_entries *entries, const struct http_entries_place *place,
                     const char *name)
{
    if (entries->count == place->max)
        return -E2BIG;
    if (entries->count == entries->size) {
        size_t size = entries->size ? entries->size * 2 : 64;
        struct http_entry **items = reallocarray(entries->items, size, sizeof(*items));
        if (!items)
            return -ENOMEM;
        entries->items = items;
        entries->size = size;
    }
    size_t len = strlen(name) + 1;
    struct http_entry *entry = calloc(1, sizeof(*entry) + len);
    if (!entry)
        return -ENOMEM;
    memcpy(entry->name, name, len);
    look_at(entry, place);
    entries->items[entries->count++] = entry;
    return 0;
}

static bool is_shown(const char *name, bool dotfiles)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    return dotfiles || name[0] != '.';
}

int http_entries_read(struct http_entries *entries, const struct http_entries_place *place)
{
    *entries = (struct http_entries){0};
    int copy = openat(place->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    if (!stream) {
        int error = -errno;
        if (copy >= 0)
            close(copy);
        return error;
    }
    int error = 0;
    const struct dirent *found;
    while (!error && (errno = 0, found = readdir(stream))) {
        if (is_shown(found->d_name, place->dotfiles))
            error = add_entry(entries, place, found->d_name);
    }
    if (!error)
        error = -errno;
    closedir(stream);
    return error;
}

void http_entries_free(struct http_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        free(entries->items[i]);
    free(entries->items);
    *entries = (struct http_entries){0};
}

/* ---- sorting ---- */

static int compare_sizes(const struct http_entry *a, const struct http_entry *b)
{
    return (a->size > b->size) - (a->size < b->size);
}

static int compare_dates(const struct http_entry *a, const struct http_entry *b)
{
    return (a->modified > b->modified) - (a->modified < b->modified);
}

static int compare(const void *left, const void *right, void *context)
{
    const struct http_order *order = context;
    const struct http_entry *a = *(const struct http_entry *const *)left;
    const struct http_entry *b = *(const struct http_entry *const *)right;
    bool is_directory = a->type == HTTP_ENTRY_DIRECTORY;
    int difference = 0;
    if (is_directory != (b->type == HTTP_ENTRY_DIRECTORY))
        return is_directory ? -1 : 1;
    if (order->key == HTTP_ORDER_SIZE && !is_directory)
        difference = compare_sizes(a, b);
    else if (order->key == HTTP_ORDER_DATE)
        difference = compare_dates(a, b);
    else if (order->key == HTTP_ORDER_NAME)
        difference = http_order_compare_names(a->name, b->name);
    if (difference == 0)
        return http_order_compare_names(a->name, b->name);
    return order->is_descending ? -difference : difference;
}

void http_entries_sort(struct http_entries *entries, struct http_order order)
{
    if (entries->count > 0)
        qsort_r(entries->items, entries->count, sizeof(entries->items[0]), compare, &order);
}
