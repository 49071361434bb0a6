/* Rows 41 to 50: bodies nobody asked for, limits, connections, other protocols. */
#include "check/check_case.h"

#define POST "POST {missing} HTTP/1.1\r\n" HOST

/* clang-format off: a case, a line */
static const struct check_case cases[] = {
    MUST(41, "get-with-body", "9110 9.3.1", GET "Content-Length: 5\r\n" END "hello", "ok/4xx", 0),
    MUST(41, "body-holds-a-request", "9110 9.3.1", GET "Content-Length: 38\r\n" END HIDDEN,
         "ok/4xx", 0),
    MUST(41, "head-with-body", "9112 9.3",
         "HEAD {path} HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END "hello", "ok/4xx",
         CHECK_TO_HEAD),
    MUST(42, "refused-body-holds-a-request", "9112 9.3", POST "Content-Length: 38\r\n" END HIDDEN,
         "4xx/501", 0),
    MUST(42, "refused-chunks", "9112 9.3", POST CHUNKED END "26\r\n" HIDDEN "\r\n" LAST_CHUNK,
         "4xx/501", 0),
    MUST(42, "refused-large-body", "9112 9.6", POST "Content-Length: 60000\r\n" END "{x:60000}",
         "4xx/501", 0),
    MUST(43, "continue", "9110 10.1.1",
         GET "Expect: 100-continue\r\nContent-Length: 5\r\n" END "{then}hello", "ok/4xx",
         CHECK_INTERIM),
    MUST(43, "no-continue-in-1.0", "9110 10.1.1",
         "GET {path} HTTP/1.0\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n" END "hello",
         "ok/4xx", CHECK_NO_INTERIM),
    SHOULD(43, "unknown-expectation", "9110 10.1.1", GET "Expect: netkit-check\r\n" END,
           "417/ok/4xx", 0),
    SHOULD(44, "line-of-8000-octets", "9112 3", "GET {path}?{x:7800} HTTP/1.1\r\n" HOST END, "ok",
           0),
    MUST(44, "target-of-100000-octets", "9112 3", "GET {path}?{x:100000} HTTP/1.1\r\n" HOST END,
         "414/431/ok", 0),
    MUST(45, "value-of-100000-octets", "9110 5.4", GET "X-Check: {x:100000}\r\n" END, "4xx/ok", 0),
    MUST(45, "5000-fields", "9110 5.4", GET "{fields:5000}" END, "4xx/ok", 0),
    MUST(46, "pipelined", "9112 9.3.2", GET END GET END GET END, "ok ok ok", 0),
    MUST(46, "bad-in-the-middle", "9112 9.3.2", GET END "GET /a b c HTTP/1.1\r\n\r\n" GET END,
         "ok 4xx/-", CHECK_CLOSED),
    MUST(47, "close", "9112 9.6", GET "Connection: close\r\n" END, "ok", CHECK_CLOSED),
    SHOULD(47, "close-is-announced", "9112 9.6", GET "Connection: close\r\n" END, "ok",
           CHECK_SAYS_CLOSE),
    MUST(47, "close-in-a-list", "9112 9.6", GET "Connection: foo, CLOSE\r\n" END, "ok",
         CHECK_CLOSED),
    MUST(47, "requests-behind-close", "9112 9.6", GET "Connection: close\r\n" END GET END, "ok",
         CHECK_CLOSED),
    SHOULD(47, "persists", "9112 9.3", GET END, "ok", CHECK_KEPT),
    MUST(47, "closes-for-1.0", "9112 9.3", "GET {path} HTTP/1.0\r\n" HOST END, "ok", CHECK_CLOSED),
    MUST(47, "whole-response-behind-half-close", "9112 9.6", GET "Connection: close\r\n" END, "ok",
         CHECK_CLOSED | CHECK_HALF_CLOSE),
    MUST(48, "unknown-upgrade", "9110 7.8",
         GET "Upgrade: netkit-check\r\nConnection: Upgrade\r\n" END, "ok", 0),
    MUST(48, "upgrade-in-1.0", "9110 7.8",
         "GET {path} HTTP/1.0\r\n" HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n" END, "ok/4xx", 0),
    SHOULD(48, "http2-preface", "9113 3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "4xx/5xx/-",
           CHECK_CLOSED | CHECK_MAY_BE_HTTP2),
    SHOULD(49, "trace-hides-credentials", "9110 9.3.8",
           "TRACE {path} HTTP/1.1\r\n" HOST
           "Authorization: Basic c2VjcmV0\r\nCookie: c2VjcmV0\r\n" END,
           "4xx/5xx/2xx", CHECK_NO_SECRET),
    MUST(50, "underscore-in-length", "9110 5.1", GET "Content_Length: 5\r\n" END, "ok/4xx", 0),
    MUST(50, "underscore-in-coding", "9110 5.1", GET "Transfer_Encoding: chunked\r\n" END, "ok/4xx",
         0),
};
/* clang-format on */

const struct check_cases check_cases_connection = {cases, NK_ARRAY_LENGTH(cases)};
