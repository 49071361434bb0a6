#include "json_line.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/clock.h"

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the well-formed UTF-8 sequence at `text`, or 0 (RFC 3629: no
 * overlong forms, no surrogates, nothing above U+10FFFF). The string ends with
 * NUL, which is no continuation, so this never reads past its end. */
static size_t utf8_length(const unsigned char *text)
{
    unsigned char first = text[0];
    unsigned char second;

    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4 || !is_continuation(text[1]))
        return 0;
    if (first < 0xe0)
        return 2;
    second = text[1];
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f) ||
        !is_continuation(text[2]))
        return 0;
    if (first < 0xf0)
        return 3;
    return is_continuation(text[3]) ? 4 : 0;
}

static void write_string(FILE *out, const char *value)
{
    const unsigned char *at = (const unsigned char *)value;

    fputc('"', out);
    while (*at != '\0') {
        size_t len = utf8_length(at);

        if (len == 0)
            fputs("\\ufffd", out);
        else if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7f)
            fprintf(out, "\\u%04x", *at);
        else
            fwrite(at, 1, len, out);
        at += len == 0 ? 1 : len;
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
