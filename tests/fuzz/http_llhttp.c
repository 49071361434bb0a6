#include "http_llhttp.h"

#include <errno.h>
#include <llhttp/llhttp.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_body.h"
#include "http/http_request.h"

/* One request as one of the two has read it. */
struct reading {
    struct nk_slice target;
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    bool has_head;
    bool is_complete;
    bool has_trailer; /* where llhttp has stopped; at least the empty line */
    char *body;
    size_t body_len;
};

/* ---- llhttp ---- */

static struct reading *reading_of(llhttp_t *parser)
{
    return parser->data;
}

/* A span may come in parts where llhttp changes its state. */
static void extend(struct nk_slice *slice, const char *at, size_t len)
{
    if (slice->len == 0)
        *slice = nk_slice_make(at, len);
    else
        slice->len = (size_t)(at + len - slice->data);
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    extend(&reading_of(parser)->target, at, len);
    return 0;
}

/* Those behind the body are the trailer's, which we drop. */
static struct http_header *current_header(struct reading *reading)
{
    bool has_room = reading->header_count < HTTP_HEADERS_MAX;
    return !reading->has_head && has_room ? &reading->headers[reading->header_count] : NULL;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
    struct http_header *header = current_header(reading_of(parser));
    if (header)
        extend(&header->name, at, len);
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
    struct http_header *header = current_header(reading_of(parser));
    if (header)
        extend(&header->value, at, len);
    return 0;
}

static int on_header_value_complete(llhttp_t *parser)
{
    struct reading *reading = reading_of(parser);
    struct http_header *header = current_header(reading);
    if (header) {
        header->value = nk_slice_trim(header->value);
        reading->header_count++;
    }
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    reading_of(parser)->has_head = true;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct reading *reading = reading_of(parser);
    memcpy(reading->body + reading->body_len, at, len);
    reading->body_len += len;
    return 0;
}

/* Behind the last chunk comes the trailer, in which llhttp obeys a Transfer-Encoding as
 * if it were a header field (RFC 9110 6.5.1 says what to do with it): it is not asked. */
static int on_chunk_header(llhttp_t *parser)
{
    if (parser->content_length > 0)
        return 0;
    reading_of(parser)->is_complete = true;
    reading_of(parser)->has_trailer = true;
    return HPE_PAUSED;
}

static int on_message_complete(llhttp_t *parser)
{
    reading_of(parser)->is_complete = true;
    return HPE_PAUSED;
}

static void llhttp_read(struct nk_slice input, llhttp_t *parser, llhttp_settings_t *settings,
                        struct reading *reading)
{
    llhttp_settings_init(settings);
    settings->on_url = on_url;
    settings->on_header_field = on_header_field;
    settings->on_header_value = on_header_value;
    settings->on_header_value_complete = on_header_value_complete;
    settings->on_headers_complete = on_headers_complete;
    settings->on_body = on_body;
    settings->on_chunk_header = on_chunk_header;
    settings->on_message_complete = on_message_complete;
    llhttp_init(parser, HTTP_REQUEST, settings);
    parser->data = reading;
    (void)llhttp_execute(parser, input.data, input.len);
}

/* ---- ours ---- */

/* The body behind a head, into *reading. Returns the bytes of it, or -EBADMSG. */
static ssize_t read_body(const struct http_request *request, struct nk_slice input,
                         struct reading *reading)
{
    struct http_problem problem;
    struct http_body body;
    size_t used = 0;
    http_body_init(&body, request, UINT64_MAX);
    while (used < input.len && !http_body_is_complete(&body)) {
        struct nk_slice payload;
        ssize_t len = http_body_decode(&body, nk_slice_from(input, used), &payload, &problem);
        if (len < 0)
            return len;
        if (payload.len > 0)
            memcpy(reading->body + reading->body_len, payload.data, payload.len);
        reading->body_len += payload.len;
        used += (size_t)len;
    }
    reading->is_complete = http_body_is_complete(&body);
    return (ssize_t)used;
}

/* ---- the comparison ---- */

static bool same_place(struct nk_slice a, struct nk_slice b)
{
    return a.len == b.len && (a.len == 0 || a.data == b.data);
}

static const char *compare_heads(const struct http_request *request, const llhttp_t *parser,
                                 const struct reading *theirs)
{
    if (!theirs->has_head)
        return "llhttp does not accept the head";
    if (strcmp(llhttp_method_name(parser->method), http_method_name(request->method)) != 0)
        return "another method";
    if (parser->http_major != 1 || parser->http_minor != request->minor_version)
        return "another version";
    if (!same_place(request->target, theirs->target))
        return "another target";
    if (request->header_count != theirs->header_count)
        return "another number of fields";
    for (size_t i = 0; i < request->header_count; i++) {
        if (!same_place(request->headers[i].name, theirs->headers[i].name))
            return "another field name";
        if (!same_place(request->headers[i].value, theirs->headers[i].value))
            return "another field value";
    }
    return NULL;
}

