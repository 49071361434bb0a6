#include "http/http_listing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "http/http_listing_private.h"

const char *http_listing_type(const struct http_listing *listing)
{
    return listing->is_json ? "application/json" : "text/html; charset=utf-8";
}

const char *http_listing_fields(const struct http_listing *listing)
{
    if (listing->is_json)
        return "Vary: Accept\r\n";
    return listing->has_upload ? http_listing_policy_with_upload : http_listing_policy;
}

void http_listing_print_date(int64_t seconds, char text[static HTTP_LISTING_DATE_SIZE])
{
    struct tm parts;
    time_t time = (time_t)seconds;
    text[0] = '\0';
    if (gmtime_r(&time, &parts) && parts.tm_year >= -1900 && parts.tm_year <= 8099)
        strftime(text, HTTP_LISTING_DATE_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static int write_page(FILE *page, const struct http_listing *listing,
                      const struct http_entries *entries)
{
    if (listing->is_json)
        http_listing_write_json(page, entries);
    else
        http_listing_write_html(page, listing, entries);
    return ferror(page) ? -EIO : 0;
}

/* The page goes through stdio into the memory file, which outlives the stream. */
static int write_to_memory(const struct http_listing *listing, const struct http_entries *entries,
                           uint64_t *size)
{
    int memory = memfd_create("listing", MFD_CLOEXEC);
    if (memory < 0)
        return -errno;
    int copy = fcntl(memory, F_DUPFD_CLOEXEC, 0);
    FILE *page = copy < 0 ? NULL : fdopen(copy, "w");
    int error = page ? write_page(page, listing, entries) : -errno;
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

int http_listing_make(const struct http_listing *listing, uint64_t *size)
{
    struct http_entries entries;
    int result = http_entries_read(&entries, &listing->place);
    if (result == 0) {
        http_entries_sort(&entries, listing->order);
        result = write_to_memory(listing, &entries, size);
    }
    http_entries_free(&entries);
    return result;
}
