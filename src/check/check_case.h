/* What is checked: the rows of the table of HTTP as data, a request and what a
 * server may answer.
 *
 * The bytes of a request are a template. What stands in braces is replaced:
 *
 *     {path}       the path that was given, of a resource that exists
 *     {missing}    a path that does not exist
 *     {host}       the host and port of the URL
 *     {x:N}        N times the letter x
 *     {fields:N}   N header lines
 *     {etag} {modified} {modified850} {modifiedasc} {weak}
 *                  validators of the resource: the entity tag, its date in the three
 *                  forms of RFC 9110 5.6.7, the tag made weak; where the server
 *                  gives none, the case is skipped
 *     {then}       what stands behind it is sent when the first response has come
 *
 * The answers are words, one for each request; alternatives are separated by
 * slashes: "400", "4xx", "ok" (the status that the resource always has), "-" (the
 * connection ends without an answer). They are the widest set that the RFCs allow.
 */
#ifndef CHECK_CHECK_CASE_H
#define CHECK_CHECK_CASE_H

#include "base/attributes.h"
#include "base/slice.h"

enum check_level { CHECK_MUST, CHECK_SHOULD };

enum check_flag {
    /* Without one of the next two the connection may close or go on, but if it goes on,
     * the next request on it has to be answered as if it stood alone. */
    CHECK_CLOSED = 1 << 0,     /* it has to end */
    CHECK_KEPT = 1 << 1,       /* it has to go on */
    CHECK_HALF_CLOSE = 1 << 2, /* the request is followed by the end of the stream */
    CHECK_TO_HEAD = 1 << 3,    /* the request is HEAD */

    /* What the last answer has to hold. */
    CHECK_NO_INTERIM = 1 << 4,    /* no 1xx comes before it */
    CHECK_INTERIM = 1 << 5,       /* a 100 comes before it, or it refuses the request */
    CHECK_ALLOW = 1 << 6,         /* a 405 has Allow */
    CHECK_NO_SECRET = 1 << 7,     /* the body does not repeat the credentials */
    CHECK_NO_PASSWD = 1 << 8,     /* it is not /etc/passwd */
    CHECK_NO_INJECTION = 1 << 9,  /* no header line was made out of the path */
    CHECK_RANGE = 1 << 10,        /* a 206 is the first byte and says so */
    CHECK_UNSATISFIED = 1 << 11,  /* a 416 says how large the resource is */
    CHECK_BOUNDED = 1 << 12,      /* it is not many times larger than the resource */
    CHECK_TAG = 1 << 13,          /* it has the entity tag of the resource */
    CHECK_LIKE_GET = 1 << 14,     /* its header is that of GET */
    CHECK_DATE = 1 << 15,         /* it has a Date */
    CHECK_TYPE = 1 << 16,         /* a body has a Content-Type */
    CHECK_SAYS_CLOSE = 1 << 17,   /* it has Connection: close */
    CHECK_MAY_BE_HTTP2 = 1 << 18, /* what comes may be HTTP/2 */
};

struct check_case {
    unsigned row; /* of the table */
    const char *name;
    const char *section; /* of the RFC that says so: "9112 6.1" */
    enum check_level level;
    struct nk_slice request;
    const char *answers;
    unsigned flags;
};

/* All cases, in the order of the rows; those of one row stand together. */
struct check_cases {
    const struct check_case *cases;
    size_t count;
};
extern const struct check_cases check_cases_framing;    /* rows 1 to 15 */
extern const struct check_cases check_cases_chunks;     /* rows 16 to 24 */
extern const struct check_cases check_cases_line;       /* rows 25 to 34 */
extern const struct check_cases check_cases_fields;     /* rows 35 to 40 */
extern const struct check_cases check_cases_connection; /* rows 41 to 50 */
extern const struct check_cases check_cases_files;      /* rows 51 to 60 */

#define CHECK_ROWS 60

/* The case of that index over all tables, or NULL behind the last. */
const struct check_case *check_case_at(size_t index);

/* ---- for the tables ---- */

/* clang-format off */
#define MUST(row, name, section, request, answers, flags)                                          \
    {row, name, section, CHECK_MUST, NK_SLICE(request), answers, flags}
#define SHOULD(row, name, section, request, answers, flags)                                        \
    {row, name, section, CHECK_SHOULD, NK_SLICE(request), answers, flags}
/* clang-format on */

#define GET_LINE "GET {path} HTTP/1.1\r\n"
#define HOST "Host: {host}\r\n"
#define GET GET_LINE HOST
#define END "\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define LAST_CHUNK "0\r\n\r\n"

/* A whole request of 38 bytes; where it lies in a body, nobody may answer it. */
#define HIDDEN "GET /hidden HTTP/1.1\r\nHost: hidden\r\n\r\n"

#endif
