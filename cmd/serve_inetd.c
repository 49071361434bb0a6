/* `netkit serve discard|chargen|daytime|time`: four commands that differ in
 * nothing but what is served. */
#include "access.h"
#include "command.h"
#include "echo/inetd_service.h"
#include "report.h"
#include "serve.h"

#define DEFAULT_PORT 43211

struct serve_inetd_options {
    struct common_options common;
    struct inetd_options inetd;
};

static const struct serve_inetd_options defaults = {
    .inetd.service = SERVICE_OPTIONS_DEFAULT,
};

static const struct option_part parts[] = {
    {&server_option_table, offsetof(struct serve_inetd_options, inetd.service)},
    {&access_option_table, offsetof(struct serve_inetd_options, inetd.service.access)},
    {&common_option_table, 0},
    {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_TCP, NK_SCHEME_UDP, NK_SCHEME_UNIX,
                                         NK_SCHEME_UNIX_DGRAM, NK_SCHEME_UNIX_SEQPACKET};

static const struct server_rules rules = {schemes, NK_ARRAY_LENGTH(schemes), false};

static enum exit_status run(struct command_call *call, enum inetd_protocol protocol)
{
    struct serve_inetd_options *options = call->options;
    struct service_options *service = &options->inetd.service;
    enum exit_status status = server_options_complete(call, &rules, service);

    service->default_port = DEFAULT_PORT;
    if (status == EXIT_STATUS_OK) {
        struct report report;

        report_init(&report, &options->common);
        status = inetd_service_run(protocol, &options->inetd, &report.reporter);
        report_deinit(&report, status);
    }
    server_options_release(service);
    return status;
}

static enum exit_status run_discard(struct command_call *call)
{
    return run(call, INETD_DISCARD);
}

static enum exit_status run_chargen(struct command_call *call)
{
    return run(call, INETD_CHARGEN);
}

static enum exit_status run_daytime(struct command_call *call)
{
    return run(call, INETD_DAYTIME);
}

static enum exit_status run_time(struct command_call *call)
{
    return run(call, INETD_TIME);
}

static const struct command_example discard_examples[] = {
    {"netkit serve discard", "port 43211, reachable from this machine"},
    {"netkit serve discard :9 udp://:9", "the port of RFC 863, TCP and UDP"},
    {NULL, NULL},
};

static const struct command_example chargen_examples[] = {
    {"netkit serve chargen", "port 43211, reachable from this machine"},
    {"netkit serve chargen unix:/tmp/chargen", "a unix stream socket"},
    {NULL, NULL},
};

static const struct command_example daytime_examples[] = {
    {"netkit serve daytime", "port 43211, reachable from this machine"},
    {"netkit serve daytime :13 udp://:13", "the port of RFC 867, TCP and UDP"},
    {NULL, NULL},
};

static const struct command_example time_examples[] = {
    {"netkit serve time", "port 43211, reachable from this machine"},
    {"netkit serve time :37 udp://:37", "the port of RFC 868, TCP and UDP"},
    {NULL, NULL},
};

#define WHERE                                                                                      \
    "Without ADDRESS listen on TCP port 43211 of this machine (127.0.0.1 and [::1]).\n"            \
    "A bare port is a port of this machine; ':PORT' is on every interface.\n"

/* What the four have in common; the braces are the caller's. */
#define SHARED                                                                                     \
    .arguments = "[OPTION]... [ADDRESS]...", .parts = parts, .defaults = &defaults,                \
    .options_size = sizeof defaults, .words = COMMAND_WORDS_ADDRESSES

const struct command serve_discard_command = {
    .name = "serve discard",
    .summary = "throw everything away (RFC 863)",
    .description =
        "Receive and throw away everything (RFC 863), on tcp, udp and unix sockets.\n" WHERE,
    .examples = discard_examples,
    .run = run_discard,
    SHARED,
};

const struct command serve_chargen_command = {
    .name = "serve chargen",
    .summary = "send characters without end (RFC 864)",
    .description = "Send lines of 72 characters without end (RFC 864), on tcp and unix sockets;\n"
                   "over udp one line for each datagram.\n" WHERE,
    .examples = chargen_examples,
    .run = run_chargen,
    SHARED,
};

const struct command serve_daytime_command = {
    .name = "serve daytime",
    .summary = "send the date and time as text (RFC 867)",
    .description = "Send the date and time as a line of text and close the connection (RFC 867);\n"
                   "over udp for each datagram.\n" WHERE,
    .examples = daytime_examples,
    .run = run_daytime,
    SHARED,
};

const struct command serve_time_command = {
    .name = "serve time",
    .summary = "send the time as a number (RFC 868)",
    .description = "Send the seconds since 1900 as 4 bytes, the highest first, and close the\n"
                   "connection (RFC 868); over udp for each datagram.\n" WHERE,
    .examples = time_examples,
    .run = run_time,
    SHARED,
};
