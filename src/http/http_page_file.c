#include "http/http_page_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/http_tables.h"

static int read_all(struct http_page_file *page, int file)
{
    page->text = malloc(HTTP_PAGE_FILE_MAX + 1);
    if (!page->text)
        return -ENOMEM;
    ssize_t got = 1;
    while (got > 0 && page->len <= HTTP_PAGE_FILE_MAX) {
        got = read(file, page->text + page->len, HTTP_PAGE_FILE_MAX + 1 - page->len);
        if (got < 0)
            return -errno;
        page->len += (size_t)got;
    }
    return page->len > HTTP_PAGE_FILE_MAX ? -EFBIG : 0;
}

int http_page_file_read(struct http_page_file *page, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    *page = (struct http_page_file){0};
    if (file < 0)
        return -errno;
    int error = fstat(file, &status) < 0 ? -errno : 0;
    if (!error && !S_ISREG(status.st_mode))
        error = S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
    if (!error)
        error = read_all(page, file);
    close(file);
    if (error)
        http_page_file_free(page);
    else
        page->type = http_media_type(nk_slice_of_string(path));
    return error;
}

void http_page_file_free(struct http_page_file *page)
{
    free(page->text);
    *page = (struct http_page_file){0};
}
