/* The request line: method, target in its four forms, version (RFC 9112 3).
 * The numbers are the rows of the protocol's truth table. */
#include "http_ways.h"

#define HOST "\r\nHost: h\r\n\r\n"

/* If one of these were served, two servers could disagree about where a
 * request ends or what it asks for. */
static const struct http_refusal refusals[] = {
    {"10 bare CR behind the method", NK_SLICE("GET\r / HTTP/1.1" HOST), 400},
    {"10 bare CR in the target", NK_SLICE("GET /a\rb HTTP/1.1" HOST), 400},
    {"10 bare CR behind the version", NK_SLICE("GET / HTTP/1.1\rX: y" HOST), 400},
    {"10 CR and a letter end no line", NK_SLICE("GET / HTTP/1.1\rXHost: h\r\n\r\n"), 400},
    {"10 CR CR LF", NK_SLICE("GET / HTTP/1.1\r\r\nHost: h\r\n\r\n"), 400},
    {"9 bare LF behind the version", NK_SLICE("GET / HTTP/1.1\nHost: h\r\n\r\n"), 400},
    {"9 bare LF before the request", NK_SLICE("\nGET / HTTP/1.1" HOST), 400},
    {"27 GET *", NK_SLICE("GET * HTTP/1.1" HOST), 400},
    {"27 OPTIONS *x", NK_SLICE("OPTIONS *x HTTP/1.1" HOST), 400},
    {"28 GET h:443", NK_SLICE("GET h:443 HTTP/1.1" HOST), 400},
    {"28 CONNECT with a path", NK_SLICE("CONNECT /h:443 HTTP/1.1" HOST), 400},
    {"28 CONNECT without a port", NK_SLICE("CONNECT h HTTP/1.1" HOST), 400},
    {"28 CONNECT with an empty port", NK_SLICE("CONNECT h: HTTP/1.1" HOST), 400},
    {"28 CONNECT to a URL", NK_SLICE("CONNECT http://h:443 HTTP/1.1" HOST), 400},
    {"29 no leading slash", NK_SLICE("GET ../etc/passwd HTTP/1.1" HOST), 400},
    {"29 a word", NK_SLICE("GET index.html HTTP/1.1" HOST), 400},
    {"29 space in the target", NK_SLICE("GET /a b HTTP/1.1" HOST), 400},
    {"29 fragment", NK_SLICE("GET /a#frag HTTP/1.1" HOST), 400},
    {"29 byte 0x80", NK_SLICE("GET /\x80 HTTP/1.1" HOST), 400},
    {"29 byte 0xff", NK_SLICE("GET /\xff HTTP/1.1" HOST), 400},
    {"29 UTF-8", NK_SLICE("GET /\xc3\xa4 HTTP/1.1" HOST), 400},
    {"29 control byte", NK_SLICE("GET /\x01 HTTP/1.1" HOST), 400},
    {"29 DEL", NK_SLICE("GET /\x7f HTTP/1.1" HOST), 400},
    {"29 NUL", NK_SLICE("GET /\0 HTTP/1.1" HOST), 400},
    {"30 two spaces before the target", NK_SLICE("GET  / HTTP/1.1" HOST), 400},
    {"30 two spaces before the version", NK_SLICE("GET /  HTTP/1.1" HOST), 400},
    {"30 tab before the target", NK_SLICE("GET\t/ HTTP/1.1" HOST), 400},
    {"30 tab before the version", NK_SLICE("GET /\tHTTP/1.1" HOST), 400},
    {"30 trailing space", NK_SLICE("GET / HTTP/1.1 " HOST), 400},
    {"30 leading space", NK_SLICE(" GET / HTTP/1.1" HOST), 400},
    {"31 lower case", NK_SLICE("GET / http/1.1" HOST), 400},
    {"31 no minor version", NK_SLICE("GET / HTTP/1" HOST), 400},
    {"31 no digits", NK_SLICE("GET / HTTP/" HOST), 400},
    {"31 leading zero", NK_SLICE("GET / HTTP/01.1" HOST), 400},
    {"31 space inside", NK_SLICE("GET / HTTP/ 1.1" HOST), 400},
    {"31 letter behind", NK_SLICE("GET / HTTP/1.1x" HOST), 400},
    {"31 two digits", NK_SLICE("GET / HTTP/1.10" HOST), 400},
    {"31 letter as major", NK_SLICE("GET / HTTP/x.1" HOST), 400},
    {"31 letter as minor", NK_SLICE("GET / HTTP/1.x" HOST), 400},
    {"31 the byte before 0", NK_SLICE("GET / HTTP/1./" HOST), 400},
    {"31 the byte behind 9", NK_SLICE("GET / HTTP/1.:" HOST), 400},
    {"31 comma", NK_SLICE("GET / HTTP/1,1" HOST), 400},
    {"31 another protocol", NK_SLICE("GET / HTCPCP/1.0" HOST), 400},
    {"32 HTTP/2.0", NK_SLICE("GET / HTTP/2.0" HOST), 505},
    {"32 HTTP/9.9", NK_SLICE("GET / HTTP/9.9" HOST), 505},
    {"32 HTTP/0.9 spelt out", NK_SLICE("GET / HTTP/0.9" HOST), 505},
    {"33 HTTP/0.9", NK_SLICE("GET /\r\n"), 400},
    {"33 HTTP/0.9 with a bare LF", NK_SLICE("GET /\n"), 400},
    {"33 the method alone", NK_SLICE("GET\r\n\r\n"), 400},
    {"33 the method and a bare LF", NK_SLICE("GET\n"), 400},
    {"33 the method and a space", NK_SLICE("GET \r\n\r\n"), 400},
    {"34 three empty lines", NK_SLICE("\r\n\r\n\r\nGET / HTTP/1.1" HOST), 400},
    {"34 CR before the request", NK_SLICE("\rGET / HTTP/1.1" HOST), 400},
    {"39 unknown method", NK_SLICE("FROB / HTTP/1.1\r\n"), 501},
    {"39 lower case", NK_SLICE("get / HTTP/1.1\r\n"), 501},
    {"39 one letter more", NK_SLICE("GETS / HTTP/1.1\r\n"), 501},
    {"39 the word for no method", NK_SLICE("UNKNOWN / HTTP/1.1\r\n"), 501},
    {"39 unknown and no version", NK_SLICE("FROB /\r\n"), 400},
    {"39 method of 33 bytes", NK_SLICE("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n"), 501},
    {"no token as method", NK_SLICE("G(T / HTTP/1.1" HOST), 400},
    {"NUL in the method", NK_SLICE("GE\0T / HTTP/1.1" HOST), 400},
    {"no method", NK_SLICE("/ HTTP/1.1" HOST), 400},
    {"48 HTTP/2 preface", NK_SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400},
    {"a TLS greeting", NK_SLICE("\x16\x03\x01\x02\x00\x01\n"), 400},
    {"26 other scheme", NK_SLICE("GET ftp://h/ HTTP/1.1" HOST), 400},
    {"26 https without TLS", NK_SLICE("GET https://h/ HTTP/1.1" HOST), 400},
    {"26 no authority", NK_SLICE("GET http:///a HTTP/1.1" HOST), 400},
    {"26 nothing behind the scheme", NK_SLICE("GET http:// HTTP/1.1" HOST), 400},
    {"26 user information", NK_SLICE("GET http://u@h/ HTTP/1.1" HOST), 400},
    {"26 password", NK_SLICE("GET http://u:p@h/ HTTP/1.1" HOST), 400},
    {"26 port not a number", NK_SLICE("GET http://h:x/ HTTP/1.1" HOST), 400},
    {"26 port above 65535", NK_SLICE("GET http://h:65536/ HTTP/1.1" HOST), 400},
    {"26 open bracket", NK_SLICE("GET http://[::1/ HTTP/1.1" HOST), 400},
    {"26 other bytes in brackets", NK_SLICE("GET http://[::1!:80/ HTTP/1.1" HOST), 400},
    {"26 empty brackets", NK_SLICE("GET http://[]/ HTTP/1.1" HOST), 400},
};

