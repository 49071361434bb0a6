/* Judges what a server has answered to a case. Pure: the bytes that came, and how
 * they ended, in; what to do next, or the verdict, out.
 *
 * When all answers to a case have come and the connection is still open, one more
 * request, the follow-up, shows whether the server has found the end of the case.
 */
#ifndef CHECK_CHECK_JUDGE_H
#define CHECK_CHECK_JUDGE_H

#include "check/check_case.h"
#include "check/check_subject.h"

/* The follow-up: no server goes on behind it. */
#define CHECK_FOLLOW_UP GET "Connection: close\r\n" END

/* How the connection has ended. */
enum check_end {
    CHECK_END_OPEN, /* it has not */
    CHECK_END_CLOSED,
    CHECK_END_RESET,
    CHECK_END_SILENT, /* nothing more came in time */
};

/* One case as it went. */
struct check_transcript {
    const struct check_case *what;
    const struct check_subject *subject;
    struct nk_slice received; /* everything */
    enum check_end end;
    bool has_then;    /* bytes wait to be sent with the first response */
    bool is_followed; /* the follow-up was sent */
};

enum check_step {
    CHECK_STEP_WAIT,      /* for more */
    CHECK_STEP_SEND_THEN, /* the bytes that waited */
    CHECK_STEP_FOLLOW_UP, /* send the follow-up */
    CHECK_STEP_DONE,      /* it can be judged */
};
enum check_step check_next_step(const struct check_transcript *transcript);

enum check_verdict { CHECK_PASSED, CHECK_FAILED, CHECK_SKIPPED };

#define CHECK_TEXT_MAX 200

/* Judges a transcript that is done. `text` receives what was answered and, behind a
 * colon, what is wrong with it, in words. */
enum check_verdict check_judge(const struct check_transcript *transcript,
                               char text[static CHECK_TEXT_MAX]);

/* Whether `status` (0 = no answer) is among the alternatives of one word: "4xx/ok/-".
 * `usual` is what "ok" means. */
bool check_status_is_allowed(struct nk_slice alternatives, int status, int usual);

#endif
