/* HTTP CONNECT as a client: what is sent, and what every answer means, however
 * the answer is cut (RFC 9110 9.3.6, RFC 9112, RFC 7617). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cat/http_connect.h"

struct outcome {
    int error; /* 0, or why it failed */
    bool is_complete;
    size_t used;
    int status;
    const char *problem;
};

static const struct proxy_target plain = {"h", 80, NULL, NULL};
static const struct proxy_target with_login = {"h", 80, "me", "secret"};

/* Hands in a heap copy of exactly the piece's size. Returns false at the end. */
static bool hand_in(struct http_connect *connect, struct nk_slice piece, struct outcome *outcome)
{
    char *copy = malloc(piece.len > 0 ? piece.len : 1);

    assert_non_null(copy);
    memcpy(copy, piece.data, piece.len);
    ssize_t used = http_connect_input(connect, nk_slice_make(copy, piece.len));
    free(copy);
    outcome->status = http_connect_status(connect);
    if (used < 0) {
        outcome->error = (int)used;
        outcome->problem = http_connect_problem(connect);
        assert_int_equal(http_connect_input(connect, piece), used); /* for good */
        return false;
    }
    outcome->used += (size_t)used;
    assert_true((size_t)used == piece.len || http_connect_is_complete(connect));
    return !http_connect_is_complete(connect);
}

static struct outcome receive(const struct proxy_target *target, struct nk_slice answer,
                              size_t first, size_t step)
{
    struct outcome outcome = {0};
    struct http_connect connect;

    memset(&connect, 0xa5, sizeof connect);
    assert_int_equal(http_connect_init(&connect, target), 0);
    while (hand_in(&connect, nk_slice_first(answer, first), &outcome) && answer.len > first) {
        answer = nk_slice_from(answer, first);
        first = step;
    }
    outcome.is_complete = http_connect_is_complete(&connect);
    return outcome;
}

static void assert_same(const struct outcome *a, const struct outcome *b)
{
    assert_int_equal(a->error, b->error);
    assert_int_equal(a->is_complete, b->is_complete);
    assert_int_equal(a->status, b->status);
    assert_ptr_equal(a->problem, b->problem);
    if (!a->error)
        assert_int_equal(a->used, b->used);
}

/* Whole, cut in two at every place, and byte by byte: always the same. */
static struct outcome receive_all_ways(const struct proxy_target *target, struct nk_slice answer)
{
    struct outcome whole = receive(target, answer, answer.len, 1);

    for (size_t cut = 0; cut < answer.len; cut++) {
        struct outcome halves = receive(target, answer, cut, answer.len);
        assert_same(&whole, &halves);
    }
    struct outcome bytes = receive(target, answer, 1, 1);
    assert_same(&whole, &bytes);
    return whole;
}

/* The request is exactly this: a proxy that is strict must understand it. */
static void the_request_is_exact(void **state)
{
    static const struct {
        struct proxy_target target;
        const char *request;
    } rows[] = {
        {{"example.org", 443, NULL, NULL},
         "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n"},
        {{"::1", 1, NULL, NULL}, "CONNECT [::1]:1 HTTP/1.1\r\nHost: [::1]:1\r\n\r\n"},
        {{"192.0.2.1", 65535, NULL, NULL},
         "CONNECT 192.0.2.1:65535 HTTP/1.1\r\nHost: 192.0.2.1:65535\r\n\r\n"},
        /* the example of RFC 7617, 2 */
        {{"h", 80, "Aladdin", "open sesame"},
         "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n"
         "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"},
        {{"h", 80, "u", "pw"},
         "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\nProxy-Authorization: Basic dTpwdw==\r\n\r\n"},
        {{"h", 80, "u", "p"},
         "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\nProxy-Authorization: Basic dTpw\r\n\r\n"},
        {{"h", 80, "u", NULL},
         "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\nProxy-Authorization: Basic dTo=\r\n\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        struct http_connect connect;

        assert_int_equal(http_connect_init(&connect, &rows[i].target), 0);
        struct nk_slice request = http_connect_take_output(&connect);
        assert_int_equal(request.len, strlen(rows[i].request));
        assert_memory_equal(request.data, rows[i].request, request.len);
        assert_int_equal(http_connect_take_output(&connect).len, 0); /* once only */
    }
}

/* Nothing that a user typed may end a line of the request. */
static void bad_targets_are_refused(void **state)
{
    static const struct proxy_target targets[] = {
        {"", 1, NULL, NULL},      {"a b", 1, NULL, NULL},  {"a\r\nX: y", 1, NULL, NULL},
        {"a/b", 1, NULL, NULL},   {"u@h", 1, NULL, NULL},  {"fe80::1%eth0", 1, NULL, NULL},
        {"[::1]", 1, NULL, NULL}, {"h:80", 1, NULL, NULL}, {"a\tb", 1, NULL, NULL},
        {"h", 1, "a:b", "p"},     {"h", 1, "a\n", "p"},    {"h", 1, "a", "p\r"},
        {"h", 1, NULL, "p"},
    };
    struct http_connect connect;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(targets); i++)
        assert_int_equal(http_connect_init(&connect, &targets[i]), -EINVAL);
}

