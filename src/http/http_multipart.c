#include "http/http_multipart.h"

#include <errno.h>
#include <string.h>

#include "http/http_disposition.h"

enum state {
    PREAMBLE,   /* before the first boundary, which means nothing */
    CONTENT,    /* of a part */
    BEHIND,     /* a boundary was found: what it is shows now */
    LAST_DASH,  /* ... the second dash of the last one */
    PADDING,    /* ... white space, up to the line end */
    PADDING_LF, /* ... which is half here */
    HEAD,       /* of a part */
    EPILOGUE,   /* behind the last boundary, which means nothing */
};

static int refuse(struct http_problem *problem, int status, const char *rule)
{
    *problem = (struct http_problem){.status = status, .rule = rule};
    return -EBADMSG;
}

/* ---- the boundary ---- */

/* RFC 2046 5.1.1: bchars, and no space at the end. */
static bool is_boundary(struct nk_slice text)
{
    if (text.len == 0 || text.len > HTTP_MULTIPART_BOUNDARY_MAX || text.data[text.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        const bool is_alphanumeric =
            (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!is_alphanumeric && (c == '\0' || !strchr("'()+_,-./:=? ", c)))
            return false;
    }
    return true;
}

int http_multipart_init(struct http_multipart *multipart, struct nk_slice content_type,
                        struct http_problem *problem)
{
    static const struct nk_slice form_data = NK_SLICE("multipart/form-data");
    static const struct nk_slice boundary_name = NK_SLICE("boundary");
    static const struct nk_slice dashes = NK_SLICE("\r\n--");
    struct nk_slice rest;
    struct nk_slice name;
    struct nk_slice value;
    struct nk_slice boundary = {NULL, 0};
    bool is_quoted;
    if (!nk_slice_equal_ignoring_case(http_disposition_type(content_type, &rest), form_data))
        return refuse(problem, 415, "a form with files is multipart/form-data (RFC 7578)");
    while (http_disposition_next(&rest, &name, &value, &is_quoted) > 0) {
        if (boundary.len == 0 && nk_slice_equal_ignoring_case(name, boundary_name))
            boundary = value;
    }
    if (!is_boundary(boundary))
        return refuse(problem, 400, "multipart without a good boundary (RFC 2046 5.1.1)");
    memcpy(multipart->delimiter, dashes.data, dashes.len);
    memcpy(multipart->delimiter + dashes.len, boundary.data, boundary.len);
    multipart->delimiter_len = dashes.len + boundary.len;
    multipart->matched = 2; /* the first one needs no line end before it */
    multipart->borrowed = 2;
    multipart->state = PREAMBLE;
    multipart->parts = 0;
    multipart->head_len = 0;
    return 0;
}

bool http_multipart_is_complete(const struct http_multipart *multipart)
{
    return multipart->state == EPILOGUE;
}

/* ---- content ---- */

/* Goes on with a delimiter that has begun. Returns the bytes that belong to it;
 * multipart->matched is 0 when it was none. */
static size_t match(struct http_multipart *multipart, struct nk_slice input)
{
    size_t len = 0;
    while (len < input.len && multipart->matched < multipart->delimiter_len) {
        if (input.data[len] != multipart->delimiter[multipart->matched])
            break;
        multipart->matched++;
        len++;
    }
    return len;
}

/* Reads content, or the preamble, up to something to report: a CR can only be the first
 * byte of a delimiter, so that nothing has to be looked at twice. */
static size_t read_content(struct http_multipart *multipart, struct nk_slice input,
                           struct nk_slice *data)
{
    *data = nk_slice_first(input, 0);
    if (multipart->matched == 0) {
        const size_t run = nk_slice_find(input, '\r');
        *data = nk_slice_first(input, run);
        return data->len > 0 ? data->len : match(multipart, input);
    }
    const size_t len = match(multipart, input);
    if (multipart->matched < multipart->delimiter_len && len < input.len) {
        /* It was none: what looked like one is content. */
        *data = nk_slice_make(multipart->delimiter + multipart->borrowed,
                              multipart->matched - multipart->borrowed);
        multipart->matched = 0;
        multipart->borrowed = 0;
    }
    return len;
}

/* ---- the header of a part ---- */

/* Replaces \" and \\ (curl), and %22 (browsers), which stand for a quote or a
 * backslash in a file name. In place: it only gets shorter. */
static struct nk_slice unescape(char *text, size_t len)
{
    size_t to = 0;
    for (size_t from = 0; from < len; from++) {
        if (text[from] == '\\' && from + 1 < len &&
            (text[from + 1] == '"' || text[from + 1] == '\\')) {
            text[to++] = text[++from];
        } else if (len - from >= 3 && memcmp(text + from, "%22", 3) == 0) {
            text[to++] = '"';
            from += 2;
        } else {
            text[to++] = text[from];
        }
    }
    return nk_slice_make(text, to);
}

static int read_disposition(struct http_multipart *multipart, struct nk_slice value,
                            struct http_multipart_event *event)
{
    static const struct nk_slice form_data = NK_SLICE("form-data");
    static const struct nk_slice name_name = NK_SLICE("name");
    static const struct nk_slice filename_name = NK_SLICE("filename");
    struct nk_slice rest;
    struct nk_slice name;
    bool is_quoted;
    int rc;
    if (!nk_slice_equal_ignoring_case(http_disposition_type(value, &rest), form_data))
        return -EBADMSG;
    while ((rc = http_disposition_next(&rest, &name, &value, &is_quoted)) > 0) {
        const bool is_filename = nk_slice_equal_ignoring_case(name, filename_name);
        if (!is_filename && !nk_slice_equal_ignoring_case(name, name_name))
            continue;
        if (is_filename ? event->has_filename : event->name.data != NULL)
            return -EBADMSG; /* two, of which somebody else may take the other one */
        if (is_quoted)
            value = unescape(multipart->head + (value.data - multipart->head), value.len);
        *(is_filename ? &event->filename : &event->name) = value;
        event->has_filename = event->has_filename || is_filename;
    }
    return event->name.data != NULL ? rc : -EBADMSG;
}

/* The header is complete: what it says about the part (RFC 7578 4.2). */
static int read_head(struct http_multipart *multipart, struct http_multipart_event *event,
                     struct http_problem *problem)
{
    static const struct nk_slice disposition = NK_SLICE("content-disposition");
    struct nk_slice rest = nk_slice_make(multipart->head, multipart->head_len - 2);
    bool is_named = false;
    while (rest.len > 0) {
        const size_t end = nk_slice_find_crlf(rest);
        const struct nk_slice line = nk_slice_first(rest, end);
        const size_t colon = nk_slice_find(line, ':');
        rest = nk_slice_from(rest, end + 2);
        if (colon == NK_SLICE_NOT_FOUND)
            return refuse(problem, 400, "part header without a colon (RFC 2046 5.1)");
        if (!nk_slice_equal_ignoring_case(nk_slice_first(line, colon), disposition))
            continue;
        if (is_named || read_disposition(multipart, nk_slice_from(line, colon + 1), event) < 0)
            return refuse(problem, 400, "part with a bad Content-Disposition (RFC 7578 4.2)");
        is_named = true;
    }
    if (!is_named)
        return refuse(problem, 400, "part without a Content-Disposition (RFC 7578 4.2)");
    event->kind = HTTP_MULTIPART_PART;
    return 0;
}

static bool ends_head(const struct http_multipart *multipart)
{
    const char *const end = multipart->head + multipart->head_len;
    if (multipart->head_len == 2)
        return memcmp(end - 2, "\r\n", 2) == 0;
    return multipart->head_len >= 4 && memcmp(end - 4, "\r\n\r\n", 4) == 0;
}

static int take_head_byte(struct http_multipart *multipart, char byte,
                          struct http_multipart_event *event, struct http_problem *problem)
{
    if (multipart->head_len == sizeof(multipart->head))
        return refuse(problem, 400, "part header above the limit");
    if (byte == '\0')
        return refuse(problem, 400, "NUL in a part header (RFC 2046 5.1)");
    multipart->head[multipart->head_len++] = byte;
    if (!ends_head(multipart))
        return 0;
    multipart->state = CONTENT;
    /* The empty line is the line end in front of a boundary that follows at once. */
    multipart->matched = 2;
    multipart->borrowed = 2;
    return read_head(multipart, event, problem);
}

/* ---- between parts ---- */

static int begin_head(struct http_multipart *multipart, struct http_problem *problem)
{
    if (multipart->parts == HTTP_MULTIPART_PARTS_MAX)
        return refuse(problem, 400, "more parts than the limit");
    multipart->parts++;
    multipart->head_len = 0;
    multipart->state = HEAD;
    return 0;
}

static int take_padding(struct http_multipart *multipart, char byte, struct http_problem *problem)
{
    multipart->state = PADDING;
    if (byte == '\r')
        multipart->state = PADDING_LF;
    else if (byte != ' ' && byte != '\t')
        return refuse(problem, 400, "bytes behind a boundary (RFC 2046 5.1.1)");
    return 0;
}

/* One byte behind a boundary, or of a header. */
static int take_byte(struct http_multipart *multipart, char byte,
                     struct http_multipart_event *event, struct http_problem *problem)
{
    switch (multipart->state) {
    case BEHIND:
        if (byte != '-')
            return take_padding(multipart, byte, problem);
        multipart->state = LAST_DASH;
        return 0;
    case PADDING:
        return take_padding(multipart, byte, problem);
    case PADDING_LF:
        if (byte != '\n')
            return refuse(problem, 400, "CR without LF behind a boundary (RFC 2046 5.1.1)");
        return begin_head(multipart, problem);
    case LAST_DASH:
        if (byte != '-')
            return refuse(problem, 400, "one dash behind a boundary (RFC 2046 5.1.1)");
        multipart->state = EPILOGUE;
        event->kind = HTTP_MULTIPART_END;
        return 0;
    default:
        return take_head_byte(multipart, byte, event, problem);
    }
}

/* Content or preamble: the next event, if there is one. */
static size_t take_content(struct http_multipart *multipart, struct nk_slice input,
                           struct http_multipart_event *event)
{
    struct nk_slice data;
    const size_t used = read_content(multipart, input, &data);
    if (multipart->matched == multipart->delimiter_len) {
        if (multipart->state == CONTENT)
            event->kind = HTTP_MULTIPART_CLOSE;
        multipart->state = BEHIND;
        multipart->matched = 0;
        multipart->borrowed = 0;
    } else if (data.len > 0 && multipart->state == CONTENT) {
        event->kind = HTTP_MULTIPART_DATA;
        event->data = data;
    }
    return used;
}

ssize_t http_multipart_next(struct http_multipart *multipart, struct nk_slice input,
                            struct http_multipart_event *event, struct http_problem *problem)
{
    size_t used = 0;
    *event = (struct http_multipart_event){.kind = HTTP_MULTIPART_NOTHING};
    while (used < input.len && event->kind == HTTP_MULTIPART_NOTHING) {
        if (multipart->state == EPILOGUE)
            return (ssize_t)input.len;
        if (multipart->state == PREAMBLE || multipart->state == CONTENT)
            used += take_content(multipart, nk_slice_from(input, used), event);
        else if (take_byte(multipart, input.data[used++], event, problem) < 0)
            return -EBADMSG;
    }
    return (ssize_t)used;
}
