#include "http/http_request.h"

#include "http/http_head.h"

/* RFC 9112 2.2 asks servers to ignore at least one; some clients send two. */
#define EMPTY_LINES_MAX 2

/* A request line without its target: method, two spaces, version, CRLF. */
#define REQUEST_LINE_REST (HTTP_METHOD_SIZE_MAX + 1 + 1 + sizeof("HTTP/1.1\r\n") - 1)

_Static_assert(sizeof(struct http_progress) <= 8, "every connection keeps one");

int http_head_refuse_byte(struct http_head *head, char byte, const char *rule)
{
    if (byte == '\n')
        return http_head_refuse(head, 400, "line ended by a bare LF (RFC 9112 2.2)");
    if (byte == '\r')
        return http_head_refuse(head, 400, "CR without LF (RFC 9112 2.2)");
    if (byte == '\0')
        return http_head_refuse(head, 400, "NUL byte in the head (RFC 9110 5.5)");
    return http_head_refuse(head, 400, rule);
}

/* Reads the CRLF at head->line. */
static int read_empty_line(struct http_head *head)
{
    if (head->end - head->line < 2)
        return -EAGAIN;
    if (head->line[1] != '\n')
        return http_head_refuse_byte(head, '\r', NULL);
    head->line += 2;
    return 0;
}

static int skip_leading_empty_lines(struct http_head *head, const char *start)
{
    while (head->line < head->end && *head->line == '\r') {
        if (head->line - start >= 2 * EMPTY_LINES_MAX)
            return http_head_refuse(head, 400,
                                    "more than two empty lines before a request (RFC 9112 2.2)");
        const int rc = read_empty_line(head);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* What can only be judged when all fields are known. */
static int conclude(struct http_head *head)
{
    struct http_request *request = head->request;
    const unsigned seen = head->seen;
    const bool old = (seen & HTTP_SEEN_VERSION_1_0) != 0;

    if (!old && (seen & HTTP_SEEN_HOST) == 0)
        return http_head_refuse(head, 400, "HTTP/1.1 request without Host (RFC 9112 3.2)");
    if ((seen & HTTP_SEEN_CLOSE) != 0)
        request->keep_alive = false;
    else
        request->keep_alive = !old || (seen & HTTP_SEEN_KEEP_ALIVE) != 0;
    request->expects_continue = !old && (seen & HTTP_SEEN_CONTINUE) != 0;
    if ((seen & HTTP_SEEN_TRANSFER_ENCODING) != 0)
        request->framing = HTTP_FRAMING_CHUNKED;
    else if ((seen & HTTP_SEEN_CONTENT_LENGTH) != 0)
        request->framing = HTTP_FRAMING_LENGTH;
    return 0;
}

static int read_last_line(struct http_head *head)
{
    const char *const line = head->line;
    int rc = read_empty_line(head);
    if (rc == 0)
        rc = conclude(head);
    if (rc < 0)
        head->line = line;
    return rc;
}

/* Reads lines from head->line to the end of the head. */
static int read_lines(struct http_head *head, const char *start)
{
    int rc = 0;
    if ((head->seen & HTTP_SEEN_REQUEST_LINE) == 0) {
        rc = skip_leading_empty_lines(head, start);
        if (rc == 0)
            rc = http_request_line_read(head);
    }
    while (rc == 0) {
        if (head->line == head->end)
            return -EAGAIN;
        if (*head->line == '\r')
            return read_last_line(head);
        rc = http_field_read(head);
    }
    return rc;
}

/* Reads on where `progress` says, and moves it behind the complete lines. */
static int read_head(struct http_head *head, struct nk_slice window, struct http_progress *progress)
{
    struct http_request *request = head->request;
    request->form = HTTP_TARGET_ORIGIN;
    request->framing = HTTP_FRAMING_NONE;
    request->content_length = 0;
    request->host = nk_slice_make(window.data, 0);
    request->header_count = progress->fields;
    head->line = window.data + progress->line;
    head->end = window.data + window.len;
    head->seen = progress->seen;

    const int rc = read_lines(head, window.data);
    progress->line = (uint32_t)(head->line - window.data) & HTTP_HEAD_SIZE_MAX;
    progress->fields = (uint8_t)request->header_count;
    progress->seen = (uint8_t)head->seen;
    return rc;
}

/* Whether the line at `progress` is longer than any good request line. */
static bool request_line_is_too_long(const struct http_progress *progress, struct nk_slice window,
                                     const struct http_limits *limits)
{
    const size_t length = window.len - progress->line;
    return (progress->seen & HTTP_SEEN_REQUEST_LINE) == 0 && length > REQUEST_LINE_REST &&
           length - REQUEST_LINE_REST > limits->target;
}

/* Whether the first incomplete line can be judged: it has become complete, or
 * it is a request line that can only be wrong. */
static bool line_can_be_judged(const struct http_progress *progress, size_t from,
                               struct nk_slice window, const struct http_limits *limits)
{
    return nk_slice_find(nk_slice_from(window, from), '\n') != NK_SLICE_NOT_FOUND ||
           request_line_is_too_long(progress, window, limits);
}

/* A head that is all there at the first call is read in one pass. Otherwise
 * each call looks only at the new bytes for a line end, reads a line when it
 * has become complete and, when the last one has, reads the head once more
 * from the start to fill the slices: three looks at each byte at most, however
 * the bytes arrive. */
static int read_window(struct http_head *head, struct nk_slice window,
                       struct http_progress *progress)
{
    if (progress->scanned > 0 &&
        !line_can_be_judged(progress, progress->scanned, window, head->limits))
        return -EAGAIN;
    const bool resumed = progress->line > 0;
    int rc = read_head(head, window, progress);
    if (rc == 0 && resumed) {
        *progress = (struct http_progress){0};
        rc = read_head(head, window, progress);
    }
    /* A fault in a line counts only once the line is complete, so that it does
     * not matter in which pieces the line arrived. */
    if (rc == -EBADMSG && !line_can_be_judged(progress, progress->line, window, head->limits))
        rc = -EAGAIN;
    return rc;
}

ssize_t http_request_parse(struct http_request *request, struct nk_slice input,
                           const struct http_limits *limits, struct http_progress *progress,
                           struct http_problem *problem)
{
    const size_t limit = limits->header < HTTP_HEAD_SIZE_MAX ? limits->header : HTTP_HEAD_SIZE_MAX;
    const struct nk_slice window = nk_slice_first(input, limit);
    if (input.len == 0)
        return -EAGAIN; /* there may be no bytes to point to */
    struct http_head head;
    head.request = request;
    head.limits = limits;

    int rc = read_window(&head, window, progress);
    if (rc == 0) {
        *progress = (struct http_progress){0};
        request->head = nk_slice_make(input.data, (size_t)(head.line - input.data));
        return (ssize_t)request->head.len;
    }
    if (rc == -EAGAIN && window.len < input.len)
        rc = http_head_refuse(&head, 431, "request head above the size limit (RFC 6585 5)");
    if (rc == -EBADMSG)
        *problem = head.problem;
    else
        progress->scanned = (uint32_t)window.len & HTTP_HEAD_SIZE_MAX;
    return rc;
}

const struct nk_slice *http_request_header(const struct http_request *request, const char *name)
{
    const struct nk_slice wanted = nk_slice_of_string(name);
    for (size_t i = 0; i < request->header_count; i++)
        if (nk_slice_equal_ignoring_case(request->headers[i].name, wanted))
            return &request->headers[i].value;
    return NULL;
}
