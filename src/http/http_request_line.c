#include <string.h>

#include "http/http_chars.h"
#include "http/http_head.h"

#define VERSION_SIZE (sizeof("HTTP/1.1") - 1)

/* Commonest first: the search goes down the table. */
static const struct nk_slice method_names[] = {
    [HTTP_METHOD_UNKNOWN] = NK_SLICE("UNKNOWN"), [HTTP_METHOD_GET] = NK_SLICE("GET"),
    [HTTP_METHOD_HEAD] = NK_SLICE("HEAD"),       [HTTP_METHOD_OPTIONS] = NK_SLICE("OPTIONS"),
    [HTTP_METHOD_POST] = NK_SLICE("POST"),       [HTTP_METHOD_PUT] = NK_SLICE("PUT"),
    [HTTP_METHOD_DELETE] = NK_SLICE("DELETE"),   [HTTP_METHOD_PATCH] = NK_SLICE("PATCH"),
    [HTTP_METHOD_CONNECT] = NK_SLICE("CONNECT"), [HTTP_METHOD_TRACE] = NK_SLICE("TRACE"),
};

const char *http_method_name(enum http_method method)
{
    return (size_t)method < NK_ARRAY_LENGTH(method_names) ? method_names[method].data : "UNKNOWN";
}

static bool is(struct nk_slice slice, const char *text, size_t len)
{
    return slice.len == len && memcmp(slice.data, text, len) == 0;
}

static enum http_method method_of(struct nk_slice name)
{
    for (size_t i = HTTP_METHOD_GET; i < NK_ARRAY_LENGTH(method_names); i++)
        if (is(name, method_names[i].data, method_names[i].len))
            return (enum http_method)i;
    return HTTP_METHOD_UNKNOWN;
}

/* The bytes from `at` to the end, but at most `max`. */
static const char *window_end(const char *at, const char *end, size_t max)
{
    return (size_t)(end - at) > max ? at + max : end;
}

/* Whether the line ends at `at`, be it with CRLF or with a bare LF. */
static bool is_line_end(const struct http_head *head, const char *at)
{
    return *at == '\n' || (*at == '\r' && at + 1 < head->end && at[1] == '\n');
}

static int read_method(struct http_head *head, struct nk_slice *method)
{
    const char *const start = head->line;
    const char *const limit = window_end(start, head->end, HTTP_METHOD_SIZE_MAX + 1);
    const char *const stop = http_char_skip(start, limit, HTTP_CHAR_TOKEN);
    if (stop == limit) {
        if (stop - start <= HTTP_METHOD_SIZE_MAX)
            return -EAGAIN;
        return http_head_refuse(head, 501, "method longer than any known one (RFC 9112 3)");
    }
    if (stop == start)
        return http_head_refuse_byte(head, *stop,
                                     "request line without a method token (RFC 9112 3)");
    if (is_line_end(head, stop))
        return http_head_refuse(head, 400, "request line without a target (RFC 9112 3)");
    if (*stop != ' ')
        return http_head_refuse_byte(head, *stop,
                                     "method is not a token and one space (RFC 9112 3)");
    *method = nk_slice_make(start, (size_t)(stop - start));
    return 0;
}

static int read_target(struct http_head *head, const char *start, struct nk_slice *target)
{
    const size_t max = head->limits->target;
    const char *const limit = max < SIZE_MAX ? window_end(start, head->end, max + 1) : head->end;
    const char *const stop = http_char_skip(start, limit, HTTP_CHAR_TARGET);
    if (stop == limit) {
        if ((size_t)(stop - start) <= max)
            return -EAGAIN;
        return http_head_refuse(head, 414, "request target above the limit (RFC 9112 3)");
    }
    if (stop == start)
        return http_head_refuse_byte(head, *stop,
                                     "not exactly one space before the target (RFC 9112 3)");
    if (is_line_end(head, stop))
        return http_head_refuse(head, 400, "request line without an HTTP version (RFC 9112 2.3)");
    if (*stop != ' ')
        return http_head_refuse_byte(head, *stop,
                                     "byte not allowed in a request target (RFC 9112 3.2)");
    *target = nk_slice_make(start, (size_t)(stop - start));
    return 0;
}

/* "HTTP/" digit "." digit, in exactly this case (RFC 9112 2.3). */
static int read_version_slowly(struct http_head *head, const char *at)
{
    static const char pattern[VERSION_SIZE + 1] = "HTTP/0.0";
    for (size_t i = 0; i < VERSION_SIZE; i++) {
        if (at + i == head->end)
            return -EAGAIN;
        const char c = at[i];
        if (pattern[i] == '0' ? c < '0' || c > '9' : c != pattern[i])
            return http_head_refuse(head, 400, "version is not HTTP/digit.digit (RFC 9112 2.3)");
    }
    at += VERSION_SIZE;
    if (at == head->end)
        return -EAGAIN;
    if (*at != '\r')
        return http_head_refuse_byte(head, *at, "bytes behind the HTTP version (RFC 9112 3)");
    if (at + 1 == head->end)
        return -EAGAIN;
    if (at[1] != '\n')
        return http_head_refuse_byte(head, '\r', NULL);
    return 0;
}