/* The longest of everything fits, one byte more is refused. */
static void limits_are_exact(void **state)
{
    char fits[PROXY_TEXT_MAX + 1] = "";
    char too_long[PROXY_TEXT_MAX + 2] = "";
    struct http_connect connect;

    (void)state;
    memset(fits, 'x', PROXY_TEXT_MAX);
    memset(too_long, 'x', PROXY_TEXT_MAX + 1);
    const struct proxy_target longest = {fits, 65535, fits, fits};
    assert_int_equal(http_connect_init(&connect, &longest), 0);
    struct nk_slice request = http_connect_take_output(&connect);
    assert_true(request.len < HTTP_CONNECT_REQUEST_MAX);
    assert_memory_equal(request.data + request.len - 4, "\r\n\r\n", 4);

    const struct proxy_target refused[] = {{too_long, 1, NULL, NULL},
                                           {"h", 1, too_long, NULL},
                                           {"h", 1, "me", too_long}};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(refused); i++)
        assert_int_equal(http_connect_init(&connect, &refused[i]), -EINVAL);
}

/* Whatever a proxy says along with its consent, the stream begins right behind
 * the empty line: a server that speaks first must not lose its greeting. */
static void consent_in_every_form(void **state)
{
    static const struct nk_slice answers[] = {
        NK_SLICE("HTTP/1.1 200 Connection established\r\n\r\nhello"),
        NK_SLICE("HTTP/1.0 200 OK\r\nProxy-agent: x/1.0\r\n\r\nhello"),
        NK_SLICE("HTTP/1.1 200\r\n\r\nhello"),
        NK_SLICE("HTTP/1.1 200 \r\n\r\nhello"),
        NK_SLICE("HTTP/1.1 299 \xc3\xa4\t!\r\nA:\r\nB: \t x\xff\r\n\r\nhello"),
        /* to be ignored in this answer (RFC 9110, 9.3.6) */
        NK_SLICE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello"),
        NK_SLICE("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\tagain\r\n\r\nhello"),
        NK_SLICE("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n"
                 "HTTP/1.1 204 None\r\n\r\nhello"),
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(answers); i++) {
        struct outcome outcome = receive_all_ways(&plain, answers[i]);

        assert_int_equal(outcome.error, 0);
        assert_true(outcome.is_complete);
        assert_int_equal(outcome.status / 100, 2);
        assert_int_equal(outcome.used, answers[i].len - strlen("hello"));
        /* and not a byte earlier */
        struct nk_slice part = nk_slice_first(answers[i], outcome.used - 1);
        assert_false(receive(&plain, part, part.len, 1).is_complete);
    }
}

/* A status that is no consent decides about the exit status and the words; the
 * rest of such an answer is not waited for. */
static void every_other_status_is_a_refusal(void **state)
{
    static const struct {
        int status;
        int error;
    } special[] = {
        {401, -EACCES},    {403, -EACCES},       {404, -EHOSTUNREACH}, {407, -EACCES},
        {408, -ETIMEDOUT}, {502, -EHOSTUNREACH}, {503, -EHOSTUNREACH}, {504, -ETIMEDOUT},
    };

    (void)state;
    for (int status = 0; status < 1000; status++) {
        char answer[32];
        int expected = -ECONNREFUSED;

        if (status / 100 == 2 || (status / 100 == 1 && status != 101))
            continue;
        for (size_t i = 0; i < NK_ARRAY_LENGTH(special); i++)
            if (special[i].status == status)
                expected = special[i].error;
        int len = snprintf(answer, sizeof answer, "HTTP/1.1 %03d No\r\n", status);
        struct outcome outcome = receive_all_ways(&plain, nk_slice_make(answer, (size_t)len));
        assert_int_equal(outcome.error, expected);
        assert_int_equal(outcome.status, status);
        assert_non_null(strstr(outcome.problem, "proxy"));
    }
}

