/* The head as a whole: how it arrives, how much of it is read, its limits.
 * What stands in the lines is tested in test_http_request_line.c and
 * test_http_fields.c. The numbers are the rows of the protocol's truth table. */
#include "http_ways.h"

#define FIELDS "\r\nHost: h\r\n\r\n"

static ssize_t parse(struct http_request *request, struct nk_slice input,
                     const struct http_limits *limits, struct http_problem *problem)
{
    struct http_progress progress = {0};
    return http_request_parse(request, input, limits, &progress, problem);
}

/* Clients as they are: a field lost or cut wrongly here breaks all of them. */
static void test_heads_of_real_clients(void **state)
{
    static const struct nk_slice browser = NK_SLICE(
        "GET /gallery/?page=2 HTTP/1.1\r\nHost: www.example.org\r\nConnection: keep-alive\r\n"
        "Cache-Control: max-age=0\r\nUpgrade-Insecure-Requests: 1\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n"
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        "Accept-Encoding: gzip, deflate\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8\r\n"
        "Cookie: a=b; c=\"d e\"\r\nIf-None-Match: W/\"abc\"\r\n\r\n");
    static const struct nk_slice curl = NK_SLICE(
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n");
    struct http_outcome outcome;
    (void)state;

    http_assert_accepted(&outcome, "browser", browser);
    assert_int_equal(outcome.request.header_count, 10);
    http_assert_text(outcome.request.headers[9].name, "If-None-Match");
    http_assert_text(outcome.request.headers[9].value, "W/\"abc\"");
    http_assert_text(outcome.request.path, "/gallery/");
    assert_true(outcome.request.keep_alive);
    free(outcome.copy);

    http_assert_accepted(&outcome, "curl", curl);
    assert_int_equal(outcome.request.header_count, 3);
    http_assert_text(*http_request_header(&outcome.request, "user-agent"), "curl/7.88.1");
    free(outcome.copy);
}

/* A server that reads from an empty buffer must wait, not fail. */
static void test_no_bytes_are_not_a_request(void **state)
{
    struct http_request request;
    struct http_problem problem = {0};
    (void)state;
    assert_int_equal(parse(&request, (struct nk_slice){NULL, 0}, &http_test_limits, &problem),
                     -EAGAIN);
    assert_int_equal(problem.status, 0);
}

/* A client that sends nonsense and waits would otherwise hold its connection
 * until the time-out. Each text is refused before the head is complete, and
 * not before its last byte is there. */
static void test_a_bad_line_is_reported_at_once(void **state)
{
    static const struct http_refusal tests[] = {
        {"no version", NK_SLICE("GET /\r\n"), 400},
        {"bad version", NK_SLICE("GET / HTTP/2.0\r\n"), 505},
        {"unknown method", NK_SLICE("FROB / HTTP/1.1\r\n"), 501},
        {"third empty line", NK_SLICE("\r\n\r\n\r\n"), 400},
        {"bad field", NK_SLICE("GET / HTTP/1.1\r\nA: b\r\nC : d\r\n"), 400},
        {"second Host", NK_SLICE("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nHost: a\r\n"), 400},
        {"TE after CL",
         NK_SLICE("GET / HTTP/1.1\r\nContent-Length: 5\r\nX: y\r\n"
                  "Transfer-Encoding: chunked\r\n"),
         400},
        {"TE in 1.0", NK_SLICE("GET / HTTP/1.0\r\nX: y\r\nTransfer-Encoding: chunked\r\n"), 400},
        {"too long a body", NK_SLICE("GET / HTTP/1.1\r\nContent-Length: 9999999\r\n"), 413},
        {"no Host", NK_SLICE("GET / HTTP/1.1\r\nX: y\r\n\r\n"), 400},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct http_outcome part;
        http_assert_refused(&tests[i], &http_test_limits);
        http_parse_in_steps(&part, nk_slice_first(tests[i].head, tests[i].head.len - 1), 1, 1,
                            &http_test_limits);
        assert_int_equal(part.rc, -EAGAIN);
        free(part.copy);
    }
}

/* 44, 45: without limits a client decides how much memory it takes. */
static void test_limits_are_exact(void **state)
{
    /* target 10, head 60, lines 3 */
    static const struct http_limits limits = {.target = 10, .header = 60, .lines = 3, .body = 100};
    static const struct http_refusal refusals[] = {
        {"44 target of 11", NK_SLICE("GET /234567890a HTTP/1.1" FIELDS), 414},
        {"44 target of 11, then a space", NK_SLICE("GET /234567890a  HTTP/1.1" FIELDS), 414},
        {"44 target without end",
         NK_SLICE("GET /234567890abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr"), 414},
        {"44 bad byte within the limit",
         NK_SLICE("GET /23\x01"
                  "67890abc HTTP/1.1" FIELDS),
         400},
        {"44 version without end",
         NK_SLICE("GET / HTTP/1.1111111111111111111111111111111111111"
                  "11111111111"),
         400},
        {"45 method without end",
         NK_SLICE("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ"
                  "ABCDEFGHIJ"),
         501},
        {"45 61 bytes",
         NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\nX: 90123456789012345678901234567\r\n\r\n"), 431},
        {"45 field without end",
         NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\nX: 7890123456789012345678"
                  "90123456789"),
         431},
        {"45 fault behind the limit",
         NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\nX: 78901234567890123"
                  "45678901234567890\x01\r\n\r\n"),
         431},
        {"45 name without end",
         NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\nXXXXXXXXXXXXXXXXXXXXXXXXXX"
                  "XXXXXXXXXXX"),
         431},
        {"45 four lines", NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\nA:\r\nB:\r\nC:\r\n\r\n"), 431},
        {"413 body of 101", NK_SLICE("GET / HTTP/1.1\r\nContent-Length: 101\r\n"), 413},
    };
    static const struct nk_slice accepted[] = {
        NK_SLICE("GET /234567890 HTTP/1.1" FIELDS),
        NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\nX: 9012345678901234567890123456\r\n\r\n"),
        NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\nA:\r\nB:\r\n\r\n"),
        NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n"),
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(refusals); i++)
        http_assert_refused(&refusals[i], &limits);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(accepted); i++) {
        struct http_outcome outcome;
        http_parse_all_ways(&outcome, accepted[i], &limits);
        assert_int_equal(outcome.rc, accepted[i].len);
        free(outcome.copy);
    }
}

