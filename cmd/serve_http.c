/* `netkit serve http`: from the command line to http_service_run. */
#include "access.h"
#include "base/clock.h"
#include "command.h"
#include "http/http_service.h"
#include "report.h"
#include "serve.h"

#define DEFAULT_PORT 8080
#define DEFAULT_DEMO_PORT 43211
#define DEFAULT_KEEPALIVE_TIMEOUT (60 * NK_NANOSECONDS_PER_SECOND)

#define MILLISECOND NK_NANOSECONDS_PER_MILLISECOND
#define HOUR (UINT64_C(3600) * NK_NANOSECONDS_PER_SECOND)
#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)

struct serve_http_options {
    struct common_options common;
    struct http_options http;
};

static const struct serve_http_options defaults = {
    .http = HTTP_OPTIONS_DEFAULT,
    .http.service.idle_timeout = DEFAULT_KEEPALIVE_TIMEOUT,
};

static const struct option_spec http_options[] = {
    {
        .name = "root",
        .kind = OPTION_DIRECTORY,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, root),
        .argument = "DIR",
        .help = "the directory to serve",
    },
    {
        .name = "dotfiles",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, dotfiles),
        .help = "also serve names that begin with a dot",
    },
    {
        .name = "follow-symlinks",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, follow_symlinks),
        .help = "also follow links that leave the directory",
    },
    {
        .name = "demo",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, demo),
        .help = "serve three demonstration pages and no files",
    },
    {
        .name = "header-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct http_options, header_timeout),
        .argument = "TIME",
        .minimum = MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "to receive a whole request header",
    },
    {
        .name = "body-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct http_options, body_timeout),
        .argument = "TIME",
        .minimum = MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "between two parts of a request body",
    },
    {
        .name = "keepalive-timeout",
        .also = "idle-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct http_options, service.idle_timeout),
        .argument = "TIME",
        .maximum = 8760 * HOUR,
        .help = "between requests",
    },
    {
        .name = "send-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct http_options, send_timeout),
        .argument = "TIME",
        .minimum = MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "while a client takes nothing",
    },
    {
        .name = "keepalive-requests",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, keepalive_requests),
        .argument = "N",
        .maximum = UINT32_MAX,
        .help = "requests on a connection; 0: no limit",
    },
    {
        .name = "max-target",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, max_target),
        .argument = "SIZE",
        .minimum = 16,
        .maximum = MIB,
        .help = "bytes of a request target, else 414",
    },
    {
        .name = "max-header",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, max_header),
        .argument = "SIZE",
        .minimum = 256,
        .maximum = 16 * MIB,
        .help = "bytes of a request header, else 431",
    },
    {
        .name = "max-body",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, max_body),
        .argument = "SIZE",
        .maximum = KIB * MIB * MIB,
        .help = "bytes of a request body, else 413",
    },
};

static const struct option_table http_option_table = {http_options, NK_ARRAY_LENGTH(http_options)};

static const struct option_part parts[] = {
    {&http_option_table, offsetof(struct serve_http_options, http)},
    {&server_option_table, offsetof(struct serve_http_options, http.service)},
    {&access_option_table, offsetof(struct serve_http_options, http.service.access)},
    {&common_option_table, 0},
    {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_TCP, NK_SCHEME_HTTP, NK_SCHEME_UNIX};

static const struct server_rules rules = {schemes, NK_ARRAY_LENGTH(schemes), true};

/* Options that say something about files, of which --demo serves none. */
static const char *const file_options[] = {"root", "dotfiles", "follow-symlinks"};

static enum exit_status check_demo(const struct command_call *call)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(file_options); i++) {
        if (option_given(parts, &call->result, file_options[i]))
            return command_usage_error(call->command->name,
                                       "--%s has no effect with --demo, which serves no files",
                                       file_options[i]);
    }
    return EXIT_STATUS_OK;
}

static enum exit_status run(struct command_call *call)
{
    struct serve_http_options *options = call->options;
    struct service_options *service = &options->http.service;
    enum exit_status status = options->http.demo ? check_demo(call) : EXIT_STATUS_OK;

    service->default_port = options->http.demo ? DEFAULT_DEMO_PORT : DEFAULT_PORT;
    if (status == EXIT_STATUS_OK)
        status = server_options_complete(call, &rules, service);
    if (status == EXIT_STATUS_OK) {
        struct report report;

        report_init(&report, &options->common);
        status = http_service_run(&options->http, &report.reporter);
        report_deinit(&report, status);
    }
    server_options_release(service);
    return status;
}

static const struct command_example examples[] = {
    {"netkit serve http", "this directory, http://localhost:8080/"},
    {"netkit serve http --root /srv/www :80", "a directory, on every interface"},
    {"netkit serve http 9000 unix:/tmp/web", "a TCP port and a unix socket"},
    {"netkit serve http --json 0 2>events", "a free port, events for programs"},
    {NULL, NULL},
};

const struct command serve_http_command = {
    .name = "serve http",
    .summary = "serve a directory over HTTP/1.1",
    .arguments = "[OPTION]... [ADDRESS]...",
    .description =
        "Serve a directory, the current one by default, over HTTP/1.1 (GET and HEAD).\n"
        "Without ADDRESS listen on port 8080 of this machine (127.0.0.1 and [::1]), with\n"
        "--demo on 43211. A bare port is a port of this machine; ':PORT' is on every\n"
        "interface.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