static void test_bad_request_lines_are_refused(void **state)
{
    (void)state;
    http_assert_all_refused(refusals, NK_ARRAY_LENGTH(refusals));
}

static void test_the_rule_is_named(void **state)
{
    static const struct http_reason reasons[] = {
        {NK_SLICE("GET / HTTP/1.1\n"), "line ended by a bare LF (RFC 9112 2.2)"},
        {NK_SLICE("\nGET / HTTP/1.1\r\n"), "line ended by a bare LF (RFC 9112 2.2)"},
        {NK_SLICE("GET / HTTP/1.1\rX\n"), "CR without LF (RFC 9112 2.2)"},
        {NK_SLICE("GET /\0 HTTP/1.1\r\n"), "NUL byte in the head (RFC 9110 5.5)"},
        {NK_SLICE("GET\rX\n"), "CR without LF (RFC 9112 2.2)"},
        {NK_SLICE("GET /\rX\n"), "CR without LF (RFC 9112 2.2)"},
        {NK_SLICE("GET\r\n"), "request line without a target (RFC 9112 3)"},
        {NK_SLICE("GET\n"), "request line without a target (RFC 9112 3)"},
        {NK_SLICE("GET /\r\n"), "request line without an HTTP version (RFC 9112 2.3)"},
        {NK_SLICE("GET /\n"), "request line without an HTTP version (RFC 9112 2.3)"},
        {NK_SLICE("GET  / HTTP/1.1\r\n"), "not exactly one space before the target (RFC 9112 3)"},
        {NK_SLICE("GET /#a HTTP/1.1\r\n"), "byte not allowed in a request target (RFC 9112 3.2)"},
        {NK_SLICE("GET / HTTP/1\r\n"), "version is not HTTP/digit.digit (RFC 9112 2.3)"},
        {NK_SLICE("PRI * HTTP/2.0\r\n"), "HTTP/2 preface on an HTTP/1 port (RFC 9113 3.4)"},
        {NK_SLICE("GET * HTTP/1.1\r\n"), "target * without OPTIONS (RFC 9112 3.2.4)"},
        {NK_SLICE("FROB / HTTP/1.1\r\n"), "unknown method (RFC 9110 9.1)"},
    };
    (void)state;
    http_assert_reasons(reasons, NK_ARRAY_LENGTH(reasons));
}

