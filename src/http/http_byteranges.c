#include "http/http_byteranges.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/random.h>
#include <unistd.h>

#include "http/http_file_response.h"
#include "http/http_stream.h"

/* Unlike anything a file holds: nobody can know it before. */
#define BOUNDARY_SIZE (2 * 16 + 1)

#define PART_HEAD_SIZE 512

/* Pieces sent before others get their turn, when all of them go out at once. */
#define PARTS_AT_ONCE 8

struct byteranges {
    struct http_source source;
    struct http_stream stream;
    struct http_loop *loop;
    int content;
    uint64_t size; /* of the file */
    const char *type;
    size_t next; /* index of the range to send next */
    struct http_ranges ranges;
    char boundary[BOUNDARY_SIZE];
};

static int make_boundary(char boundary[static BOUNDARY_SIZE])
{
    unsigned char random[BOUNDARY_SIZE / 2];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return -EIO;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(boundary + 2 * i, 3, "%02x", random[i]);
    return 0;
}

/* What stands in front of a range. */
static size_t print_part_head(const struct byteranges *byteranges, size_t index, char *text)
{
    const struct http_range *range = &byteranges->ranges.items[index];
    int len = snprintf(text, PART_HEAD_SIZE,
                       "%s--%s\r\nContent-Type: %s\r\n"
                       "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n",
                       index > 0 ? "\r\n" : "", byteranges->boundary, byteranges->type,
                       range->offset, range->offset + range->len - 1, byteranges->size);
    return len < PART_HEAD_SIZE ? (size_t)len : PART_HEAD_SIZE - 1;
}

static size_t print_end(const struct byteranges *byteranges, char *text)
{
    return (size_t)snprintf(text, PART_HEAD_SIZE, "\r\n--%s--\r\n", byteranges->boundary);
}

static uint64_t length_of(const struct byteranges *byteranges)
{
    char text[PART_HEAD_SIZE];
    uint64_t length = print_end(byteranges, text);
    for (size_t i = 0; i < byteranges->ranges.count; i++)
        length += print_part_head(byteranges, i, text) + byteranges->ranges.items[i].len;
    return length;
}

/* ---- sending ---- */

/* The bytes of a range, out of memory when there are few. Returns 0 or -errno. */
static int send_range(struct byteranges *byteranges, struct nk_tcp_connection *connection,
                      const struct http_range *range)
{
    if (range->len >= HTTP_SMALL_FILE) {
        int copy = fcntl(byteranges->content, F_DUPFD_CLOEXEC, 0);
        if (copy < 0)
            return -errno;
        return nk_tcp_connection_send_file(connection, copy, range->offset, range->len);
    }
    char *data = byteranges->loop->small_file;
    ssize_t len = http_file_read(byteranges->content, range->offset, data, (size_t)range->len);
    if (len < 0 || (uint64_t)len < range->len)
        return -EIO; /* the length is announced: nothing may take the place of the rest */
    return nk_tcp_connection_send(connection, nk_slice_make(data, (size_t)len));
}

static int send_part(struct byteranges *byteranges, struct nk_tcp_connection *connection)
{
    char head[PART_HEAD_SIZE];
    const size_t index = byteranges->next++;
    size_t len = print_part_head(byteranges, index, head);
    int error = nk_tcp_connection_send(connection, nk_slice_make(head, len));
    return error ? error : send_range(byteranges, connection, &byteranges->ranges.items[index]);
}

static void free_byteranges(struct byteranges *byteranges)
{
    close(byteranges->content);
    free(byteranges);
}

/* Until something has to wait for the client, but not all of it in one turn. */
static enum http_source_state produce(struct http_source *source, struct http_exchange *exchange)
{
    struct byteranges *byteranges = nk_container_of(source, struct byteranges, source);
    struct nk_tcp_connection *connection = exchange->connection;
    char end[PART_HEAD_SIZE];
    for (size_t i = 0; i < PARTS_AT_ONCE && byteranges->next < byteranges->ranges.count; i++) {
        int error = send_part(byteranges, connection);
        if (error && error != -EPIPE) {
            nk_tcp_connection_abort(connection, error);
            return HTTP_SOURCE_WAIT; /* for the end, which was told by now */
        }
        if (nk_tcp_connection_is_blocked(connection))
            return HTTP_SOURCE_MORE;
    }
    if (byteranges->next < byteranges->ranges.count)
        return HTTP_SOURCE_MORE;
    size_t len = print_end(byteranges, end);
    (void)nk_tcp_connection_send(connection, nk_slice_make(end, len));
    http_stream_end(&byteranges->stream);
    free_byteranges(byteranges);
    return HTTP_SOURCE_DONE;
}

static void abort_byteranges(struct http_source *source)
{
    free_byteranges(nk_container_of(source, struct byteranges, source));
}

/* ---- answering ---- */

static struct byteranges *make_byteranges(struct http_exchange *exchange,
                                          const struct http_file *file, int content,
                                          const struct http_ranges *ranges)
{
    static const struct http_source_ops ops = {.produce = produce, .abort = abort_byteranges};
    struct byteranges *byteranges = calloc(1, sizeof(*byteranges));
    if (!byteranges || make_boundary(byteranges->boundary) < 0) {
        free(byteranges);
        return NULL;
    }
    byteranges->source.ops = &ops;
    byteranges->loop = exchange->loop;
    byteranges->content = content;
    byteranges->size = file->size;
    byteranges->type = file->type;
    byteranges->ranges = *ranges;
    return byteranges;
}

void http_byteranges_respond(struct http_exchange *exchange, const struct http_file *file,
                             int content, const struct http_ranges *ranges)
{
    struct byteranges *byteranges = make_byteranges(exchange, file, content, ranges);
    if (!byteranges) {
        close(content);
        http_respond_status(exchange, 503, NULL, NULL);
        return;
    }
    char type[sizeof("multipart/byteranges; boundary=") + BOUNDARY_SIZE];
    snprintf(type, sizeof(type), "multipart/byteranges; boundary=%s", byteranges->boundary);
    const struct http_response response = {.status = 206, .type = type, .extra = file->fields};
    http_stream_begin(&byteranges->stream, exchange, &response, length_of(byteranges));
    http_exchange_produce(exchange, &byteranges->source);
}
