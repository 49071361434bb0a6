/* `netkit check http`: from the command line to check_http_run. */
#include "base/clock.h"
#include "check_report.h"
#include "command.h"
#include "dispatcher.h"

#define DEFAULT_PORT 80
#define HOUR (UINT64_C(3600) * NK_NANOSECONDS_PER_SECOND)

/* More is load, not a check; each takes a descriptor. */
#define MAX_PARALLEL 256

struct check_http_options {
    struct common_options common;
    struct check_options check;
};

static const struct check_http_options defaults = {.check = CHECK_OPTIONS_DEFAULT};

static const struct option_spec options[] = {
    {
        .name = "path",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct check_options, path),
        .argument = "PATH",
        .help = "of a resource that exists, at best a file",
    },
    {
        .name = "row",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct check_options, row),
        .argument = "N",
        .maximum = CHECK_ROWS,
        .help = "only the cases of this row of the table",
        .unset = "all",
    },
    {
        .name = "timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct check_options, timeout),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = HOUR,
        .help = "for each case",
    },
    {
        .name = "parallel",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_PERFORMANCE,
        .offset = offsetof(struct check_options, parallel),
        .argument = "N",
        .minimum = 1,
        .maximum = MAX_PARALLEL,
        .help = "cases at a time",
    },
    {
        .name = "dispatcher",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_PERFORMANCE,
        .offset = offsetof(struct check_options, dispatcher),
        .argument = "NAME",
        .choices = dispatcher_names,
        .help = "epoll, poll or select",
        .rare = true,
        .unset = "epoll",
    },
};

static const struct option_table table = {options, NK_ARRAY_LENGTH(options)};

static const struct option_part parts[] = {
    {&table, offsetof(struct check_http_options, check)},
    {&common_option_table, 0},
    {NULL, 0},
};

/* Whether the path can stand in a request line as it is. */
static bool is_path(const char *path)
{
    if (*path != '/')
        return false;
    for (; *path != '\0'; path++) {
        if (*path <= ' ' || *path == 0x7f || *path == '#' || *path == '{')
            return false;
    }
    return true;
}

/* The URL of the command line, without a scheme too, into mine->check. */
static enum exit_status take_url(const struct command_call *call)
{
    struct check_http_options *mine = call->options;
    struct nk_address *address = &mine->check.address;
    const char *word = call->result.words[0];
    const char *mistake = NULL;
    bool has_path;

    if (nk_address_parse(address, word, &mistake) != 0)
        return command_usage_error(call->command->name, "'%.300s': %s", word, mistake);
    if (address->scheme == NK_SCHEME_NONE || address->scheme == NK_SCHEME_TCP)
        address->scheme = NK_SCHEME_HTTP;
    if (address->scheme != NK_SCHEME_HTTP && address->scheme != NK_SCHEME_UNIX)
        return command_usage_error(call->command->name,
                                   "'%.300s': HTTP is spoken over TCP and unix stream sockets",
                                   word);
    if (!address->has_port && address->scheme == NK_SCHEME_HTTP)
        address->port = DEFAULT_PORT;
    address->has_port = address->scheme == NK_SCHEME_HTTP;
    has_path = address->scheme == NK_SCHEME_HTTP && address->path[0] != '\0' &&
               strcmp(address->path, "/") != 0;
    if (has_path && option_given(parts, &call->result, "path"))
        return command_usage_error(call->command->name, "--path has no effect: the URL has a path");
    if (has_path)
        mine->check.path = address->path;
    if (!is_path(mine->check.path))
        return command_usage_error(call->command->name,
                                   "'%.300s' is no path: it begins with '/' and is"
                                   " percent-encoded",
                                   mine->check.path);
    return EXIT_STATUS_OK;
}

static enum exit_status run(struct command_call *call)
{
    struct check_http_options *mine = call->options;
    struct check_report report;
    enum exit_status status;

    if (call->result.word_count == 0)
        return command_usage_error(call->command->name, "the URL of a server is needed");
    if (call->result.word_count > 1)
        return command_usage_error(call->command->name, "unexpected argument '%.300s'",
                                   call->result.words[1]);
    status = dispatcher_check(call, mine->check.dispatcher);
    if (status == EXIT_STATUS_OK)
        status = take_url(call);
    if (status != EXIT_STATUS_OK)
        return status;
    check_report_init(&report, &mine->common, call->result.words[0]);
    return check_report_finish(&report, check_http_run(&mine->check, &report.reporter));
}

static const struct command_example examples[] = {
    {"netkit check http http://localhost:8080/", "all cases, against a server of one's own"},
    {"netkit check http -v --row 7 localhost:8080", "a row of the table, case by case"},
    {"netkit check http --json http://localhost/logo.png", "one JSON object a line"},
    {NULL, NULL},
};

const struct command check_http_command = {
    .name = "check http",
    .summary = "see whether an HTTP server keeps the RFCs",
    .arguments = "[OPTION]... URL",
    .description = "Send the server at URL requests of every kind, good, odd and malicious, and\n"
                   "hold its answers against RFC 9110, 9112 and 3986. Only what failed is shown,\n"
                   "and a summary by section. Exit status 9: a MUST was not kept.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
