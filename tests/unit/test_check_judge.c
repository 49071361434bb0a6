/* The judgement of transcripts: what passes, what fails and why, and what is done next. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "check/check_judge.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define BAD "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
#define MISSING "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

static const struct check_subject subject = {.host = "h", .path = "/", .status = 200, .size = 0};

/* Alternatives are taken for others. */
static void test_alternatives(void **state)
{
    static const struct {
        const char *words;
        int status;
        bool allowed;
    } cases[] = {
        {"400", 400, true},      {"400", 401, false},   {"4xx", 499, true},
        {"4xx", 500, false},     {"ok", 200, true},     {"ok", 204, false},
        {"400/ok/-", 200, true}, {"400/ok/-", 0, true}, {"400/ok", 0, false},
        {"-", 0, true},          {"-", 200, false},     {"4xx/5xx/-", 503, true},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++)
        assert_int_equal(check_status_is_allowed(nk_slice_of_string(cases[i].words),
                                                 cases[i].status, 200),
                         cases[i].allowed);
}

struct verdict_case {
    const char *answers;
    unsigned flags;
    const char *received;
    enum check_end end;
    bool is_followed;
    enum check_verdict verdict;
    const char *text; /* a part of it */
};

static void check_verdicts(const struct verdict_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct check_case what = {.answers = cases[i].answers, .flags = cases[i].flags};
        const struct check_transcript transcript = {
            .what = &what,
            .subject = &subject,
            .received = nk_slice_of_string(cases[i].received),
            .end = cases[i].end,
            .is_followed = cases[i].is_followed,
        };
        char text[CHECK_TEXT_MAX];
        assert_int_equal(check_judge(&transcript, text), cases[i].verdict);
        assert_non_null(strstr(text, cases[i].text));
    }
}

/* A server is blamed for nothing, or gets away with something. */
static void test_verdicts(void **state)
{
    static const struct verdict_case cases[] = {
        {"400", 0, BAD, CHECK_END_CLOSED, false, CHECK_PASSED, "400, closed"},
        {"400", CHECK_CLOSED, BAD, CHECK_END_RESET, false, CHECK_PASSED, "400, reset"},
        {"400", 0, OK OK, CHECK_END_CLOSED, true, CHECK_FAILED, "200, then 200"},
        {"400", 0, "", CHECK_END_CLOSED, false, CHECK_FAILED, "an answer is missing"},
        {"400/-", 0, "", CHECK_END_CLOSED, false, CHECK_PASSED, "nothing, closed"},
        {"400/-", 0, "", CHECK_END_SILENT, false, CHECK_FAILED, "neither"},
        {"ok", 0, OK OK, CHECK_END_CLOSED, true, CHECK_PASSED, ""},
        {"ok", 0, OK MISSING, CHECK_END_CLOSED, true, CHECK_FAILED, "not found where it begins"},
        {"ok", 0, OK OK OK, CHECK_END_CLOSED, true, CHECK_FAILED, "more answers"},
        {"ok", 0, OK OK, CHECK_END_CLOSED, false, CHECK_FAILED, "more answers"},
        {"ok", 0, OK, CHECK_END_SILENT, true, CHECK_FAILED, "gets no answer"},
        {"ok", CHECK_CLOSED, OK OK, CHECK_END_CLOSED, true, CHECK_FAILED, "goes on"},
        {"ok", CHECK_CLOSED, OK, CHECK_END_CLOSED, true, CHECK_PASSED, ""},
        {"400", CHECK_CLOSED, BAD, CHECK_END_SILENT, false, CHECK_FAILED, "stays open"},
        {"ok", CHECK_KEPT, OK, CHECK_END_CLOSED, true, CHECK_FAILED, "does not go on"},
        {"ok", CHECK_KEPT, OK OK, CHECK_END_CLOSED, true, CHECK_PASSED, ""},
        {"ok ok", 0, OK, CHECK_END_CLOSED, false, CHECK_FAILED, "an answer is missing"},
        {"ok 4xx/-", CHECK_CLOSED, OK BAD, CHECK_END_CLOSED, false, CHECK_PASSED, ""},
        {"ok 4xx/-", CHECK_CLOSED, OK, CHECK_END_CLOSED, false, CHECK_PASSED, ""},
    };
    (void)state;
    check_verdicts(cases, NK_ARRAY_LENGTH(cases));
}

