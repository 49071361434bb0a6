/* Runs the request parser over one input in every way the bytes can arrive.
 *
 * For the tests of the request head. Whole, cut in two at every place, and
 * byte by byte must all give the same request or the same problem. Every call
 * gets a heap copy of exactly the bytes it may see, so that a sanitizer notices
 * one byte read too far.
 */
#ifndef TESTS_HTTP_WAYS_H
#define TESTS_HTTP_WAYS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_request.h"

static const struct http_limits http_test_limits = {
    .target = 8192, .header = 32768, .lines = 100, .body = 1048576};

struct http_outcome {
    ssize_t rc;
    struct http_problem problem;
    struct http_request request;
    char *copy; /* what the slices point into */
    size_t copy_len;
};

/* Parses the first `len` bytes of `input` from a copy. Free outcome->copy. */
static inline void http_parse_copy(struct http_outcome *outcome, struct nk_slice input, size_t len,
                                   const struct http_limits *limits, struct http_progress *progress)
{
    /* Garbage in the scratch space must not matter. */
    memset(outcome, 0xa5, sizeof(*outcome));
    outcome->problem = (struct http_problem){0};
    outcome->copy = malloc(len > 0 ? len : 1);
    outcome->copy_len = len;
    assert_non_null(outcome->copy);
    memcpy(outcome->copy, input.data, len);
    outcome->rc = http_request_parse(&outcome->request, nk_slice_make(outcome->copy, len), limits,
                                     progress, &outcome->problem);
}

/* The slices of both requests stand at the same places with the same bytes. */
static inline void http_assert_same_slice(const struct http_outcome *a, struct nk_slice in_a,
                                          const struct http_outcome *b, struct nk_slice in_b)
{
    assert_int_equal(in_a.len, in_b.len);
    assert_memory_equal(in_a.data, in_b.data, in_a.len);
    if (in_a.data >= a->copy && in_a.data <= a->copy + a->copy_len)
        assert_int_equal(in_a.data - a->copy, in_b.data - b->copy);
}

static inline void http_assert_same_request(const struct http_outcome *a,
                                            const struct http_outcome *b)
{
    const struct http_request *ra = &a->request, *rb = &b->request;
    assert_int_equal(ra->method, rb->method);
    assert_int_equal(ra->form, rb->form);
    assert_int_equal(ra->minor_version, rb->minor_version);
    assert_int_equal(ra->keep_alive, rb->keep_alive);
    assert_int_equal(ra->expects_continue, rb->expects_continue);
    assert_int_equal(ra->framing, rb->framing);
    assert_int_equal(ra->content_length, rb->content_length);
    assert_int_equal(ra->header_count, rb->header_count);
    http_assert_same_slice(a, ra->target, b, rb->target);
    http_assert_same_slice(a, ra->path, b, rb->path);
    http_assert_same_slice(a, ra->query, b, rb->query);
    http_assert_same_slice(a, ra->host, b, rb->host);
    http_assert_same_slice(a, ra->head, b, rb->head);
    for (size_t i = 0; i < ra->header_count; i++) {
        http_assert_same_slice(a, ra->headers[i].name, b, rb->headers[i].name);
        http_assert_same_slice(a, ra->headers[i].value, b, rb->headers[i].value);
    }
}

static inline void http_assert_same_outcome(const struct http_outcome *a,
                                            const struct http_outcome *b)
{
    assert_int_equal(a->rc, b->rc);
    assert_int_equal(a->problem.status, b->problem.status);
    if (a->problem.rule != NULL)
        assert_string_equal(a->problem.rule, b->problem.rule);
    if (a->rc > 0)
        http_assert_same_request(a, b);
}

