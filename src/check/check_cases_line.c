/* Rows 25 to 34: the request line and Host. */
#include "check/check_case.h"

#define WITH_HOST(value) GET_LINE "Host: " value "\r\n" END
#define LINE(text) text "\r\n" HOST END
#define TARGET(target) LINE("GET " target " HTTP/1.1")
#define VERSION(version) LINE("GET {path} " version)

/* clang-format off: a case, a line */
static const struct check_case cases[] = {
    MUST(25, "no-host", "9112 3.2", GET_LINE END, "400", 0),
    MUST(25, "two-hosts", "9112 3.2", GET "Host: other\r\n" END, "400", 0),
    MUST(25, "two-equal-hosts", "9112 3.2", GET HOST END, "400", 0),
    MUST(25, "list-of-hosts", "9112 3.2", WITH_HOST("a,b"), "400", 0),
    MUST(25, "user", "9112 3.2", WITH_HOST("u@h"), "400", 0),
    MUST(25, "path", "9112 3.2", WITH_HOST("h/path"), "400", 0),
    MUST(25, "space", "9112 3.2", WITH_HOST("h h"), "400", 0),
    MUST(25, "port-is-a-word", "9112 3.2", WITH_HOST("h:port"), "400", 0),
    MUST(25, "no-host-in-1.0", "9112 3.2", "GET {path} HTTP/1.0\r\n" END, "ok/404/421", 0),
    MUST(26, "absolute-form", "9112 3.2.2", LINE("GET http://{host}{path} HTTP/1.1"), "ok", 0),
    MUST(26, "absolute-form-wins", "9112 3.2.2",
         "GET http://{host}{path} HTTP/1.1\r\nHost: other\r\n" END, "ok", 0),
    SHOULD(27, "get-star", "9112 3.2.4", TARGET("*"), "4xx/-", 0),
    SHOULD(27, "options-star", "9110 9.3.7", LINE("OPTIONS * HTTP/1.1"), "2xx/4xx/501", 0),
    SHOULD(28, "connect", "9110 9.3.6", LINE("CONNECT localhost:443 HTTP/1.1"), "4xx/5xx/-", 0),
    SHOULD(28, "get-authority", "9112 3.2.3", TARGET("localhost:443"), "4xx/-", 0),
    SHOULD(29, "no-leading-slash", "9112 3.2", TARGET("../etc/passwd"), "4xx/301/-",
           CHECK_NO_PASSWD),
    SHOULD(29, "space", "9112 3.2", TARGET("/a b"), "4xx/301/-", 0),
    SHOULD(29, "fragment", "9112 3.2", TARGET("{path}#fragment"), "4xx/301/-", 0),
    SHOULD(29, "high-bytes", "9112 3.2", TARGET("/\xc3\xa4"), "4xx/301/-", 0),
    SHOULD(29, "control-byte", "9112 3.2",
           TARGET("/a\x01"
                  "b"),
           "4xx/301/-", 0),
    SHOULD(29, "nul", "9112 3.2", TARGET("/a\0b"), "4xx/301/-", 0),
    MUST(30, "two-spaces", "9112 3", LINE("GET  {path} HTTP/1.1"), "4xx/ok/-", 0),
    MUST(30, "tab", "9112 3", LINE("GET\t{path} HTTP/1.1"), "4xx/5xx/ok/-", 0),
    MUST(30, "trailing-space", "9112 3", LINE("GET {path} HTTP/1.1 "), "4xx/ok/-", 0),
    SHOULD(31, "lower-case", "9112 2.3", VERSION("http/1.1"), "4xx/505/-", 0),
    SHOULD(31, "no-minor", "9112 2.3", VERSION("HTTP/1"), "4xx/505/-", 0),
    SHOULD(31, "two-digits", "9112 2.3", VERSION("HTTP/01.1"), "4xx/505/-", 0),
    SHOULD(31, "letter-behind", "9112 2.3", VERSION("HTTP/1.1x"), "4xx/505/-", 0),
    SHOULD(32, "2.0", "9110 2.5", VERSION("HTTP/2.0"), "505/4xx/-", 0),
    SHOULD(32, "9.9", "9110 2.5", VERSION("HTTP/9.9"), "505/4xx/-", 0),
    SHOULD(32, "1.7", "9110 2.5", VERSION("HTTP/1.7"), "ok", 0),
    SHOULD(33, "no-version", "9112 3", "GET {path}\r\n\r\n", "4xx/5xx/-", CHECK_CLOSED),
    SHOULD(34, "one-empty-line", "9112 2.2", "\r\n" GET END, "ok", 0),
    SHOULD(34, "empty-line-between-requests", "9112 2.2", GET END "\r\n" GET END, "ok ok", 0),
};
/* clang-format on */

const struct check_cases check_cases_line = {cases, NK_ARRAY_LENGTH(cases)};
