/* `netkit connect`: from the command line to cat_connect_run. */
#include "base/clock.h"
#include "cat.h"
#include "report.h"

#define HOUR (UINT64_C(3600) * NK_NANOSECONDS_PER_SECOND)

static const struct option_spec connect_options[] = {
    {
        .name = "proxy",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_ADDRESS,
        .offset = offsetof(struct cat_command_options, proxy),
        .argument = "URL",
        .help = "go through socks5://[USER:PASSWORD@]HOST or http://",
    },
    {
        .name = "replies",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.datagram.replies),
        .argument = "N",
        .maximum = UINT32_MAX,
        .help = "udp: end after so many answers",
        .unset = "any",
    },
    {
        .name = "telnet",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.telnet),
        .help = "answer telnet's option negotiation",
    },
    {
        .name = "wait",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct cat_command_options, cat.datagram.wait),
        .argument = "TIME",
        .maximum = 24 * HOUR,
        .help = "udp: for answers after the end of input",
    },
    {
        .name = "connect-timeout",
        .letter = 'w',
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct cat_command_options, cat.connect_timeout),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "give up connecting (status 5)",
        .unset = "never",
    },
};

static const struct option_table table = {connect_options, NK_ARRAY_LENGTH(connect_options)};

static const struct option_part parts[] = {
    {&cat_option_table, 0},
    {&cat_input_option_table, 0},
    {&table, 0},
    {&common_option_table, 0},
    {NULL, 0},
};

/* The URL may hold a password, so it is not shown when it is wrong. */
static enum exit_status take_proxy(const struct command_call *call)
{
    struct cat_command_options *mine = call->options;
    const struct nk_address *address = &mine->cat.address;
    const char *reason = NULL;

    if (mine->proxy == NULL)
        return EXIT_STATUS_OK;
    if (cat_proxy_url_parse(&mine->cat.proxy, mine->proxy, &reason) != 0)
        return command_usage_error(call->command->name, "--proxy: %s", reason);
    if (address->scheme != NK_SCHEME_TCP)
        return command_usage_error(call->command->name, "--proxy leads to TCP addresses only");
    if (cat_proxy_url_check(&mine->cat.proxy, address, &reason) != 0)
        return command_usage_error(call->command->name, "--proxy: %s", reason);
    return EXIT_STATUS_OK;
}

/* Telnet is spoken over a byte stream, in both directions. */
static enum exit_status check_telnet(const struct command_call *call)
{
    const struct cat_command_options *options = call->options;
    enum nk_scheme scheme = options->cat.address.scheme;

    if (!options->cat.telnet)
        return EXIT_STATUS_OK;
    if (scheme != NK_SCHEME_TCP && scheme != NK_SCHEME_UNIX)
        return command_usage_error(call->command->name, "--telnet is only for tcp and unix");
    if (options->cat.crlf)
        return command_usage_error(call->command->name, "--crlf has no effect with --telnet");
    if (options->cat.session.recv_only)
        return command_usage_error(call->command->name,
                                   "--telnet and --recv-only exclude each other");
    return EXIT_STATUS_OK;
}

static enum exit_status run(struct command_call *call)
{
    struct cat_command_options *options = call->options;
    struct cat_reporter reporter = cat_report(&options->common);
    enum exit_status status = cat_options_complete(call, false);

    if (status == EXIT_STATUS_OK)
        status = take_proxy(call);
    if (status == EXIT_STATUS_OK)
        status = check_telnet(call);
    if (status != EXIT_STATUS_OK)
        return status;
    report_begin_log(&options->common);
    if (cat_is_for_datagrams(options))
        status = cat_datagram_connect_run(&options->cat, &reporter);
    else
        status = cat_connect_run(&options->cat, &reporter);
    report_end_log();
    cat_report_end(&options->common, status);
    return status;
}

static const struct command_example examples[] = {
    {"netkit connect example.org 80", "type to a server, as with nc"},
    {"netkit connect tcp://[::1]:7 <file >echo", "send a file, keep the answer"},
    {"netkit connect unix:/run/x.sock", "a unix stream socket"},
    {"netkit connect -w 5s db:5432 --once </dev/null", "does it accept connections?"},
    {"netkit connect --proxy socks5://localhost:1080 host 22", "through a SOCKS5 proxy"},
    {NULL, NULL},
};

const struct command connect_command = {
    .name = "connect",
    .summary = "join standard input and output to an address",
    .arguments = "[OPTION]... ADDRESS | HOST PORT",
    .description =
        "Connect to ADDRESS and join it to standard input and output. Each direction ends\n"
        "by itself: the end of input half-closes the connection and receiving goes on.\n"
        "Without ADDRESS connect to port 43211 of this machine.\n",
    .parts = parts,
    .defaults = &cat_command_defaults,
    .options_size = sizeof cat_command_defaults,
    .uses_terminal = true,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .answers = cat_connect_answers,
    .run = run,
};