/* Parses `input` in pieces of `step` bytes, the first one `first` bytes long. */
static inline void http_parse_in_steps(struct http_outcome *outcome, struct nk_slice input,
                                       size_t first, size_t step, const struct http_limits *limits)
{
    struct http_progress progress = {0};
    for (size_t len = first;; len += step) {
        http_parse_copy(outcome, input, len < input.len ? len : input.len, limits, &progress);
        if (outcome->rc != -EAGAIN || len >= input.len)
            break;
        free(outcome->copy);
    }
    if (outcome->rc > 0) { /* ready for the next request on the connection */
        assert_int_equal(progress.line, 0);
        assert_int_equal(progress.fields, 0);
        assert_int_equal(progress.scanned, 0);
        assert_int_equal(progress.seen, 0);
    }
}

/* The outcome of `input`, checked in all ways. Free outcome->copy. */
static inline void http_parse_all_ways(struct http_outcome *whole, struct nk_slice input,
                                       const struct http_limits *limits)
{
    struct http_outcome other;
    http_parse_in_steps(whole, input, input.len, 1, limits);
    for (size_t cut = 0; cut < input.len; cut++) {
        http_parse_in_steps(&other, input, cut, input.len, limits);
        http_assert_same_outcome(whole, &other);
        free(other.copy);
    }
    http_parse_in_steps(&other, input, 1, 1, limits);
    http_assert_same_outcome(whole, &other);
    free(other.copy);
}

struct http_refusal {
    const char *name; /* begins with the row of the truth table, where it has one */
    struct nk_slice head;
    int status;
};

static inline void http_assert_refused(const struct http_refusal *test,
                                       const struct http_limits *limits)
{
    struct http_outcome outcome;
    http_parse_all_ways(&outcome, test->head, limits);
    if (outcome.rc != -EBADMSG || outcome.problem.status != test->status)
        print_error("%s: rc %zd, status %d (%s)\n", test->name, outcome.rc, outcome.problem.status,
                    outcome.problem.rule != NULL ? outcome.problem.rule : "no rule");
    assert_int_equal(outcome.rc, -EBADMSG);
    assert_int_equal(outcome.problem.status, test->status);
    assert_non_null(strstr(outcome.problem.rule, "(RFC "));
    free(outcome.copy);
}

static inline void http_assert_all_refused(const struct http_refusal *tests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        http_assert_refused(&tests[i], &http_test_limits);
}

struct http_reason {
    struct nk_slice head;
    const char *rule;
};

/* The texts are what an operator finds in the log and `problem.rule` is for. */
static inline void http_assert_reasons(const struct http_reason *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct http_outcome outcome;
        http_parse_in_steps(&outcome, tests[i].head, tests[i].head.len, 1, &http_test_limits);
        assert_int_equal(outcome.rc, -EBADMSG);
        assert_string_equal(outcome.problem.rule, tests[i].rule);
        free(outcome.copy);
    }
}

/* `head` is a whole request head: all of it is taken, a part is never enough,
 * and what follows it changes nothing. Free outcome->copy. */
static inline void http_assert_accepted(struct http_outcome *outcome, const char *name,
                                        struct nk_slice head)
{
    http_parse_all_ways(outcome, head, &http_test_limits);
    if (outcome->rc < 0)
        print_error("%s: rc %zd, status %d (%s)\n", name, outcome->rc, outcome->problem.status,
                    outcome->problem.rule != NULL ? outcome->problem.rule : "no rule");
    assert_int_equal(outcome->rc, head.len);

    static const char next[] = "\r\nGET /next HTTP/1.0\r\n\r\n";
    struct http_outcome longer;
    struct http_progress progress = {0};
    char *both = malloc(head.len + sizeof(next));
    assert_non_null(both);
    memcpy(both, head.data, head.len);
    memcpy(both + head.len, next, sizeof(next));
    http_parse_copy(&longer, nk_slice_make(both, head.len + sizeof(next)), head.len + sizeof(next),
                    &http_test_limits, &progress);
    http_assert_same_outcome(outcome, &longer);
    free(longer.copy);
    free(both);
}

static inline void http_assert_text(struct nk_slice slice, const char *text)
{
    if (slice.len != strlen(text) || memcmp(slice.data, text, slice.len) != 0)
        fail_msg("'%.*s' is not '%s'", (int)slice.len, slice.data, text);
}

#endif
