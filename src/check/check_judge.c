#include "check/check_judge.h"

#include <errno.h>
#include <stdarg.h>

#include "check/check_demand.h"

/* More final answers than any case and its follow-up have. */
#define ANSWERS_MAX 8

/* What can be read of a transcript. */
struct reading {
    struct check_answer answers[ANSWERS_MAX]; /* the final ones */
    size_t count;
    size_t interim;        /* 1xx responses in front of them */
    bool says_close;       /* the last one */
    const char *problem;   /* why the rest cannot be read, or what is wrong; NULL = nothing */
    size_t problem_number; /* of the answer */
};

/* ---- what a case wants ---- */

static size_t count_words(const char *text)
{
    size_t count = 1;
    for (; *text != '\0'; text++)
        count += *text == ' ';
    return count;
}

static struct nk_slice word_at(const char *text, size_t index)
{
    struct nk_slice rest = nk_slice_of_string(text);
    for (; index > 0; index--)
        rest = nk_slice_from(rest, nk_slice_find(rest, ' ') + 1);
    return nk_slice_first(rest, nk_slice_find(rest, ' '));
}

static bool matches(struct nk_slice word, int status, int usual)
{
    static const struct nk_slice ok = NK_SLICE("ok"), none = NK_SLICE("-");
    if (nk_slice_equal(word, none) || status == 0)
        return status == 0 && nk_slice_equal(word, none);
    if (nk_slice_equal(word, ok))
        return status == usual;
    if (word.len == 3 && word.data[1] == 'x')
        return status / 100 == word.data[0] - '0';
    uint64_t number;
    return nk_slice_parse_decimal(word, &number) == 0 && (uint64_t)status == number;
}

bool check_status_is_allowed(struct nk_slice alternatives, int status, int usual)
{
    for (;;) {
        size_t slash = nk_slice_find(alternatives, '/');
        if (matches(nk_slice_first(alternatives, slash), status, usual))
            return true;
        if (slash == NK_SLICE_NOT_FOUND)
            return false;
        alternatives = nk_slice_from(alternatives, slash + 1);
    }
}

/* ---- reading ---- */

static void take_answer(struct reading *reading, const struct check_answer *answer)
{
    bool is_final = answer->status >= 200 || answer->status == 101;
    if (!reading->problem && answer->problem) {
        reading->problem = answer->problem;
        reading->problem_number = reading->count;
    }
    if (!is_final) {
        reading->interim++;
        return;
    }
    reading->says_close = answer->closes;
    reading->answers[reading->count++] = *answer;
}

static void read_transcript(const struct check_transcript *transcript, struct reading *reading)
{
    size_t wanted = count_words(transcript->what->answers);
    struct nk_slice rest = transcript->received;
    bool ended = transcript->end != CHECK_END_OPEN;
    *reading = (struct reading){0};
    while (rest.len > 0 && reading->count < ANSWERS_MAX) {
        struct check_answer answer;
        bool to_head = transcript->what->flags & CHECK_TO_HEAD && reading->count < wanted;
        ssize_t len = check_answer_read(&answer, rest, to_head, ended);
        if (len == -EAGAIN)
            return;
        if (len < 0) {
            reading->problem = answer.problem;
            reading->problem_number = reading->count;
            return;
        }
        take_answer(reading, &answer);
        rest = nk_slice_from(rest, (size_t)len);
    }
}

enum check_step check_next_step(const struct check_transcript *transcript)
{
    struct reading reading;
    if (transcript->end != CHECK_END_OPEN)
        return CHECK_STEP_DONE;
    read_transcript(transcript, &reading);
    if (transcript->has_then && reading.interim + reading.count > 0 && !reading.says_close)
        return CHECK_STEP_SEND_THEN;
    bool is_complete = reading.count >= count_words(transcript->what->answers);
    bool may_follow = !transcript->is_followed && !reading.says_close && !reading.problem &&
                      !(transcript->what->flags & CHECK_HALF_CLOSE);
    return is_complete && may_follow ? CHECK_STEP_FOLLOW_UP : CHECK_STEP_WAIT;
}

/* ---- judging ---- */

static void say(char text[static CHECK_TEXT_MAX], const char *format, ...) NK_FORMAT(2, 3);

