#include "cat/hexdump.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define HALF (HEXDUMP_BYTES_PER_LINE / 2)

_Static_assert(sizeof "> 0123456789abcdef  " + HEXDUMP_BYTES_PER_LINE * 4 + sizeof "  ||\n" <=
                   HEXDUMP_LINE_MAX,
               "the longest offset and a full line fit");

/* " xx" for each byte, blanks where there is none, a gap in the middle. */
static char *put_hex(char *end, struct nk_slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < HEXDUMP_BYTES_PER_LINE; i++) {
        unsigned byte = i < bytes.len ? (unsigned char)bytes.data[i] : 0;
        if (i == HALF)
            *end++ = ' ';
        *end++ = ' ';
        *end++ = i < bytes.len ? digits[byte >> 4] : ' ';
        *end++ = i < bytes.len ? digits[byte & 15] : ' ';
    }
    return end;
}

/* What a terminal might take for a command shows as a dot. */
static char *put_text(char *end, struct nk_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        bool is_printable = bytes.data[i] >= ' ' && bytes.data[i] <= '~';
        *end++ = is_printable ? bytes.data[i] : '.';
    }
    return end;
}

size_t hexdump_line(char line[static HEXDUMP_LINE_MAX], char mark, uint64_t offset,
                    struct nk_slice bytes)
{
    bytes = nk_slice_first(bytes, HEXDUMP_BYTES_PER_LINE);
    char *end = line + snprintf(line, HEXDUMP_LINE_MAX, "%c %08" PRIx64 " ", mark, offset);
    end = put_hex(end, bytes);
    *end++ = ' ';
    *end++ = ' ';
    *end++ = '|';
    end = put_text(end, bytes);
    *end++ = '|';
    *end++ = '\n';
    *end = '\0';
    return (size_t)(end - line);
}
