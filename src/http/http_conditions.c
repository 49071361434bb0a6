#include "http/http_conditions.h"

#include "http/http_date.h"

static bool is_named(const struct http_header *header, const char *name)
{
    return nk_slice_equal_ignoring_case(header->name, nk_slice_of_string(name));
}

unsigned http_request_asks(const struct http_request *request)
{
    static const struct {
        const char *name;
        enum http_asks asks;
    } names[] = {
        [5] = {"range", HTTP_ASKS_RANGE},
        [8] = {"if-match", HTTP_ASKS_CONDITION},
        [13] = {"if-none-match", HTTP_ASKS_CONDITION},
        [15] = {"accept-encoding", HTTP_ASKS_CODING},
        [17] = {"if-modified-since", HTTP_ASKS_CONDITION},
        [19] = {"if-unmodified-since", HTTP_ASKS_CONDITION},
    };
    unsigned asks = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct nk_slice name = request->headers[i].name;
        if (name.len < NK_ARRAY_LENGTH(names) && names[name.len].name != NULL &&
            is_named(&request->headers[i], names[name.len].name))
            asks |= names[name.len].asks;
    }
    return asks;
}

/* The value of the only field of that name; *count receives how many there are. */
static struct nk_slice only_value(const struct http_request *request, const char *name,
                                  size_t *count)
{
    struct nk_slice value = {NULL, 0};
    *count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        if (is_named(&request->headers[i], name)) {
            value = request->headers[i].value;
            ++*count;
        }
    }
    return value;
}

/* ---- entity tags (RFC 9110 8.8.3) ---- */

struct tag {
    struct nk_slice opaque; /* with its quotes */
    bool is_weak;
};

/* Takes an entity tag off the front. Returns false at anything else. */
static bool take_tag(struct nk_slice *rest, struct tag *tag)
{
    static const struct nk_slice weak = NK_SLICE("W/");
    tag->is_weak = nk_slice_starts_with(*rest, weak);
    if (tag->is_weak)
        *rest = nk_slice_from(*rest, weak.len);
    if (rest->len == 0 || rest->data[0] != '"')
        return false;
    const size_t quote = nk_slice_find(nk_slice_from(*rest, 1), '"');
    if (quote == NK_SLICE_NOT_FOUND)
        return false;
    tag->opaque = nk_slice_first(*rest, quote + 2);
    *rest = nk_slice_from(*rest, quote + 2);
    return true;
}

enum comparison { WEAKLY, STRONGLY }; /* RFC 9110 8.8.3.2 */

static bool is_same(const struct tag *tag, const struct http_validators *validators,
                    enum comparison how)
{
    return validators->etag.len > 0 && nk_slice_equal(tag->opaque, validators->etag) &&
           (how == WEAKLY || !tag->is_weak);
}

/* Takes commas and the white space around them off the front. Returns how many
 * commas there were. */
static size_t take_commas(struct nk_slice *rest)
{
    size_t commas = 0;
    while (rest->len > 0 &&
           (rest->data[0] == ',' || rest->data[0] == ' ' || rest->data[0] == '\t')) {
        commas += rest->data[0] == ',';
        *rest = nk_slice_from(*rest, 1);
    }
    return commas;
}

/* Whether the list holds the tag; what comes behind something that is no tag is
 * not looked at. "*" holds every tag. */
static bool list_holds(struct nk_slice list, const struct http_validators *validators,
                       enum comparison how)
{
    struct tag tag;
    if (list.len == 1 && list.data[0] == '*')
        return true;
    (void)take_commas(&list);
    while (take_tag(&list, &tag)) {
        const bool is_alone = take_commas(&list) == 0;
        if (is_alone && list.len > 0)
            return false;
        if (is_same(&tag, validators, how))
            return true;
    }
    return false;
}

/* The lists of all fields of that name are one list (RFC 9110 5.3). */
static bool any_list_holds(const struct http_request *request, const char *name,
                           const struct http_validators *validators, enum comparison how)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (is_named(&request->headers[i], name) &&
            list_holds(request->headers[i].value, validators, how))
            return true;
    }
    return false;
}

/* ---- conditions ---- */

static bool has(const struct http_request *request, const char *name)
{
    return http_request_header(request, name) != NULL;
}

/* The date of the only field of that name. */
static bool read_date(const struct http_request *request, const char *name, uint64_t now,
                      int64_t *date)
{
    size_t count;
    const struct nk_slice value = only_value(request, name, &count);
    return count == 1 && http_date_parse(value, now, date) == 0;
}

static bool fails(const struct http_request *request, const struct http_validators *validators,
                  uint64_t now)
{
    int64_t date;
    if (has(request, "If-Match"))
        return !any_list_holds(request, "If-Match", validators, STRONGLY);
    return read_date(request, "If-Unmodified-Since", now, &date) && validators->modified > date;
}

static bool is_known(const struct http_request *request, const struct http_validators *validators,
                     uint64_t now)
{
    int64_t date;
    if (has(request, "If-None-Match"))
        return any_list_holds(request, "If-None-Match", validators, WEAKLY);
    return (request->method == HTTP_METHOD_GET || request->method == HTTP_METHOD_HEAD) &&
           read_date(request, "If-Modified-Since", now, &date) && validators->modified <= date;
}

enum http_verdict http_conditions_judge(const struct http_request *request,
                                        const struct http_validators *validators, uint64_t now)
{
    if (fails(request, validators, now))
        return HTTP_VERDICT_FAILED;
    if (!is_known(request, validators, now))
        return HTTP_VERDICT_GO_ON;
    return request->method == HTTP_METHOD_GET || request->method == HTTP_METHOD_HEAD
               ? HTTP_VERDICT_NOT_MODIFIED
               : HTTP_VERDICT_FAILED;
}

bool http_conditions_need_tag(const struct http_request *request)
{
    static const struct http_validators none = {.etag = {NULL, 0}};
    return has(request, "If-Match") && !any_list_holds(request, "If-Match", &none, STRONGLY);
}

/* Whether If-Range names exactly this state (RFC 9110 13.1.5). A date does when the second
 * that it tells is over: until then the file may change in it again (8.8.2.2). */
static bool is_this_state(struct nk_slice value, const struct http_validators *validators,
                          uint64_t now)
{
    struct tag tag;
    int64_t date;
    if (take_tag(&value, &tag))
        return value.len == 0 && is_same(&tag, validators, STRONGLY);
    return http_date_parse(value, now, &date) == 0 && date == validators->modified &&
           date < (int64_t)now;
}

bool http_conditions_allow_range(const struct http_request *request,
                                 const struct http_validators *validators, uint64_t now,
                                 struct nk_slice *range)
{
    size_t count;
    *range = only_value(request, "Range", &count);
    if (count != 1 || request->method != HTTP_METHOD_GET)
        return false;
    const struct nk_slice state = only_value(request, "If-Range", &count);
    return count == 0 || (count == 1 && is_this_state(state, validators, now));
}
