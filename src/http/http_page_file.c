#include "http/http_page_file.h"

#include <stdlib.h>

#include "http/http_read_file.h"
#include "http/http_tables.h"

int http_page_file_read(struct http_page_file *page, const char *path)
{
    *page = (struct http_page_file){0};
    int error = http_read_file(path, HTTP_PAGE_FILE_MAX, &page->text, &page->len, NULL);
    if (!error)
        page->type = http_media_type(nk_slice_of_string(path));
    return error;
}

void http_page_file_free(struct http_page_file *page)
{
    free(page->text);
    *page = (struct http_page_file){0};
}
