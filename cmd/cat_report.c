/* What connect and listen tell their user, on standard error: the data has
 * standard output for itself. */
#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/error_text.h"
#include "cat.h"
#include "cat/hexdump.h"
#include "failure.h"
#include "json_line.h"
#include "output.h"
#include "progress_line.h"
#include "service/values.h"

/* The progress of the one connection that this program has; whatever else is
 * written has to take it away first. */
static struct progress_line progress_line;
static bool shows_progress;
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

static void write_event(const char *event, const char *address)
{
    json_line_begin(stderr, event);
    json_line_string(stderr, "address", address);
    json_line_end(stderr);
}

static void write_line(const char *before, const char *address)
{
    progress_line_clear(&progress_line, stderr);
    flockfile(stderr);
    fputs(before, stderr);
    output_visible(stderr, address);
    fputc('\n', stderr);
    fflush(stderr);
    funlockfile(stderr);
}

static void on_listening(void *context, const char *address)
{
    if (writes_events(context))
        write_event("listening", address);
    else if (!common_of(context)->quiet)
        write_line("listening on ", address);
}

static void on_connected(void *context, const char *address)
{
    if (writes_events(context))
        write_event("connected", address);
    else if (common_of(context)->verbosity > 0)
        write_line("connected to ", address);
}

static void on_tried(void *context, const char *address, int error)
{
    char room[NK_ERROR_TEXT_MAX];

    if (common_of(context)->json || common_of(context)->verbosity == 0)
        return;
    if (error == -EINPROGRESS) {
        write_line("trying ", address);
        return;
    }
    progress_line_clear(&progress_line, stderr);
    flockfile(stderr);
    output_visible(stderr, address);
    fprintf(stderr, ": %s\n", nk_error_text(error, room));
    fflush(stderr);
    funlockfile(stderr);
}

static void on_failed_because(void *context, const char *action, const char *object, int error,
                              const char *reason)
{
    const struct failure failure = {
        .action = action,
        .object = object,
        .error = error,
        .reason = reason,
    };

    progress_line_clear(&progress_line, stderr);
    failure_tell(&failure, common_of(context)->json ? stderr : NULL);
}

static void on_failed(void *context, const char *action, const char *object, int error)
{
    on_failed_because(context, action, object, error, NULL);
}

static void on_hexdump(void *context, const char *lines)
{
    if (!common_of(context)->json) {
        progress_line_clear(&progress_line, stderr);
        fputs(lines, stderr);
        fflush(stderr);
        return;
    }
    while (*lines != '\0') {
        char line[HEXDUMP_LINE_MAX];
        size_t len = strcspn(lines, "\n");

        snprintf(line, sizeof line, "%.*s", (int)len, lines);
        json_line_begin(stderr, "hexdump");
        json_line_string(stderr, "line", line);
        json_line_end(stderr);
        lines += len + (lines[len] == '\n');
    }
}

/* "exit status 3", "SIGTERM", or "signal 35" for one without a name. */
static void show_exit(const struct cat_child_exit *end, char *text, size_t size)
{
    const char *name = sigabbrev_np(end->signal_number);

    if (end->signal_number == 0)
        snprintf(text, size, "exit status %d", end->status);
    else if (name != NULL)
        snprintf(text, size, "SIG%s", name);
    else
        snprintf(text, size, "signal %d", end->signal_number);
}

static void write_command_end(const struct cat_command_end *end, const char *how)
{
    json_line_begin(stderr, "command_ended");
    json_line_string(stderr, "address", end->address);
    json_line_integer(stderr, "pid", (uint64_t)end->pid);
    if (end->exit.signal_number != 0)
        json_line_string(stderr, "signal", how);
    else
        json_line_integer(stderr, "status", (uint64_t)end->exit.status);
    json_line_end(stderr);
}

/* That the program fails is told in any case. */
static void on_command_ended(void *context, const struct cat_command_end *end)
{
    bool is_failure = end->has_failed && end->decides;
    char how[64];

    show_exit(&end->exit, how, sizeof how);
    if (common_of(context)->json) {
        if (is_failure || !common_of(context)->quiet)
            write_command_end(end, how);
    } else if (is_failure) {
        progress_line_clear(&progress_line, stderr);
        output_error("'%s' failed: %s", end->command, how);
    } else if (end->has_failed && common_of(context)->verbosity > 0) {
        progress_line_clear(&progress_line, stderr);
        flockfile(stderr);
        output_visible(stderr, end->address);
        fprintf(stderr, ": the command failed: %s\n", how);
        fflush(stderr);
        funlockfile(stderr);
    }
}

static void write_progress_event(const struct cat_progress *progress)
{
    json_line_begin(stderr, "progress");
    json_line_integer(stderr, "bytes_sent", progress->sent);
    json_line_integer(stderr, "bytes_received", progress->received);
    json_line_integer(stderr, "rate", progress->rate);
    json_line_seconds(stderr, "elapsed", progress->elapsed);
    if (progress->left != NK_NEVER)
        json_line_seconds(stderr, "left", progress->left);
    json_line_end(stderr);
}