/* The version at `at` and the end of the line. */
static int read_version(struct http_head *head, const char *at)
{
    if (head->end - at < (ptrdiff_t)VERSION_SIZE + 2 ||
        memcmp(at, "HTTP/1.1\r\n", VERSION_SIZE + 2) != 0) {
        const int rc = read_version_slowly(head, at);
        if (rc < 0)
            return rc;
    }
    head->request->minor_version = at[VERSION_SIZE - 1] == '0' ? 0 : 1;
    return 0;
}

bool http_authority_parse(struct nk_slice authority, struct nk_slice *port)
{
    const char *const end = authority.data + authority.len;
    const char *at = authority.data;
    if (at < end && *at == '[') {
        const char *const inside = at + 1;
        at = http_char_skip(inside, end, HTTP_CHAR_HOST | HTTP_CHAR_COLON);
        if (at == inside || at == end || *at != ']')
            return false;
        at++;
    } else {
        at = http_char_skip(at, end, HTTP_CHAR_HOST);
        if (at == authority.data)
            return false;
    }
    *port = nk_slice_make(end, 0);
    if (at == end)
        return true;
    if (*at != ':')
        return false;
    *port = nk_slice_make(at + 1, (size_t)(end - at - 1));
    uint64_t number = 0;
    return port->len == 0 || (nk_slice_parse_decimal(*port, &number) == 0 && number <= UINT16_MAX);
}

static void split_path(struct http_request *request, struct nk_slice rest)
{
    const size_t mark = nk_slice_find(rest, '?');
    request->path = nk_slice_first(rest, mark);
    request->query = nk_slice_from(rest, mark == NK_SLICE_NOT_FOUND ? rest.len : mark + 1);
    if (request->path.len == 0)
        request->path = nk_slice_make("/", 1);
}

static int read_absolute_form(struct http_head *head)
{
    static const struct nk_slice scheme = NK_SLICE("http://");
    struct http_request *request = head->request;
    /* An https target on a connection without TLS would claim an authority
     * that we cannot have (RFC 9110 4.2.2), so it is not served either. */
    if (!nk_slice_equal_ignoring_case(nk_slice_first(request->target, scheme.len), scheme))
        return http_head_refuse(head, 400, "target is neither a path nor http:// (RFC 9112 3.2)");
    const struct nk_slice rest = nk_slice_from(request->target, scheme.len);
    size_t size = 0;
    while (size < rest.len && rest.data[size] != '/' && rest.data[size] != '?')
        size++;
    struct nk_slice port;
    request->form = HTTP_TARGET_ABSOLUTE;
    request->host = nk_slice_first(rest, size);
    if (!http_authority_parse(request->host, &port))
        return http_head_refuse(head, 400, "target with a bad authority (RFC 9110 4.2)");
    split_path(request, nk_slice_from(rest, size));
    return 0;
}

static int read_authority_form(struct http_head *head)
{
    struct http_request *request = head->request;
    struct nk_slice port;
    if (!http_authority_parse(request->target, &port) || port.len == 0)
        return http_head_refuse(head, 400, "CONNECT target is not host:port (RFC 9112 3.2.3)");
    request->form = HTTP_TARGET_AUTHORITY;
    split_path(request, nk_slice_from(request->target, request->target.len));
    return 0;
}

/* Splits the target into the form that the method allows (RFC 9112 3.2). */
static int split_target(struct http_head *head)
{
    struct http_request *request = head->request;
    if (request->method == HTTP_METHOD_CONNECT)
        return read_authority_form(head);
    if (request->target.data[0] == '/') {
        request->form = HTTP_TARGET_ORIGIN;
        split_path(request, request->target);
        return 0;
    }
    if (is(request->target, "*", 1)) {
        if (request->method != HTTP_METHOD_OPTIONS)
            return http_head_refuse(head, 400, "target * without OPTIONS (RFC 9112 3.2.4)");
        request->form = HTTP_TARGET_ASTERISK;
        split_path(request, nk_slice_from(request->target, 1));
        return 0;
    }
    return read_absolute_form(head);
}

int http_request_line_read(struct http_head *head)
{
    struct http_request *request = head->request;
    struct nk_slice method = {NULL, 0};
    int rc = read_method(head, &method);
    if (rc < 0)
        return rc;
    rc = read_target(head, method.data + method.len + 1, &request->target);
    if (rc < 0)
        return rc;
    const char *const version = request->target.data + request->target.len + 1;
    rc = read_version(head, version);
    if (rc < 0)
        return rc;

    if (is(method, "PRI", 3) && is(request->target, "*", 1))
        return http_head_refuse(head, 400, "HTTP/2 preface on an HTTP/1 port (RFC 9113 3.4)");
    if (version[5] != '1')
        return http_head_refuse(head, 505, "major version is not 1 (RFC 9110 15.6.6)");
    request->method = method_of(method);
    rc = split_target(head);
    if (rc < 0)
        return rc;
    if (request->method == HTTP_METHOD_UNKNOWN)
        return http_head_refuse(head, 501, "unknown method (RFC 9110 9.1)");
    head->seen |= HTTP_SEEN_REQUEST_LINE;
    if (request->minor_version == 0)
        head->seen |= HTTP_SEEN_VERSION_1_0;
    head->line = version + VERSION_SIZE + 2;
    return 0;
}
