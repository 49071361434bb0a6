#include "http/http_file_response.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "http/http_byteranges.h"
#include "http/http_range.h"
#include "http/http_stream.h"

ssize_t http_file_read(int file, uint64_t offset, char *data, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t got = pread(file, data + len, size - len, (off_t)(offset + len));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

/* ---- bytes of an open file ---- */

/* From this size on the kernel sends from the file. Takes the descriptor. */
static void send_large(struct http_exchange *exchange, const struct http_response *response,
                       int content, uint64_t offset, uint64_t len)
{
    http_respond_head(exchange, response, len);
    if (exchange->request->method == HTTP_METHOD_HEAD) {
        close(content);
        return;
    }
    int error = nk_tcp_connection_send_file(exchange->connection, content, offset, len);
    if (error)
        nk_tcp_connection_abort(exchange->connection, error);
}

static void send_small(struct http_exchange *exchange, const struct http_response *response,
                       size_t len)
{
    struct http_response whole = *response;
    whole.body = nk_slice_make(exchange->loop->small_file, len);
    http_respond(exchange, &whole);
}

static bool is_large(const struct http_exchange *exchange, uint64_t len)
{
    return len >= HTTP_SMALL_FILE || exchange->request->method == HTTP_METHOD_HEAD;
}

void http_respond_page(struct http_exchange *exchange, const struct http_response *response,
                       int file, uint64_t size)
{
    if (is_large(exchange, size)) {
        send_large(exchange, response, file, 0, size);
        return;
    }
    ssize_t len = http_file_read(file, 0, exchange->loop->small_file, (size_t)size);
    close(file);
    if (len < 0)
        http_respond_status(exchange, 500, NULL, NULL);
    else
        send_small(exchange, response, (size_t)len);
}

/* ---- whole files ---- */

bool http_file_is_unchanged(const struct http_file *file, int content, size_t len)
{
    struct stat status;
    struct http_stamp stamp;
    if (len != file->size || file->is_made)
        return len == file->size;
    if (fstat(content, &status) < 0)
        return false;
    http_stamp_of(&stamp, &status);
    return http_stamp_equal(&stamp, &file->stamp);
}

/* A small file that changes while it is read is sent as it was read, framed exactly,
 * but without anything that would name its state. */
static void respond_whole(struct http_exchange *exchange, const struct http_file *file, int content)
{
    struct http_response response = {.status = 200, .type = file->type, .extra = file->fields};
    if (is_large(exchange, file->size)) {
        send_large(exchange, &response, content, 0, file->size);
        return;
    }
    ssize_t len = http_file_read(content, 0, exchange->loop->small_file, (size_t)file->size);
    if (len < 0) {
        http_respond_status(exchange, 500, NULL, NULL);
    } else {
        struct http_file changed;
        if (!http_file_is_unchanged(file, content, (size_t)len)) {
            changed = *file;
            http_file_forget_state(&changed);
            response.extra = changed.fields;
        }
        send_small(exchange, &response, (size_t)len);
    }
    close(content);
}

/* ---- parts ---- */

/* 206 with one range (RFC 9110 15.3.7.1). Takes the descriptor. */
static void respond_part(struct http_exchange *exchange, const struct http_file *file, int content,
                         const struct http_range *range)
{
    char extra[HTTP_FILE_FIELDS_SIZE + 128];
    struct http_response response = {.status = 206, .type = file->type, .extra = extra};
    snprintf(extra, sizeof(extra), "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n%s",
             range->offset, range->offset + range->len - 1, file->size, file->fields);
    if (is_large(exchange, range->len)) {
        send_large(exchange, &response, content, range->offset, range->len);
        return;
    }
    ssize_t len =
        http_file_read(content, range->offset, exchange->loop->small_file, (size_t)range->len);
    close(content);
    if (len >= 0 && (uint64_t)len == range->len)
        send_small(exchange, &response, (size_t)len);
    else
        http_respond_status(exchange, 503, "the file has just become shorter",
                            "Retry-After: 1\r\n");
}

static void respond_unsatisfiable(struct http_exchange *exchange, const struct http_file *file)
{
    char extra[64];
    snprintf(extra, sizeof(extra), "Content-Range: bytes */%" PRIu64 "\r\n", file->size);
    http_respond_status(exchange, 416, NULL, extra);
}

/* Answers a request with a range that counts; returns whether it did. */
static bool respond_ranges(struct http_exchange *exchange, const struct http_file *file,
                           int content)
{
    const struct http_validators validators = http_file_validators(file);
    struct nk_slice value;
    struct http_ranges ranges;
    if (!http_conditions_allow_range(exchange->request, &validators,
                                     nk_event_loop_wall_seconds(exchange->loop->loop), &value))
        return false;
    switch (http_range_parse(value, file->size, &ranges)) {
    case HTTP_RANGE_IGNORED:
        return false;
    case HTTP_RANGE_UNSATISFIABLE:
        close(content);
        respond_unsatisfiable(exchange, file);
        break;
    case HTTP_RANGE_PARTIAL:
        if (ranges.count == 1)
            respond_part(exchange, file, content, &ranges.items[0]);
        else
            http_byteranges_respond(exchange, file, content, &ranges);
        break;
    }
    return true;
}

/* ---- conditions ---- */

/* Answers a request whose conditions are the end of it; returns whether it did. */
static bool respond_condition(struct http_exchange *exchange, const struct http_file *file)
{
    const struct http_validators validators = http_file_validators(file);
    const struct http_response not_modified = {
        .status = 304,
        .extra = file->fields + file->state_at,
    };
    switch (http_conditions_judge(exchange->request, &validators,
                                  nk_event_loop_wall_seconds(exchange->loop->loop))) {
    case HTTP_VERDICT_GO_ON:
        return false;
    case HTTP_VERDICT_NOT_MODIFIED:
        http_respond(exchange, &not_modified);
        break;
    case HTTP_VERDICT_FAILED:
        http_respond_status(exchange, 412, NULL, NULL);
        break;
    }
    return true;
}

void http_file_respond(struct http_exchange *exchange, const struct http_file *file, int content)
{
    const unsigned asks = http_request_asks(exchange->request);
    if ((asks & HTTP_ASKS_CONDITION) != 0 && respond_condition(exchange, file)) {
        close(content);
        return;
    }
    if ((asks & HTTP_ASKS_RANGE) == 0 || !respond_ranges(exchange, file, content))
        respond_whole(exchange, file, content);
}

/* ---- files in memory ---- */

/* Whether the head is the one that is kept in front of the body. */
static bool has_usual_head(const struct http_exchange *exchange)
{
    return exchange->keep_alive && exchange->request->minor_version == 1 &&
           exchange->request->method == HTTP_METHOD_GET;
}

/* Puts a head of this second in front of the body; none when it does not fit. */
static void renew_head(struct http_exchange *exchange, struct http_cached *cached,
                       const struct http_response *response)
{
    char head[HTTP_CACHED_HEAD];
    cached->head_second = nk_event_loop_wall_seconds(exchange->loop->loop);
    cached->head_len =
        http_response_print_head(exchange, response, cached->file.size, head, sizeof(head));
    memcpy(cached->body - cached->head_len, head, cached->head_len);
}

void http_file_respond_cached(struct http_exchange *exchange, struct http_cached *cached,
                              unsigned asks)
{
    const struct http_file *file = &cached->file;
    const struct http_response response = {
        .status = 200,
        .type = file->type,
        .extra = file->fields,
        .body = nk_slice_make(cached->body, (size_t)file->size),
    };
    if ((asks & HTTP_ASKS_CONDITION) != 0 && respond_condition(exchange, file))
        return;
    if (!has_usual_head(exchange)) {
        http_respond(exchange, &response);
        return;
    }
    if (cached->head_second != nk_event_loop_wall_seconds(exchange->loop->loop))
        renew_head(exchange, cached, &response);
    if (cached->head_len > 0)
        http_respond_ready(exchange,
                           nk_slice_make(cached->body - cached->head_len,
                                         cached->head_len + (size_t)file->size),
                           cached->head_len);
    else
        http_respond(exchange, &response);
}