/* Without a login the user is told to give one, with one that it is wrong. */
static void a_login_that_is_asked_for_or_refused(void **state)
{
    static const struct nk_slice answer = NK_SLICE("HTTP/1.1 407 Proxy Auth\r\n");

    (void)state;
    assert_non_null(strstr(receive_all_ways(&plain, answer).problem, "asks for"));
    assert_non_null(strstr(receive_all_ways(&with_login, answer).problem, "refuses"));
}

/* Another kind of server must be told from a proxy. */
static void garbage_is_refused(void **state)
{
    static const struct nk_slice answers[] = {
        NK_SLICE("SSH-2.0-x\r\n"),
        NK_SLICE("\x05\x00"),
        NK_SLICE("\r\nHTTP/1.1 200 OK\r\n\r\n"),
        NK_SLICE("http/1.1 200 OK\r\n\r\n"),
        NK_SLICE("HTTP/2.0 200 OK\r\n\r\n"),
        NK_SLICE("HTTP/1.x 200 OK\r\n\r\n"),
        NK_SLICE("HTTP/1.1  200 OK\r\n\r\n"),
        NK_SLICE("HTTP/1.1 20 OK\r\n\r\n"),
        NK_SLICE("HTTP/1.1 2000 OK\r\n\r\n"),
        NK_SLICE("HTTP/1.1 +20 OK\r\n\r\n"),
        NK_SLICE("HTTP/1.1 200 OK\n\n"),
        NK_SLICE("HTTP/1.1 200 OK\rX"),
        NK_SLICE("HTTP/1.1 200 O\x00K\r\n\r\n"),
        NK_SLICE("HTTP/1.1 200 OK\r\n folded\r\n\r\n"),
        NK_SLICE("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
        NK_SLICE("HTTP/1.1 200 OK\r\n: no name\r\n\r\n"),
        NK_SLICE("HTTP/1.1 200 OK\r\nA : b\r\n\r\n"),
        NK_SLICE("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n"),
        NK_SLICE("HTTP/1.1 200 OK\r\nA: \x7f\r\n\r\n"),
        NK_SLICE("HTTP/1.1 200 OK\r\n\rX"),
        NK_SLICE("HTTP/1.1 100 Continue\r\n\r\n\r\n"),
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(answers); i++)
        assert_int_equal(receive_all_ways(&plain, answers[i]).error, -EBADMSG);
}

/* An answer without end must not keep the client for ever, nor may interim
 * answers, each of which is short. */
static void the_length_is_limited(void **state)
{
    static char answer[HTTP_CONNECT_ANSWER_MAX + 1];
    static const char start[] = "HTTP/1.1 200 OK\r\nA: ";
    static const char interim[] = "HTTP/1.1 100 C\r\n\r\n";
    struct nk_slice whole = nk_slice_make(answer, HTTP_CONNECT_ANSWER_MAX);

    (void)state;
    memset(answer, 'x', sizeof answer);
    memcpy(answer, start, sizeof start - 1);
    memcpy(answer + HTTP_CONNECT_ANSWER_MAX - 4, "\r\n\r\n", 4);
    assert_true(receive(&plain, whole, 1000, 1000).is_complete);
    memcpy(answer + HTTP_CONNECT_ANSWER_MAX - 4, "x\r\n\r\n", 5);
    whole.len++;
    assert_int_equal(receive(&plain, whole, whole.len, 1).error, -EMSGSIZE);
    assert_int_equal(receive(&plain, whole, 1000, 1000).error, -EMSGSIZE);
    for (size_t i = 0; i < sizeof answer; i++)
        answer[i] = interim[i % (sizeof interim - 1)];
    assert_int_equal(receive(&plain, whole, 1000, 1000).error, -EMSGSIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_exact),
        cmocka_unit_test(bad_targets_are_refused),
        cmocka_unit_test(limits_are_exact),
        cmocka_unit_test(consent_in_every_form),
        cmocka_unit_test(every_other_status_is_a_refusal),
        cmocka_unit_test(a_login_that_is_asked_for_or_refused),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(the_length_is_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
