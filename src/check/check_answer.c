#include "check/check_answer.h"

#include <errno.h>

#include "http/http_body.h"
#include "http/http_chars.h"
#include "http/http_list.h"

#define STATUS_LINE_MIN (sizeof("HTTP/1.1 200") - 1)

/* A head that is larger than this never ends. */
#define HEAD_MAX 262144

/* Chunked bodies that are larger than this are not asked for. */
#define BODY_MAX (UINT64_C(1) << 32)

/* What the fields say about the end of the body. */
struct framing {
    bool has_length;
    bool has_coding;
    bool is_chunked; /* chunked is the last coding */
    uint64_t length;
};

static int fail(struct check_answer *answer, const char *problem)
{
    answer->problem = problem;
    return -EBADMSG;
}

/* Takes one line off the front of *rest, without its line end. */
static int take_line(struct check_answer *answer, struct nk_slice *rest, struct nk_slice *line)
{
    size_t end = nk_slice_find(*rest, '\n');
    if (end == NK_SLICE_NOT_FOUND)
        return rest->len > HEAD_MAX ? fail(answer, "its head does not end") : -EAGAIN;
    *line = nk_slice_first(*rest, end);
    *rest = nk_slice_from(*rest, end + 1);
    if (line->len > 0 && line->data[line->len - 1] == '\r')
        line->len--;
    else
        answer->problem = "a line of its head ends with a bare LF";
    return 0;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* "HTTP/1." digit, a space, three digits, a space and a reason (RFC 9112 4). */
static int read_status_line(struct check_answer *answer, struct nk_slice line)
{
    static const struct nk_slice version = NK_SLICE("HTTP/1.");
    const char *at = line.data;
    if (line.len < STATUS_LINE_MIN || !nk_slice_starts_with(line, version) || !is_digit(at[7]) ||
        at[8] != ' ')
        return fail(answer, "it does not begin with an HTTP/1 status line");
    uint64_t status = 0;
    if (nk_slice_parse_decimal(nk_slice_make(at + 9, 3), &status) < 0 || status < 100)
        return fail(answer, "its status is not three digits");
    answer->minor_version = at[7] == '0' ? 0 : 1;
    answer->status = (int)status;
    if (line.len == STATUS_LINE_MIN)
        answer->problem = "its status line has no space behind the status (RFC 9112 4)";
    else if (at[12] != ' ')
        return fail(answer, "its status is not three digits");
    return 0;
}

static int read_length(struct check_answer *answer, struct framing *framing, struct nk_slice value)
{
    uint64_t length;
    if (nk_slice_parse_decimal(value, &length) < 0)
        return fail(answer, "its Content-Length is not a number");
    if (framing->has_length && length != framing->length)
        return fail(answer, "it has two different Content-Lengths");
    framing->has_length = true;
    framing->length = length;
    return 0;
}

/* What a field means for the framing. */
static int apply_field(struct check_answer *answer, struct framing *framing, struct nk_slice name,
                       struct nk_slice value)
{
    static const struct nk_slice length = NK_SLICE("content-length");
    static const struct nk_slice coding = NK_SLICE("transfer-encoding");
    static const struct nk_slice connection = NK_SLICE("connection");
    if (nk_slice_equal_ignoring_case(name, length))
        return read_length(answer, framing, value);
    if (nk_slice_equal_ignoring_case(name, coding)) {
        size_t comma = nk_slice_find_last(value, ',');
        struct nk_slice last =
            nk_slice_trim(comma == NK_SLICE_NOT_FOUND ? value : nk_slice_from(value, comma + 1));
        framing->has_coding = true;
        framing->is_chunked = http_list_has(last, "chunked");
    } else if (nk_slice_equal_ignoring_case(name, connection)) {
        if (http_list_has(value, "close"))
            answer->closes = true;
        else if (answer->minor_version == 0 && http_list_has(value, "keep-alive"))
            answer->closes = false;
    }
    return 0;
}

static int read_field(struct check_answer *answer, struct framing *framing, struct nk_slice line)
{
    const char *end = line.data + line.len;
    const char *colon = http_char_skip(line.data, end, HTTP_CHAR_TOKEN);
    if (colon == end || *colon != ':' || colon == line.data)
        return fail(answer, "a header line is no name, colon and value (RFC 9112 5)");
    struct nk_slice name = nk_slice_make(line.data, (size_t)(colon - line.data));
    struct nk_slice value = nk_slice_make(colon + 1, (size_t)(end - colon - 1));
    if (http_char_skip(colon + 1, end, HTTP_CHAR_VALUE) != end)
        return fail(answer, "a header value has a control byte (RFC 9110 5.5)");
    return apply_field(answer, framing, name, nk_slice_trim(value));
}

static int read_head(struct check_answer *answer, struct framing *framing, struct nk_slice *rest)
{
    struct nk_slice line;
    int rc = take_line(answer, rest, &line);
    if (rc == 0)
        rc = read_status_line(answer, line);
    answer->closes = answer->minor_version == 0;
    answer->fields = nk_slice_first(*rest, 0);
    while (rc == 0) {
        const char *start = rest->data;
        rc = take_line(answer, rest, &line);
        if (rc < 0 || line.len == 0)
            break;
        rc = read_field(answer, framing, line);
        answer->fields.len += (size_t)(rest->data - start);
    }
    return rc;
}

/* The length of a chunked body with its trailer. */
static ssize_t chunked_length(struct check_answer *answer, struct nk_slice input)
{
    const struct http_request request = {.framing = HTTP_FRAMING_CHUNKED};
    struct http_problem problem;
    struct http_body body;
    size_t consumed = 0;
    http_body_init(&body, &request, BODY_MAX);
    while (!http_body_is_complete(&body)) {
        struct nk_slice payload;
        struct nk_slice rest = nk_slice_from(input, consumed);
        if (rest.len == 0)
            return -EAGAIN;
        ssize_t len = http_body_decode(&body, rest, &payload, &problem);
        if (len < 0)
            return fail(answer, "its chunks are malformed (RFC 9112 7.1)");
        consumed += (size_t)len;
    }
    return (ssize_t)consumed;
}

static ssize_t exact_length(const struct framing *framing, struct nk_slice rest)
{
    return framing->length > rest.len ? -EAGAIN : (ssize_t)framing->length;
}

/* The length of the body at the start of `rest` (RFC 9112 6.3). */
static ssize_t body_length(struct check_answer *answer, const struct framing *framing,
                           struct nk_slice rest, bool to_head, bool ended)
{
    bool is_bare = answer->status < 200 || answer->status == 204;
    if (is_bare && (framing->has_coding || (framing->has_length && answer->status == 204)))
        answer->problem = "a 1xx or 204 says how long its body is (RFC 9110 8.6)";
    if (framing->has_coding && framing->has_length)
        answer->problem = "it has Content-Length and Transfer-Encoding (RFC 9112 6.2)";
    if (is_bare || answer->status == 304 || to_head)
        return 0;
    answer->is_chunked = framing->is_chunked;
    if (framing->is_chunked)
        return chunked_length(answer, rest);
    if (framing->has_length && !framing->has_coding)
        return exact_length(framing, rest);
    answer->closes = true; /* nothing else ends it */
    return ended ? (ssize_t)rest.len : -EAGAIN;
}

ssize_t check_answer_read(struct check_answer *answer, struct nk_slice input, bool to_head,
                          bool ended)
{
    struct nk_slice rest = input;
    struct framing framing = {0};
    *answer = (struct check_answer){0};
    if (input.len == 0)
        return -EAGAIN;
    ssize_t rc = read_head(answer, &framing, &rest);
    if (rc == 0)
        rc = body_length(answer, &framing, rest, to_head, ended);
    if (rc == -EAGAIN && ended)
        return fail(answer, "it ends in the middle");
    if (rc < 0)
        return rc;
    answer->body = nk_slice_first(rest, (size_t)rc);
    return rest.data - input.data + rc;
}

bool check_answer_field(const struct check_answer *answer, const char *name, struct nk_slice *value)
{
    struct nk_slice wanted = nk_slice_of_string(name);
    struct nk_slice rest = answer->fields;
    while (rest.len > 0) {
        size_t end = nk_slice_find(rest, '\n');
        struct nk_slice line = nk_slice_first(rest, end);
        size_t colon = nk_slice_find(line, ':');
        rest = nk_slice_from(rest, end + 1);
        if (colon == NK_SLICE_NOT_FOUND ||
            !nk_slice_equal_ignoring_case(nk_slice_first(line, colon), wanted))
            continue;
        if (line.data[line.len - 1] == '\r')
            line.len--;
        *value = nk_slice_trim(nk_slice_from(line, colon + 1));
        return true;
    }
    return false;
}
