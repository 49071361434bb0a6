#include "check/check_subject.h"

#include <errno.h>
#include <inttypes.h>

/* Nothing has this name, and the follow-up of a hidden request shows. */
#define MISSING_PATH "/netkit-check/there-is-no-such-resource"

static void copy(struct nk_slice from, char *to, size_t size)
{
    if (from.len < size) {
        memcpy(to, from.data, from.len);
        to[from.len] = '\0';
    }
}

/* The other two forms of "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7). */
static void print_dates(struct check_subject *subject)
{
    static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
    const char *date = subject->modified;
    const char *day = NULL;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(days); i++)
        if (strncmp(days[i], date, 3) == 0)
            day = days[i];
    if (strlen(date) != 29 || !day || strcmp(date + 25, " GMT") != 0) {
        subject->modified[0] = '\0';
        return;
    }
    snprintf(subject->modified_850, CHECK_DATE_SIZE, "%s, %.2s-%.3s-%.2s %.8s GMT", day, date + 5,
             date + 8, date + 14, date + 17);
    snprintf(subject->modified_asctime, CHECK_DATE_SIZE, "%.3s %.3s %c%c %.8s %.4s", date, date + 8,
             date[5] == '0' ? ' ' : date[5], date[6], date + 17, date + 12);
}

void check_subject_learn(struct check_subject *subject, const struct check_answer *answer)
{
    struct nk_slice value;
    subject->status = answer->status;
    subject->size = answer->body.len;
    subject->is_chunked = answer->is_chunked;
    subject->has_type = check_answer_field(answer, "Content-Type", &value);
    if (check_answer_field(answer, "ETag", &value))
        copy(value, subject->tag, sizeof(subject->tag));
    if (check_answer_field(answer, "Last-Modified", &value))
        copy(value, subject->modified, sizeof(subject->modified));
    print_dates(subject);
}

/* ---- requests ---- */

static int append_text(struct nk_buffer *out, const char *text)
{
    return nk_buffer_append(out, nk_slice_of_string(text));
}

static int append_validator(struct nk_buffer *out, const char *value)
{
    return *value == '\0' ? -ENODATA : append_text(out, value);
}

static int append_letters(struct nk_buffer *out, uint64_t count)
{
    int error = 0;
    for (uint64_t i = 0; i < count && !error; i++)
        error = nk_buffer_append(out, nk_slice_make("x", 1));
    return error;
}

static int append_fields(struct nk_buffer *out, uint64_t count)
{
    int error = 0;
    for (uint64_t i = 0; i < count && !error; i++) {
        char line[48];
        snprintf(line, sizeof(line), "X-Check-%" PRIu64 ": 1\r\n", i);
        error = append_text(out, line);
    }
    return error;
}

/* A weak tag stays as it is. */
static int append_weak(struct nk_buffer *out, const char *tag)
{
    int error = strncmp(tag, "W/", 2) == 0 ? 0 : append_text(out, "W/");
    return error ? error : append_validator(out, tag);
}

/* Appends what `word` stands for. */
static int append_word(struct nk_buffer *out, const struct check_subject *subject,
                       struct nk_slice word)
{
    const struct {
        const char *word;
        const char *value;
    } values[] = {
        {"path", subject->path},
        {"missing", MISSING_PATH},
        {"host", subject->host},
        {"etag", subject->tag},
        {"modified", subject->modified},
        {"modified850", subject->modified_850},
        {"modifiedasc", subject->modified_asctime},
    };
    size_t colon = nk_slice_find(word, ':');
    struct nk_slice name = nk_slice_first(word, colon);
    uint64_t count = 0;
    if (colon != NK_SLICE_NOT_FOUND &&
        nk_slice_parse_decimal(nk_slice_from(word, colon + 1), &count) < 0)
        return -EINVAL;
    if (nk_slice_equal(name, nk_slice_of_string("x")))
        return append_letters(out, count);
    if (nk_slice_equal(name, nk_slice_of_string("fields")))
        return append_fields(out, count);
    if (nk_slice_equal(name, nk_slice_of_string("weak")))
        return append_weak(out, subject->tag);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(values); i++)
        if (nk_slice_equal(name, nk_slice_of_string(values[i].word)))
            return append_validator(out, values[i].value);
    return -EINVAL;
}

int check_request_make(const struct check_subject *subject, struct nk_slice template,
                       struct nk_buffer *first, struct nk_buffer *then)
{
    static const struct nk_slice divider = NK_SLICE("then");
    struct nk_buffer *out = first;
    int error = 0;
    while (template.len > 0 && !error) {
        size_t open = nk_slice_find(template, '{');
        error = nk_buffer_append(out, nk_slice_first(template, open));
        if (error || open == NK_SLICE_NOT_FOUND)
            break;
        template = nk_slice_from(template, open + 1);
        size_t close = nk_slice_find(template, '}');
        struct nk_slice word = nk_slice_first(template, close);
        if (nk_slice_equal(word, divider))
            out = then;
        else
            error = append_word(out, subject, word);
        template = nk_slice_from(template, close + 1);
    }
    return error;
}
