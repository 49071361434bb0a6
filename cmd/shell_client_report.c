/* What a shell client tells its user, on standard error: the answers have standard
 * output for themselves. */
#include <errno.h>
#include <inttypes.h>

#include "base/error_text.h"
#include "failure.h"
#include "json_line.h"
#include "output.h"
#include "service/values.h"
#include "shell_client.h"

static bool has_summary; /* the totals at the end were written */

static const struct common_options *common_of(void *context)
{
    return context;
}

/* With --json an event, which --quiet takes away like a line. */
static bool writes_events(void *context)
{
    return common_of(context)->json && !common_of(context)->quiet;
}

static void write_line(const char *before, const char *address, const char *after)
{
    flockfile(stderr);
    fputs(before, stderr);
    output_visible(stderr, address);
    fputs(after, stderr);
    fputc('\n', stderr);
    fflush(stderr);
    funlockfile(stderr);
}

static void on_tried(void *context, const char *address, int error)
{
    char room[NK_ERROR_TEXT_MAX];
    char reason[NK_ERROR_TEXT_MAX + 2];

    if (common_of(context)->json || common_of(context)->verbosity == 0)
        return;
    if (error == -EINPROGRESS) {
        write_line("trying ", address, "");
        return;
    }
    snprintf(reason, sizeof reason, ": %s", nk_error_text(error, room));
    write_line("", address, reason);
}

static void on_connected(void *context, const char *address)
{
    if (writes_events(context)) {
        json_line_begin(stderr, "connected");
        json_line_string(stderr, "address", address);
        json_line_end(stderr);
    } else if (common_of(context)->verbosity > 0) {
        write_line("connected to ", address, "");
    }
}

static void on_lost(void *context, const char *address, const char *reason, uint64_t delay)
{
    char time[VALUE_TEXT_MAX];

    if (writes_events(context)) {
        json_line_begin(stderr, "lost");
        json_line_string(stderr, "address", address);
        json_line_string(stderr, "error", reason);
        json_line_seconds(stderr, "delay", delay);
        json_line_end(stderr);
    } else if (!common_of(context)->quiet) {
        output_error("no connection to '%s': %s; trying again in %s", address, reason,
                     value_print_duration(delay, time));
    }
}

static void on_answered(void *context, const struct shell_client_answer *answer)
{
    const char *error = answer->error != NULL ? answer->error : "";

    if (!common_of(context)->json) {
        if (answer->error != NULL)
            output_error("%s", error);
        return;
    }
    if (common_of(context)->quiet && answer->error == NULL)
        return;
    json_line_begin(stderr, "answer");
    json_line_string(stderr, "request", answer->request);
    json_line_string(stderr, "error", error);
    json_line_integer(stderr, "lines", answer->lines);
    json_line_seconds(stderr, "elapsed", answer->elapsed);
    json_line_end(stderr);
}

static void on_failed(void *context, const char *action, const char *object, int error,
                      const char *reason)
{
    const struct failure failure = {
        .action = action,
        .object = object,
        .error = error,
        .reason = reason,
    };

    failure_tell(&failure, common_of(context)->json ? stderr : NULL);
}

static void write_totals(const struct shell_client_totals *totals, bool final, int status)
{
    json_line_begin(stderr, final ? "summary" : "statistics");
    json_line_integer(stderr, "requests", totals->requests);
    json_line_integer(stderr, "failed", totals->failed);
    json_line_integer(stderr, "reconnects", totals->reconnects);
    json_line_integer(stderr, "bytes_sent", totals->sent);
    json_line_integer(stderr, "bytes_received", totals->received);
    json_line_seconds(stderr, "elapsed", totals->elapsed);
    if (final)
        json_line_integer(stderr, "status", (uint64_t)status);
    json_line_end(stderr);
}

static void on_totals(void *context, const struct shell_client_totals *totals, bool final,
                      int status)
{
    char sent[VALUE_TEXT_MAX];
    char received[VALUE_TEXT_MAX];
    char elapsed[VALUE_TEXT_MAX];

    has_summary = has_summary || final;
    if (writes_events(context) || (common_of(context)->json && !final)) {
        write_totals(totals, final, status);
        return;
    }
    if (final && (common_of(context)->verbosity == 0 || totals->elapsed == 0))
        return;
    fprintf(stderr, "%" PRIu64 " request%s, %" PRIu64 " failed, sent %s, received %s in %s\n",
            totals->requests, totals->requests == 1 ? "" : "s", totals->failed,
            value_show_bytes(totals->sent, sent), value_show_bytes(totals->received, received),
            value_show_time(totals->elapsed, elapsed));
    fflush(stderr); /* a signal may be what comes next */
}

void shell_client_report_end(const struct common_options *options, enum exit_status status)
{
    if (options->json && !options->quiet && !has_summary)
        write_totals(&(struct shell_client_totals){0}, true, (int)status);
}

struct shell_client_reporter shell_client_report(struct common_options *options)
{
    return (struct shell_client_reporter){
        .context = options,
        .tried = on_tried,
        .connected = on_connected,
        .lost = on_lost,
        .answered = on_answered,
        .failed = on_failed,
        .totals = on_totals,
    };
}
