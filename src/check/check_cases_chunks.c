/* Rows 16 to 24: the chunked coding of a request, and requests that do not end. */
#include "check/check_case.h"

#define CHUNKS(chunks) GET CHUNKED END chunks
#define SIZE(size) CHUNKS(size "\r\nhello\r\n" LAST_CHUNK)

/* clang-format off: a case, a line */
static const struct check_case cases[] = {
    MUST(16, "good", "9112 7.1", CHUNKS("5\r\nhello\r\nA\r\n0123456789\r\n" LAST_CHUNK), "ok/4xx",
         0),
    MUST(16, "good-holds-a-request", "9112 7.1", CHUNKS("26\r\n" HIDDEN "\r\n" LAST_CHUNK),
         "ok/4xx", 0),
    MUST(16, "good-leading-zeros", "9112 7.1", CHUNKS("0005\r\nhello\r\n000\r\n\r\n"), "ok/4xx", 0),
    SHOULD(16, "prefix-0x", "9112 7.1", SIZE("0x5"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(16, "plus", "9112 7.1", SIZE("+5"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(16, "minus", "9112 7.1", SIZE("-1"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(16, "space-before", "9112 7.1", SIZE(" 5"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(16, "underscore", "9112 7.1", SIZE("5_"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(16, "letter", "9112 7.1", SIZE("Z"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(16, "empty", "9112 7.1", SIZE(""), "4xx/5xx/-", CHECK_CLOSED),
    MUST(17, "wraps-64-bits", "9112 7.1", SIZE("10000000000000005"), "4xx/5xx/-", CHECK_CLOSED),
    MUST(17, "wraps-32-bits", "9112 7.1", SIZE("100000005") GET END, "4xx/5xx/ok/-",
         CHECK_CLOSED | CHECK_HALF_CLOSE),
    MUST(17, "17-digits", "9112 7.1", SIZE("FFFFFFFFFFFFFFFF0"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(18, "bare-lf-behind-size", "9112 7.1", CHUNKS("5\nhello\r\n" LAST_CHUNK), "4xx/5xx/-",
           CHECK_CLOSED),
    SHOULD(19, "lf-in-extension", "9112 7.1.1", SIZE("5;a\nb"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(19, "cr-in-extension", "9112 7.1.1", SIZE("5;a\rb"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(20, "bad-extension", "9112 7.1.1", SIZE("5;bad[=x"), "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(20, "control-in-extension", "9112 7.1.1", SIZE("5;a=\x01"), "4xx/5xx/-", CHECK_CLOSED),
    MUST(20, "unknown-extension", "9112 7.1.1", SIZE("5;a=b;c=\"d e\""), "ok/4xx", 0),
    SHOULD(21, "long-extension", "9112 7.1.1", SIZE("5;a={x:65536}"), "4xx/5xx/-", 0),
    SHOULD(22, "data-too-long", "9112 7.1", CHUNKS("5\r\nhello!\r\n" LAST_CHUNK), "4xx/5xx/-",
           CHECK_CLOSED),
    SHOULD(22, "data-too-short", "9112 7.1", CHUNKS("5\r\nhell\r\n" LAST_CHUNK), "4xx/5xx/-",
           CHECK_CLOSED),
    SHOULD(22, "no-crlf-behind-data", "9112 7.1", CHUNKS("5\r\nhello" LAST_CHUNK), "4xx/5xx/-",
           CHECK_CLOSED),
    MUST(23, "length-in-trailer", "9110 6.5.1",
         CHUNKS("5\r\nhello\r\n0\r\nContent-Length: 1000\r\n\r\n"), "ok/4xx/-", 0),
    MUST(23, "coding-in-trailer", "9110 6.5.1",
         CHUNKS("5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"), "ok/4xx/-", 0),
    MUST(23, "host-in-trailer", "9110 6.5.1", CHUNKS("5\r\nhello\r\n0\r\nHost: hidden\r\n\r\n"),
         "ok/4xx/-", 0),
    SHOULD(24, "end-in-chunk", "9112 8", CHUNKS("5\r\nhel"), "4xx/5xx/-",
           CHECK_HALF_CLOSE | CHECK_CLOSED),
    SHOULD(24, "end-before-last-chunk", "9112 8", CHUNKS("5\r\nhello\r\n"), "4xx/5xx/-",
           CHECK_HALF_CLOSE | CHECK_CLOSED),
    SHOULD(24, "end-in-body", "9112 8", GET "Content-Length: 5\r\n" END "hel", "4xx/5xx/-",
           CHECK_HALF_CLOSE | CHECK_CLOSED),
    SHOULD(24, "end-in-head", "9112 8", GET "X-Check: 1\r\n", "4xx/5xx/-",
           CHECK_HALF_CLOSE | CHECK_CLOSED),
};
/* clang-format on */

const struct check_cases check_cases_chunks = {cases, NK_ARRAY_LENGTH(cases)};
