/* The PROXY protocol: every kind of header, however it is cut; what is refused;
 * and that what is printed reads as what was meant. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cat/proxy_protocol.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\x7f\0\0\1\x0a\0\0\2\x10\x01\x00\x50" /* 127.0.0.1:4097 -> 10.0.0.2:80 */

struct bytes {
    const char *data;
    size_t len;
};

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* Hands the bytes in, `step` at a time, each piece a heap copy of exactly its size.
 * Returns what the last call did, or how many bytes were taken. */
static ssize_t feed(struct proxy_parser *parser, struct bytes all, size_t step)
{
    size_t used = 0;

    proxy_parser_init(parser);
    while (used < all.len && !proxy_parser_is_complete(parser)) {
        size_t len = all.len - used < step ? all.len - used : step;
        char *copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, all.data + used, len);
        ssize_t taken = proxy_parser_input(parser, nk_slice_make(copy, len));
        free(copy);
        if (taken < 0)
            return taken;
        assert_true((size_t)taken == len || proxy_parser_is_complete(parser));
        used += (size_t)taken;
    }
    return (ssize_t)used;
}

static void assert_addresses(const struct proxy_parser *parser, const char *source,
                             const char *destination)
{
    char text[NK_SOCKADDR_TEXT_MAX];

    assert_true(proxy_parser_is_complete(parser));
    assert_int_equal(parser->header.has_addresses, source != NULL);
    if (source == NULL)
        return;
    assert_string_equal(nk_sockaddr_print(&parser->header.source, text), source);
    assert_string_equal(nk_sockaddr_print(&parser->header.destination, text), destination);
}

