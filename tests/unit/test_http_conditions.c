/* Conditional requests: which of the conditions counts, and what it says
 * (RFC 9110 13). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "http/http_conditions.h"

#define TAG "\"abc\""
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define EXACT "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

#define LATER UINT64_C(1795132800)

static const struct http_validators validators = {NK_SLICE(TAG), 784111777};

/* A request with the given fields, "Name: value", up to the first NULL. */
static void make(struct http_request *request, enum http_method method, const char *const *fields)
{
    memset(request, 0, sizeof(*request));
    request->method = method;
    for (size_t i = 0; fields[i] != NULL; i++) {
        const struct nk_slice field = nk_slice_of_string(fields[i]);
        const size_t colon = nk_slice_find(field, ':');
        request->headers[i] = (struct http_header){nk_slice_first(field, colon),
                                                   nk_slice_trim(nk_slice_from(field, colon + 1))};
        request->header_count++;
    }
}

enum {
    GO_ON = HTTP_VERDICT_GO_ON,
    KNOWN = HTTP_VERDICT_NOT_MODIFIED,
    FAILED = HTTP_VERDICT_FAILED
};

struct test {
    const char *fields[5];
    int verdict;
};

static const struct test tests_of_get[] = {
    {{NULL}, GO_ON},
    {{"Accept: */*"}, GO_ON},
    /* If-None-Match compares weakly */
    {{"If-None-Match: " TAG}, KNOWN},
    {{"if-none-match: " TAG}, KNOWN},
    {{"If-None-Match: W/" TAG}, KNOWN},
    {{"If-None-Match: \"x\", " TAG}, KNOWN},
    {{"If-None-Match: \"x\"," TAG ",\"y\""}, KNOWN},
    {{"If-None-Match: ,, \"x\" ,, " TAG}, KNOWN},
    {{"If-None-Match: \"a,b\", " TAG}, KNOWN},
    {{"If-None-Match: \"x\"", "If-None-Match: " TAG}, KNOWN},
    {{"If-None-Match: *"}, KNOWN},
    {{"If-None-Match: \"x\""}, GO_ON},
    {{"If-None-Match: \"ABC\""}, GO_ON},
    {{"If-None-Match: \"abc\\\""}, GO_ON},
    {{"If-None-Match: abc"}, GO_ON},
    {{"If-None-Match: \"abc"}, GO_ON},
    {{"If-None-Match: w/" TAG}, GO_ON},
    {{"If-None-Match: "}, GO_ON},
    {{"If-None-Match: x, " TAG}, GO_ON},
    {{"If-None-Match: \"x\"" TAG}, GO_ON},
    {{"If-None-Match: \"x\" " TAG}, GO_ON},
    /* If-Modified-Since, in three forms */
    {{"If-Modified-Since: " EXACT}, KNOWN},
    {{"If-Modified-Since: " AFTER}, KNOWN},
    {{"If-Modified-Since: " BEFORE}, GO_ON},
    {{"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"}, KNOWN},
    {{"If-Modified-Since: Sun Nov  6 08:49:37 1994"}, KNOWN},
    {{"If-Modified-Since: Sunday, 06-Nov-94 08:49:36 GMT"}, GO_ON},
    {{"If-Modified-Since: Sun Nov  6 08:49:36 1994"}, GO_ON},
    {{"If-Modified-Since: Wed, 31 Dec 1969 23:59:59 GMT"}, GO_ON},
    {{"If-Modified-Since: yesterday"}, GO_ON},
    {{"If-Modified-Since: " EXACT "; length=3"}, GO_ON},
    {{"If-Modified-Since: " EXACT, "If-Modified-Since: " EXACT}, GO_ON},
    /* If-None-Match hides If-Modified-Since */
    {{"If-None-Match: \"x\"", "If-Modified-Since: " AFTER}, GO_ON},
    {{"If-Modified-Since: " AFTER, "If-None-Match: \"x\""}, GO_ON},
    {{"If-None-Match: " TAG, "If-Modified-Since: " BEFORE}, KNOWN},
    {{"If-None-Match: nonsense", "If-Modified-Since: " AFTER}, GO_ON},
    /* If-Match compares strongly */
    {{"If-Match: " TAG}, GO_ON},
    {{"If-Match: *"}, GO_ON},
    {{"If-Match: \"x\", " TAG}, GO_ON},
    {{"If-Match: \"x\"", "If-Match: " TAG}, GO_ON},
    {{"If-Match: W/" TAG}, FAILED},
    {{"If-Match: \"x\""}, FAILED},
    {{"If-Match: nonsense"}, FAILED},
    {{"If-Match: "}, FAILED},
    /* If-Unmodified-Since */
    {{"If-Unmodified-Since: " EXACT}, GO_ON},
    {{"If-Unmodified-Since: " AFTER}, GO_ON},
    {{"If-Unmodified-Since: " BEFORE}, FAILED},
    {{"If-Unmodified-Since: tomorrow"}, GO_ON},
    /* If-Match hides If-Unmodified-Since; what holds lets the second pair speak */
    {{"If-Match: " TAG, "If-Unmodified-Since: " BEFORE}, GO_ON},
    {{"If-Match: \"x\"", "If-Unmodified-Since: " AFTER}, FAILED},
    {{"If-Match: " TAG, "If-None-Match: " TAG}, KNOWN},
    {{"If-Match: \"x\"", "If-None-Match: " TAG}, FAILED},
    {{"If-Unmodified-Since: " AFTER, "If-Modified-Since: " AFTER}, KNOWN},
    {{"If-Unmodified-Since: " BEFORE, "If-Modified-Since: " AFTER}, FAILED},
    {{"If-Match: " TAG, "If-Unmodified-Since: " BEFORE, "If-None-Match: \"x\"",
      "If-Modified-Since: " AFTER},
     GO_ON},
    {{"If-Unmodified-Since: " AFTER, "If-None-Match: W/" TAG}, KNOWN},
};

