/* The listing as a page: a table whose headings sort it, the way back up, and a
 * form for uploads. It works without scripts, and with a screen reader. */
#include <inttypes.h>
#include <string.h>

#include "http/http_listing_private.h"
#include "http/http_path.h"

static void write_escaped(FILE *page, struct nk_slice text)
{
    char piece[HTTP_LISTING_NAME_SIZE];
    size_t len = 0;
    if (http_html_escape(text, piece, sizeof(piece), &len) == 0)
        fwrite(piece, 1, len, page);
}

/* A name as it stands in a link; it may hold what means something in HTML. */
static void write_link(FILE *page, struct nk_slice name)
{
    char link[HTTP_LISTING_NAME_SIZE];
    size_t len = 0;
    if (http_path_encode(name, link, sizeof(link), &len) == 0)
        write_escaped(page, nk_slice_make(link, len));
}

/* ---- where we are ---- */

/* Takes the next segment off the front of a name such as "a/b/". */
static struct nk_slice next_segment(struct nk_slice *rest)
{
    struct nk_slice segment = nk_slice_first(*rest, nk_slice_find(*rest, '/'));
    *rest = nk_slice_from(*rest, segment.len + 1);
    return segment;
}

static void write_path(FILE *page, const char *name)
{
    struct nk_slice rest = nk_slice_of_string(name);
    fputc('/', page);
    while (rest.len > 0) {
        write_escaped(page, next_segment(&rest));
        fputc('/', page);
    }
}

static size_t depth_of(const char *name)
{
    size_t depth = 0;
    for (; *name != '\0'; name++)
        depth += *name == '/';
    return depth;
}

/* One step of the path: `up` directories above this one. */
static void write_crumb(FILE *page, struct nk_slice text, size_t up)
{
    fputs("<li><a href=\"./", page);
    for (size_t i = 0; i < up; i++)
        fputs("../", page);
    fputs(up == 0 ? "\" aria-current=\"page\">" : "\">", page);
    write_escaped(page, text);
    fputs("</a></li>\n", page);
}

static void write_crumbs(FILE *page, const char *name)
{
    static const struct nk_slice top = NK_SLICE("Top");
    struct nk_slice rest = nk_slice_of_string(name);
    size_t up = depth_of(name);
    fputs("<nav aria-label=\"Path\">\n<ol>\n", page);
    write_crumb(page, top, up);
    while (rest.len > 0)
        write_crumb(page, next_segment(&rest), --up);
    fputs("</ol>\n</nav>\n", page);
}

static void write_head(FILE *page, const struct http_listing *listing)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n<title>Index of ",
          page);
    write_path(page, listing->place.name);
    fprintf(page, "</title>\n<style>%s</style>\n</head>\n<body>\n", http_listing_style);
    if (listing->place.name[0] != '\0')
        write_crumbs(page, listing->place.name);
    fputs("<main>\n<h1>Index of ", page);
    write_path(page, listing->place.name);
    fputs("</h1>\n", page);
}

/* ---- the table ---- */

/* What would be rounded to 1024.0 is 1.0 of the next unit. */
static void write_bytes(FILE *page, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double size = (double)bytes;
    size_t unit = 0;
    for (; size >= 1023.95 && unit + 1 < NK_ARRAY_LENGTH(units); unit++)
        size /= 1024;
    fprintf(page, unit == 0 ? "%.0f&nbsp;%s" : "%.1f&nbsp;%s", size, units[unit]);
}

static void write_count(FILE *page, size_t count, const char *one, const char *many)
{
    fprintf(page, "%zu %s", count, count == 1 ? one : many);
}

static void write_caption(FILE *page, const struct http_entries *entries)
{
    size_t directories = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < entries->count; i++) {
        const struct http_entry *entry = entries->items[i];
        directories += entry->type == HTTP_ENTRY_DIRECTORY;
        bytes += entry->type == HTTP_ENTRY_FILE ? entry->size : 0;
    }
    fputs("<caption>", page);
    write_count(page, directories, "directory", "directories");
    fputs(", ", page);
    write_count(page, entries->count - directories, "file", "files");
    fputs(", ", page);
    write_bytes(page, bytes);
    fputs("</caption>\n", page);
}