/* "GET /aaa... HTTP/1.1" with a target of `size` bytes. */
static struct nk_slice long_request(size_t size)
{
    static const char front[] = "GET ", back[] = " HTTP/1.1" FIELDS;
    const size_t len = sizeof(front) - 1 + size + sizeof(back) - 1;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, 'a', len);
    memcpy(text, front, sizeof(front) - 1);
    text[sizeof(front) - 1] = '/';
    memcpy(text + len - (sizeof(back) - 1), back, sizeof(back) - 1);
    return nk_slice_make(text, len);
}

/* 44: RFC 9112 3 wants 8000 octets to work; the default limit is 8192. */
static void test_long_targets(void **state)
{
    static const struct {
        size_t size;
        int status;
    } tests[] = {{8000, 0}, {8192, 0}, {8193, 414}, {30000, 414}, {40000, 414}};
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        const struct nk_slice head = long_request(tests[i].size);
        struct http_outcome whole, pieces;
        http_parse_in_steps(&whole, head, head.len, 1, &http_test_limits);
        http_parse_in_steps(&pieces, head, 1, 97, &http_test_limits);
        http_assert_same_outcome(&whole, &pieces);
        assert_int_equal(whole.problem.status, tests[i].status);
        if (tests[i].status == 0)
            assert_int_equal(whole.request.target.len, tests[i].size);
        free(whole.copy);
        free(pieces.copy);
        free((void *)(uintptr_t)head.data);
    }
}

/* 45: 100 fields fill the table to its end, the 101st must not go behind it,
 * whatever the caller's limit says. */
