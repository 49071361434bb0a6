/* Rows 1 to 15: where the body of a request ends. */
#include "check/check_case.h"

/* A GET with these header lines and a chunked body that is empty. */
#define CODED(lines) GET lines END LAST_CHUNK
#define CODING(value) CODED("Transfer-Encoding: " value "\r\n")
#define LENGTH(value) GET "Content-Length: " value "\r\n" END "hello"

/* clang-format off: a case, a line */
static const struct check_case cases[] = {
    MUST(1, "length-and-chunked", "9112 6.3", CODED("Content-Length: 5\r\n" CHUNKED),
         "4xx/5xx/ok/-", CHECK_CLOSED),
    MUST(1, "chunked-and-length", "9112 6.3", CODED(CHUNKED "Content-Length: 5\r\n"),
         "4xx/5xx/ok/-", CHECK_CLOSED),
    MUST(2, "chunked-in-1.0", "9112 6.1",
         "GET {path} HTTP/1.0\r\n" HOST "Connection: keep-alive\r\n" CHUNKED END LAST_CHUNK,
         "4xx/5xx/ok/-", CHECK_CLOSED),
    MUST(3, "chunked-not-last", "9112 6.3", CODING("chunked, gzip"), "400/501", CHECK_CLOSED),
    MUST(4, "gzip", "9112 6.3", CODING("gzip"), "400/501", CHECK_CLOSED),
    SHOULD(4, "unknown-coding", "9112 6.1", CODING("unknown, chunked"), "501/400", 0),
    SHOULD(5, "chunked-twice", "9112 6.1", CODING("chunked, chunked"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(5, "two-lines", "9112 6.1", CODED(CHUNKED CHUNKED), "4xx/5xx/-", CHECK_CLOSED),
    MUST(6, "empty-member", "9110 5.6.1", CODING(", chunked"), "ok/4xx/501/-", 0),
    MUST(6, "quoted", "9112 6.3", CODING("\"chunked\""), "400/501/-", CHECK_CLOSED),
    MUST(6, "prefix", "9112 6.3", CODING("xchunked"), "400/501/-", CHECK_CLOSED),
    MUST(6, "suffix", "9112 6.3", CODING("chunkedx"), "400/501/-", CHECK_CLOSED),
    MUST(6, "parameter", "9112 6.3", CODING("chunked;q=1"), "400/501/-", CHECK_CLOSED),
    MUST(6, "nul", "9112 6.3", CODING("chu\0nked"), "400/501/-", CHECK_CLOSED),
    MUST(6, "vertical-tab", "9112 6.3",
         CODING("\x0b"
                "chunked"),
         "400/501/-", CHECK_CLOSED),
    MUST(7, "space-before-colon", "9112 5.1", CODED("Transfer-Encoding : chunked\r\n"), "400", 0),
    MUST(7, "tab-before-colon", "9112 5.1", GET "X-Check\t: 1\r\n" END, "400", 0),
    MUST(7, "space-before-colon-of-length", "9112 5.1", GET "Content-Length : 5\r\n" END, "400", 0),
    MUST(8, "folded-coding", "9112 5.2", CODED("Transfer-Encoding:\r\n chunked\r\n"), "400/501/ok",
         0),
    MUST(8, "folded-field", "9112 5.2", GET "X-Check: a\r\n\tb\r\n" END, "400/ok", 0),
    MUST(9, "bare-lf-before-coding", "9112 2.2",
         CODED("X-Check: y\nTransfer-Encoding: chunked\r\n"), "4xx/ok/-", 0),
    MUST(9, "only-bare-lf", "9112 2.2", "GET {path} HTTP/1.1\nHost: {host}\n\n", "4xx/ok/-", 0),
    SHOULD(10, "cr-in-request-line", "9112 2.2", "GET /a\rb HTTP/1.1\r\n" HOST END, "4xx/-", 0),
    SHOULD(10, "cr-in-name", "9112 2.2", GET "X\rY: 1\r\n" END, "4xx/-", 0),
    MUST(10, "cr-hides-coding", "9112 2.2", GET "X-Check: a\rTransfer-Encoding: chunked\r\n" END,
         "4xx/ok/-", 0),
    MUST(11, "two-lengths", "9112 6.3",
         GET "Content-Length: 5\r\nContent-Length: 6\r\n" END "hello", "400", CHECK_CLOSED),
    MUST(12, "two-equal-lengths", "9112 6.3",
         GET "Content-Length: 5\r\nContent-Length: 5\r\n" END "hello", "400/ok", 0),
    MUST(12, "list-of-equal-lengths", "9112 6.3", LENGTH("5, 5"), "400/ok", 0),
    MUST(13, "plus", "9112 6.3", LENGTH("+5"), "400", CHECK_CLOSED),
    MUST(13, "minus", "9112 6.3", LENGTH("-1"), "400", CHECK_CLOSED),
    MUST(13, "minus-zero", "9112 6.3", LENGTH("-0"), "400", CHECK_CLOSED),
    MUST(13, "hexadecimal", "9112 6.3", LENGTH("0x5"), "400", CHECK_CLOSED),
    MUST(13, "underscore", "9112 6.3", LENGTH("5_0"), "400", CHECK_CLOSED),
    MUST(13, "two-numbers", "9112 6.3", LENGTH("5 5"), "400", CHECK_CLOSED),
    MUST(13, "exponent", "9112 6.3", LENGTH("1e1"), "400", CHECK_CLOSED),
    MUST(13, "word", "9112 6.3", LENGTH("abc"), "400", CHECK_CLOSED),
    MUST(13, "empty", "9112 6.3", LENGTH(""), "400", CHECK_CLOSED),
    MUST(14, "2^63", "9110 8.6", LENGTH("9223372036854775808"), "4xx/5xx/-", CHECK_CLOSED),
    MUST(14, "2^64+5", "9110 8.6", LENGTH("18446744073709551621"), "4xx/5xx/-", CHECK_CLOSED),
    MUST(14, "10^40", "9110 8.6", LENGTH("10000000000000000000000000000000000000000"), "4xx/5xx/-",
         CHECK_CLOSED),
    MUST(15, "leading-zeros", "9110 8.6", LENGTH("00005"), "ok/4xx", 0),
    MUST(15, "not-octal", "9110 8.6", GET "Content-Length: 010\r\n" END "0123456789", "ok/4xx", 0),
};
/* clang-format on */

const struct check_cases check_cases_framing = {cases, NK_ARRAY_LENGTH(cases)};