/* A header is misread, or a byte behind it is taken, for some way to cut it. */
static void test_headers(void **state)
{
    static const struct {
        struct bytes bytes;
        const char *source;
        const char *destination;
    } cases[] = {
        {BYTES("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"), "192.0.2.1:56324",
         "198.51.100.7:443"},
        {BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
         "255.255.255.255:65535", "255.255.255.255:65535"},
        {BYTES("PROXY TCP6 2001:db8::1 ::1 0 1\r\n"), "[2001:db8::1]:0", "[::1]:1"},
        {BYTES("PROXY UNKNOWN\r\n"), NULL, NULL},
        {BYTES("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), NULL, NULL},
        {BYTES(SIGNATURE "\x21\x11\x00\x0c" V4), "127.0.0.1:4097", "10.0.0.2:80"},
        {BYTES(SIGNATURE "\x21\x12\x00\x0c" V4), "127.0.0.1:4097", "10.0.0.2:80"},
        {BYTES(SIGNATURE "\x21\x11\x00\x13" V4 "\x04\x00\x04????"), "127.0.0.1:4097",
         "10.0.0.2:80"},
        {BYTES(SIGNATURE "\x21\x21\x00\x24"
                         "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x00\x07\x00\x50"),
         "[2001:db8::1]:7", "[::1]:80"},
        {BYTES(SIGNATURE "\x21\x00\x00\x00"), NULL, NULL},
        {BYTES(SIGNATURE "\x20\x00\x00\x00"), NULL, NULL},
        {BYTES(SIGNATURE "\x20\x11\x00\x0c" V4), NULL, NULL},
        {BYTES(SIGNATURE "\x20\xff\x00\x02??"), NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        for (size_t step = 1; step <= cases[i].bytes.len; step++) {
            struct proxy_parser parser;

            assert_int_equal(feed(&parser, cases[i].bytes, step), cases[i].bytes.len);
            assert_addresses(&parser, cases[i].source, cases[i].destination);
        }
    }
}

/* The first bytes of the stream are swallowed with the header. */
static void test_stream_behind(void **state)
{
    static const struct bytes cases[] = {
        BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n\r\nGET"),
        BYTES("PROXY UNKNOWN\r\n\r\nGET"),
        BYTES(SIGNATURE "\x21\x11\x00\x0c" V4 "\r\nGET"),
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct proxy_parser parser;

        assert_int_equal(feed(&parser, cases[i], cases[i].len), cases[i].len - 5);
        assert_true(proxy_parser_is_complete(&parser));
    }
}

/* Something else is taken for a header, at the first byte that shows it or later. */
static void test_refused(void **state)
{
    static const struct bytes cases[] = {
        BYTES("GET / HTTP/1.1\r\n"),
        BYTES("PROXX "),
        BYTES("proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n"),
        BYTES("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n"),
        BYTES("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n"),
        BYTES("PROXY TCP4\r\n"),
        BYTES("PROXY \r\n"),
        BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"),
        BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n"),
        BYTES("PROXY TCP4 1.2.3.4 1.2.3.4  1 2\r\n"),
        BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n"),
        BYTES("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n"),
        BYTES("PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n"),
        BYTES("PROXY TCP4 ::1 ::1 1 2\r\n"),
        BYTES("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n"),
        BYTES("PROXY TCP6 ::1%lo ::1 1 2\r\n"),
        BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n"),
        BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"),
        BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n"),
        BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"),
        BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n"),
        BYTES("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n"),
        BYTES("\r\n\r\n\0\r\nQUIX\n"),
        BYTES(SIGNATURE "\x11\x11\x00\x0c" V4),
        BYTES(SIGNATURE "\x22\x11\x00\x0c" V4),
        BYTES(SIGNATURE "\x21\x41\x00\x0c" V4),
        BYTES(SIGNATURE "\x21\x13\x00\x0c" V4),
        BYTES(SIGNATURE "\x21\x10\x00\x0c" V4),
        BYTES(SIGNATURE "\x21\x01\x00\x00"),
        BYTES(SIGNATURE "\x21\x11\x00\x0b" V4),
        BYTES(SIGNATURE "\x21\x21\x00\x0c" V4),
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        for (size_t step = 1; step <= cases[i].len; step += cases[i].len - 1) {
            struct proxy_parser parser;

            assert_int_equal(feed(&parser, cases[i], step), -EBADMSG);
            assert_non_null(proxy_parser_problem(&parser));
            assert_false(proxy_parser_is_complete(&parser));
            /* for good */
            assert_int_equal(proxy_parser_input(&parser, nk_slice_make("P", 1)), -EBADMSG);
        }
    }
}

/* A line without an end fills memory, or one of the permitted length is refused. */
static void test_longest_line(void **state)
{
    char line[PROXY_PROTOCOL_V1_MAX + 1];
    struct proxy_parser parser;

    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line, "PROXY UNKNOWN ", 14);
    memcpy(line + PROXY_PROTOCOL_V1_MAX - 2, "\r\n", 2);
    assert_int_equal(feed(&parser, (struct bytes){line, PROXY_PROTOCOL_V1_MAX}, 9),
                     PROXY_PROTOCOL_V1_MAX);
    assert_true(proxy_parser_is_complete(&parser));
    memcpy(line + PROXY_PROTOCOL_V1_MAX - 2, "x\r\n", 3);
    assert_int_equal(feed(&parser, (struct bytes){line, PROXY_PROTOCOL_V1_MAX + 1}, 9), -EBADMSG);
}

/* The longest header of version 2 is 65,551 bytes, all of them to be skipped. */
static void test_longest_extensions(void **state)
{
    size_t len = PROXY_PROTOCOL_V2_FIXED + 65535;
    char *header = calloc(1, len + 1);
    struct proxy_parser parser;

    (void)state;
    assert_non_null(header);
    memcpy(header, SIGNATURE "\x21\x11\xff\xff" V4, PROXY_PROTOCOL_V2_FIXED + 12);
    assert_int_equal(feed(&parser, (struct bytes){header, len + 1}, 1000), len);
    assert_addresses(&parser, "127.0.0.1:4097", "10.0.0.2:80");
    free(header);
}

/* ---- printing ---- */

static struct nk_sockaddr address_of(const char *host, uint16_t port)
{
    struct nk_sockaddr address;

    if (host[0] == '/' || host[0] == '@')
        assert_int_equal(nk_sockaddr_from_unix_path(&address, host), 0);
    else
        assert_int_equal(nk_sockaddr_from_numeric(&address, host, port), 0);
    return address;
}

static struct proxy_header header_of(const char *source, const char *destination)
{
    return (struct proxy_header){
        .has_addresses = true,
        .source = address_of(source, 1),
        .destination = address_of(destination, 65535),
    };
}

/* The text is not the one that other programs expect. */
static void test_text(void **state)
{
    static const struct {
        const char *source;
        const char *destination;
        const char *text;
    } cases[] = {
        {"1.2.3.4", "10.0.0.1", "PROXY TCP4 1.2.3.4 10.0.0.1 1 65535\r\n"},
        {"2001:db8::1", "::1", "PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"},
        {"::ffff:1.2.3.4", "::ffff:10.0.0.1", "PROXY TCP4 1.2.3.4 10.0.0.1 1 65535\r\n"},
        {"::ffff:1.2.3.4", "10.0.0.1", "PROXY TCP4 1.2.3.4 10.0.0.1 1 65535\r\n"},
        {"1.2.3.4", "::1", "PROXY TCP6 ::ffff:1.2.3.4 ::1 1 65535\r\n"},
        {"/run/a", "/run/b", "PROXY UNKNOWN\r\n"},
        {"1.2.3.4", "/run/b", "PROXY UNKNOWN\r\n"},
    };
    char out[PROXY_PROTOCOL_MAX];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct proxy_header header = header_of(cases[i].source, cases[i].destination);
        size_t len = proxy_header_print(&header, 1, out);

        assert_int_equal(len, strlen(cases[i].text));
        assert_memory_equal(out, cases[i].text, len);
    }
    struct proxy_header unknown = {.has_addresses = false};
    assert_int_equal(proxy_header_print(&unknown, 1, out), 15);
    assert_memory_equal(out, "PROXY UNKNOWN\r\n", 15);
}

/* Version 2 does not read as what was printed. */
static void test_binary(void **state)
{
    static const struct {
        const char *source;
        const char *destination;
        const char *read_source; /* NULL: unknown */
        const char *read_destination;
        size_t len;
    } cases[] = {
        {"1.2.3.4", "10.0.0.1", "1.2.3.4:1", "10.0.0.1:65535", 28},
        {"::ffff:1.2.3.4", "::ffff:10.0.0.1", "1.2.3.4:1", "10.0.0.1:65535", 28},
        {"::1", "2001:db8::1", "[::1]:1", "[2001:db8::1]:65535", 52},
        {"1.2.3.4", "::1", "[::ffff:1.2.3.4]:1", "[::1]:65535", 52},
        {"/run/a", "@b", "/run/a", "@b", 232},
        {"1.2.3.4", "/run/b", NULL, NULL, 16},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        char out[PROXY_PROTOCOL_MAX];
        struct proxy_parser parser;
        struct proxy_header header = header_of(cases[i].source, cases[i].destination);
        size_t len = proxy_header_print(&header, 2, out);

        assert_int_equal(len, cases[i].len);
        assert_int_equal(feed(&parser, (struct bytes){out, len}, len), len);
        assert_addresses(&parser, cases[i].read_source, cases[i].read_destination);
        assert_false(parser.header.is_datagram);
    }
    struct proxy_header header = header_of("1.2.3.4", "1.2.3.4");
    char out[PROXY_PROTOCOL_MAX];
    struct proxy_parser parser;
    header.is_datagram = true;
    assert_int_equal(feed(&parser, (struct bytes){out, proxy_header_print(&header, 2, out)}, 28),
                     28);
    assert_true(parser.header.is_datagram);
}

/* A unix client mostly has no name, and the longest one fills its field. */
static void test_unix_names(void **state)
{
    char path[NK_ADDRESS_UNIX_MAX + 1];
    char out[PROXY_PROTOCOL_MAX];
    struct proxy_parser parser;

    (void)state;
    memset(path, 'p', sizeof path);
    path[0] = '/';
    path[NK_ADDRESS_UNIX_MAX] = '\0';
    struct proxy_header header = header_of(path, path);
    header.source.len = offsetof(struct sockaddr_un, sun_path); /* no name */
    size_t len = proxy_header_print(&header, 2, out);
    assert_int_equal(feed(&parser, (struct bytes){out, len}, 1), len);
    assert_addresses(&parser, "", path);
    memset(out + PROXY_PROTOCOL_V2_FIXED, 'x', 108); /* no NUL at all */
    assert_int_equal(feed(&parser, (struct bytes){out, len}, len), len);
    char text[NK_SOCKADDR_TEXT_MAX];
    assert_int_equal(strlen(nk_sockaddr_print(&parser.header.source, text)), 107);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_stream_behind),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_longest_line),
        cmocka_unit_test(test_longest_extensions),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_unix_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