static void test_one_hundred_fields(void **state)
{
    static const char start[] = "GET / HTTP/1.0\r\n", field[] = "Name: value\r\n";
    struct http_limits limits = http_test_limits;
    (void)state;
    for (size_t count = 99; count <= 102; count++) {
        char head[2048];
        size_t len = sizeof(start) - 1;
        memcpy(head, start, len);
        for (size_t i = 0; i < count; i++, len += sizeof(field) - 1)
            memcpy(head + len, field, sizeof(field) - 1);
        memcpy(head + len, "\r\n", 2);
        len += 2;

        struct http_outcome outcome;
        limits.lines = count > 101 ? SIZE_MAX : 100;
        http_parse_all_ways(&outcome, nk_slice_make(head, len), &limits);
        if (count <= 100)
            assert_int_equal(outcome.request.header_count, count);
        else
            assert_int_equal(outcome.problem.status, 431);
        free(outcome.copy);
    }
}

/* Limits so large that they mean "none" must not overflow into tiny ones. */
static void test_limits_of_the_largest_number(void **state)
{
    const struct http_limits limits = {SIZE_MAX, SIZE_MAX, SIZE_MAX, UINT64_MAX};
    static const struct nk_slice head =
        NK_SLICE("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n");
    struct http_outcome outcome;
    (void)state;
    http_parse_all_ways(&outcome, head, &limits);
    assert_int_equal(outcome.rc, head.len);
    assert_true(outcome.request.content_length == UINT64_MAX);
    free(outcome.copy);
}

/* 46: three requests in one buffer, the third bad. Each parse takes exactly
 * its own bytes; the bad one does not disturb those before it. */
static void test_pipelined_requests(void **state)
{
    static const struct nk_slice input = NK_SLICE("GET /1 HTTP/1.1" FIELDS "GET /2 HTTP/1.0\r\n\r\n"
                                                  "GET /3 HTTP/1.1\r\nBad\r\n\r\n");
    struct http_request request;
    struct http_problem problem = {0};
    struct http_progress progress = {0};
    (void)state;

    ssize_t used = http_request_parse(&request, input, &http_test_limits, &progress, &problem);
    http_assert_text(request.path, "/1");
    struct nk_slice rest = nk_slice_from(input, (size_t)used);
    used = http_request_parse(&request, rest, &http_test_limits, &progress, &problem);
    http_assert_text(request.path, "/2");
    assert_int_equal(request.header_count, 0);
    rest = nk_slice_from(rest, (size_t)used);
    assert_int_equal(http_request_parse(&request, rest, &http_test_limits, &progress, &problem),
                     -EBADMSG);
    assert_int_equal(problem.status, 400);
}

/* Random cuts find what cuts in two and single bytes do not: several lines in
 * one piece, a piece that ends between CR and LF of the last line. */
static void test_random_pieces(void **state)
{
    static const struct nk_slice heads[] = {
        NK_SLICE("\r\nPOST /a?b HTTP/1.1\r\nHost: h\r\nA: b\r\nContent-Length: 7\r\nC: d\r\n\r\n"),
        NK_SLICE("POST / HTTP/1.1\r\nHost: h\r\nA: b\r\nC: d\r\nHost: h\r\nE : f\r\n\r\n"),
    };
    uint32_t seed = 1;
    (void)state;
    for (size_t round = 0; round < 2000; round++) {
        const struct nk_slice head = heads[round % 2];
        struct http_outcome whole, pieces;
        struct http_progress progress = {0};
        http_parse_in_steps(&whole, head, head.len, 1, &http_test_limits);
        for (size_t len = 0;;) {
            seed = seed * 1664525 + 1013904223;
            len += seed >> 28;
            if (len > head.len)
                len = head.len;
            http_parse_copy(&pieces, head, len, &http_test_limits, &progress);
            if (pieces.rc != -EAGAIN)
                break;
            free(pieces.copy);
        }
        http_assert_same_outcome(&whole, &pieces);
        free(pieces.copy);
        free(whole.copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_of_real_clients),
        cmocka_unit_test(test_no_bytes_are_not_a_request),
        cmocka_unit_test(test_a_bad_line_is_reported_at_once),
        cmocka_unit_test(test_limits_are_exact),
        cmocka_unit_test(test_long_targets),
        cmocka_unit_test(test_one_hundred_fields),
        cmocka_unit_test(test_limits_of_the_largest_number),
        cmocka_unit_test(test_pipelined_requests),
        cmocka_unit_test(test_random_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