static const char *compare_bodies(const struct reading *ours, const struct reading *theirs)
{
    bool may_lack_trailer = theirs->has_trailer && !ours->is_complete;
    if (ours->is_complete != theirs->is_complete && !may_lack_trailer)
        return ours->is_complete ? "llhttp finds no end" : "llhttp finds an end";
    if (ours->body_len != theirs->body_len || memcmp(ours->body, theirs->body, ours->body_len) != 0)
        return "another body";
    return NULL;
}

/* What version 8 refuses although RFC 9112 allows it: several extensions of one chunk,
 * or quoted ones (7.1.1), and a tab behind a transfer coding (5.1). A refusal is no
 * disagreement about where a body ends. */
static bool refuses_what_is_good(const llhttp_t *parser, struct nk_slice input)
{
    enum llhttp_errno error = llhttp_get_errno(parser);
    const char *stop = llhttp_get_error_pos(parser);
    if (error == HPE_INVALID_TRANSFER_ENCODING)
        return nk_slice_find(nk_slice_first(input, (size_t)(stop - input.data)), '\t') !=
               NK_SLICE_NOT_FOUND;
    if (error != HPE_INVALID_CHUNK_SIZE && error != HPE_STRICT)
        return false;
    while (stop > input.data && stop[-1] != '\n' && stop[-1] != ';')
        stop--;
    return stop > input.data && stop[-1] == ';';
}

/* Whether llhttp has found the end at that of `input`: where it stopped, or behind the
 * first empty line of the trailer that begins there. */
static bool ends_there(const llhttp_t *parser, const struct reading *reading, struct nk_slice input)
{
    static const struct nk_slice line = NK_SLICE("\r\n"), end = NK_SLICE("\r\n\r\n");
    const char *stop = llhttp_get_error_pos(parser);
    struct nk_slice rest = nk_slice_from(input, (size_t)(stop - input.data));
    if (!reading->has_trailer || nk_slice_starts_with(rest, line))
        return rest.len == (reading->has_trailer ? line.len : 0);
    while (rest.len > end.len && !nk_slice_starts_with(rest, end))
        rest = nk_slice_from(rest, 1);
    return nk_slice_equal(rest, end);
}

/* Our request of `input` is `head` bytes and, as far as they are there, `body` bytes. */
static const char *compare(const struct http_request *request, struct nk_slice input,
                           const struct reading *ours, struct reading *theirs)
{
    llhttp_settings_t settings;
    llhttp_t parser;
    llhttp_read(input, &parser, &settings, theirs);
    const char *difference = compare_heads(request, &parser, theirs);
    /* Behind CONNECT llhttp expects the bytes of a tunnel, of which we have none. */
    if (difference || request->method == HTTP_METHOD_CONNECT ||
        refuses_what_is_good(&parser, input))
        return difference;
    difference = compare_bodies(ours, theirs);
    if (!difference && ours->is_complete && !ends_there(&parser, theirs, input))
        difference = "another end";
    return difference;
}

/* llhttp knows HTTP/1.0 and 1.1; we take the other minor versions for 1.1, as RFC 9110
 * 2.5 asks. */
static bool has_known_version(const struct http_request *request)
{
    const char *version = request->target.data + request->target.len + 1;
    return version[7] == '0' || version[7] == '1';
}

/* One request at the start of `input`: *used receives its length when both agree and
 * it is complete, else 0. */
static const char *compare_one(struct nk_slice input, size_t *used)
{
    static const struct http_limits limits = {SIZE_MAX, HTTP_HEAD_SIZE_MAX, HTTP_HEADERS_MAX,
                                              UINT64_MAX};
    static struct http_request request;
    static struct reading ours, theirs;
    struct http_progress progress = {0};
    struct http_problem problem;
    const char *difference = NULL;
    *used = 0;
    ssize_t head = http_request_parse(&request, input, &limits, &progress, &problem);
    if (head < 0 || !has_known_version(&request))
        return NULL;
    ours = (struct reading){.body = malloc(input.len)};
    theirs = (struct reading){.body = malloc(input.len)};
    if (!ours.body || !theirs.body)
        abort();
    ssize_t body = read_body(&request, nk_slice_from(input, (size_t)head), &ours);
    if (body >= 0) {
        size_t len = (size_t)(head + body);
        difference = compare(&request, nk_slice_first(input, len), &ours, &theirs);
        *used = ours.is_complete ? len : 0;
    }
    free(ours.body);
    free(theirs.body);
    return difference;
}

const char *http_llhttp_difference(struct nk_slice input, size_t *accepted)
{
    const char *difference = NULL;
    size_t count = 0;
    size_t used = 1;
    while (input.len > 0 && used > 0 && !difference) {
        difference = compare_one(input, &used);
        count += used > 0;
        input = nk_slice_from(input, used);
    }
    if (accepted)
        *accepted = count;
    return difference;
}