static void check(enum http_method method, const struct test *test)
{
    struct http_request request;
    make(&request, method, test->fields);
    const int verdict = (int)http_conditions_judge(&request, &validators, 0);
    if (verdict != test->verdict)
        fail_msg("%s; %s: %d, not %d", test->fields[0] ? test->fields[0] : "",
                 test->fields[1] ? test->fields[1] : "", verdict, test->verdict);
}

/* A client keeps an old page, gets one again that it has, or overwrites what
 * somebody else has changed. */
static void test_get_and_head(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests_of_get); i++) {
        check(HTTP_METHOD_GET, &tests_of_get[i]);
        check(HTTP_METHOD_HEAD, &tests_of_get[i]);
    }
}

/* An upload is answered "not modified", or overwrites in spite of its condition. */
static void test_put(void **state)
{
    static const struct test tests[] = {
        {{"If-None-Match: *"}, FAILED},
        {{"If-None-Match: " TAG}, FAILED},
        {{"If-None-Match: \"x\""}, GO_ON},
        {{"If-Match: " TAG}, GO_ON},
        {{"If-Match: \"x\""}, FAILED},
        {{"If-Modified-Since: " AFTER}, GO_ON}, /* means nothing here */
        {{"If-Unmodified-Since: " BEFORE}, FAILED},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++)
        check(HTTP_METHOD_PUT, &tests[i]);
}

/* What has no entity tag matches "any", and nothing else. */
static void test_without_a_tag(void **state)
{
    static const char *const fields[] = {"If-None-Match: \"\"", NULL};
    static const char *const any[] = {"If-None-Match: *", NULL};
    const struct http_validators none = {{NULL, 0}, 784111777};
    struct http_request request;
    (void)state;
    make(&request, HTTP_METHOD_GET, fields);
    assert_int_equal(http_conditions_judge(&request, &none, 0), GO_ON);
    make(&request, HTTP_METHOD_GET, any);
    assert_int_equal(http_conditions_judge(&request, &none, 0), KNOWN);
}

