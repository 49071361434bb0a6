/* `netkit serve echo`: from the command line to echo_service_run. */
#include "command.h"
#include "echo/echo_service.h"
#include "report.h"
#include "serve.h"

#define DEFAULT_PORT 43211

struct serve_echo_options {
    struct common_options common;
    struct echo_options echo;
};

static const struct serve_echo_options defaults = {
    .echo.service = SERVICE_OPTIONS_DEFAULT,
};

static const struct option_part parts[] = {
    {&server_option_table, offsetof(struct serve_echo_options, echo.service)},
    {&common_option_table, 0},
    {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_TCP, NK_SCHEME_UNIX};

static const struct server_rules rules = {schemes, NK_ARRAY_LENGTH(schemes), false};

static enum exit_status run(struct command_call *call)
{
    struct serve_echo_options *options = call->options;
    struct service_options *service = &options->echo.service;
    enum exit_status status = server_options_complete(call, &rules, service);

    service->default_port = DEFAULT_PORT;
    if (status == EXIT_STATUS_OK) {
        struct report report;

        report_init(&report, &options->common);
        status = echo_service_run(&options->echo, &report.reporter);
        report_deinit(&report, status);
    }
    free(service->addresses);
    return status;
}

static const struct command_example examples[] = {
    {"netkit serve echo", "port 43211, reachable from this machine"},
    {"netkit serve echo --public 7", "the port of RFC 862, on every interface"},
    {"netkit serve echo unix:/tmp/echo", "a unix stream socket"},
    {"netkit serve echo --idle-timeout 5m", "drop clients silent for five minutes"},
    {NULL, NULL},
};

const struct command serve_echo_command = {
    .name = "serve echo",
    .summary = "send every byte back to its sender (RFC 862)",
    .arguments = "[OPTION]... [ADDRESS]...",
    .description =
        "Send every byte back to its sender (RFC 862), over TCP and unix stream sockets.\n"
        "Without ADDRESS listen on port 43211 of this machine (127.0.0.1 and [::1]).\n"
        "A bare port is a port of this machine; ':PORT' is on every interface.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