struct acceptance {
    const char *name;
    struct nk_slice head;
    enum http_method method;
    enum http_target_form form;
    unsigned minor_version;
    const char *path;
    const char *query;
    const char *host;
};

#define GET HTTP_METHOD_GET
#define ORIGIN HTTP_TARGET_ORIGIN
#define ABSOLUTE HTTP_TARGET_ABSOLUTE

/* If one of these were refused or split differently, a legal client would get
 * an error or the wrong file. */
static const struct acceptance acceptances[] = {
    {"root", NK_SLICE("GET / HTTP/1.1" HOST), GET, ORIGIN, 1, "/", "", "h"},
    {"query", NK_SLICE("GET /a/b?c=d?e HTTP/1.1" HOST), GET, ORIGIN, 1, "/a/b", "c=d?e", "h"},
    {"empty query", NK_SLICE("GET /a? HTTP/1.1" HOST), GET, ORIGIN, 1, "/a", "", "h"},
    {"escapes stay", NK_SLICE("GET /%2e%41 HTTP/1.1" HOST), GET, ORIGIN, 1, "/%2e%41", "", "h"},
    {"29 what browsers send unescaped", NK_SLICE("GET /a|b^?x[]={\"} HTTP/1.1" HOST), GET, ORIGIN,
     1, "/a|b^", "x[]={\"}", "h"},
    {"two slashes are a path", NK_SLICE("GET //h/x HTTP/1.1" HOST), GET, ORIGIN, 1, "//h/x", "",
     "h"},
    {"26 absolute, other Host", NK_SLICE("GET http://other:80/p?q HTTP/1.1" HOST), GET, ABSOLUTE, 1,
     "/p", "q", "other:80"},
    {"26 absolute, no path", NK_SLICE("GET HTTP://other HTTP/1.1" HOST), GET, ABSOLUTE, 1, "/", "",
     "other"},
    {"26 absolute, query only", NK_SLICE("GET http://o?q HTTP/1.1" HOST), GET, ABSOLUTE, 1, "/",
     "q", "o"},
    {"26 absolute, IPv6", NK_SLICE("GET http://[::1]:8080/ HTTP/1.1" HOST), GET, ABSOLUTE, 1, "/",
     "", "[::1]:8080"},
    {"26 absolute, empty port", NK_SLICE("GET http://o:/ HTTP/1.1" HOST), GET, ABSOLUTE, 1, "/", "",
     "o:"},
    {"26 absolute, last port", NK_SLICE("GET http://o:65535/ HTTP/1.1" HOST), GET, ABSOLUTE, 1, "/",
     "", "o:65535"},
    {"26 absolute in 1.0 without Host", NK_SLICE("GET http://o/ HTTP/1.0\r\n\r\n"), GET, ABSOLUTE,
     0, "/", "", "o"},
    {"27 OPTIONS *", NK_SLICE("OPTIONS * HTTP/1.1" HOST), HTTP_METHOD_OPTIONS, HTTP_TARGET_ASTERISK,
     1, "/", "", "h"},
    {"27 OPTIONS with a path", NK_SLICE("OPTIONS /a HTTP/1.1" HOST), HTTP_METHOD_OPTIONS, ORIGIN, 1,
     "/a", "", "h"},
    {"28 CONNECT", NK_SLICE("CONNECT a.example:443 HTTP/1.1" HOST), HTTP_METHOD_CONNECT,
     HTTP_TARGET_AUTHORITY, 1, "/", "", "h"},
    {"32 HTTP/1.7 is 1.1", NK_SLICE("GET / HTTP/1.7" HOST), GET, ORIGIN, 1, "/", "", "h"},
    {"HTTP/1.0 without Host", NK_SLICE("GET / HTTP/1.0\r\n\r\n"), GET, ORIGIN, 0, "/", "", ""},
    {"34 one empty line", NK_SLICE("\r\nGET / HTTP/1.1" HOST), GET, ORIGIN, 1, "/", "", "h"},
    {"34 two empty lines", NK_SLICE("\r\n\r\nGET / HTTP/1.1" HOST), GET, ORIGIN, 1, "/", "", "h"},
    {"40 HEAD", NK_SLICE("HEAD / HTTP/1.1" HOST), HTTP_METHOD_HEAD, ORIGIN, 1, "/", "", "h"},
    {"40 POST", NK_SLICE("POST / HTTP/1.1" HOST), HTTP_METHOD_POST, ORIGIN, 1, "/", "", "h"},
    {"40 PUT", NK_SLICE("PUT / HTTP/1.1" HOST), HTTP_METHOD_PUT, ORIGIN, 1, "/", "", "h"},
    {"40 DELETE", NK_SLICE("DELETE / HTTP/1.1" HOST), HTTP_METHOD_DELETE, ORIGIN, 1, "/", "", "h"},
    {"40 PATCH", NK_SLICE("PATCH / HTTP/1.1" HOST), HTTP_METHOD_PATCH, ORIGIN, 1, "/", "", "h"},
    {"49 TRACE", NK_SLICE("TRACE / HTTP/1.1" HOST), HTTP_METHOD_TRACE, ORIGIN, 1, "/", "", "h"},
};

