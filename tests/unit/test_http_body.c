/* The end of a body: Content-Length and chunked (RFC 9112 6 and 7). The
 * numbers are the rows of the protocol's truth table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_body.h"

#define PAYLOAD_MAX 4096

struct result {
    int status; /* 0, or why the body was refused */
    bool is_complete;
    size_t used; /* bytes consumed */
    size_t len;  /* of the payload */
    char payload[PAYLOAD_MAX];
};

static void start(struct http_body *body, enum http_framing framing, uint64_t length, uint64_t max)
{
    struct http_request request;
    memset(&request, 0xa5, sizeof(request));
    request.framing = framing;
    request.content_length = length;
    memset(body, 0xa5, sizeof(*body));
    http_body_init(body, &request, max);
}

/* Decodes one piece from a heap copy of exactly its size, as often as the
 * contract asks for. Returns false when the body was refused. */
static bool decode_piece(struct http_body *body, struct nk_slice piece, struct result *result)
{
    char *copy = malloc(piece.len > 0 ? piece.len : 1);
    assert_non_null(copy);
    memcpy(copy, piece.data, piece.len);
    struct nk_slice rest = nk_slice_make(copy, piece.len);
    while (rest.len > 0 && !http_body_is_complete(body)) {
        struct nk_slice payload;
        struct http_problem problem = {0};
        const ssize_t used = http_body_decode(body, rest, &payload, &problem);
        if (used < 0) {
            assert_int_equal(used, -EBADMSG);
            assert_non_null(strstr(problem.rule, "(RFC "));
            result->status = problem.status;
            break;
        }
        assert_in_range(used, 1, rest.len);
        assert_true(payload.len == 0 ||
                    (payload.data >= rest.data && payload.data + payload.len <= rest.data + used));
        assert_true(result->len + payload.len <= PAYLOAD_MAX);
        memcpy(result->payload + result->len, payload.data, payload.len);
        result->len += payload.len;
        result->used += (size_t)used;
        rest = nk_slice_from(rest, (size_t)used);
    }
    free(copy);
    return result->status == 0;
}

/* Decodes `input` in pieces of `step` bytes, the first one `first` long. */
static void decode_in_steps(struct http_body *body, struct nk_slice input, size_t first,
                            size_t step, struct result *result)
{
    *result = (struct result){0};
    size_t piece = first;
    while (decode_piece(body, nk_slice_first(input, piece), result) && input.len > piece) {
        input = nk_slice_from(input, piece);
        piece = step;
    }
    result->is_complete = http_body_is_complete(body);
}

static void assert_same(const struct result *a, const struct result *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->is_complete, b->is_complete);
    assert_int_equal(a->used, b->used);
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->payload, b->payload, a->len);
}

/* Whole, cut in two at every place and byte by byte: always the same. */
static void decode_all_ways(enum http_framing framing, uint64_t length, uint64_t max,
                            struct nk_slice input, struct result *whole)
{
    struct http_body body;
    struct result other;
    start(&body, framing, length, max);
    decode_in_steps(&body, input, input.len, 1, whole);
    for (size_t cut = 1; cut < input.len; cut++) {
        start(&body, framing, length, max);
        decode_in_steps(&body, input, cut, input.len, &other);
        assert_same(whole, &other);
    }
    start(&body, framing, length, max);
    decode_in_steps(&body, input, 1, 1, &other);
    assert_same(whole, &other);
}

struct refusal {
    const char *name;
    struct nk_slice body;
    int status;
};

#define OPENING "5\r\nhello\r\n"

/* Each of these has let a request be smuggled past some server, or would let a
 * client spend the server's time or memory. */
