/* Rows 35 to 40: header fields and methods. */
#include "check/check_case.h"

#define FIELD(line) GET line "\r\n" END
#define METHOD(method) method " {path} HTTP/1.1\r\n" HOST END

/* clang-format off: a case, a line */
static const struct check_case cases[] = {
    MUST(35, "indented-host", "9112 2.2", GET_LINE " " HOST END, "400/-", 0),
    MUST(35, "blank-line", "9112 2.2", GET_LINE " \r\n" HOST END, "4xx/ok/-", 0),
    SHOULD(36, "no-colon", "9112 5", FIELD("nocolon"), "4xx/-", 0),
    SHOULD(36, "no-name", "9112 5", FIELD(": no name"), "4xx/-", 0),
    SHOULD(36, "bracket-in-name", "9110 5.1", FIELD("a[: 1"), "4xx/-", 0),
    SHOULD(36, "space-in-name", "9110 5.1", FIELD("a b: 1"), "4xx/-", 0),
    SHOULD(36, "control-byte-in-name", "9110 5.1", FIELD("a\x01: 1"), "4xx/-", 0),
    SHOULD(36, "high-bytes-in-name", "9110 5.1", FIELD("\xc3\xa4: 1"), "4xx/-", 0),
    MUST(37, "nul-in-host", "9110 5.5", GET_LINE "Host: a\0b\r\n" END, "400/-", 0),
    MUST(37, "nul-in-value", "9110 5.5", FIELD("X-Check: a\0b"), "4xx/ok/-", 0),
    MUST(37, "high-bytes-in-value", "9110 5.5", FIELD("X-Check: \xe4\xff"), "ok/4xx", 0),
    MUST(38, "tab-behind-colon", "9112 5.1", GET_LINE "Host:\t{host}\r\n" END, "ok", 0),
    MUST(38, "nothing-behind-colon", "9112 5.1", GET_LINE "Host:{host}\r\n" END, "ok", 0),
    MUST(38, "blanks-behind-value", "9112 5.1", GET_LINE "Host: {host} \t \r\n" END, "ok", 0),
    MUST(38, "empty-value", "9112 5", FIELD("X-Check:"), "ok", 0),
    MUST(38, "name-in-any-case", "9110 5.1", GET "cOnTeNt-LeNgTh: 5\r\n" END "hello", "ok/4xx", 0),
    SHOULD(39, "unknown-method", "9110 9.1", METHOD("NETKITCHECK"), "501/405/400", CHECK_ALLOW),
    SHOULD(39, "lower-case-method", "9110 9.1", METHOD("get"), "501/405/400", CHECK_ALLOW),
    MUST(40, "delete-missing", "9110 15.5.6", "DELETE {missing} HTTP/1.1\r\n" HOST END, "4xx/501",
         CHECK_ALLOW),
};
/* clang-format on */

const struct check_cases check_cases_fields = {cases, NK_ARRAY_LENGTH(cases)};
