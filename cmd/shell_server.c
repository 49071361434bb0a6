/* `netkit shell server`, which is `netkit serve shell`, too: from the command line
 * to shell_service_run. */
#include "access.h"
#include "base/clock.h"
#include "command.h"
#include "report.h"
#include "serve.h"
#include "shell/shell_service.h"

#define DEFAULT_PORT 43211
#define DEFAULT_IDLE_TIMEOUT (600 * NK_NANOSECONDS_PER_SECOND)

#define SMALLEST_MAX_LINE 64
#define LARGEST_MAX_LINE (UINT64_C(1024) * 1024)

struct shell_server_options {
    struct common_options common;
    struct shell_options shell;
};

static const struct shell_server_options defaults = {
    .shell = SHELL_OPTIONS_DEFAULT,
    .shell.service.idle_timeout = DEFAULT_IDLE_TIMEOUT,
};

static const struct option_spec shell_options[] = {
    {
        .name = "root",
        .kind = OPTION_DIRECTORY,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_options, root),
        .argument = "DIR",
        .help = "the directory that nobody can leave",
    },
    {
        .name = "start",
        .kind = OPTION_DIRECTORY,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_options, start),
        .argument = "DIR",
        .help = "where sessions begin",
        .unset = "this directory, if it is in the root",
    },
    {
        .name = "token-file",
        .kind = OPTION_FILE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_options, token_file),
        .argument = "FILE",
        .help = "ask for the token in its first line",
    },
    {
        .name = "log",
        .kind = OPTION_FILE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_options, log),
        .argument = "FILE",
        .help = "write who does what, and when",
    },
    {
        .name = "compat",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_options, compat),
        .help = "speak the raw form, without lines or status",
    },
    {
        .name = "max-line",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct shell_options, max_line),
        .argument = "SIZE",
        .minimum = SMALLEST_MAX_LINE,
        .maximum = LARGEST_MAX_LINE,
        .help = "bytes of a request",
    },
};

static const struct option_table shell_option_table = {shell_options,
                                                       NK_ARRAY_LENGTH(shell_options)};

static const struct option_part parts[] = {
    {&shell_option_table, offsetof(struct shell_server_options, shell)},
    {&server_option_table, offsetof(struct shell_server_options, shell.service)},
    {&access_option_table, offsetof(struct shell_server_options, shell.service.access)},
    {&common_option_table, 0},
    {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_TCP, NK_SCHEME_UNIX};

static const struct server_rules rules = {schemes, NK_ARRAY_LENGTH(schemes), true};

static enum exit_status run(struct command_call *call)
{
    struct shell_server_options *options = call->options;
    struct service_options *service = &options->shell.service;
    enum exit_status status = EXIT_STATUS_OK;

    if (options->shell.compat && options->shell.token_file != NULL)
        status = command_usage_error(call->command->name,
                                     "--token-file has no effect with --compat, which has no way "
                                     "to ask for it");
    service->default_port = DEFAULT_PORT;
    if (status == EXIT_STATUS_OK)
        status = server_options_complete(call, &rules, service);
    if (status == EXIT_STATUS_OK) {
        struct report report;

        report_init(&report, &options->common);
        status = shell_service_run(&options->shell, &report.reporter);
        report_deinit(&report, status);
    }
    server_options_release(service);
    return status;
}

#define SUMMARY "let clients walk through a directory: pwd, cd, ls"

#define DESCRIPTION                                                                                \
    "Answer pwd, cd and ls in a directory, the current one by default, which no\n"                 \
    "client can leave. No file is ever opened or changed.\n"                                       \
    "Without ADDRESS listen on TCP port 43211 of this machine (127.0.0.1 and [::1]).\n"            \
    "A bare port is a port of this machine; ':PORT' is on every interface.\n"

/* The two names have all else in common; the braces are the caller's. */
#define SHARED                                                                                     \
    .summary = SUMMARY, .arguments = "[OPTION]... [ADDRESS]...", .description = DESCRIPTION,       \
    .parts = parts, .defaults = &defaults, .options_size = sizeof defaults,                        \
    .words = COMMAND_WORDS_ADDRESSES, .run = run

static const struct command_example shell_examples[] = {
    {"netkit shell server", "this directory, port 43211 of this machine"},
    {"netkit shell server --root /srv :43211", "a directory, on every interface"},
    {"netkit shell server --token-file secret 0", "for those who know the token"},
    {"netkit shell server --root / --start .", "the whole machine, beginning here"},
    {NULL, NULL},
};

static const struct command_example serve_examples[] = {
    {"netkit serve shell", "this directory, port 43211 of this machine"},
    {"netkit serve shell --root /srv :43211", "a directory, on every interface"},
    {"netkit serve shell unix:/tmp/shell", "a unix socket"},
    {NULL, NULL},
};

const struct command shell_server_command = {
    .name = "shell server",
    .examples = shell_examples,
    SHARED,
};

const struct command serve_shell_command = {
    .name = "serve shell",
    .examples = serve_examples,
    SHARED,
};
