/* The responses of servers that are checked: what is a response, where it ends, and
 * which faults are named. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_answer.h"

/* Reads from a heap copy of exactly its size. */
static ssize_t read_text(struct check_answer *answer, const char *text, bool to_head, bool ended)
{
    static char *copy;
    size_t len = strlen(text);
    free(copy);
    copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return check_answer_read(answer, nk_slice_make(copy, len), to_head, ended);
}

struct good {
    const char *text;
    size_t rest; /* bytes behind it */
    int status;
    const char *body;
    bool to_head;
    bool closes;
};

/* A good response is refused, or ends elsewhere. */
static void test_good(void **state)
{
    static const struct good cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 0, 200, "hi", false, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP", 4, 200, "hi", false, false},
        {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 0, 200, "", false, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 0, 200, "", true, false},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 0, 304, "", false, false},
        {"HTTP/1.1 204 No Content\r\n\r\n", 0, 204, "", false, false},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP", 4, 100, "", false, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 0, 200, "", false, true},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", 0, 200, "",
         false, false},
        {"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", 0, 200, "", false,
         true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nX", 1, 200,
         "2\r\nhi\r\n0\r\n\r\n", false, false},
        {"HTTP/1.1 200 OK\r\n\r\nto the end", 0, 200, "to the end", false, true},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct check_answer answer;
        ssize_t len = read_text(&answer, cases[i].text, cases[i].to_head, true);
        assert_int_equal(len, strlen(cases[i].text) - cases[i].rest);
        assert_null(answer.problem);
        assert_int_equal(answer.status, cases[i].status);
        assert_true(nk_slice_equal(answer.body, nk_slice_of_string(cases[i].body)));
        assert_int_equal(answer.closes, cases[i].closes);
    }
}

/* A fault of a server is not noticed. */
static void test_bad(void **state)
{
    static const char *const cases[] = {
        "<html>hello</html>\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\x01\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n",
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct check_answer answer;
        assert_int_equal(read_text(&answer, cases[i], false, true), -EBADMSG);
        assert_non_null(answer.problem);
    }
}

/* A fault that does not hide the end of the response is forgotten, or ends the reading. */
static void test_small_faults(void **state)
{
    static const char *const cases[] = {
        "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct check_answer answer;
        assert_int_equal(read_text(&answer, cases[i], false, false), strlen(cases[i]));
        assert_non_null(answer.problem);
    }
}

/* A response is taken for complete, or for broken, before all of it has come. */
static void test_every_part_is_incomplete(void **state)
{
    static const char text[] =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"a\"\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    struct check_answer answer;
    (void)state;
    for (size_t len = 0; len + 1 < sizeof(text); len++) {
        ssize_t rc = check_answer_read(&answer, nk_slice_make(text, len), false, false);
        assert_int_equal(rc, -EAGAIN);
    }
}

/* A field is not found, or another one. */
static void test_fields(void **state)
{
    struct check_answer answer;
    struct nk_slice value;
    (void)state;
    assert_true(
        read_text(&answer,
                  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\neTaG:  \"a:b\" \r\nETag: \"c\"\r\n"
                  "Empty:\r\n\r\n",
                  false, false) > 0);
    assert_true(check_answer_field(&answer, "ETag", &value));
    assert_true(nk_slice_equal(value, nk_slice_of_string("\"a:b\"")));
    assert_true(check_answer_field(&answer, "empty", &value));
    assert_int_equal(value.len, 0);
    assert_false(check_answer_field(&answer, "ETa", &value));
    assert_false(check_answer_field(&answer, "Content", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),         cmocka_unit_test(test_bad),
        cmocka_unit_test(test_small_faults), cmocka_unit_test(test_every_part_is_incomplete),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
