/* The table of character classes, byte by byte, against the grammar written
 * out: a wrong entry would let a byte into a field, a target or a host name
 * that another parser reads differently. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "http/http_chars.h"

#define ALNUM "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define UNRESERVED ALNUM "-._~"  /* RFC 3986 2.3 */
#define SUB_DELIMS "!$&'()*+,;=" /* RFC 3986 2.2 */
#define VISIBLE ALNUM "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

struct char_class {
    unsigned bit;
    const char *ascii; /* the ASCII members */
    int has_obs_text;  /* whether 0x80 to 0xff belong to it too */
};

static const struct char_class classes[] = {
    {HTTP_CHAR_TOKEN, ALNUM "!#$%&'*+-.^_`|~", 0},                    /* RFC 9110 5.6.2 */
    {HTTP_CHAR_TARGET, ALNUM "!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~", 0}, /* all but '#' */
    {HTTP_CHAR_VALUE, VISIBLE " \t", 1},                              /* RFC 9110 5.5 */
    {HTTP_CHAR_QUOTED, ALNUM " \t!#$%&'()*+,-./:;<=>?@[]^_`{|}~", 1}, /* RFC 9110 5.6.4 */
    {HTTP_CHAR_HOST, UNRESERVED "%", 0},                              /* without sub-delims */
    {HTTP_CHAR_PATH, UNRESERVED SUB_DELIMS ":@/", 0},                 /* RFC 3986 3.3 */
    {HTTP_CHAR_HEX, "0123456789ABCDEFabcdef", 0},
    {HTTP_CHAR_COLON, ":", 0},
    {HTTP_CHAR_SEMICOLON, ";", 0},
    {HTTP_CHAR_EQUALS, "=", 0},
    {HTTP_CHAR_QUOTE, "\"", 0},
    {HTTP_CHAR_BACKSLASH, "\\", 0},
    {HTTP_CHAR_CR, "\r", 0},
    {HTTP_CHAR_LF, "\n", 0},
};

static void test_every_byte_is_in_the_right_classes(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        unsigned expected = 0;
        for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
            const int is_member = byte >= 0x80 ? classes[i].has_obs_text
                                               : byte != 0 && strchr(classes[i].ascii, byte);
            if (is_member)
                expected |= classes[i].bit;
        }
        if (http_char_of((char)byte) != expected)
            print_error("byte 0x%02x\n", (unsigned)byte);
        assert_int_equal(http_char_of((char)byte), expected);
    }
}

/* A wrong digit would make chunk sizes and escapes wrong. */
static void test_hexadecimal_digits(void **state)
{
    static const char digits[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(http_char_hex_value(digits[i]), i);
        assert_int_equal(http_char_hex_value(upper[i]), i);
    }
}

/* Skipping must stop at the end even if the next byte would belong too. */
static void test_skipping_stops_at_the_end(void **state)
{
    static const char text[] = "abc def";
    (void)state;
    assert_ptr_equal(http_char_skip(text, text + 7, HTTP_CHAR_TOKEN), text + 3);
    assert_ptr_equal(http_char_skip(text, text + 2, HTTP_CHAR_TOKEN), text + 2);
    assert_ptr_equal(http_char_skip(text, text, HTTP_CHAR_TOKEN), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_is_in_the_right_classes),
        cmocka_unit_test(test_hexadecimal_digits),
        cmocka_unit_test(test_skipping_stops_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
