/* Responses, whole and byte by byte, and what is none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe/probe_response.h"

#define OK "HTTP/1.1 200 OK\r\n"

/* Gives the text in pieces of `step` bytes and then the end. Returns 0 or the error;
 * *complete_at is where the response ended, or SIZE_MAX for the end of the connection. */
static int read_text(struct probe_response *response, const char *text, bool is_for_head,
                     size_t step, size_t *complete_at)
{
    struct nk_slice rest = nk_slice_of_string(text);
    size_t used = 0;
    int error = 0;
    *complete_at = SIZE_MAX;
    probe_response_init(response, is_for_head);
    while (rest.len > 0 && !error) {
        struct nk_slice piece = nk_slice_first(rest, step);
        error = probe_response_take(response, piece);
        used += piece.len;
        rest = nk_slice_from(rest, piece.len);
        if (response->state == PROBE_RESPONSE_COMPLETE && *complete_at == SIZE_MAX)
            *complete_at = used;
    }
    return error ? error : probe_response_end(response);
}

/* Otherwise the time of a response ends too early or too late, or with the connection
 * that the server keeps open. */
static void responses_end_where_they_say(void **state)
{
    static const struct {
        const char *text;
        unsigned code;
        size_t unused; /* bytes behind the end; SIZE_MAX: it is the connection's */
        bool is_for_head;
    } cases[] = {
        {OK "Content-Length: 5\r\n\r\nhello", 200, 0, false},
        {OK "content-length:5 \r\nX: y\r\n\r\nhelloHTTP", 200, 4, false},
        {OK "Content-Length: 0\r\n\r\n", 200, 0, false},
        {OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 200, 0, false},
        {OK "Content-Length: 5\r\n\r\n", 200, 0, true},
        {OK "Transfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: r\r\n\r\n", 200, 0, false},
        {OK "\r\nto the end", 200, SIZE_MAX, false},
        {"HTTP/1.0 404 \r\n\r\n", 404, SIZE_MAX, false},
        {"HTTP/1.1 503\r\nContent-Length: 1\r\n\r\nx", 503, 0, false},
        {"HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n", 204, 0, false},
        {"HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n", 304, 0, false},
        {"HTTP/1.1 101 Up\r\nUpgrade: x\r\n\r\n", 101, 0, false},
        {"HTTP/1.1 100 C\r\nX: y\r\n\r\nHTTP/1.1 103 E\r\n\r\n" OK "Content-Length: 1\r\n\r\nx",
         200, 0, false},
    };
    struct probe_response response;
    size_t complete_at;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = strlen(cases[i].text);
        int error = read_text(&response, cases[i].text, cases[i].is_for_head, 1, &complete_at);
        if (error)
            fail_msg("case %zu: %s", i, response.problem);
        assert_int_equal(response.code, cases[i].code);
        assert_int_equal(complete_at,
                         cases[i].unused == SIZE_MAX ? SIZE_MAX : len - cases[i].unused);
        assert_int_equal(
            read_text(&response, cases[i].text, cases[i].is_for_head, len, &complete_at), 0);
        assert_int_equal(response.code, cases[i].code);
    }
}

/* Otherwise any server that says something passes for a web server. */
static void what_is_no_response_is_refused(void **state)
{
    static const char *const wrong[] = {
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.x 200 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 600 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 200 OK\n\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        OK " folded: x\r\n\r\n",
        OK "no colon\r\n\r\n",
        OK ": x\r\n\r\n",
        OK "Name : x\r\n\r\n",
        OK "X: a\rb\r\n\r\n",
        OK "X: a\x01\r\n\r\n",
        OK "X: a\nY: b\r\n\r\n",
        OK "Content-Length: five\r\n\r\n",
        OK "Content-Length: -1\r\n\r\n",
        OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK "Transfer-Encoding: gzip\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\nx\r\n",
    };
    struct probe_response response;
    size_t ignored;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (read_text(&response, wrong[i], false, 1, &ignored) != -EBADMSG || !response.problem)
            fail_msg("case %zu was taken", i);
    }
}

/* Otherwise a response that was cut off counts as a whole one. */
static void the_end_of_the_connection_is_an_end_only_where_it_may_be(void **state)
{
    static const char *const cut[] = {
        "",
        "HTTP/1.1 2",
        OK,
        OK "\r",
        OK "Content-Length: 5\r\n\r\nhell",
        OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 100 C\r\n\r\n",
    };
    struct probe_response response;
    size_t ignored;
    (void)state;
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        assert_int_equal(read_text(&response, cut[i], false, 3, &ignored), -EBADMSG);
        assert_string_equal(response.problem, "it was cut off");
    }
}

/* Otherwise a server without manners fills the memory, or holds the prober for ever. */
static void heads_have_a_limit(void **state)
{
    static char text[2 * PROBE_RESPONSE_HEAD_MAX];
    struct probe_response response;
    size_t ignored;
    (void)state;
    memset(text, 'a', sizeof text - 1);
    memcpy(text, OK "X: ", strlen(OK "X: "));
    assert_int_equal(read_text(&response, text, false, 4096, &ignored), -EBADMSG);
    assert_string_equal(response.problem, "its head is too long");
    for (size_t at = strlen(OK); at + 8 < sizeof text; at += 8)
        memcpy(text + at, "X: abc\r\n", 8);
    assert_int_equal(read_text(&response, text, false, 4096, &ignored), -EBADMSG);
    assert_string_equal(response.problem, "its head is too long");
}

/* Otherwise the framing is read from a field that was not kept whole. */
static void long_fields_may_not_decide_about_the_length(void **state)
{
    char text[1024];
    struct probe_response response;
    size_t ignored;
    (void)state;
    snprintf(text, sizeof text, OK "Content-Length:%*s\r\n\r\n", 300, "5");
    assert_int_equal(read_text(&response, text, false, 64, &ignored), -EBADMSG);
    snprintf(text, sizeof text, OK "Cookie:%*s\r\nContent-Length: 1\r\n\r\nx", 300, "5");
    assert_int_equal(read_text(&response, text, false, 64, &ignored), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_end_where_they_say),
        cmocka_unit_test(what_is_no_response_is_refused),
        cmocka_unit_test(the_end_of_the_connection_is_an_end_only_where_it_may_be),
        cmocka_unit_test(heads_have_a_limit),
        cmocka_unit_test(long_fields_may_not_decide_about_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
