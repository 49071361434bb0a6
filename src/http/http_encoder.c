#include "http/http_encoder.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

/* How hard each tries: near the knee, where the next level costs twice the time for
 * a few hundredths of the size. Results are kept, so it need not be the fastest. */
#define GZIP_LEVEL 6
#define BROTLI_LEVEL 5
#define ZSTD_LEVEL 6

/* windowBits of zlib: the largest window, and gzip's frame instead of zlib's. */
#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 8

struct http_encoder {
    enum http_coding coding;
    union {
        z_stream gzip;
        BrotliEncoderState *brotli;
        ZSTD_CCtx *zstd;
    } state;
};

/* ---- gzip (RFC 1952) ---- */

static bool begin_gzip(struct http_encoder *encoder)
{
    encoder->state.gzip = (z_stream){.opaque = NULL};
    return deflateInit2(&encoder->state.gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                        Z_DEFAULT_STRATEGY) == Z_OK;
}

/* zlib counts in 32 bits: the pieces that are given are far smaller. */
static ssize_t run_gzip(struct http_encoder *encoder, struct nk_slice *input, bool is_last,
                        char *out, size_t size, bool *is_done)
{
    z_stream *gzip = &encoder->state.gzip;
    union {
        const char *in;
        Bytef *next; /* zlib writes nothing there; it has only forgotten the const */
    } bytes = {input->data};
    const size_t offered = input->len < INT32_MAX ? input->len : INT32_MAX;
    const size_t room = size < INT32_MAX ? size : INT32_MAX;
    gzip->next_in = bytes.next;
    gzip->avail_in = (uInt)offered;
    gzip->next_out = (Bytef *)out;
    gzip->avail_out = (uInt)room;
    const bool ends = is_last && offered == input->len;
    const int result = deflate(gzip, ends ? Z_FINISH : Z_NO_FLUSH);
    *is_done = result == Z_STREAM_END;
    *input = nk_slice_from(*input, offered - gzip->avail_in);
    return (ssize_t)(room - gzip->avail_out);
}

/* ---- br (RFC 7932) ---- */

static bool begin_brotli(struct http_encoder *encoder)
{
    encoder->state.brotli = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    return encoder->state.brotli != NULL &&
           BrotliEncoderSetParameter(encoder->state.brotli, BROTLI_PARAM_QUALITY, BROTLI_LEVEL);
}

static ssize_t run_brotli(struct http_encoder *encoder, struct nk_slice *input, bool is_last,
                          char *out, size_t size, bool *is_done)
{
    const uint8_t *next_in = (const uint8_t *)input->data;
    uint8_t *next_out = (uint8_t *)out;
    size_t left = input->len;
    size_t room = size;
    if (!BrotliEncoderCompressStream(encoder->state.brotli,
                                     is_last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS,
                                     &left, &next_in, &room, &next_out, NULL))
        return -ENOMEM;
    *is_done = BrotliEncoderIsFinished(encoder->state.brotli);
    *input = nk_slice_from(*input, input->len - left);
    return (ssize_t)(size - room);
}

/* ---- zstd (RFC 8878) ---- */

/* The window of this level is 2 MiB, below the 8 MiB that RFC 9659 lets clients
 * insist on. */
static bool begin_zstd(struct http_encoder *encoder)
{
    encoder->state.zstd = ZSTD_createCCtx();
    return encoder->state.zstd != NULL &&
           !ZSTD_isError(
               ZSTD_CCtx_setParameter(encoder->state.zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL));
}

static ssize_t run_zstd(struct http_encoder *encoder, struct nk_slice *input, bool is_last,
                        char *out, size_t size, bool *is_done)
{
    ZSTD_inBuffer in = {input->data, input->len, 0};
    ZSTD_outBuffer made = {out, size, 0};
    const size_t left = ZSTD_compressStream2(encoder->state.zstd, &made, &in,
                                             is_last ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left))
        return -ENOMEM;
    *is_done = is_last && left == 0;
    *input = nk_slice_from(*input, in.pos);
    return (ssize_t)made.pos;
}

/* ---- all of them ---- */

int http_encoder_new(struct http_encoder **out, enum http_coding coding)
{
    static bool (*const begin[HTTP_CODING_COUNT])(struct http_encoder *) = {
        [HTTP_CODING_GZIP] = begin_gzip,
        [HTTP_CODING_BROTLI] = begin_brotli,
        [HTTP_CODING_ZSTD] = begin_zstd,
    };
    struct http_encoder *encoder = calloc(1, sizeof(*encoder));
    if (!encoder)
        return -ENOMEM;
    encoder->coding = coding;
    if (!begin[coding](encoder)) {
        http_encoder_free(encoder);
        return -ENOMEM;
    }
    *out = encoder;
    return 0;
}

void http_encoder_free(struct http_encoder *encoder)
{
    if (!encoder)
        return;
    if (encoder->coding == HTTP_CODING_GZIP)
        (void)deflateEnd(&encoder->state.gzip);
    else if (encoder->coding == HTTP_CODING_BROTLI)
        BrotliEncoderDestroyInstance(encoder->state.brotli);
    else
        (void)ZSTD_freeCCtx(encoder->state.zstd);
    free(encoder);
}

ssize_t http_encoder_run(struct http_encoder *encoder, struct nk_slice *input, bool is_last,
                         char *out, size_t size, bool *is_done)
{
    if (encoder->coding == HTTP_CODING_GZIP)
        return run_gzip(encoder, input, is_last, out, size, is_done);
    if (encoder->coding == HTTP_CODING_BROTLI)
        return run_brotli(encoder, input, is_last, out, size, is_done);
    return run_zstd(encoder, input, is_last, out, size, is_done);
}

void http_encoder_version(enum http_coding coding, char text[static HTTP_ENCODER_VERSION_SIZE])
{
    const char *zlib = coding == HTTP_CODING_GZIP ? zlibVersion() : "";
    unsigned number = 0;
    if (coding == HTTP_CODING_BROTLI)
        number = BrotliEncoderVersion();
    else if (coding == HTTP_CODING_ZSTD)
        number = ZSTD_versionNumber();
    snprintf(text, HTTP_ENCODER_VERSION_SIZE, "%s%.0u", zlib, number);
}