static void test_good_request_lines_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(acceptances); i++) {
        const struct acceptance *test = &acceptances[i];
        struct http_outcome outcome;
        http_assert_accepted(&outcome, test->name, test->head);
        assert_int_equal(outcome.request.method, test->method);
        assert_int_equal(outcome.request.form, test->form);
        assert_int_equal(outcome.request.minor_version, test->minor_version);
        http_assert_text(outcome.request.path, test->path);
        http_assert_text(outcome.request.query, test->query);
        http_assert_text(outcome.request.host, test->host);
        free(outcome.copy);
    }
}

/* Each byte value as the whole path behind the slash: exactly the visible
 * ASCII characters but '#' may stand there, whatever the table says. */
static void test_every_byte_in_a_target(void **state)
{
    (void)state;
    char head[] = "GET /_ HTTP/1.1" HOST;
    for (int byte = 0; byte < 256; byte++) {
        if (byte == ' ')
            continue; /* it ends the target */
        head[5] = (char)byte;
        struct http_outcome outcome;
        http_parse_in_steps(&outcome, nk_slice_make(head, sizeof(head) - 1), sizeof(head) - 1, 1,
                            &http_test_limits);
        if (byte > 0x20 && byte < 0x7f && byte != '#')
            assert_int_equal(outcome.rc, sizeof(head) - 1);
        else
            assert_int_equal(outcome.problem.status, 400);
        free(outcome.copy);
    }
}

/* Log lines and the Allow field would name the wrong method. */
static void test_methods_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(http_method_name(HTTP_METHOD_UNKNOWN), "UNKNOWN");
    assert_string_equal(http_method_name(HTTP_METHOD_GET), "GET");
    assert_string_equal(http_method_name(HTTP_METHOD_HEAD), "HEAD");
    assert_string_equal(http_method_name(HTTP_METHOD_OPTIONS), "OPTIONS");
    assert_string_equal(http_method_name(HTTP_METHOD_TRACE), "TRACE");
    assert_string_equal(http_method_name((enum http_method)(HTTP_METHOD_TRACE + 1)), "UNKNOWN");
    assert_string_equal(http_method_name((enum http_method)99), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_request_lines_are_refused),
        cmocka_unit_test(test_the_rule_is_named),
        cmocka_unit_test(test_good_request_lines_are_split),
        cmocka_unit_test(test_every_byte_in_a_target),
        cmocka_unit_test(test_methods_have_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