static void say(char text[static CHECK_TEXT_MAX], const char *format, ...)
{
    size_t len = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + len, CHECK_TEXT_MAX - len, format, arguments);
    va_end(arguments);
}

static const char *end_text(enum check_end end)
{
    static const char *const texts[] = {
        [CHECK_END_OPEN] = "open",
        [CHECK_END_CLOSED] = "closed",
        [CHECK_END_RESET] = "reset",
        [CHECK_END_SILENT] = "nothing more came in time",
    };
    return texts[end];
}

/* "200 400, closed" */
static void say_what_came(const struct check_transcript *transcript, const struct reading *reading,
                          char text[static CHECK_TEXT_MAX])
{
    size_t wanted = count_words(transcript->what->answers);
    for (size_t i = 0; i < reading->count; i++) {
        const char *before = i == wanted && transcript->is_followed ? ", then " : " ";
        say(text, "%s%d", i == 0 ? "" : before, reading->answers[i].status);
    }
    say(text, "%s, %s", reading->count == 0 ? "nothing" : "", end_text(transcript->end));
}

static enum check_verdict fail(char text[static CHECK_TEXT_MAX], const char *problem)
{
    say(text, ": %s", problem);
    return CHECK_FAILED;
}

/* How the connection went on behind the answers. */
static enum check_verdict judge_end(const struct check_transcript *transcript,
                                    const struct reading *reading, char text[static CHECK_TEXT_MAX])
{
    size_t wanted = count_words(transcript->what->answers);
    unsigned flags = transcript->what->flags;
    bool goes_on = transcript->is_followed && reading->count > wanted;
    if (reading->count > wanted + (transcript->is_followed ? 1 : 0))
        return fail(text, "more answers than requests");
    if (goes_on && flags & CHECK_CLOSED)
        return fail(text, "the connection goes on");
    if (goes_on && reading->answers[wanted].status != transcript->subject->status)
        return fail(text, "the next request on the connection is not found where it begins");
    if (!goes_on && flags & CHECK_KEPT)
        return fail(text, "the connection does not go on");
    if (transcript->end == CHECK_END_SILENT && !goes_on)
        return fail(text, transcript->is_followed ? "the next request gets no answer"
                                                  : "the connection stays open");
    return CHECK_PASSED;
}

static enum check_verdict judge_answers(const struct check_transcript *transcript,
                                        const struct reading *reading,
                                        char text[static CHECK_TEXT_MAX])
{
    const struct check_case *what = transcript->what;
    size_t wanted = count_words(what->answers);
    for (size_t i = 0; i < wanted; i++) {
        int status = i < reading->count ? reading->answers[i].status : 0;
        bool has_ended = transcript->end != CHECK_END_SILENT;
        if (!check_status_is_allowed(word_at(what->answers, i), status,
                                     transcript->subject->status))
            return status == 0 ? fail(text, "an answer is missing") : CHECK_FAILED;
        if (status == 0)
            return has_ended ? CHECK_PASSED : fail(text, "neither an answer nor an end");
    }
    const char *problem = check_demand_find_problem(what->flags, &reading->answers[wanted - 1],
                                                    transcript->subject, reading->interim);
    return problem ? fail(text, problem) : judge_end(transcript, reading, text);
}

/* A frame of settings comes first (RFC 9113 3.4), and no response begins so. */
static bool is_http2(struct nk_slice received)
{
    return received.len > 3 && received.data[0] == '\0' && received.data[3] == '\x04';
}

enum check_verdict check_judge(const struct check_transcript *transcript,
                               char text[static CHECK_TEXT_MAX])
{
    struct reading reading;
    text[0] = '\0';
    if (transcript->what->flags & CHECK_MAY_BE_HTTP2 && is_http2(transcript->received)) {
        say(text, "HTTP/2");
        return CHECK_PASSED;
    }
    read_transcript(transcript, &reading);
    say_what_came(transcript, &reading, text);
    if (reading.problem) {
        say(text, ": response %zu: %s", reading.problem_number + 1, reading.problem);
        return CHECK_FAILED;
    }
    return judge_answers(transcript, &reading, text);
}
