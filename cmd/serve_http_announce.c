#include "serve_http_announce.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "open_url.h"
#include "output.h"
#include "qr_code.h"
#include "reachable.h"

static const struct option_spec announce_options[] = {
    {
        .name = "open",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct serve_http_options, open),
        .help = "show it in a browser when it is ready",
        .rare = true,
    },
    {
        .name = "qr",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct serve_http_options, qr),
        .help = "draw the URL as a QR code on the terminal",
        .rare = true,
    },
};

const struct option_table serve_http_announce_table = {announce_options,
                                                       NK_ARRAY_LENGTH(announce_options)};

/* Code and hints are text for people on standard error. */
enum exit_status serve_http_check_announce(const struct command_call *call)
{
    const struct serve_http_options *options = call->options;

    if (options->qr && (options->common.json || options->common.quiet))
        return command_usage_error(call->command->name, "--qr has no effect with --%s",
                                   options->common.json ? "json" : "quiet");
    return EXIT_STATUS_OK;
}

static void say(const char *what, const char *url)
{
    flockfile(stderr);
    fputs(what, stderr);
    output_visible(stderr, url);
    fputc('\n', stderr);
    fflush(stderr);
    funlockfile(stderr);
}

static void say_reachable(void *context, const char *url)
{
    (void)context;
    say("other machines reach it at ", url);
}

/* Keeps the first one. */
static void keep_url(void *context, const char *url)
{
    char *first = context;

    if (*first == '\0')
        snprintf(first, REACHABLE_URL_MAX, "%s", url);
}

/* The pages about the server itself, under the first URL that this machine reaches. */
static void announce_reports(const struct announcer *announcer)
{
    const struct http_options *http = &announcer->options->http;
    char url[REACHABLE_URL_MAX];
    char page[REACHABLE_URL_MAX + sizeof "_/metrics"];
    size_t first = 0;

    while (first < announcer->address_count &&
           reachable_kind_of(announcer->addresses[first]) == REACHABLE_NOWHERE)
        first++;
    if (first == announcer->address_count)
        return;
    reachable_from_here(announcer->addresses[first], url);
    if (http->status) {
        snprintf(page, sizeof page, "%s_/status", url);
        say("its state is shown at ", page);
    }
    if (http->metrics) {
        snprintf(page, sizeof page, "%s_/metrics", url);
        say("its figures for Prometheus are at ", page);
    }
}

static void announce_hints(const struct announcer *announcer)
{
    bool is_only_here = true;

    for (size_t i = 0; i < announcer->address_count; i++) {
        enum reachable_kind kind = reachable_kind_of(announcer->addresses[i]);

        if (kind == REACHABLE_ANY || kind == REACHABLE_ANY_V4)
            reachable_each(announcer->addresses[i], say_reachable, NULL);
        is_only_here = is_only_here && kind == REACHABLE_HERE;
    }
    if (is_only_here && announcer->address_count > 0)
        fputs("only this machine reaches it; with --public others do, too\n", stderr);
    announce_reports(announcer);
    fflush(stderr);
}

/* The URL for a camera: one that its device reaches, if there is any. */
static void announce_code(const struct announcer *announcer, size_t columns)
{
    char url[REACHABLE_URL_MAX] = "";
    int error;

    for (size_t i = 0; i < announcer->address_count; i++)
        reachable_each(announcer->addresses[i], keep_url, url);
    for (size_t i = 0; i < announcer->address_count; i++) {
        if (reachable_kind_of(announcer->addresses[i]) != REACHABLE_NOWHERE)
            keep_url(url, announcer->addresses[i]);
    }
    if (*url == '\0') {
        nk_log(NK_LOG_WARNING, "there is no URL to draw: unix sockets have none");
        return;
    }
    error = qr_code_draw(stderr, url, columns);
    if (error == 0)
        say("", url);
    else
        nk_log(NK_LOG_WARNING, "cannot draw '%s': %s", url,
               error == -EMSGSIZE ? "the terminal is too narrow" : "it is too long for a code");
    fflush(stderr);
}

static void announce_page(const struct announcer *announcer)
{
    for (size_t i = 0; i < announcer->address_count; i++) {
        char url[REACHABLE_URL_MAX];

        if (reachable_kind_of(announcer->addresses[i]) == REACHABLE_NOWHERE)
            continue;
        reachable_from_here(announcer->addresses[i], url);
        open_url(url);
        return;
    }
    nk_log(NK_LOG_WARNING, "there is no URL to show: unix sockets have none");
}

/* Columns of the terminal that standard error is, 0 when it is none. */
static size_t terminal_columns(void)
{
    struct winsize size = {0};

    if (!isatty(STDERR_FILENO))
        return 0;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

static void on_ready(void *context)
{
    const struct announcer *announcer = nk_container_of(context, struct announcer, report);
    const struct common_options *common = &announcer->options->common;
    size_t columns = terminal_columns();

    if (columns > 0 && !common->json && !common->quiet)
        announce_hints(announcer);
    if (announcer->options->qr && columns > 0)
        announce_code(announcer, columns);
    else if (announcer->options->qr)
        nk_log(NK_LOG_WARNING, "--qr: standard error is no terminal to draw on");
    if (announcer->options->open)
        announce_page(announcer);
}

/* ---- in front of the report ---- */

static void on_listening(void *context, const char *address)
{
    struct announcer *announcer = nk_container_of(context, struct announcer, report);

    announcer->listening(context, address);
    if (announcer->address_count < NK_ARRAY_LENGTH(announcer->addresses)) {
        char *copy = strdup(address);

        if (copy != NULL)
            announcer->addresses[announcer->address_count++] = copy;
    }
}

void announcer_init(struct announcer *announcer, const struct serve_http_options *options)
{
    *announcer = (struct announcer){.options = options};
    report_init(&announcer->report, &options->common);
    announcer->listening = announcer->report.reporter.listening;
    announcer->report.reporter.listening = on_listening;
    announcer->report.reporter.ready = on_ready;
}

void announcer_deinit(struct announcer *announcer, enum exit_status status)
{
    open_url_forget();
    report_deinit(&announcer->report, status);
    for (size_t i = 0; i < announcer->address_count; i++)
        free(announcer->addresses[i]);
}