static void on_progress(void *context, const struct cat_progress *progress)
{
    char sent[VALUE_TEXT_MAX];
    char received[VALUE_TEXT_MAX];
    char rate[VALUE_TEXT_MAX];
    char time[VALUE_TEXT_MAX];
    char text[5 * VALUE_TEXT_MAX];

    if (common_of(context)->json) {
        write_progress_event(progress);
        return;
    }
    int len =
        snprintf(text, sizeof text, "sent %s, received %s, %s/s, %s",
                 value_show_bytes(progress->sent, sent),
                 value_show_bytes(progress->received, received),
                 value_show_bytes(progress->rate, rate), value_show_time(progress->elapsed, time));
    if (progress->left != NK_NEVER)
        snprintf(text + len, sizeof text - (size_t)len, ", %s left",
                 value_show_time(progress->left, time));
    progress_line_show(&progress_line, stderr, text);
    shows_progress = true;
}

static void on_joined(void *context, uint64_t number, const char *address)
{
    if (writes_events(context)) {
        json_line_begin(stderr, "connected");
        json_line_string(stderr, "address", address);
        json_line_integer(stderr, "client", number);
        json_line_end(stderr);
    } else if (common_of(context)->verbosity > 0) {
        flockfile(stderr);
        fprintf(stderr, "client %" PRIu64 " connected from ", number);
        output_visible(stderr, address);
        fputc('\n', stderr);
        fflush(stderr);
        funlockfile(stderr);
    }
}

static void write_departure(const struct cat_client_end *end, const char *reason)
{
    json_line_begin(stderr, "disconnected");
    json_line_string(stderr, "address", end->address);
    json_line_integer(stderr, "client", end->number);
    json_line_integer(stderr, "bytes_sent", end->sent);
    json_line_integer(stderr, "bytes_received", end->received);
    json_line_string(stderr, "error", reason);
    json_line_end(stderr);
}

static void on_left(void *context, const struct cat_client_end *end)
{
    char room[NK_ERROR_TEXT_MAX];
    char sent[VALUE_TEXT_MAX];
    char received[VALUE_TEXT_MAX];
    const char *reason = end->error != 0 ? nk_error_text(end->error, room) : "";

    if (end->is_cut_off)
        reason = "takes nothing while others wait";
    if (writes_events(context)) {
        write_departure(end, reason);
    } else if (end->is_cut_off && !common_of(context)->quiet) {
        output_error("warning: cut off client %" PRIu64 ", '%s', which %s", end->number,
                     end->address, reason);
    } else if (common_of(context)->verbosity > 0) {
        fprintf(stderr, "client %" PRIu64 " disconnected: sent %s, received %s%s%s\n", end->number,
                value_show_bytes(end->sent, sent), value_show_bytes(end->received, received),
                *reason != '\0' ? ": " : "", reason);
        fflush(stderr);
    }
}

static void write_totals_event(const struct cat_totals *totals, bool final, int status)
{
    json_line_begin(stderr, final ? "summary" : "statistics");
    json_line_integer(stderr, "bytes_sent", totals->sent);
    json_line_integer(stderr, "bytes_received", totals->received);
    json_line_integer(stderr, "datagrams_dropped", totals->datagrams_dropped);
    if (totals->has_denied)
        json_line_integer(stderr, "denied", totals->denied);
    if (totals->has_clients) {
        json_line_integer(stderr, "clients", totals->clients);
        json_line_integer(stderr, "active", totals->active);
    }
    json_line_seconds(stderr, "elapsed", totals->elapsed);
    if (final)
        json_line_integer(stderr, "status", (uint64_t)status);
    json_line_end(stderr);
}

static void write_totals(const struct cat_totals *totals)
{
    char sent[VALUE_TEXT_MAX];
    char received[VALUE_TEXT_MAX];
    char elapsed[VALUE_TEXT_MAX];

    fprintf(stderr, "sent %s, received %s in %s", value_show_bytes(totals->sent, sent),
            value_show_bytes(totals->received, received),
            value_show_time(totals->elapsed, elapsed));
    if (totals->datagrams_dropped > 0)
        fprintf(stderr, "; %" PRIu64 " datagram%s dropped", totals->datagrams_dropped,
                totals->datagrams_dropped == 1 ? "" : "s");
    if (totals->denied > 0)
        fprintf(stderr, "; %" PRIu64 " denied", totals->denied);
    if (totals->has_clients)
        fprintf(stderr, "; %" PRIu64 " client%s, %" PRIu64 " there now", totals->clients,
                totals->clients == 1 ? "" : "s", totals->active);
    fputc('\n', stderr);
    fflush(stderr); /* a signal may be what comes next */
}

/* Those in between were asked for; those at the end only if there was anything to count. */
static void on_totals(void *context, const struct cat_totals *totals, bool final, int status)
{
    const struct common_options *common = common_of(context);
    bool is_talkative = common->verbosity > 0 || shows_progress;

    has_summary = has_summary || final;
    progress_line_clear(&progress_line, stderr);
    if (common->json && final && common->quiet)
        return;
    if (common->json)
        write_totals_event(totals, final, status);
    else if (!final || (is_talkative && totals->elapsed > 0))
        write_totals(totals);
}

void cat_report_end(const struct common_options *options, enum exit_status status)
{
    if (options->json && !options->quiet && !has_summary)
        write_totals_event(&(struct cat_totals){0}, true, (int)status);
}

struct cat_reporter cat_report(struct common_options *options)
{
    return (struct cat_reporter){
        .context = options,
        .listening = on_listening,
        .tried = on_tried,
        .connected = on_connected,
        .joined = on_joined,
        .left = on_left,
        .failed = on_failed,
        .failed_because = on_failed_because,
        .command_ended = on_command_ended,
        .hexdump = on_hexdump,
        .progress = on_progress,
        .totals = on_totals,
    };
}