/* A heading is a link that sorts by its column, or turns the order round. */
static void write_heading(FILE *page, struct http_order now, enum http_order_key key,
                          const char *title)
{
    bool is_current = now.key == key;
    fputs("<th scope=\"col\"", page);
    if (is_current)
        fprintf(page, " aria-sort=\"%s\"", now.is_descending ? "descending" : "ascending");
    fprintf(page, "><a href=\"?sort=%s&amp;order=%s\">%s</a></th>\n", http_order_key_name(key),
            is_current && !now.is_descending ? "desc" : "asc", title);
}

static void write_size(FILE *page, const struct http_entry *entry)
{
    fputs("<td>", page);
    if (entry->type == HTTP_ENTRY_FILE) {
        fprintf(page, "<data value=\"%" PRIu64 "\">", entry->size);
        write_bytes(page, entry->size);
        fputs("</data>", page);
    }
    fputs("</td>", page);
}

/* "2026-11-20 12:34" of a date whose parts stand where they always do. */
static void write_date(FILE *page, const struct http_entry *entry)
{
    char date[HTTP_LISTING_DATE_SIZE];
    http_listing_print_date(entry->modified, date);
    fputs("<td>", page);
    if (entry->has_date && strlen(date) == strlen("2026-11-20T12:34:56Z"))
        fprintf(page, "<time datetime=\"%s\">%.10s %.5s</time>", date, date, date + 11);
    fputs("</td>", page);
}

/* "./" in front of the link keeps a name such as "a:b" from being a scheme. */
static void write_row(FILE *page, const struct http_entry *entry)
{
    bool is_directory = entry->type == HTTP_ENTRY_DIRECTORY;
    const char *slash = is_directory ? "/" : "";
    struct nk_slice name = nk_slice_of_string(entry->name);
    fputs(is_directory ? "<tr class=\"directory\">" : "<tr>", page);
    fputs("<th scope=\"row\"><a href=\"./", page);
    write_link(page, name);
    fprintf(page, "%s\">", slash);
    write_escaped(page, name);
    fprintf(page, "%s</a></th>", slash);
    write_size(page, entry);
    write_date(page, entry);
    fputs("</tr>\n", page);
}

static void write_table(FILE *page, const struct http_listing *listing,
                        const struct http_entries *entries)
{
    fputs("<table>\n", page);
    write_caption(page, entries);
    fputs("<thead>\n<tr>\n", page);
    write_heading(page, listing->order, HTTP_ORDER_NAME, "Name");
    write_heading(page, listing->order, HTTP_ORDER_SIZE, "Size");
    write_heading(page, listing->order, HTTP_ORDER_DATE, "Modified (UTC)");
    fputs("</tr>\n</thead>\n<tbody>\n", page);
    if (listing->place.name[0] != '\0')
        fputs("<tr><th scope=\"row\"><a href=\"../\" rel=\"up\">Parent directory</a></th>"
              "<td></td><td></td></tr>\n",
              page);
    for (size_t i = 0; i < entries->count; i++)
        write_row(page, entries->items[i]);
    fputs("</tbody>\n</table>\n", page);
}

/* ---- the form ---- */

static void write_form(FILE *page)
{
    fprintf(page,
            "<form id=\"upload\" method=\"post\" enctype=\"multipart/form-data\" action=\"./\">\n"
            "<label for=\"file\">Upload files into this directory</label>\n"
            "<input type=\"file\" id=\"file\" name=\"file\" multiple required>\n"
            "<button>Upload</button>\n"
            "<progress id=\"progress\" max=\"1\" value=\"0\" aria-label=\"Upload\" hidden>"
            "</progress>\n"
            "<output id=\"status\" for=\"file\" role=\"status\"></output>\n"
            "</form>\n<script>%s</script>\n",
            http_listing_script);
}

void http_listing_write_html(FILE *page, const struct http_listing *listing,
                             const struct http_entries *entries)
{
    write_head(page, listing);
    if (entries->count == 0 && listing->place.name[0] == '\0')
        fputs("<p>This directory is empty.</p>\n", page);
    else
        write_table(page, listing, entries);
    if (listing->has_upload)
        write_form(page);
    fputs("</main>\n</body>\n</html>\n", page);
}
