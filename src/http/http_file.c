#include "http/http_file.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/http_date.h"

#define NANOSECONDS INT64_C(1000000000)

/* Clocks of file systems tick every 4 ms (the kernel) to 2 s (FAT). */
#define SETTLED_AFTER 2

static int64_t nanoseconds_of(const struct timespec *time)
{
    return (int64_t)time->tv_sec * NANOSECONDS + time->tv_nsec;
}

void http_stamp_of(struct http_stamp *stamp, const struct stat *status)
{
    *stamp = (struct http_stamp){
        .device = status->st_dev,
        .inode = status->st_ino,
        .size = (uint64_t)status->st_size,
        .modified = nanoseconds_of(&status->st_mtim),
        .changed = nanoseconds_of(&status->st_ctim),
    };
}

bool http_stamp_equal(const struct http_stamp *a, const struct http_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified == b->modified && a->changed == b->changed;
}

bool http_stamp_is_settled(const struct http_stamp *stamp, uint64_t now)
{
    return stamp->changed / NANOSECONDS + SETTLED_AFTER < (int64_t)now;
}

#define VARY "Vary: Accept-Encoding\r\n"

/* One step of mixing: every bit of the number moves half of the bits. */
static uint64_t mix(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 29;
}

static void print_etag(struct http_file *file, const char *maker)
{
    const struct http_stamp *stamp = &file->stamp;
    const char *coding = http_coding_names[file->coding].name;
    uint64_t hash = mix(mix(0, stamp->device), stamp->inode);
    hash = mix(mix(hash, (uint64_t)stamp->modified), (uint64_t)stamp->changed);
    snprintf(file->etag, sizeof(file->etag), "\"%016" PRIx64 "-%" PRIx64 "%s%s%s\"", hash,
             stamp->size, coding[0] != '\0' ? "-" : "", coding, maker);
}

void http_file_describe(struct http_file *file, const struct stat *status, const char *type,
                        enum http_coding coding, uint64_t now)
{
    http_stamp_of(&file->stamp, status);
    file->type = type;
    file->coding = coding;
    file->size = file->stamp.size;
    file->modified = status->st_mtim.tv_sec;
    if (file->modified > (int64_t)now) /* RFC 9110 8.8.2.1 */
        file->modified = (int64_t)now;
    file->siblings = 0;
    file->has_looked = false;
    file->is_coded = false;
    file->is_made = false;
    file->varies = false;
    print_etag(file, "");
}

void http_file_describe_coded(struct http_file *coded, const struct http_file *file,
                              enum http_coding coding, const char *maker, uint64_t size)
{
    *coded = *file;
    coded->coding = coding;
    coded->size = size;
    coded->is_made = true;
    print_etag(coded, maker);
}

void http_file_print_fields(struct http_file *file)
{
    const char *coding = http_coding_names[file->coding].name;
    const bool is_coded = coding[0] != '\0';
    char date[HTTP_DATE_SIZE];
    http_date_print(file->modified > 0 ? (uint64_t)file->modified : 0, date);
    file->state_at =
        (size_t)snprintf(file->fields, sizeof(file->fields), "%s%s%s",
                         is_coded ? "Content-Encoding: " : "", coding, is_coded ? "\r\n" : "");
    const int len = snprintf(file->fields + file->state_at, sizeof(file->fields) - file->state_at,
                             "%sETag: %s\r\nLast-Modified: %s\r\nAccept-Ranges: bytes\r\n",
                             file->varies ? VARY : "", file->etag, date);
    assert(len > 0 && file->state_at + (size_t)len < sizeof(file->fields));
    (void)len;
}

void http_file_forget_state(struct http_file *file)
{
    file->fields[file->state_at] = '\0';
    if (file->varies)
        memcpy(file->fields + file->state_at, VARY, sizeof(VARY));
}
