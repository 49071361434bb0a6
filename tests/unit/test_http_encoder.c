/* Content codings: what was encoded decodes to the same bytes, however it was cut. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <brotli/decode.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "http/http_encoder.h"

#define CONTENT_SIZE 300000

static char content[CONTENT_SIZE];

/* Text of a sort: words that come again. */
static int make_content(void **state)
{
    uint32_t number = 1;
    (void)state;
    for (size_t i = 0; i < CONTENT_SIZE; i++) {
        number = number * 1103515245 + 12345;
        content[i] = (char)(i % 7 == 0 ? ' ' : 'a' + (number >> 28));
    }
    return 0;
}

static void decode_gzip(struct nk_slice coded, char *out, size_t size)
{
    z_stream stream = {.next_out = (Bytef *)out, .avail_out = (uInt)size};
    Bytef *copy = malloc(coded.len);
    memcpy(copy, coded.data, coded.len);
    stream.next_in = copy;
    stream.avail_in = (uInt)coded.len;
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in + stream.avail_out, 0);
    inflateEnd(&stream);
    free(copy);
}

static void decode_brotli(struct nk_slice coded, char *out, size_t size)
{
    size_t len = size;
    assert_int_equal(BrotliDecoderDecompress(coded.len, (const uint8_t *)coded.data, &len,
                                             (uint8_t *)out),
                     BROTLI_DECODER_RESULT_SUCCESS);
    assert_int_equal(len, size);
}

static void decode_zstd(struct nk_slice coded, char *out, size_t size)
{
    assert_int_equal(ZSTD_decompress(out, size, coded.data, coded.len), size);
}

/* Encodes the first `size` bytes in pieces of `in` into pieces of `out`. */
static struct nk_slice encode(enum http_coding coding, size_t size, size_t in, size_t out,
                              char *coded)
{
    struct http_encoder *encoder;
    bool is_done = false;
    size_t made = 0, given = 0;
    struct nk_slice input = nk_slice_make(content, 0);
    assert_int_equal(http_encoder_new(&encoder, coding), 0);
    while (!is_done) {
        if (input.len == 0 && given < size) {
            input = nk_slice_first(nk_slice_make(content + given, size - given), in);
            given += input.len;
        }
        assert_true(made + out <= 2 * CONTENT_SIZE);
        const ssize_t len =
            http_encoder_run(encoder, &input, given == size, coded + made, out, &is_done);
        assert_true(len >= 0 && (size_t)len <= out);
        made += (size_t)len;
    }
    assert_int_equal(input.len, 0);
    http_encoder_free(encoder);
    return nk_slice_make(coded, made);
}

/* A browser shows an error, or half a page. */
static void test_round_trips(void **state)
{
    static void (*const decode[HTTP_CODING_COUNT])(struct nk_slice, char *, size_t) = {
        [HTTP_CODING_GZIP] = decode_gzip,
        [HTTP_CODING_BROTLI] = decode_brotli,
        [HTTP_CODING_ZSTD] = decode_zstd,
    };
    static const struct {
        size_t size, in, out;
    } tests[] = {
        {0, 1, 100},
        {1, 1, 100},
        {1000, 1000, 1000},
        {1000, 7, 3},
        {CONTENT_SIZE, 65536, 65536},
        {CONTENT_SIZE, 1000, 10},
        {CONTENT_SIZE, CONTENT_SIZE, CONTENT_SIZE},
    };
    char *coded = malloc(2 * CONTENT_SIZE);
    char *out = malloc(CONTENT_SIZE);
    (void)state;
    for (unsigned coding = 1; coding < HTTP_CODING_COUNT; coding++) {
        for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
            const struct nk_slice made =
                encode((enum http_coding)coding, tests[i].size, tests[i].in, tests[i].out, coded);
            decode[coding](made, out, tests[i].size);
            assert_memory_equal(out, content, tests[i].size);
            if (tests[i].size > 10000)
                assert_true(made.len < tests[i].size * 3 / 4);
        }
    }
    free(coded);
    free(out);
}

/* The same content has two codings under one strong entity tag. */
static void test_the_same_bytes_each_time(void **state)
{
    char *first = malloc(2 * CONTENT_SIZE);
    char *second = malloc(2 * CONTENT_SIZE);
    (void)state;
    for (unsigned coding = 1; coding < HTTP_CODING_COUNT; coding++) {
        const struct nk_slice one =
            encode((enum http_coding)coding, CONTENT_SIZE, 65536, 65536, first);
        const struct nk_slice two =
            encode((enum http_coding)coding, CONTENT_SIZE, 65536, 65536, second);
        assert_true(nk_slice_equal(one, two));
    }
    free(first);
    free(second);
}

/* A new library makes other bytes, and the tag stays. */
static void test_versions(void **state)
{
    (void)state;
    for (unsigned coding = 1; coding < HTTP_CODING_COUNT; coding++) {
        char text[HTTP_ENCODER_VERSION_SIZE] = "";
        http_encoder_version((enum http_coding)coding, text);
        assert_true(strlen(text) >= 3);
        assert_int_equal(strspn(text, "0123456789."), strlen(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_the_same_bytes_each_time),
        cmocka_unit_test(test_versions),
    };
    return cmocka_run_group_tests(tests, make_content, NULL);
}
