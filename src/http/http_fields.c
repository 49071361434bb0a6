#include "http/http_chars.h"
#include "http/http_head.h"
#include "http/http_list.h"

static bool is(struct nk_slice slice, struct nk_slice word)
{
    return nk_slice_equal_ignoring_case(slice, word);
}

static int read_host(struct http_head *head, struct nk_slice value)
{
    struct nk_slice port;
    if ((head->seen & HTTP_SEEN_HOST) != 0)
        return http_head_refuse(head, 400, "more than one Host (RFC 9112 3.2)");
    if (!http_authority_parse(value, &port))
        return http_head_refuse(head, 400, "Host is not host or host:port (RFC 9112 3.2)");
    head->seen |= HTTP_SEEN_HOST;
    if (head->request->form != HTTP_TARGET_ABSOLUTE)
        head->request->host = value; /* RFC 9112 3.2.2: the target's host wins */
    return 0;
}

static int read_connection(struct http_head *head, struct nk_slice value)
{
    static const struct nk_slice close = NK_SLICE("close");
    static const struct nk_slice keep_alive = NK_SLICE("keep-alive");
    struct nk_slice member;
    while (http_list_next(&value, &member)) {
        if (is(member, close))
            head->seen |= HTTP_SEEN_CLOSE;
        else if (is(member, keep_alive))
            head->seen |= HTTP_SEEN_KEEP_ALIVE;
    }
    return 0;
}

static int read_expect(struct http_head *head, struct nk_slice value)
{
    static const struct nk_slice expectation = NK_SLICE("100-continue");
    struct nk_slice member;
    if ((head->seen & HTTP_SEEN_VERSION_1_0) != 0)
        return 0; /* the field means nothing there (RFC 9110 10.1.1) */
    while (http_list_next(&value, &member)) {
        if (is(member, expectation))
            head->seen |= HTTP_SEEN_CONTINUE;
        else if (member.len > 0)
            return http_head_refuse(head, 417, "unknown expectation (RFC 9110 10.1.1)");
    }
    return 0;
}

static int read_content_length(struct http_head *head, struct nk_slice value)
{
    /* RFC 9112 6.3 allows equal copies; two parsers that disagree about which
     * one counts are how requests are smuggled, so there may be only one. */
    if ((head->seen & HTTP_SEEN_CONTENT_LENGTH) != 0)
        return http_head_refuse(head, 400, "more than one Content-Length (RFC 9112 6.3)");
    if ((head->seen & HTTP_SEEN_TRANSFER_ENCODING) != 0)
        return http_head_refuse(head, 400,
                                "Content-Length beside Transfer-Encoding (RFC 9112 6.3)");
    uint64_t length = 0;
    const int rc = nk_slice_parse_decimal(value, &length);
    if (rc == -ERANGE)
        return http_head_refuse(head, 400, "Content-Length above 64 bits (RFC 9110 8.6)");
    if (rc < 0)
        return http_head_refuse(head, 400, "Content-Length is not digits only (RFC 9110 8.6)");
    if (length > head->limits->body)
        return http_head_refuse(head, 413, "Content-Length above the limit (RFC 9110 15.5.14)");
    head->seen |= HTTP_SEEN_CONTENT_LENGTH;
    head->request->content_length = length;
    return 0;
}

static const struct nk_slice chunked = NK_SLICE("chunked");

/* Whether "chunked" is in there: what is nearly chunked is not a foreign
 * coding but an attempt that another parser may fall for. */
static bool resembles_chunked(struct nk_slice coding)
{
    for (; coding.len >= chunked.len; coding = nk_slice_from(coding, 1))
        if (is(nk_slice_first(coding, chunked.len), chunked))
            return true;
    return false;
}

/* Why a list of transfer codings other than plain "chunked" is refused. */
static int refuse_codings(struct http_head *head, struct nk_slice value)
{
    struct nk_slice member;
    while (http_list_next(&value, &member)) {
        const char *const end = member.data + member.len;
        if (member.len == 0 || http_char_skip(member.data, end, HTTP_CHAR_TOKEN) != end)
            return http_head_refuse(head, 400, "transfer coding is not a token (RFC 9112 6.1)");
        const bool is_last = value.data == NULL;
        if (resembles_chunked(member) && !(is_last && is(member, chunked)))
            return http_head_refuse(head, 400, "chunked is not the one last coding (RFC 9112 6.3)");
    }
    return http_head_refuse(head, 501, "unknown transfer coding (RFC 9112 6.1)");
}

