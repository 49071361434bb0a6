/* Which bytes may stand where in HTTP: one table, one look per byte.
 *
 * Internal to the protocol files of this folder. The names are those of the
 * grammar: RFC 9110 5.5 and 5.6, RFC 3986 2 and 3.3.
 */
#ifndef HTTP_HTTP_CHARS_H
#define HTTP_HTTP_CHARS_H

#include <stdint.h>

enum http_char {
    HTTP_CHAR_TOKEN = 1 << 0,  /* tchar: methods, field names, tokens */
    HTTP_CHAR_TARGET = 1 << 1, /* visible ASCII but '#': a request target */
    HTTP_CHAR_VALUE = 1 << 2,  /* field content: visible, obs-text, space, tab */
    HTTP_CHAR_QUOTED = 1 << 3, /* qdtext: inside a quoted string */
    HTTP_CHAR_HOST = 1 << 4,   /* unreserved and '%': a registered name */
    HTTP_CHAR_PATH = 1 << 5,   /* pchar without '%', and '/': a path as it is */
    HTTP_CHAR_HEX = 1 << 6,    /* HEXDIG in either case */
    HTTP_CHAR_COLON = 1 << 7,
    HTTP_CHAR_SEMICOLON = 1 << 8,
    HTTP_CHAR_EQUALS = 1 << 9,
    HTTP_CHAR_QUOTE = 1 << 10,
    HTTP_CHAR_BACKSLASH = 1 << 11,
    HTTP_CHAR_CR = 1 << 12,
    HTTP_CHAR_LF = 1 << 13,
};

/* For each byte, the set of enum http_char it belongs to. */
extern const uint16_t http_char_table[256];

static inline unsigned http_char_of(char byte)
{
    return http_char_table[(unsigned char)byte];
}

/* The first byte from `at` on that is in none of `classes`, or `end`. */
static inline const char *http_char_skip(const char *at, const char *end, unsigned classes)
{
    while (at < end && (http_char_of(*at) & classes) != 0)
        at++;
    return at;
}

/* The value of a HTTP_CHAR_HEX byte. */
static inline unsigned http_char_hex_value(char byte)
{
    const unsigned char c = (unsigned char)byte;
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

#endif
