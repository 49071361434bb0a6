/* Header fields and what they say about framing and the connection (RFC 9110
 * 5, RFC 9112 5 to 9). The numbers are the rows of the protocol's truth table. */
#include "http_ways.h"

#define HEAD(fields) NK_SLICE("POST / HTTP/1.1\r\nHost: h\r\n" fields "\r\n")
#define HEAD_10(fields) NK_SLICE("POST / HTTP/1.0\r\n" fields "\r\n")
#define HOST(value) NK_SLICE("GET / HTTP/1.1\r\nHost:" value "\r\n\r\n")
#define TE "Transfer-Encoding: "
#define CL "Content-Length: "

/* Each of these is a way to make two parsers see different requests in the
 * same bytes (request smuggling), or plainly malformed. */
static const struct http_refusal refusals[] = {
    {"1 CL and TE", HEAD(CL "5\r\n" TE "chunked\r\n"), 400},
    {"1 TE and CL", HEAD(TE "chunked\r\n" CL "5\r\n"), 400},
    {"2 TE in HTTP/1.0", HEAD_10(TE "chunked\r\n"), 400},
    {"3 chunked not last", HEAD(TE "chunked, gzip\r\n"), 400},
    {"4 gzip", HEAD(TE "gzip\r\n"), 501},
    {"4 gzip, chunked", HEAD(TE "gzip, chunked\r\n"), 501},
    {"4 identity", HEAD(TE "identity\r\n"), 501},
    {"4 unknown coding", HEAD(TE "frob\r\n"), 501},
    {"5 chunked, chunked", HEAD(TE "chunked, chunked\r\n"), 400},
    {"5 two TE lines", HEAD(TE "chunked\r\n" TE "chunked\r\n"), 400},
    {"5 two TE lines, one unknown", HEAD(TE "chunked\r\n" TE "identity\r\n"), 400},
    {"6 empty", HEAD(TE "\r\n"), 400},
    {"6 empty member in front", HEAD(TE ", chunked\r\n"), 400},
    {"6 empty member behind", HEAD(TE "chunked,\r\n"), 400},
    {"6 quoted", HEAD(TE "\"chunked\"\r\n"), 400},
    {"6 parameter", HEAD(TE "chunked;q=1\r\n"), 400},
    {"6 letter in front", HEAD(TE "xchunked\r\n"), 400},
    {"6 letter behind", HEAD(TE "chunkedx\r\n"), 400},
    {"6 two words", HEAD(TE "chunked x\r\n"), 400},
    {"6 NUL inside", HEAD(TE "chu\0nked\r\n"), 400},
    {"6 vertical tab in front",
     HEAD(TE "\x0b"
             "chunked\r\n"),
     400},
    {"6 form feed behind", HEAD(TE "chunked\x0c\r\n"), 400},
    {"6 obs-text behind", HEAD(TE "chunked\xa0\r\n"), 400},
    {"7 space before the colon", HEAD("Transfer-Encoding : chunked\r\n"), 400},
    {"7 tab before the colon", HEAD("Content-Length\t: 5\r\n"), 400},
    {"7 space before any colon", HEAD("X : y\r\n"), 400},
    {"8 folded TE", HEAD("Transfer-Encoding:\r\n chunked\r\n"), 400},
    {"8 folded with a tab", HEAD("X: y\r\n\tz\r\n"), 400},
    {"8 folded with nothing", HEAD("X: y\r\n \r\n"), 400},
    {"9 bare LF ends a field", HEAD("X: y\n" TE "chunked\r\n"), 400},
    {"9 bare LF ends the head", NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\n\n"), 400},
    {"10 bare CR in a name", HEAD("X\rY: z\r\n"), 400},
    {"10 bare CR in a value", HEAD("X: y\rz\r\n"), 400},
    {"10 bare CR before a field", HEAD("\rX: y\r\n"), 400},
    {"10 CR CR LF at the end", NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\n\r\r\n"), 400},
    {"11 two CL, different", HEAD(CL "5\r\n" CL "6\r\n"), 400},
    {"12 two CL, equal", HEAD(CL "5\r\n" CL "5\r\n"), 400},
    {"12 CL as a list", HEAD(CL "5, 5\r\n"), 400},
    {"13 CL +5", HEAD(CL "+5\r\n"), 400},
    {"13 CL -1", HEAD(CL "-1\r\n"), 400},
    {"13 CL -0", HEAD(CL "-0\r\n"), 400},
    {"13 CL 0x5", HEAD(CL "0x5\r\n"), 400},
    {"13 CL 5_0", HEAD(CL "5_0\r\n"), 400},
    {"13 CL 5 5", HEAD(CL "5 5\r\n"), 400},
    {"13 CL 1e1", HEAD(CL "1e1\r\n"), 400},
    {"13 CL empty", HEAD(CL "\r\n"), 400},
    {"13 CL abc", HEAD(CL "abc\r\n"), 400},
    {"13 CL 5;", HEAD(CL "5;\r\n"), 400},
    {"14 CL 2^63", HEAD(CL "9223372036854775808\r\n"), 413},
    {"14 CL 2^64 - 1", HEAD(CL "18446744073709551615\r\n"), 413},
    {"14 CL 2^64", HEAD(CL "18446744073709551616\r\n"), 400},
    {"14 CL 2^64 + 5", HEAD(CL "18446744073709551621\r\n"), 400},
    {"14 CL 10^40", HEAD(CL "10000000000000000000000000000000000000000\r\n"), 400},
    {"14 CL one above the limit", HEAD(CL "1048577\r\n"), 413},
    {"25 no Host in 1.1", NK_SLICE("GET / HTTP/1.1\r\n\r\n"), 400},
    {"25 no Host, other fields", NK_SLICE("GET / HTTP/1.1\r\nX: y\r\n\r\n"), 400},
    {"25 two Hosts", HEAD("Host: other\r\n"), 400},
    {"25 two equal Hosts", HEAD("Host: h\r\n"), 400},
    {"25 two Hosts in 1.0", HEAD_10("Host: h\r\nhost: h\r\n"), 400},
    {"25 Host a,b", HOST(" a,b"), 400},
    {"25 Host u@h", HOST(" u@h"), 400},
    {"25 Host h/path", HOST(" h/path"), 400},
    {"25 Host h h", HOST(" h h"), 400},
    {"25 Host empty", HOST(""), 400},
    {"25 Host blank", HOST(" \t "), 400},
    {"25 Host only a port", HOST(" :80"), 400},
    {"25 Host with a bad port", HOST(" h:8o"), 400},
    {"25 Host with two ports", HOST(" h:80:80"), 400},
    {"25 Host with a port of 70000", HOST(" h:70000"), 400},
    {"25 Host with brackets and more", HOST(" [::1]x"), 400},
    {"25 bad Host beside a good target", NK_SLICE("GET http://h/ HTTP/1.1\r\nHost: /\r\n\r\n"),
     400},
    {"26 absolute target without Host", NK_SLICE("GET http://h/ HTTP/1.1\r\n\r\n"), 400},
    {"35 white space line first", NK_SLICE("GET / HTTP/1.1\r\n \r\nHost: h\r\n\r\n"), 400},
    {"35 white space before Host", NK_SLICE("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), 400},
    {"36 no colon", HEAD("Header\r\n"), 400},
    {"36 no colon, several words", HEAD("Header without colon\r\n"), 400},
    {"36 empty name", HEAD(": value\r\n"), 400},
    {"36 name with [", HEAD("X[: y\r\n"), 400},
    {"36 name with a space", HEAD("X Y: z\r\n"), 400},
    {"36 name with 0x01", HEAD("X\x01Y: z\r\n"), 400},
    {"36 name with NUL", HEAD("X\0: z\r\n"), 400},
    {"36 name in UTF-8", HEAD("X\xc3\xa4: z\r\n"), 400},
    {"37 NUL in a value", HEAD("X: y\0z\r\n"), 400},
    {"37 BEL in a value", HEAD("X: y\az\r\n"), 400},
    {"37 DEL in a value", HEAD("X: y\x7fz\r\n"), 400},
    {"37 backspace in a value", HEAD("X: y\bz\r\n"), 400},
    {"43 unknown expectation", HEAD("Expect: 200-ok\r\n"), 417},
    {"43 expectation with a parameter", HEAD("Expect: 100-continue;x=y\r\n"), 417},
    {"43 known and unknown", HEAD("Expect: 100-continue, frob\r\n"), 417},
};

static void test_bad_fields_are_refused(void **state)
{
    (void)state;
    http_assert_all_refused(refusals, NK_ARRAY_LENGTH(refusals));
}

static void test_the_rule_is_named(void **state)
{
    static const struct http_reason reasons[] = {
        {HEAD("X : y\r\n"), "white space before the colon (RFC 9112 5.1)"},
        {HEAD("X\t : y\r\n"), "white space before the colon (RFC 9112 5.1)"},
        {HEAD("X Y: z\r\n"), "field name is not a token (RFC 9110 5.1)"},
        {HEAD("X \r\n"), "field name is not a token (RFC 9110 5.1)"},
        {HEAD("X(: y\r\n"), "field name is not a token (RFC 9110 5.1)"},
        {HEAD(": y\r\n"), "field without a name (RFC 9112 5)"},
        {HEAD(" y\r\n"), "field folded over two lines (RFC 9112 5.2)"},
        {HEAD(" : y\r\n"), "field folded over two lines (RFC 9112 5.2)"},
        {HEAD_10(" y\r\n"), "white space before the first field (RFC 9112 2.2)"},
        {HEAD("X\r\n"), "field without a colon (RFC 9112 5)"},
        {HEAD("X\ry: z\r\n"), "CR without LF (RFC 9112 2.2)"},
        {HEAD("X: y\n"), "line ended by a bare LF (RFC 9112 2.2)"},
        {HEAD("X: y\0\r\n"), "NUL byte in the head (RFC 9110 5.5)"},
        {HEAD("X: y\a\r\n"), "control byte in a field value (RFC 9110 5.5)"},
        {HEAD(CL "x\r\n"), "Content-Length is not digits only (RFC 9110 8.6)"},
        {HEAD(TE "gzip, chunked, chunked\r\n"),
         "chunked is not the one last coding (RFC 9112 6.3)"},
        {HEAD(TE "\r\n"), "transfer coding is not a token (RFC 9112 6.1)"},
    };
    (void)state;
    http_assert_reasons(reasons, NK_ARRAY_LENGTH(reasons));
}

struct meaning {
    const char *name;
    struct nk_slice head;
    enum http_framing framing;
    uint64_t content_length;
    bool keep_alive;
    bool expects_continue;
};

#define NONE HTTP_FRAMING_NONE
#define LENGTH HTTP_FRAMING_LENGTH
#define CHUNKED HTTP_FRAMING_CHUNKED

/* If one of these came out differently, the end of the body or the fate of the
 * connection would be wrong. */
static const struct meaning meanings[] = {
    {"no body", HEAD(""), NONE, 0, true, false},
    {"chunked", HEAD(TE "chunked\r\n"), CHUNKED, 0, true, false},
    {"chunked in capitals", HEAD("TRANSFER-ENCODING:CHUNKED\r\n"), CHUNKED, 0, true, false},
    {"chunked between blanks", HEAD("transfer-encoding: \t chunked \t\r\n"), CHUNKED, 0, true,
     false},
    {"length", HEAD(CL "5\r\n"), LENGTH, 5, true, false},
    {"length 0", HEAD(CL "0\r\n"), LENGTH, 0, true, false},
    {"length at the limit", HEAD(CL "1048576\r\n"), LENGTH, 1048576, true, false},
    {"15 leading zeros are decimal", HEAD(CL "00010\r\n"), LENGTH, 10, true, false},
    {"41 GET with a body", NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 24\r\n\r\n"),
     LENGTH, 24, true, false},
    {"length in HTTP/1.0", HEAD_10(CL "7\r\n"), LENGTH, 7, false, false},
    {"43 100-continue", HEAD(CL "5\r\nExpect: 100-continue\r\n"), LENGTH, 5, true, true},
    {"43 in capitals, twice", HEAD("EXPECT: 100-Continue,, 100-CONTINUE\r\n"), NONE, 0, true, true},
    {"43 empty", HEAD("Expect:\r\n"), NONE, 0, true, false},
    {"43 never in HTTP/1.0", HEAD_10("Expect: 100-continue\r\n"), NONE, 0, false, false},
    {"43 ignored in HTTP/1.0", HEAD_10("Expect: frob\r\n"), NONE, 0, false, false},
    {"47 close", HEAD("Connection: close\r\n"), NONE, 0, false, false},
    {"47 foo, CLOSE", HEAD("Connection: foo, CLOSE\r\n"), NONE, 0, false, false},
    {"47 close in the second line", HEAD("Connection: keep-alive\r\nConnection: ,close\r\n"), NONE,
     0, false, false},
    {"47 closed is another word", HEAD("Connection: closed\r\n"), NONE, 0, true, false},
    {"47 HTTP/1.0", HEAD_10(""), NONE, 0, false, false},
    {"47 HTTP/1.0 keep-alive", HEAD_10("Connection: Keep-Alive\r\n"), NONE, 0, true, false},
    {"47 HTTP/1.0 keep-alive and close", HEAD_10("Connection: keep-alive, close\r\n"), NONE, 0,
     false, false},
    {"48 Upgrade is ignored", HEAD("Connection: Upgrade\r\nUpgrade: websocket\r\n"), NONE, 0, true,
     false},
    {"48 h2c is ignored", HEAD("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"), NONE, 0,
     true, false},
    {"50 underscores are other names", HEAD("Content_Length: 5\r\nTransfer_Encoding: chunked\r\n"),
     NONE, 0, true, false},
    {"50 Transfer-Encodings is another name", HEAD("Transfer-Encodings: chunked\r\n"), NONE, 0,
     true, false},
    {"50 prefixes are other names", HEAD("Content-Lengt: 5\r\nContent-Lengthy: 6\r\nHos: x\r\n"),
     NONE, 0, true, false},
};

static void test_fields_mean_what_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(meanings); i++) {
        const struct meaning *test = &meanings[i];
        struct http_outcome outcome;
        http_assert_accepted(&outcome, test->name, test->head);
        if (outcome.request.framing != test->framing ||
            outcome.request.keep_alive != test->keep_alive)
            print_error("%s\n", test->name);
        assert_int_equal(outcome.request.framing, test->framing);
        assert_int_equal(outcome.request.content_length, test->content_length);
        assert_int_equal(outcome.request.keep_alive, test->keep_alive);
        assert_int_equal(outcome.request.expects_continue, test->expects_continue);
        free(outcome.copy);
    }
}

struct value {
    const char *name;
    struct nk_slice head;
    const char *field;
    const char *value;
};

/* If one of these came out differently, a handler would see a value that the
 * client did not send. */
static const struct value values[] = {
    {"25 Host with port", HOST(" a-b.example:8080"), "Host", "a-b.example:8080"},
    {"25 Host with an empty port", HOST(" h:"), "Host", "h:"},
    {"25 Host, IPv6", HOST(" [2001:db8::1]:80"), "Host", "[2001:db8::1]:80"},
    {"38 tab after the colon", HEAD("X:\ty\r\n"), "x", "y"},
    {"38 nothing after the colon", HEAD("X:y\r\n"), "X", "y"},
    {"38 empty value", HEAD("X:\r\n"), "X", ""},
    {"38 only blanks", HEAD("X: \t \r\n"), "X", ""},
    {"38 blanks around", HEAD("X: \t y z \t\r\n"), "X", "y z"},
    {"the first of two", HEAD("X: 1\r\nx: 2\r\n"), "X", "1"},
    {"tabs inside", HEAD("X: a\tb\r\n"), "X", "a\tb"},
    {"obs-text", HEAD("X: \xc3\xa4\xff\r\n"), "X", "\xc3\xa4\xff"},
    {"all of token", HEAD("!#$%&'*+-.^_`|~09azAZ: y\r\n"), "!#$%&'*+-.^_`|~09AZaz", "y"},
    {"colons in the value", HEAD("X: a:b: c\r\n"), "X", "a:b: c"},
};

static void test_values_are_trimmed_and_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(values); i++) {
        struct http_outcome outcome;
        http_assert_accepted(&outcome, values[i].name, values[i].head);
        const struct nk_slice *value = http_request_header(&outcome.request, values[i].field);
        assert_non_null(value);
        http_assert_text(*value, values[i].value);
        assert_null(http_request_header(&outcome.request, "absent"));
        assert_null(http_request_header(&outcome.request, ""));
        free(outcome.copy);
    }
}