static const struct refusal refusals[] = {
    {"10 bare CR behind the size", NK_SLICE("5\rhello\r\n0\r\n\r\n"), 400},
    {"16 size 0x5", NK_SLICE("0x5\r\nhello\r\n"), 400},
    {"16 size +5", NK_SLICE("+5\r\nhello\r\n"), 400},
    {"16 size -1", NK_SLICE("-1\r\nhello\r\n"), 400},
    {"16 space before", NK_SLICE(" 5\r\nhello\r\n"), 400},
    {"16 space behind", NK_SLICE("5 \r\nhello\r\n"), 400},
    {"16 tab behind", NK_SLICE("5\t\r\nhello\r\n"), 400},
    {"16 underscore", NK_SLICE("5_\r\nhello\r\n"), 400},
    {"16 no digit", NK_SLICE("Z\r\nhello\r\n"), 400},
    {"16 empty", NK_SLICE("\r\nhello\r\n"), 400},
    {"16 NUL",
     NK_SLICE("\0"
              "5\r\nhello\r\n"),
     400},
    {"16 empty second size", NK_SLICE(OPENING "\r\n"), 400},
    {"17 near 2^64", NK_SLICE("FFFFFFFFFFFFFFF0\r\nhello"), 413},
    {"17 2^64 - 1", NK_SLICE("ffffffffffffffff\r\nhello"), 413},
    {"17 2^63", NK_SLICE("8000000000000000\r\nhello"), 413},
    {"17 17 digits", NK_SLICE("10000000000000005\r\nhello"), 400},
    {"17 17 digits, zeros", NK_SLICE("00000000000000005\r\nhello\r\n"), 400},
    {"17 sum near 2^64", NK_SLICE(OPENING "fffffffffffffffb\r\nhello"), 413},
    {"above the limit", NK_SLICE("1001\r\n"), 413},
    {"above the limit together", NK_SLICE(OPENING "ffc\r\n"), 413},
    {"18 size line ended by LF", NK_SLICE("5\nhello\r\n0\r\n\r\n"), 400},
    {"18 last size ended by LF", NK_SLICE(OPENING "0\n\r\n"), 400},
    {"18 last line ended by LF", NK_SLICE(OPENING "0\r\n\n"), 400},
    {"19 LF in an extension", NK_SLICE("5;a\n=b\r\nhello\r\n"), 400},
    {"19 LF ends an extension", NK_SLICE("5;a=b\nhello\r\n"), 400},
    {"19 CR in an extension", NK_SLICE("5;a\r=b\r\nhello\r\n"), 400},
    {"19 CR in a quoted extension", NK_SLICE("5;a=\"\r\"\r\nhello\r\n"), 400},
    {"19 LF in a quoted extension", NK_SLICE("5;a=\"\n\"\r\nhello\r\n"), 400},
    {"19 escaped LF in a quoted extension", NK_SLICE("5;a=\"\\\n\"\r\nhello\r\n"), 400},
    {"20 no name", NK_SLICE("5;\r\nhello\r\n"), 400},
    {"20 no name before =", NK_SLICE("5;=b\r\nhello\r\n"), 400},
    {"20 no second name", NK_SLICE("5;a;;b\r\nhello\r\n"), 400},
    {"20 bad name", NK_SLICE("5;bad[=x\r\nhello\r\n"), 400},
    {"20 no value", NK_SLICE("5;a=\r\nhello\r\n"), 400},
    {"20 bad value", NK_SLICE("5;a=b@\r\nhello\r\n"), 400},
    {"20 two values", NK_SLICE("5;a=b=c\r\nhello\r\n"), 400},
    {"20 bytes behind a quoted value", NK_SLICE("5;a=\"b\"c\r\nhello\r\n"), 400},
    {"20 control byte", NK_SLICE("5;a\x01\r\nhello\r\n"), 400},
    {"20 control byte in quotes", NK_SLICE("5;a=\"\x01\"\r\nhello\r\n"), 400},
    {"20 DEL in quotes", NK_SLICE("5;a=\"\x7f\"\r\nhello\r\n"), 400},
    {"20 NUL in quotes", NK_SLICE("5;a=\"\0\"\r\nhello\r\n"), 400},
    {"20 space before ;", NK_SLICE("5 ;a\r\nhello\r\n"), 400},
    {"20 space behind ;", NK_SLICE("5; a\r\nhello\r\n"), 400},
    {"22 longer than its size", NK_SLICE("4\r\nhello\r\n0\r\n\r\n"), 400},
    {"22 shorter than its size", NK_SLICE("6\r\nhello\r\n0\r\n\r\n"), 400},
    {"22 no CRLF behind", NK_SLICE("5\r\nhello0\r\n\r\n"), 400},
    {"22 LF behind", NK_SLICE("5\r\nhello\n0\r\n\r\n"), 400},
    {"22 CR behind", NK_SLICE("5\r\nhello\r0\r\n\r\n"), 400},
    {"23 trailer without a colon", NK_SLICE("0\r\nfield\r\n\r\n"), 400},
    {"23 trailer without a name", NK_SLICE("0\r\n: value\r\n\r\n"), 400},
    {"23 trailer with a space before the colon", NK_SLICE("0\r\nfield : value\r\n\r\n"), 400},
    {"23 folded trailer", NK_SLICE("0\r\nfield: value\r\n more\r\n\r\n"), 400},
    {"23 trailer ended by LF", NK_SLICE("0\r\nfield: value\n\r\n"), 400},
    {"23 control byte in a trailer", NK_SLICE("0\r\nfield: \x01\r\n\r\n"), 400},
    {"23 CR in a trailer", NK_SLICE("0\r\nfield: a\rb\r\n\r\n"), 400},
    {"23 CR CR LF at the end", NK_SLICE("0\r\n\r\r\n"), 400},
};

