#include "probe/probe_response.h"

#include <errno.h>
#include <string.h>

#include "http/http_chars.h"

static int refuse(struct probe_response *response, const char *problem)
{
    response->problem = problem;
    return -EBADMSG;
}

/* ---- lines of the head ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* HTTP/1.x SP 3DIGIT [SP reason] (RFC 9112 4). */
static int read_status_line(struct probe_response *response)
{
    const char *line = response->line;
    size_t len = response->line_len;
    if (len < 12 || memcmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ')
        return refuse(response, "it does not begin with an HTTP/1 status line");
    if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]) ||
        (len > 12 && line[12] != ' '))
        return refuse(response, "its status is no number of three digits");
    response->code = (unsigned)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
    if (response->code < 100 || response->code > 599)
        return refuse(response, "its status is not between 100 and 599");
    response->state = PROBE_RESPONSE_FIELDS;
    return 0;
}

/* Several values are one if they are the same (RFC 9112 6.3). */
static int read_length(struct probe_response *response, struct nk_slice value)
{
    uint64_t length;
    if (nk_slice_parse_decimal(value, &length))
        return refuse(response, "its Content-Length is no number");
    if (response->has_length && length != response->length)
        return refuse(response, "it has two different Content-Lengths");
    response->has_length = true;
    response->length = length;
    return 0;
}

static int read_coding(struct probe_response *response, struct nk_slice value)
{
    static const struct nk_slice chunked = NK_SLICE("chunked");
    if (response->is_chunked || !nk_slice_equal_ignoring_case(value, chunked))
        return refuse(response, "its Transfer-Encoding is not chunked");
    response->is_chunked = true;
    return 0;
}

/* name ":" OWS value OWS (RFC 9112 5); what it means for the framing. */
static int read_field(struct probe_response *response)
{
    static const struct nk_slice content_length = NK_SLICE("Content-Length");
    static const struct nk_slice transfer_encoding = NK_SLICE("Transfer-Encoding");
    bool is_cut = response->line_len > sizeof(response->line);
    struct nk_slice line =
        nk_slice_make(response->line, is_cut ? sizeof(response->line) : response->line_len);
    const char *end = line.data + line.len;
    const char *colon = http_char_skip(line.data, end, HTTP_CHAR_TOKEN);
    if (colon == line.data || colon == end || *colon != ':')
        return refuse(response, "a header field has no name");
    if (http_char_skip(colon + 1, end, HTTP_CHAR_VALUE) != end)
        return refuse(response, "a header field holds a control character");
    struct nk_slice name = nk_slice_first(line, (size_t)(colon - line.data));
    struct nk_slice value = nk_slice_trim(nk_slice_from(line, name.len + 1));
    bool is_length = nk_slice_equal_ignoring_case(name, content_length);
    bool is_coding = nk_slice_equal_ignoring_case(name, transfer_encoding);
    if (is_cut && (is_length || is_coding))
        return refuse(response, "a header field about its length is too long");
    if (is_length)
        return read_length(response, value);
    return is_coding ? read_coding(response, value) : 0;
}

/* Where the body ends (RFC 9112 6.3). */
static int begin_body(struct probe_response *response)
{
    bool has_none = response->is_for_head || response->code == 204 || response->code == 304;
    struct http_request framing = {.framing = HTTP_FRAMING_LENGTH};
    if (response->is_chunked && response->has_length)
        return refuse(response, "it has a Content-Length and is chunked");
    if (response->code < 200 && response->code != 101) {
        response->state = PROBE_RESPONSE_STATUS_LINE;
        response->code = 0;
        response->has_length = response->is_chunked = false;
        return 0;
    }
    if (has_none || response->code == 101) {
        response->state = PROBE_RESPONSE_COMPLETE;
        return 0;
    }
    if (!response->is_chunked && !response->has_length) {
        response->state = PROBE_RESPONSE_BODY_TO_END;
        return 0;
    }
    framing.framing = response->is_chunked ? HTTP_FRAMING_CHUNKED : HTTP_FRAMING_LENGTH;
    framing.content_length = response->length;
    http_body_init(&response->body, &framing, UINT64_MAX);
    response->state =
        http_body_is_complete(&response->body) ? PROBE_RESPONSE_COMPLETE : PROBE_RESPONSE_BODY;
    return 0;
}

/* A whole line, without its end. */
static int read_line(struct probe_response *response)
{
    int error;
    if (response->state == PROBE_RESPONSE_STATUS_LINE)
        error = read_status_line(response);
    else if (response->line_len == 0)
        error = begin_body(response);
    else
        error = read_field(response);
    response->line_len = 0;
    return error;
}

/* ---- bytes ---- */

static bool is_in_head(const struct probe_response *response)
{
    return response->state == PROBE_RESPONSE_STATUS_LINE ||
           response->state == PROBE_RESPONSE_FIELDS;
}

/* One byte of the head. The CR of a line's end is kept until its LF has come. */
static int take_head_byte(struct probe_response *response, char byte)
{
    size_t len = response->line_len;
    if (++response->head_size > PROBE_RESPONSE_HEAD_MAX || len > PROBE_RESPONSE_LINE_MAX)
        return refuse(response, "its head is too long");
    if (byte == '\n') {
        if (!response->ends_with_cr)
            return refuse(response, "a line of its head ends without CR");
        response->line_len--;
        response->ends_with_cr = false;
        return read_line(response);
    }
    if (response->ends_with_cr)
        return refuse(response, "its head holds a CR inside a line");
    if (byte == '\0')
        return refuse(response, "its head holds a NUL byte");
    if (len < sizeof(response->line))
        response->line[len] = byte;
    response->ends_with_cr = byte == '\r';
    response->line_len++;
    return 0;
}

/* Bytes of a body whose length is known. */
static int take_body(struct probe_response *response, struct nk_slice bytes)
{
    while (bytes.len > 0 && !http_body_is_complete(&response->body)) {
        struct nk_slice payload;
        struct http_problem problem;
        ssize_t used = http_body_decode(&response->body, bytes, &payload, &problem);
        if (used < 0)
            return refuse(response, "its chunks are malformed");
        bytes = nk_slice_from(bytes, (size_t)used);
    }
    if (http_body_is_complete(&response->body))
        response->state = PROBE_RESPONSE_COMPLETE;
    return 0;
}

int probe_response_take(struct probe_response *response, struct nk_slice bytes)
{
    int error = response->problem ? -EBADMSG : 0;
    while (!error && bytes.len > 0 && is_in_head(response)) {
        error = take_head_byte(response, *bytes.data);
        bytes = nk_slice_from(bytes, 1);
    }
    if (!error && response->state == PROBE_RESPONSE_BODY)
        error = take_body(response, bytes);
    return error;
}

int probe_response_end(struct probe_response *response)
{
    if (response->problem)
        return -EBADMSG;
    if (response->state == PROBE_RESPONSE_BODY_TO_END)
        response->state = PROBE_RESPONSE_COMPLETE;
    if (response->state == PROBE_RESPONSE_COMPLETE)
        return 0;
    return refuse(response, "it was cut off");
}

void probe_response_init(struct probe_response *response, bool is_for_head)
{
    *response = (struct probe_response){.is_for_head = is_for_head};
}
