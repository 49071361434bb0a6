#include "http/http_file.h"

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
    file->varies = false;
    print_etag(file, "");
}

void http_file_describe_coded(struct http_file *coded, const struct http_file *file,
                              enum http_coding coding, const char *maker, uint64_t size)
{
    *coded = *file;
    coded->coding = coding;
    coded->size = size;
    print_etag(coded, maker);
}

void http_file_print_fields(struct http_file *file)
{
    const char *coding = http_coding_names[file->coding].name;
    char date[HTTP_DATE_SIZE];
    http_date_print(file->modified > 0 ? (uint64_t)file->modified : 0, date);
    int len = snprintf(file->fields, sizeof(file->fields), "Accept-Ranges: bytes\r\n%s%s%s",
                       coding[0] != '\0' ? "Content-Encoding: " : "", coding,
                       coding[0] != '\0' ? "\r\n" : "");
    file->state_at = (size_t)len;
    snprintf(file->fields + len, sizeof(file->fields) - (size_t)len,
             "ETag: %s\r\nLast-Modified: %s\r\n%s", file->etag, date,
             file->varies ? "Vary: Accept-Encoding\r\n" : "");
}