static void test_bad_chunks_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(refusals); i++) {
        struct result result;
        decode_all_ways(HTTP_FRAMING_CHUNKED, 0, 4096, refusals[i].body, &result);
        if (result.status != refusals[i].status)
            print_error("%s: status %d\n", refusals[i].name, result.status);
        assert_int_equal(result.status, refusals[i].status);
        assert_false(result.is_complete);
    }
}

struct acceptance {
    const char *name;
    struct nk_slice body;
    const char *payload;
};

static const struct acceptance acceptances[] = {
    {"empty", NK_SLICE("0\r\n\r\n"), ""},
    {"one chunk", NK_SLICE("5\r\nhello\r\n0\r\n\r\n"), "hello"},
    {"two chunks", NK_SLICE("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n"), "hello, world"},
    {"hexadecimal in both cases", NK_SLICE("a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"),
     "01234567890123456789a"},
    {"16 leading zeros", NK_SLICE("0000000000000005\r\nhello\r\n000\r\n\r\n"), "hello"},
    {"chunk data that looks like chunks", NK_SLICE("7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n"),
     "0\r\n\r\n\r\n"},
    {"20 name only", NK_SLICE("5;a\r\nhello\r\n0;b\r\n\r\n"), "hello"},
    {"20 token value", NK_SLICE("5;a=b;c=d\r\nhello\r\n0\r\n\r\n"), "hello"},
    {"20 quoted value", NK_SLICE("5;a=\"b;c=\\\"\\\\\t\";d\r\nhello\r\n0\r\n\r\n"), "hello"},
    {"20 empty quoted value", NK_SLICE("5;a=\"\"\r\nhello\r\n0\r\n\r\n"), "hello"},
    {"20 obs-text in quotes", NK_SLICE("5;a=\"\xc3\xa4\"\r\nhello\r\n0\r\n\r\n"), "hello"},
    {"23 trailer is dropped",
     NK_SLICE("5\r\nhello\r\n0\r\nContent-Length: 99\r\nTransfer-Encoding: gzip\r\nHost: x\r\n"
              "Authorization:\r\nEmpty:\t\r\n\r\n"),
     "hello"},
};

/* If one of these failed, a legal client's body would be lost or changed, and
 * a byte too many or too few would become part of the next request. */
static void test_good_chunks_are_joined(void **state)
{
    static const char next[] = "GET / HTTP/1.1\r\n";
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(acceptances); i++) {
        const struct acceptance *test = &acceptances[i];
        char input[512];
        memcpy(input, test->body.data, test->body.len);
        memcpy(input + test->body.len, next, sizeof(next));
        struct result result;
        decode_all_ways(HTTP_FRAMING_CHUNKED, 0, 4096,
                        nk_slice_make(input, test->body.len + sizeof(next)), &result);
        if (!result.is_complete)
            print_error("%s: status %d after %zu bytes\n", test->name, result.status, result.used);
        assert_true(result.is_complete);
        assert_int_equal(result.used, test->body.len);
        assert_int_equal(result.len, strlen(test->payload));
        assert_memory_equal(result.payload, test->payload, result.len);
    }
}

/* 41: exactly Content-Length bytes, even when they look like a request. */
static void test_length(void **state)
{
    static const struct nk_slice input = NK_SLICE("GET /x HTTP/1.1\r\n\r\nGET /y HTTP/1.1\r\n\r\n");
    struct result result;
    (void)state;
    decode_all_ways(HTTP_FRAMING_LENGTH, 19, 19, input, &result);
    assert_true(result.is_complete);
    assert_int_equal(result.used, 19);
    assert_int_equal(result.len, 19);
    assert_memory_equal(result.payload, input.data, 19);

    decode_all_ways(HTTP_FRAMING_LENGTH, 20, 19, input, &result);
    assert_int_equal(result.status, 413);
    assert_int_equal(result.used, 0);
}

/* A body of exactly the limit is allowed, one byte more is not. */
static void test_the_limit_is_exact(void **state)
{
    static const struct nk_slice ten = NK_SLICE(OPENING "5\r\nworld\r\n0\r\n\r\n");
    struct result result;
    (void)state;
    decode_all_ways(HTTP_FRAMING_CHUNKED, 0, 10, ten, &result);
    assert_true(result.is_complete);
    assert_int_equal(result.len, 10);
    decode_all_ways(HTTP_FRAMING_CHUNKED, 0, 9, ten, &result);
    assert_int_equal(result.status, 413);
    assert_int_equal(result.len, 5);
}

