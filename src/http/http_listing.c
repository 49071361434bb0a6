#include "http/http_listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/http_path.h"

/* A name of 255 bytes, escaped for HTML and encoded for a link, with room. */
#define ROW_SIZE 4096

/* The decoded name of a directory, escaped. */
#define TITLE_SIZE 65536

struct entry {
    bool is_directory;
    bool has_status;
    uint64_t size;
    int64_t modified; /* seconds since 1970 */
    char name[];
};

struct entries {
    struct entry **items;
    size_t count;
    size_t size;
};

/* ---- reading ---- */

static void entries_free(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        free(entries->items[i]);
    free(entries->items);
}

static int add_entry(struct entries *entries, int directory, const char *name)
{
    if (entries->count == entries->size) {
        size_t size = entries->size ? entries->size * 2 : 64;
        struct entry **items = reallocarray(entries->items, size, sizeof(struct entry *));
        if (!items)
            return -ENOMEM;
        entries->items = items;
        entries->size = size;
    }
    size_t len = strlen(name) + 1;
    struct entry *entry = malloc(sizeof(*entry) + len);
    if (!entry)
        return -ENOMEM;
    *entry = (struct entry){0};
    memcpy(entry->name, name, len);
    /* A link is shown as such: what it leads to may lie outside the root. */
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(status.st_mode)) {
        entry->is_directory = S_ISDIR(status.st_mode);
        entry->has_status = true;
        entry->size = (uint64_t)status.st_size;
        entry->modified = status.st_mtime;
    }
    entries->items[entries->count++] = entry;
    return 0;
}

static int read_entries(struct entries *entries, int directory, bool dotfiles)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
        bool is_self_or_parent =
            strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0;
        if (!is_self_or_parent && (dotfiles || found->d_name[0] != '.'))
            error = add_entry(entries, directory, found->d_name);
    }
    if (!error)
        error = -errno;
    closedir(stream);
    return error;
}

static int compare(const void *left, const void *right)
{
    const struct entry *const *a = left;
    const struct entry *const *b = right;
    if ((*a)->is_directory != (*b)->is_directory)
        return (*a)->is_directory ? -1 : 1;
    return strcmp((*a)->name, (*b)->name);
}

/* ---- writing ---- */

static void write_size(FILE *page, const struct entry *entry)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double size = (double)entry->size;
    size_t unit = 0;
    if (!entry->has_status || entry->is_directory) {
        fputs("<td>", page);
        return;
    }
    for (; size >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        size /= 1024;
    fprintf(page, unit == 0 ? "<td>%.0f %s" : "<td>%.1f %s", size, units[unit]);
}

static void write_date(FILE *page, const struct entry *entry)
{
    struct tm parts;
    char date[32] = "";
    time_t modified = (time_t)entry->modified;
    if (entry->has_status && gmtime_r(&modified, &parts))
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &parts);
    fprintf(page, "<td>%s\n", date);
}

/* "./" in front of the link keeps a name such as "a:b" from being a scheme. */
static void write_row(FILE *page, const struct entry *entry)
{
    char link[ROW_SIZE];
    char text[ROW_SIZE];
    size_t link_len = 0;
    size_t text_len = 0;
    const char *slash = entry->is_directory ? "/" : "";
    struct nk_slice name = nk_slice_of_string(entry->name);
    char encoded[ROW_SIZE];
    size_t encoded_len = 0;
    if (http_path_encode(name, encoded, sizeof(encoded), &encoded_len) < 0 ||
        http_html_escape(nk_slice_make(encoded, encoded_len), link, sizeof(link), &link_len) < 0 ||
        http_html_escape(name, text, sizeof(text), &text_len) < 0)
        return;
    fprintf(page, "<tr><td><a href=\"./%.*s%s\">%.*s%s</a>", (int)link_len, link, slash,
            (int)text_len, text, slash);
    write_size(page, entry);
    write_date(page, entry);
}

static int write_page(FILE *page, const struct entries *entries, const char *name)
{
    char *title = malloc(TITLE_SIZE);
    size_t len = 0;
    if (!title)
        return -ENOMEM;
    if (http_html_escape(nk_slice_of_string(name), title, TITLE_SIZE, &len) < 0)
        len = 0;
    fprintf(page,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width\">\n"
            "<title>Index of /%.*s</title>\n"
            "<style>body{font-family:sans-serif;margin:2em}td{padding:.1em 1.5em .1em 0}"
            "td+td{text-align:right}</style>\n</head>\n<body>\n<h1>Index of /%.*s</h1>\n<table>\n",
            (int)len, title, (int)len, title);
    free(title);
    if (name[0] != '\0')
        fputs("<tr><td><a href=\"../\">../</a><td><td>\n", page);
    for (size_t i = 0; i < entries->count; i++)
        write_row(page, entries->items[i]);
    fputs("</table>\n</body>\n</html>\n", page);
    return ferror(page) ? -EIO : 0;
}

/* The page goes through stdio into the memory file, which outlives the stream. */
static int write_to_memory(const struct entries *entries, const char *name, uint64_t *size)
{
    int memory = memfd_create("listing", MFD_CLOEXEC);
    if (memory < 0)
        return -errno;
    int copy = fcntl(memory, F_DUPFD_CLOEXEC, 0);
    FILE *page = copy < 0 ? NULL : fdopen(copy, "w");
    int error = page ? write_page(page, entries, name) : -errno;
    if (page && fclose(page) != 0 && !error)
        error = -errno;
    if (!page && copy >= 0)
        close(copy);
    struct stat status;
    if (!error && fstat(memory, &status) < 0)
        error = -errno;
    if (error) {
        close(memory);
        return error;
    }
    *size = (uint64_t)status.st_size;
    return memory;
}

int http_listing_make(int directory, const char *name, bool dotfiles, uint64_t *size)
{
    struct entries entries = {0};
    int result = read_entries(&entries, directory, dotfiles);
    if (result == 0) {
        if (entries.count > 0)
            qsort(entries.items, entries.count, sizeof(entries.items[0]), compare);
        result = write_to_memory(&entries, name, size);
    }
    entries_free(&entries);
    return result;
}