/* Every byte in a value and in a name, against the grammar and not the table. */
static void test_every_byte_in_a_field(void **state)
{
    (void)state;
    char head[] = "GET / HTTP/1.1\r\nHost: h\r\nN_: v_v\r\n\r\n";
    char *const in_name = strstr(head, "_:"), *const in_value = strstr(head, "v_v") + 1;
    const struct nk_slice input = nk_slice_make(head, sizeof(head) - 1);
    for (int byte = 0; byte < 256; byte++) {
        struct http_outcome outcome;
        *in_value = (char)byte;
        http_parse_in_steps(&outcome, input, input.len, 1, &http_test_limits);
        assert_int_equal(outcome.rc > 0, byte == '\t' || (byte >= ' ' && byte != 0x7f));
        free(outcome.copy);
        *in_value = 'v';

        *in_name = (char)byte;
        http_parse_in_steps(&outcome, input, input.len, 1, &http_test_limits);
        const bool is_alphanumeric = (byte >= '0' && byte <= '9') ||
                                     ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z' && byte < 0x80);
        const bool is_mark = byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL;
        /* a colon there only ends the name one byte earlier */
        assert_int_equal(outcome.rc > 0, is_alphanumeric || is_mark || byte == ':');
        free(outcome.copy);
        *in_name = '_';
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_fields_are_refused),
        cmocka_unit_test(test_the_rule_is_named),
        cmocka_unit_test(test_fields_mean_what_they_say),
        cmocka_unit_test(test_values_are_trimmed_and_found),
        cmocka_unit_test(test_every_byte_in_a_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
