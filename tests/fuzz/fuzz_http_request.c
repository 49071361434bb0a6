/* The request parser: any bytes, any limits, arriving in any pieces. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "http/http_request.h"

static void check_slice(struct nk_slice slice, struct nk_slice input)
{
    FUZZ_CHECK(slice.data >= input.data);
    FUZZ_CHECK(slice.data + slice.len <= input.data + input.len);
}

/* A path that is not in the target is "/", and that is no part of the input. */
static void check_path(struct nk_slice path, struct nk_slice input)
{
    FUZZ_CHECK(path.len > 0 && path.data[0] == '/');
    if (path.len > 1 || (path.data >= input.data && path.data < input.data + input.len))
        check_slice(path, input);
}

static void check_request(const struct http_request *request, struct nk_slice head,
                          const struct http_limits *limits)
{
    check_slice(request->target, head);
    check_path(request->path, head);
    check_slice(request->query, head);
    check_slice(request->host, head);
    FUZZ_CHECK(request->head.data == head.data && request->head.len == head.len);
    FUZZ_CHECK(request->method != HTTP_METHOD_UNKNOWN);
    FUZZ_CHECK(request->target.len > 0 && request->target.len <= limits->target);
    FUZZ_CHECK(request->header_count <= HTTP_HEADERS_MAX);
    FUZZ_CHECK(request->header_count <= limits->lines);
    FUZZ_CHECK(request->framing == HTTP_FRAMING_LENGTH || request->content_length == 0);
    FUZZ_CHECK(request->content_length <= limits->body);
    for (size_t i = 0; i < request->header_count; i++) {
        check_slice(request->headers[i].name, head);
        check_slice(request->headers[i].value, head);
        FUZZ_CHECK(request->headers[i].name.len > 0);
    }
}

static void check_same_slice(struct nk_slice a, const char *base_a, struct nk_slice b,
                             const char *base_b)
{
    FUZZ_CHECK(a.len == b.len);
    FUZZ_CHECK(a.len == 0 || a.data - base_a == b.data - base_b);
}

/* Only what points into the input: `path` may not. */
static void check_same(const struct http_request *a, const char *base_a,
                       const struct http_request *b, const char *base_b)
{
    FUZZ_CHECK(a->method == b->method && a->form == b->form);
    FUZZ_CHECK(a->minor_version == b->minor_version && a->keep_alive == b->keep_alive);
    FUZZ_CHECK(a->expects_continue == b->expects_continue && a->framing == b->framing);
    FUZZ_CHECK(a->content_length == b->content_length && a->header_count == b->header_count);
    FUZZ_CHECK(nk_slice_equal(a->path, b->path));
    check_same_slice(a->target, base_a, b->target, base_b);
    check_same_slice(a->query, base_a, b->query, base_b);
    check_same_slice(a->host, base_a, b->host, base_b);
    for (size_t i = 0; i < a->header_count; i++) {
        check_same_slice(a->headers[i].name, base_a, b->headers[i].name, base_b);
        check_same_slice(a->headers[i].value, base_a, b->headers[i].value, base_b);
    }
}

/* Parses the input in pieces and expects what the whole has given. */
static void check_pieces(struct nk_slice input, size_t first, size_t step,
                         const struct http_limits *limits, ssize_t whole_rc,
                         const struct http_request *whole, const struct http_problem *whole_problem)
{
    static struct http_request request;
    struct http_progress progress = {0};
    struct http_problem problem = {0};
    struct nk_slice part = nk_slice_first(input, first);
    for (;;) {
        /* Exactly its bytes, so that reading one more is an error. */
        char *copy = malloc(part.len > 0 ? part.len : 1);
        FUZZ_CHECK(copy != NULL);
        if (part.len > 0)
            memcpy(copy, input.data, part.len);
        memset(&request, 0xa5, sizeof(request));
        const ssize_t rc = http_request_parse(&request, nk_slice_make(copy, part.len), limits,
                                              &progress, &problem);
        if (rc != -EAGAIN || part.len == input.len) {
            FUZZ_CHECK(rc == whole_rc);
            FUZZ_CHECK(problem.status == whole_problem->status);
            FUZZ_CHECK(problem.rule == whole_problem->rule);
            if (rc > 0)
                check_same(whole, input.data, &request, copy);
            free(copy);
            return;
        }
        free(copy);
        part = nk_slice_first(input, part.len + step);
    }
}

/* Where a head ends if it is good: behind the first empty line that is not
 * in front of the request line. 0 when there is none. */
static size_t end_of_head(struct nk_slice input)
{
    static const struct nk_slice empty_line = NK_SLICE("\r\n"), end = NK_SLICE("\r\n\r\n");
    size_t at = 0;
    while (at < 4 && nk_slice_starts_with(nk_slice_from(input, at), empty_line))
        at += empty_line.len;
    for (; at + end.len <= input.len; at++)
        if (nk_slice_starts_with(nk_slice_from(input, at), end))
            return at + end.len;
    return 0;
}

static void check_input(struct nk_slice input, const struct http_limits *limits)
{
    static struct http_request request;
    struct http_progress progress = {0};
    struct http_problem problem = {0};
    const ssize_t rc = http_request_parse(&request, input, limits, &progress, &problem);
    const size_t end = end_of_head(input);
    FUZZ_CHECK(rc == -EAGAIN || rc == -EBADMSG || (rc > 0 && (size_t)rc == end));
    FUZZ_CHECK(rc != -EAGAIN || end == 0);
    if (rc > 0) {
        FUZZ_CHECK((size_t)rc <= input.len && (size_t)rc <= limits->header);
        check_request(&request, nk_slice_first(input, (size_t)rc), limits);
    }
    FUZZ_CHECK((rc == -EBADMSG) == (problem.status >= 400 && problem.status < 600));
    FUZZ_CHECK((rc == -EBADMSG) == (problem.rule != NULL));

    const size_t middle = input.len > 0 ? (unsigned char)input.data[input.len - 1] % input.len : 0;
    check_pieces(input, middle, input.len, limits, rc, &request, &problem);
    check_pieces(input, input.len / 2, middle + 1, limits, rc, &request, &problem);
    check_pieces(input, 1, input.len / 512 + 1, limits, rc, &request, &problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    const struct http_limits usual = {
        .target = 8192, .header = 32768, .lines = 100, .body = 1048576};
    const struct http_limits tight = {
        .target = size % 23, .header = size - size % 7, .lines = size % 5, .body = size % 11};
    check_input(input, &usual);
    check_input(input, &tight);
    return 0;
}
