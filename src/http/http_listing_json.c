/* The listing as one JSON array, an entry a line (RFC 8259). */
#include <inttypes.h>

#include "base/utf8.h"
#include "http/http_listing_private.h"
#include "http/http_path.h"

static const char *const type_names[] = {
    [HTTP_ENTRY_FILE] = "file",
    [HTTP_ENTRY_DIRECTORY] = "directory",
    [HTTP_ENTRY_LINK] = "link",
    [HTTP_ENTRY_OTHER] = "other",
};

/* JSON is UTF-8: bytes of a name that are not become U+FFFD, and then only the
 * link tells such names apart. */
static void write_string(FILE *page, struct nk_slice text)
{
    fputc('"', page);
    while (text.len > 0) {
        unsigned char byte = (unsigned char)text.data[0];
        size_t len = nk_utf8_decode(text, NULL);
        if (len == 0)
            fputs("\\ufffd", page);
        else if (byte < 0x20 || byte == 0x7f)
            fprintf(page, "\\u%04x", byte);
        else
            fprintf(page, "%s%.*s", byte == '"' || byte == '\\' ? "\\" : "", (int)len, text.data);
        text = nk_slice_from(text, len > 0 ? len : 1);
    }
    fputc('"', page);
}

static void write_entry(FILE *page, const struct http_entry *entry)
{
    char link[HTTP_LISTING_NAME_SIZE];
    char date[HTTP_LISTING_DATE_SIZE];
    size_t len = 0;
    struct nk_slice name = nk_slice_of_string(entry->name);
    bool is_directory = entry->type == HTTP_ENTRY_DIRECTORY;
    (void)http_path_encode(name, link, sizeof(link), &len);
    fputs("{\"name\":", page);
    write_string(page, name);
    fprintf(page, ",\"type\":\"%s\",\"size\":", type_names[entry->type]);
    if (entry->type == HTTP_ENTRY_FILE)
        fprintf(page, "%" PRIu64, entry->size);
    else
        fputs("null", page);
    http_listing_print_date(entry->modified, date);
    if (entry->has_date && date[0] != '\0')
        fprintf(page, ",\"modified\":\"%s\"", date);
    else
        fputs(",\"modified\":null", page);
    fprintf(page, ",\"href\":\"./%.*s%s\"}", (int)len, link, is_directory ? "/" : "");
}

void http_listing_write_json(FILE *page, const struct http_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        fputs(i == 0 ? "[" : ",\n", page);
        write_entry(page, entries->items[i]);
    }
    fputs(entries->count == 0 ? "[]\n" : "]\n", page);
}
