/* A small file that is sent again and again, such as the body of every 404: read
 * once, when the server starts.
 */
#ifndef HTTP_HTTP_PAGE_FILE_H
#define HTTP_HTTP_PAGE_FILE_H

#include "base/slice.h"

/* A response copies it for each slow client. */
#define HTTP_PAGE_FILE_MAX 262144

struct http_page_file {
    const char *type; /* NULL = there is no such page */
    char *text;
    size_t len;
};

/* Reads the regular file at `path`. Returns 0 or -errno: -EFBIG above the
 * maximum, -EISDIR or -ESPIPE for what is no regular file. */
int http_page_file_read(struct http_page_file *page, const char *path);
void http_page_file_free(struct http_page_file *page);

#endif
