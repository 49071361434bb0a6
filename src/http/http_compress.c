#include "http/http_compress.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "http/http_encoder.h"
#include "http/http_file_response.h"

/* Bytes read, and bytes made, at a time: memory stays flat however large the file. */
#define PIECE_SIZE ((size_t)65536)

/* Less than one part in so many saved is not worth the client's work. */
#define WORTH_SHARE 16

struct compression {
    struct http_encoder *encoder;
    int file;
    uint64_t size; /* of the file */
    uint64_t read;
    int memory;
    uint64_t made;
    char in[PIECE_SIZE];
    char out[PIECE_SIZE];
};

static int write_all(int file, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, data, size);
        if (written < 0 && errno != EINTR)
            return -errno;
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

/* Encodes `input` and writes what comes of it. */
static int encode_piece(struct compression *own, struct nk_slice input, bool is_last)
{
    bool is_done = false;
    ssize_t len = 0;
    do {
        len = http_encoder_run(own->encoder, &input, is_last, own->out, sizeof(own->out), &is_done);
        if (len < 0)
            return (int)len;
        own->made += (uint64_t)len;
        if (own->made > own->size - own->size / WORTH_SHARE)
            return -EFBIG;
        int error = write_all(own->memory, own->out, (size_t)len);
        if (error)
            return error;
    } while (is_last ? !is_done : input.len > 0 || (size_t)len == sizeof(own->out));
    return 0;
}

static int encode_file(struct compression *own)
{
    do {
        const uint64_t left = own->size - own->read;
        const size_t want = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
        const ssize_t len = http_file_read(own->file, own->read, own->in, want);
        if (len < 0 || (size_t)len < want)
            return -EIO;
        own->read += want;
        const int error = encode_piece(own, nk_slice_make(own->in, want), own->read == own->size);
        if (error)
            return error;
    } while (own->read < own->size);
    return 0;
}

static int compress_with(struct compression *own, enum http_coding coding)
{
    int error = http_encoder_new(&own->encoder, coding);
    if (error)
        return error;
    own->memory = memfd_create("compressed", MFD_CLOEXEC);
    error = own->memory < 0 ? -errno : encode_file(own);
    http_encoder_free(own->encoder);
    if (error && own->memory >= 0)
        close(own->memory);
    return error ? error : own->memory;
}

int http_compress_file(int file, uint64_t size, enum http_coding coding, uint64_t *made)
{
    struct compression *own = malloc(sizeof(*own));
    if (!own)
        return -ENOMEM;
    own->file = file;
    own->size = size;
    own->read = 0;
    own->made = 0;
    const int memory = compress_with(own, coding);
    *made = own->made;
    free(own);
    return memory;
}
