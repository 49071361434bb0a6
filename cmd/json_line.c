#include "json_line.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/utf8.h"

static void write_string(FILE *out, const char *value)
{
    struct nk_slice rest = nk_slice_of_string(value);

    fputc('"', out);
    while (rest.len > 0) {
        unsigned char byte = (unsigned char)*rest.data;
        size_t len = nk_utf8_decode(rest, NULL);

        if (len == 0)
            fputs("\\ufffd", out);
        else if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            fprintf(out, "\\u%04x", byte);
        else
            fwrite(rest.data, 1, len, out);
        rest = nk_slice_from(rest, len == 0 ? 1 : len);
    }
    fputc('"', out);
}

void json_line_begin(FILE *out, const char *event)
{
    uint64_t now = nk_clock_wall(nk_clock_system());

    flockfile(out);
    fprintf(out, "{\"event\":\"%s\",\"t\":%" PRIu64 ".%06" PRIu64, event,
            now / NK_NANOSECONDS_PER_SECOND, now % NK_NANOSECONDS_PER_SECOND / 1000);
}

void json_line_string(FILE *out, const char *name, const char *value)
{
    fprintf(out, ",\"%s\":", name);
    write_string(out, value);
}

void json_line_integer(FILE *out, const char *name, uint64_t value)
{
    fprintf(out, ",\"%s\":%" PRIu64, name, value);
}

void json_line_integers(FILE *out, const char *name, const uint64_t *values, size_t count)
{
    fprintf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%" PRIu64, i > 0 ? "," : "", values[i]);
    fputc(']', out);
}

void json_line_number(FILE *out, const char *name, double value)
{
    fprintf(out, ",\"%s\":%.6f", name, value);
}

void json_line_seconds(FILE *out, const char *name, uint64_t nanoseconds)
{
    fprintf(out, ",\"%s\":%" PRIu64 ".%06" PRIu64, name, nanoseconds / NK_NANOSECONDS_PER_SECOND,
            nanoseconds % NK_NANOSECONDS_PER_SECOND / 1000);
}

void json_line_end(FILE *out)
{
    fputs("}\n", out);
    fflush(out);
    funlockfile(out);
}
