#include "check/check_demand.h"

#include "http/http_list.h"

/* A response of several ranges may be this much larger than the resource. */
#define RANGES_OVERHEAD 8192

static bool has_field(const struct check_answer *answer, const char *name)
{
    struct nk_slice value;
    return check_answer_field(answer, name, &value);
}

static bool field_starts_with(const struct check_answer *answer, const char *name,
                              const char *prefix)
{
    struct nk_slice value;
    return check_answer_field(answer, name, &value) &&
           nk_slice_starts_with(value, nk_slice_of_string(prefix));
}

static bool contains(struct nk_slice text, const char *word)
{
    for (; text.len > 0; text = nk_slice_from(text, 1))
        if (nk_slice_starts_with(text, nk_slice_of_string(word)))
            return true;
    return false;
}

static const char *check_allow(const struct check_answer *answer,
                               const struct check_subject *subject)
{
    (void)subject;
    return answer->status == 405 && !has_field(answer, "Allow") ? "a 405 without Allow" : NULL;
}

static const char *check_secret(const struct check_answer *answer,
                                const struct check_subject *subject)
{
    (void)subject;
    return contains(answer->body, "c2VjcmV0") ? "the credentials are sent back" : NULL;
}

static const char *check_passwd(const struct check_answer *answer,
                                const struct check_subject *subject)
{
    (void)subject;
    return contains(answer->body, "root:x:0:0:") ? "this is /etc/passwd" : NULL;
}

static const char *check_injection(const struct check_answer *answer,
                                   const struct check_subject *subject)
{
    (void)subject;
    return has_field(answer, "X-Netkit-Check") ? "the path became a header line" : NULL;
}

static const char *check_range(const struct check_answer *answer,
                               const struct check_subject *subject)
{
    (void)subject;
    if (answer->status != 206)
        return NULL;
    if (!field_starts_with(answer, "Content-Range", "bytes 0-0/"))
        return "a 206 without the Content-Range bytes 0-0";
    return answer->is_chunked || answer->body.len == 1 ? NULL : "it is not one byte";
}

static const char *check_unsatisfied(const struct check_answer *answer,
                                     const struct check_subject *subject)
{
    (void)subject;
    bool is_silent =
        answer->status == 416 && !field_starts_with(answer, "Content-Range", "bytes */");
    return is_silent ? "a 416 without Content-Range" : NULL;
}

static const char *check_bounds(const struct check_answer *answer,
                                const struct check_subject *subject)
{
    bool is_large = answer->body.len > 2 * subject->size + RANGES_OVERHEAD;
    return is_large ? "many times larger than the resource" : NULL;
}

static const char *check_tag(const struct check_answer *answer, const struct check_subject *subject)
{
    struct nk_slice tag;
    bool is_same = check_answer_field(answer, "ETag", &tag) &&
                   nk_slice_equal(tag, nk_slice_of_string(subject->tag));
    return is_same ? NULL : "a 304 without the ETag of the resource";
}

static const char *check_head(const struct check_answer *answer,
                              const struct check_subject *subject)
{
    struct nk_slice tag = {NULL, 0};
    (void)check_answer_field(answer, "ETag", &tag);
    if (tag.len <= CHECK_TAG_MAX && !nk_slice_equal(tag, nk_slice_of_string(subject->tag)))
        return "another ETag than that of GET";
    if (has_field(answer, "Content-Type") != subject->has_type)
        return "Content-Type is not as with GET";
    struct nk_slice text;
    uint64_t length = 0;
    bool is_other = !subject->is_chunked && check_answer_field(answer, "Content-Length", &text) &&
                    (nk_slice_parse_decimal(text, &length) < 0 || length != subject->size);
    return is_other ? "another Content-Length than that of GET" : NULL;
}

static const char *check_date(const struct check_answer *answer,
                              const struct check_subject *subject)
{
    (void)subject;
    return has_field(answer, "Date") ? NULL : "no Date";
}

static const char *check_type(const struct check_answer *answer,
                              const struct check_subject *subject)
{
    return subject->size == 0 || has_field(answer, "Content-Type") ? NULL : "no Content-Type";
}

static const char *check_close(const struct check_answer *answer,
                               const struct check_subject *subject)
{
    (void)subject;
    struct nk_slice options;
    bool is_said =
        check_answer_field(answer, "Connection", &options) && http_list_has(options, "close");
    return is_said ? NULL : "no Connection: close";
}

static const struct {
    enum check_flag flag;
    const char *(*find_problem)(const struct check_answer *answer,
                                const struct check_subject *subject);
} demands[] = {
    {CHECK_ALLOW, check_allow},      {CHECK_NO_SECRET, check_secret},
    {CHECK_NO_PASSWD, check_passwd}, {CHECK_NO_INJECTION, check_injection},
    {CHECK_RANGE, check_range},      {CHECK_UNSATISFIED, check_unsatisfied},
    {CHECK_BOUNDED, check_bounds},   {CHECK_TAG, check_tag},
    {CHECK_LIKE_GET, check_head},    {CHECK_DATE, check_date},
    {CHECK_TYPE, check_type},        {CHECK_SAYS_CLOSE, check_close},
};

const char *check_demand_find_problem(unsigned flags, const struct check_answer *answer,
                                      const struct check_subject *subject, size_t interim)
{
    if (flags & CHECK_NO_INTERIM && interim > 0)
        return "a 1xx response to HTTP/1.0";
    if (flags & CHECK_INTERIM && interim == 0 && answer->status == subject->status &&
        !answer->closes)
        return "no 100 in front of it";
    for (size_t i = 0; i < NK_ARRAY_LENGTH(demands); i++) {
        const char *problem =
            flags & demands[i].flag ? demands[i].find_problem(answer, subject) : NULL;
        if (problem)
            return problem;
    }
    return NULL;
}