/* A part of a new file is put behind the beginning of an old one. */
static void test_ranges_are_allowed(void **state)
{
    static const struct {
        const char *fields[4];
        bool allowed;
    } tests[] = {
        {{"Range: bytes=0-1"}, true},
        {{"Range: bytes=0-1", "If-Range: " TAG}, true},
        {{"Range: bytes=0-1", "If-Range: W/" TAG}, false},
        {{"Range: bytes=0-1", "If-Range: \"x\""}, false},
        {{"Range: bytes=0-1", "If-Range: " TAG ", \"x\""}, false},
        {{"Range: bytes=0-1", "If-Range: *"}, false},
        {{"Range: bytes=0-1", "If-Range: "}, false},
        {{"Range: bytes=0-1", "If-Range: " EXACT}, true},
        {{"Range: bytes=0-1", "If-Range: Sun Nov  6 08:49:37 1994"}, true},
        {{"Range: bytes=0-1", "If-Range: " BEFORE}, false},
        {{"Range: bytes=0-1", "If-Range: " AFTER}, false}, /* exactly, not at least */
        {{"Range: bytes=0-1", "If-Range: " TAG, "If-Range: " TAG}, false},
        {{"Range: bytes=0-1", "Range: bytes=3-4"}, false},
        {{"If-Range: " TAG}, false},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct http_request request;
        struct nk_slice range;
        make(&request, HTTP_METHOD_GET, tests[i].fields);
        const bool allowed = http_conditions_allow_range(&request, &validators, LATER, &range);
        if (allowed != tests[i].allowed)
            fail_msg("%s; %s: %d", tests[i].fields[0], tests[i].fields[1], allowed);
        if (allowed)
            assert_true(nk_slice_equal(range, nk_slice_of_string("bytes=0-1")));
        request.method = HTTP_METHOD_HEAD; /* RFC 9110 14.2: defined for GET only */
        assert_false(http_conditions_allow_range(&request, &validators, LATER, &range));
    }
}

/* Of the second that is not over nobody knows how often the file will change in it
 * (RFC 9110 8.8.2.2): the rest of one state is put behind the beginning of another. */
static void test_a_date_has_to_be_strong(void **state)
{
    static const char *const date[] = {"Range: bytes=0-1", "If-Range: " EXACT, NULL};
    static const char *const tag[] = {"Range: bytes=0-1", "If-Range: " TAG, NULL};
    static const struct {
        uint64_t now;
        bool allowed;
    } tests[] = {{784111776, false}, {784111777, false}, {784111778, true}, {LATER, true}};
    struct http_request request;
    struct nk_slice range;
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        make(&request, HTTP_METHOD_GET, date);
        assert_int_equal(http_conditions_allow_range(&request, &validators, tests[i].now, &range),
                         tests[i].allowed);
        make(&request, HTTP_METHOD_GET, tag);
        assert_true(http_conditions_allow_range(&request, &validators, tests[i].now, &range));
    }
}

/* A field that has a say is overlooked. */
static void test_asks(void **state)
{
    static const struct {
        const char *fields[4];
        unsigned asks;
    } tests[] = {
        {{NULL}, 0},
        {{"Host: x", "Accept: */*", "If: x"}, 0},
        {{"range: bytes=0-"}, HTTP_ASKS_RANGE},
        {{"If-Match: x"}, HTTP_ASKS_CONDITION},
        {{"If-None-Match: x"}, HTTP_ASKS_CONDITION},
        {{"IF-MODIFIED-SINCE: x"}, HTTP_ASKS_CONDITION},
        {{"If-Unmodified-Since: x"}, HTTP_ASKS_CONDITION},
        {{"Accept-Encoding: br"}, HTTP_ASKS_CODING},
        {{"Accept-Language: de", "If-Range: x", "Accept-Charset: x"}, 0},
        {{"Range: x", "Accept-Encoding: x", "If-Match: x"},
         HTTP_ASKS_RANGE | HTTP_ASKS_CODING | HTTP_ASKS_CONDITION},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct http_request request;
        make(&request, HTTP_METHOD_GET, tests[i].fields);
        assert_int_equal(http_request_asks(&request), tests[i].asks);
    }
}

static void test_what_has_no_tag(void **state)
{
    static const struct {
        const char *fields[3];
        bool needs;
    } tests[] = {
        {{NULL}, false},
        {{"If-Match: *"}, false},
        {{"If-Match: \"x\"", "If-Match: *"}, false},
        {{"If-None-Match: \"x\""}, false},
        {{"If-Match: \"x\""}, true},
        {{"If-Match: W/\"x\""}, true},
        {{"If-Match: \"\""}, true},
        {{"If-Match: "}, true},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct http_request request;
        make(&request, HTTP_METHOD_GET, tests[i].fields);
        if (http_conditions_need_tag(&request) != tests[i].needs)
            fail_msg("%s", tests[i].fields[0] ? tests[i].fields[0] : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_has_no_tag),
        cmocka_unit_test(test_get_and_head),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_without_a_tag),
        cmocka_unit_test(test_ranges_are_allowed),
        cmocka_unit_test(test_a_date_has_to_be_strong),
        cmocka_unit_test(test_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
