#include "cat/cat_replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cat/cat_replay_input.h"

/* Room for every problem of a file. */
#define PROBLEM_TEXT_MAX 160

static void report_problem(const struct cat_replay_options *replay,
                           const struct cat_reporter *reporter,
                           const struct cat_recording_problem *problem, int error)
{
    char text[PROBLEM_TEXT_MAX];
    if (!problem->text) {
        reporter->failed(reporter->context, "replay", replay->file, error);
        return;
    }
    if (problem->line > 0)
        snprintf(text, sizeof(text), "line %" PRIu64 ": %s", problem->line, problem->text);
    else
        snprintf(text, sizeof(text), "%s", problem->text);
    reporter->failed_because(reporter->context, "replay", replay->file, error, text);
}

static bool is_for_datagrams(enum nk_scheme scheme)
{
    return scheme == NK_SCHEME_UDP || scheme == NK_SCHEME_UNIX_DGRAM;
}

/* As many answers as there were then are waited for; none when there was none. */
static void expect_answers(struct cat_options *options, const struct cat_recording_summary *summary)
{
    options->datagram.replies = summary->chunks[RECORD_RECEIVED];
    if (options->datagram.replies == 0)
        options->session.on_eof = CAT_ON_EOF_CLOSE;
}

enum exit_status cat_replay_run(const struct cat_options *options,
                                const struct cat_replay_options *replay,
                                const struct cat_reporter *reporter)
{
    enum nk_scheme scheme = options->address.scheme;
    bool keeps_records = is_for_datagrams(scheme) || scheme == NK_SCHEME_UNIX_SEQPACKET;
    struct cat_options changed = *options;
    struct cat_recording_problem problem;
    int error = cat_replay_input_open(&changed.replay, replay, keeps_records, &problem);
    if (error) {
        report_problem(replay, reporter, &problem, error);
        return EXIT_STATUS_FAILED;
    }
    enum exit_status status;
    if (is_for_datagrams(scheme)) {
        expect_answers(&changed, cat_replay_input_summary(changed.replay));
        status = cat_datagram_connect_run(&changed, reporter);
    } else {
        status = cat_connect_run(&changed, reporter);
    }
    cat_replay_input_close(changed.replay);
    return status;
}
