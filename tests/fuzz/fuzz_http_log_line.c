/* The access log: whatever a client sends, a line is one line of printable text, and
 * its quotation marks are ours. */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "http/http_log_line.h"

/* Quotation marks that no backslash stands in front of. */
static size_t count_quotes(struct nk_slice line)
{
    size_t count = 0;
    for (size_t i = 0; i < line.len; i++) {
        if (line.data[i] == '\\')
            i++;
        else
            count += line.data[i] == '"';
    }
    return count;
}

static void check_line(struct nk_slice line, bool is_ascii)
{
    FUZZ_CHECK(line.len > 0 && line.len <= HTTP_LOG_LINE_MAX);
    FUZZ_CHECK(line.data[line.len - 1] == '\n');
    for (size_t i = 0; i + 1 < line.len; i++) {
        unsigned char byte = (unsigned char)line.data[i];
        FUZZ_CHECK(byte >= ' ' && byte != 0x7f);
        FUZZ_CHECK(!is_ascii || byte < 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t quotes[] = {2, 6}; /* of a request with all texts */
    const struct nk_slice text = {(const char *)data, size};
    char user[300];
    snprintf(user, sizeof(user), "%.*s", (int)size, text.data);
    const struct http_log_entry entry = {
        .client = "192.0.2.1",
        .user = size % 2 == 0 ? user : NULL,
        .method = "GET",
        .target = nk_slice_first(text, size / 2 + 1),
        .status = 200,
        .host = text,
        .referer = nk_slice_from(text, size / 3),
        .agent = nk_slice_from(text, size / 2),
    };
    if (size == 0)
        return 0;
    for (int format = HTTP_LOG_COMMON; format <= HTTP_LOG_JSON; format++) {
        char *line = malloc(HTTP_LOG_LINE_MAX);
        struct http_log_time time = {0};
        FUZZ_CHECK(line != NULL);
        struct nk_slice out = {line,
                               http_log_line((enum http_log_format)format, &entry, &time, line)};
        check_line(out, format != HTTP_LOG_JSON);
        FUZZ_CHECK(format == HTTP_LOG_JSON || count_quotes(out) == quotes[format]);
        FUZZ_CHECK(count_quotes(out) % 2 == 0);
        free(line);
    }
    return 0;
}