static int read_transfer_encoding(struct http_head *head, struct nk_slice value)
{
    if ((head->seen & HTTP_SEEN_VERSION_1_0) != 0)
        return http_head_refuse(head, 400, "Transfer-Encoding in HTTP/1.0 (RFC 9112 6.1)");
    if ((head->seen & HTTP_SEEN_TRANSFER_ENCODING) != 0)
        return http_head_refuse(head, 400, "more than one Transfer-Encoding (RFC 9112 6.1)");
    if ((head->seen & HTTP_SEEN_CONTENT_LENGTH) != 0)
        return http_head_refuse(head, 400,
                                "Transfer-Encoding beside Content-Length (RFC 9112 6.3)");
    if (!is(value, chunked))
        return refuse_codings(head, value);
    head->seen |= HTTP_SEEN_TRANSFER_ENCODING;
    return 0;
}

/* The fields that matter here. No two names have the same length, so the
 * length of a name leads to the only one that it can be. */
struct field_rule {
    struct nk_slice name;
    int (*read)(struct http_head *head, struct nk_slice value);
};

static const struct field_rule field_rules[] = {
    [4] = {NK_SLICE("host"), read_host},
    [6] = {NK_SLICE("expect"), read_expect},
    [10] = {NK_SLICE("connection"), read_connection},
    [14] = {NK_SLICE("content-length"), read_content_length},
    [17] = {NK_SLICE("transfer-encoding"), read_transfer_encoding},
};

/* The rule for a name, or NULL. The first letter spares nearly all calls. */
static const struct field_rule *rule_of(struct nk_slice name)
{
    if (name.len >= NK_ARRAY_LENGTH(field_rules))
        return NULL;
    const struct field_rule *rule = &field_rules[name.len];
    if (rule->read == NULL || (name.data[0] | 0x20) != rule->name.data[0])
        return NULL;
    return is(name, rule->name) ? rule : NULL;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Completes a refusal with the name of the field, which ends at `end` or behind the
 * blanks there. */
static int name_field(struct http_head *head, const char *end)
{
    while (end > head->line && end < head->end && is_blank(*end))
        end++;
    head->problem.field = nk_slice_make(head->line, (size_t)(end - head->line));
    return -EBADMSG;
}

/* Says what is wrong with a name that ends at `stop` without a colon. */
static int refuse_name(struct http_head *head, const char *stop)
{
    const char *next = stop;
    while (next < head->end && is_blank(*next))
        next++;
    if (*stop == ':')
        return http_head_refuse(head, 400, "field without a name (RFC 9112 5)");
    if (*stop == '\r' && stop + 1 < head->end && stop[1] == '\n')
        return http_head_refuse(head, 400, "field without a colon (RFC 9112 5)");
    if (next == stop || (stop > head->line && next < head->end && *next != ':'))
        return http_head_refuse_byte(head, *stop, "field name is not a token (RFC 9110 5.1)");
    if (stop > head->line)
        return http_head_refuse(head, 400, "white space before the colon (RFC 9112 5.1)");
    if (head->request->header_count == 0)
        return http_head_refuse(head, 400, "white space before the first field (RFC 9112 2.2)");
    return http_head_refuse(head, 400, "field folded over two lines (RFC 9112 5.2)");
}

/* The value that starts at `at`, up to its CRLF. */
static int read_value(struct http_head *head, const char *at, struct nk_slice *value,
                      const char **line_end)
{
    const char *stop = http_char_skip(at, head->end, HTTP_CHAR_VALUE);
    if (stop == head->end)
        return -EAGAIN;
    if (*stop != '\r')
        return http_head_refuse_byte(head, *stop, "control byte in a field value (RFC 9110 5.5)");
    if (stop + 1 == head->end)
        return -EAGAIN;
    if (stop[1] != '\n')
        return http_head_refuse_byte(head, '\r', NULL);
    *line_end = stop + 2;
    while (at < stop && is_blank(*at))
        at++;
    while (at < stop && is_blank(stop[-1]))
        stop--;
    *value = nk_slice_make(at, (size_t)(stop - at));
    return 0;
}

int http_field_read(struct http_head *head)
{
    struct http_request *request = head->request;
    if (request->header_count >= HTTP_HEADERS_MAX || request->header_count >= head->limits->lines)
        return http_head_refuse(head, 431, "more header fields than the limit (RFC 6585 5)");

    const char *const colon = http_char_skip(head->line, head->end, HTTP_CHAR_TOKEN);
    if (colon == head->end)
        return -EAGAIN;
    if (*colon != ':' || colon == head->line) {
        (void)refuse_name(head, colon);
        return name_field(head, colon);
    }
    struct http_header *header = &request->headers[request->header_count];
    header->name = nk_slice_make(head->line, (size_t)(colon - head->line));
    const char *line_end = NULL;
    int rc = read_value(head, colon + 1, &header->value, &line_end);
    const struct field_rule *rule = rule_of(header->name);
    if (rc == 0 && rule != NULL)
        rc = rule->read(head, header->value);
    if (rc == -EBADMSG)
        return name_field(head, colon);
    if (rc < 0)
        return rc;
    request->header_count++;
    head->line = line_end;
    return 0;
}