/* What single cases demand beyond the status is not looked at. */
static void test_demands(void **state)
{
    static const struct verdict_case cases[] = {
        {"ok", CHECK_NO_INTERIM, CONTINUE OK, CHECK_END_CLOSED, false, CHECK_FAILED, "1xx"},
        {"ok", CHECK_INTERIM, CONTINUE OK OK, CHECK_END_CLOSED, true, CHECK_PASSED, ""},
        {"ok", CHECK_INTERIM, OK OK, CHECK_END_CLOSED, true, CHECK_FAILED, "no 100"},
        {"4xx", 0, "<html>\n", CHECK_END_CLOSED, false, CHECK_FAILED, "status line"},
        {"405", CHECK_ALLOW, "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n", CHECK_END_CLOSED,
         false, CHECK_FAILED, "without Allow"},
        {"405", CHECK_ALLOW, "HTTP/1.1 405 No\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n",
         CHECK_END_CLOSED, false, CHECK_PASSED, ""},
        {"404", CHECK_NO_INJECTION,
         "HTTP/1.1 404 No\r\nX-Netkit-Check: yes\r\nContent-Length: 0\r\n\r\n", CHECK_END_CLOSED,
         false, CHECK_FAILED, "header line"},
        {"206", CHECK_RANGE,
         "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-0/9\r\nContent-Length: 1\r\n\r\nx",
         CHECK_END_CLOSED, false, CHECK_PASSED, ""},
        {"206", CHECK_RANGE,
         "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nxy",
         CHECK_END_CLOSED, false, CHECK_FAILED, "Content-Range"},
        {"416", CHECK_UNSATISFIED, "HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n", CHECK_END_CLOSED,
         false, CHECK_FAILED, "Content-Range"},
        {"ok", CHECK_DATE, OK, CHECK_END_CLOSED, false, CHECK_FAILED, "no Date"},
        {"ok", CHECK_SAYS_CLOSE, OK, CHECK_END_CLOSED, false, CHECK_FAILED, "Connection"},
        {"ok", CHECK_SAYS_CLOSE,
         "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", CHECK_END_CLOSED,
         false, CHECK_PASSED, ""},
        {"ok", CHECK_NO_PASSWD, "HTTP/1.1 200 OK\r\n\r\nroot:x:0:0:root", CHECK_END_CLOSED, false,
         CHECK_FAILED, "passwd"},
        {"ok", CHECK_TO_HEAD | CHECK_LIKE_GET, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
         CHECK_END_CLOSED, false, CHECK_FAILED, "Content-Length"},
    };
    (void)state;
    check_verdicts(cases, NK_ARRAY_LENGTH(cases));
}

/* The length that HEAD tells is held against that of the chunks. */
static void test_head_of_a_chunked_resource(void **state)
{
    static const struct check_subject chunked = {
        .host = "h", .path = "/", .status = 200, .size = 10, .is_chunked = true};
    const struct check_case what = {.answers = "ok", .flags = CHECK_TO_HEAD | CHECK_LIKE_GET};
    const struct check_transcript transcript = {
        .what = &what,
        .subject = &chunked,
        .received = nk_slice_of_string("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"),
        .end = CHECK_END_CLOSED,
    };
    char text[CHECK_TEXT_MAX];
    (void)state;
    assert_int_equal(check_judge(&transcript, text), CHECK_PASSED);
}

/* HTTP/2 is not HTTP/1 gone wrong. */
static void test_another_protocol(void **state)
{
    static const char settings[] = "\0\0\0\x04\0\0\0\0";
    const struct check_case what = {.answers = "4xx", .flags = CHECK_MAY_BE_HTTP2};
    const struct check_transcript transcript = {
        .what = &what,
        .subject = &subject,
        .received = nk_slice_make(settings, sizeof(settings) - 1),
        .end = CHECK_END_SILENT,
    };
    char text[CHECK_TEXT_MAX];
    (void)state;
    assert_int_equal(check_judge(&transcript, text), CHECK_PASSED);
}

/* The follow-up comes too early, never, or where nothing may follow. */
static void test_steps(void **state)
{
    static const struct {
        const char *answers;
        unsigned flags;
        const char *received;
        bool has_then;
        bool is_followed;
        enum check_end end;
        enum check_step step;
    } cases[] = {
        {"ok", 0, "", false, false, CHECK_END_OPEN, CHECK_STEP_WAIT},
        {"ok", 0, "HTTP/1.1 200", false, false, CHECK_END_OPEN, CHECK_STEP_WAIT},
        {"ok", 0, OK, false, false, CHECK_END_OPEN, CHECK_STEP_FOLLOW_UP},
        {"ok", 0, OK, false, true, CHECK_END_OPEN, CHECK_STEP_WAIT},
        {"ok ok", 0, OK, false, false, CHECK_END_OPEN, CHECK_STEP_WAIT},
        {"400", 0, BAD, false, false, CHECK_END_OPEN, CHECK_STEP_WAIT},
        {"ok", CHECK_HALF_CLOSE, OK, false, false, CHECK_END_OPEN, CHECK_STEP_WAIT},
        {"ok", 0, CONTINUE, true, false, CHECK_END_OPEN, CHECK_STEP_SEND_THEN},
        {"ok", 0, CONTINUE, false, false, CHECK_END_OPEN, CHECK_STEP_WAIT},
        {"ok", 0, OK, false, false, CHECK_END_CLOSED, CHECK_STEP_DONE},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        const struct check_case what = {.answers = cases[i].answers, .flags = cases[i].flags};
        const struct check_transcript transcript = {
            .what = &what,
            .subject = &subject,
            .received = nk_slice_of_string(cases[i].received),
            .end = cases[i].end,
            .has_then = cases[i].has_then,
            .is_followed = cases[i].is_followed,
        };
        assert_int_equal(check_next_step(&transcript), cases[i].step);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alternatives), cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_demands),      cmocka_unit_test(test_another_protocol),
        cmocka_unit_test(test_steps),        cmocka_unit_test(test_head_of_a_chunked_resource),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