/* Requests without a body must not wait for one. */
static void test_no_body_is_complete_at_once(void **state)
{
    struct http_body body;
    (void)state;
    start(&body, HTTP_FRAMING_NONE, 5, 0);
    assert_true(http_body_is_complete(&body));
    start(&body, HTTP_FRAMING_LENGTH, 0, 0);
    assert_true(http_body_is_complete(&body));
    struct nk_slice payload;
    struct http_problem problem;
    static const struct nk_slice next = NK_SLICE("GET");
    assert_int_equal(http_body_decode(&body, next, &payload, &problem), 0);
}

/* 24: the peer may close in the middle; what is there so far is not a body. */
static void test_a_part_is_never_complete(void **state)
{
    static const struct nk_slice chunked = NK_SLICE("5;a=\"b\"\r\nhello\r\n0\r\nA: b\r\n\r\n");
    static const struct nk_slice plain = NK_SLICE("hello");
    struct http_body body;
    struct result result;
    (void)state;
    for (size_t len = 0; len < chunked.len; len++) {
        start(&body, HTTP_FRAMING_CHUNKED, 0, 100);
        decode_in_steps(&body, nk_slice_first(chunked, len), len, 1, &result);
        assert_false(result.is_complete);
        assert_int_equal(result.status, 0);
    }
    for (size_t len = 0; len < plain.len; len++) {
        start(&body, HTTP_FRAMING_LENGTH, plain.len, 100);
        decode_in_steps(&body, nk_slice_first(plain, len), len, 1, &result);
        assert_false(result.is_complete);
    }
}

/* Feeds `text` again and again; returns how often it was taken before 400. */
static size_t repeat_until_refused(struct http_body *body, const char *text, size_t most)
{
    for (size_t i = 0; i < most; i++) {
        struct result result = {0};
        if (!decode_piece(body, nk_slice_of_string(text), &result)) {
            assert_int_equal(result.status, 400);
            return i;
        }
    }
    return most;
}

/* 21: bytes that carry nothing are limited, as often as they may come. */
static void test_overhead_is_limited(void **state)
{
    struct http_body body;
    struct result result = {0};
    (void)state;

    start(&body, HTTP_FRAMING_CHUNKED, 0, UINT64_MAX); /* one extension of 64 kB */
    assert_true(decode_piece(&body, nk_slice_of_string("1;"), &result));
    assert_int_equal(repeat_until_refused(&body, "a", 65536), HTTP_BODY_OVERHEAD_MAX);

    start(&body, HTTP_FRAMING_CHUNKED, 0, UINT64_MAX); /* 1-byte chunks, long extensions */
    assert_in_range(repeat_until_refused(&body, "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n",
                                         99999),
                    HTTP_BODY_OVERHEAD_MAX / 34, HTTP_BODY_OVERHEAD_MAX / 30);

    start(&body, HTTP_FRAMING_CHUNKED, 0, UINT64_MAX); /* leading zeros */
    assert_in_range(repeat_until_refused(&body, "0000000000000001\r\nx\r\n", 99999),
                    HTTP_BODY_OVERHEAD_MAX / 16, HTTP_BODY_OVERHEAD_MAX / 12);

    start(&body, HTTP_FRAMING_CHUNKED, 0, UINT64_MAX); /* trailers */
    assert_true(decode_piece(&body, nk_slice_of_string("0\r\n"), &result));
    assert_in_range(repeat_until_refused(&body, "a:b\r\n", 99999), HTTP_BODY_OVERHEAD_MAX / 6,
                    HTTP_BODY_OVERHEAD_MAX / 4);
}

/* A signature on every large chunk is honest use, however long the upload. */
static void test_payload_pays_for_overhead(void **state)
{
    static const char chunk[] =
        "40;s=0123456789012345678901234567890123456789012345678901234567\r\n"
        "0123456789012345678901234567890123456789012345678901234567890123"
        "\r\n";
    struct http_body body;
    (void)state;
    start(&body, HTTP_FRAMING_CHUNKED, 0, UINT64_MAX);
    assert_int_equal(repeat_until_refused(&body, chunk, 5000), 5000);
    start(&body, HTTP_FRAMING_CHUNKED, 0, UINT64_MAX); /* tiny chunks without extras */
    assert_int_equal(repeat_until_refused(&body, "1\r\nx\r\n", 50000), 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_chunks_are_refused),
        cmocka_unit_test(test_good_chunks_are_joined),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_the_limit_is_exact),
        cmocka_unit_test(test_no_body_is_complete_at_once),
        cmocka_unit_test(test_a_part_is_never_complete),
        cmocka_unit_test(test_overhead_is_limited),
        cmocka_unit_test(test_payload_pays_for_overhead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
