#include "cat.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/byte_rate.h"
#include "base/clock.h"
#include "dispatcher.h"
#include "os/socket_datagram.h"
#include "os/socket_options.h"
#include "service/values.h"

#define HOUR (UINT64_C(3600) * NK_NANOSECONDS_PER_SECOND)

static const char *const on_eof_words[] = {"half", "close", "keep", NULL};

const struct cat_command_options cat_command_defaults = {
    .cat = CAT_OPTIONS_DEFAULT,
    .on_eof = "half",
};

static const struct option_spec options[] = {
    {
        .name = "on-eof",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, on_eof),
        .argument = "WHAT",
        .choices = on_eof_words,
        .help = "at the end of input half, close or keep",
    },
    {
        .name = "once",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.session.once),
        .help = "end as soon as either direction has ended",
    },
    {
        .name = "hex",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.hex),
        .help = "show what is moved, in hexadecimal",
    },
    {
        .name = "record",
        .kind = OPTION_FILE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.record),
        .argument = "FILE",
        .help = "keep what is moved, with its times",
    },
    {
        .name = "ipv4",
        .letter = '4',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_ADDRESS,
        .offset = offsetof(struct cat_command_options, only_v4),
        .help = "use IPv4 only",
    },
    {
        .name = "ipv6",
        .letter = '6',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_ADDRESS,
        .offset = offsetof(struct cat_command_options, only_v6),
        .help = "use IPv6 only",
    },
    {
        .name = "linger",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct cat_command_options, cat.session.linger),
        .argument = "TIME",
        .maximum = 24 * HOUR,
        .help = "then wait for the peer's end",
        .unset = "for ever",
    },
    {
        .name = "idle-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct cat_command_options, cat.session.idle_timeout),
        .argument = "TIME",
        .maximum = 8760 * HOUR,
        .help = "end when nothing moves (status 5)",
        .unset = "never",
    },
};

static const struct option_spec input_options[] = {
    {
        .name = "send-only",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.session.send_only),
        .help = "do not receive",
    },
    {
        .name = "recv-only",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.session.recv_only),
        .help = "do not read standard input",
    },
    {
        .name = "crlf",
        .letter = 'C',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.crlf),
        .help = "send each end of line as CR LF",
    },
    {
        .name = "edit",
        .kind = OPTION_NEGATABLE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.edit),
        .help = "edit lines on a terminal; ^] for commands",
    },
    {
        .name = "datagram",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, datagram),
        .argument = "WHAT",
        .help = "udp: a datagram is a line, or SIZE bytes",
        .unset = "one read",
    },
    {
        .name = "exec",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.exec),
        .argument = "COMMAND",
        .help = "join the connection to a command",
    },
    {
        .name = "limit-rate",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct cat_command_options, cat.session.rate_limit),
        .argument = "RATE",
        .maximum = NK_BYTE_RATE_MAX,
        .help = "bytes a second, in each direction",
        .unset = "any",
    },
    {
        .name = "progress",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct cat_command_options, cat.progress),
        .help = "show how much has moved, and how fast",
    },
    {
        .name = "udp",
        .letter = 'u',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_ADDRESS,
        .offset = offsetof(struct cat_command_options, use_udp),
        .help = "ADDRESS without a scheme is udp, not tcp",
    },
    {
        .name = "unix",
        .letter = 'U',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_ADDRESS,
        .offset = offsetof(struct cat_command_options, use_unix),
        .help = "ADDRESS is the path of a unix socket",
    },
    {
        .name = "numeric",
        .letter = 'n',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_ADDRESS,
        .offset = offsetof(struct cat_command_options, numeric),
        .help = "look up no names",
    },
};

const struct option_table cat_option_table = {options, NK_ARRAY_LENGTH(options)};
const struct option_table cat_input_option_table = {input_options, NK_ARRAY_LENGTH(input_options)};

/* ---- from words to options ---- */

/* The word behind --datagram, and what a person types on a terminal. */
static enum exit_status take_datagram(const struct command_call *call)
{
    struct cat_command_options *mine = call->options;
    struct cat_datagram_options *datagram = &mine->cat.datagram;
    const char *problem = NULL;

    if (mine->datagram == NULL)
        datagram->lines = isatty(STDIN_FILENO);
    else if (strcmp(mine->datagram, "line") == 0)
        datagram->lines = true;
    else if (value_parse_size(mine->datagram, &datagram->size, &problem) != 0)
        return command_usage_error(call->command->name, "--datagram: '%.300s': %s", mine->datagram,
                                   problem);
    else if (datagram->size == 0 || datagram->size > NK_DATAGRAM_MAX)
        return command_usage_error(call->command->name, "--datagram: a datagram has 1 to %d bytes",
                                   NK_DATAGRAM_MAX);
    return EXIT_STATUS_OK;
}

/* The options that only streams, or only datagrams, know. */
static enum exit_status check_effects(const struct command_call *call, bool is_server)
{
    static const struct {
        const char *name;
        bool is_for_datagrams;
        bool is_for_servers_of_both;
    } limited[] = {
        {"datagram", true, false}, {"replies", true, false},     {"wait", true, false},
        {"exec", false, false},    {"broker", false, false},     {"max-conns", false, false},
        {"linger", false, true},   {"limit-rate", false, false},
    };
    bool has_datagrams = cat_is_for_datagrams(call->options);

    for (size_t i = 0; i < NK_ARRAY_LENGTH(limited); i++) {
        if (limited[i].is_for_datagrams == has_datagrams ||
            (is_server && limited[i].is_for_servers_of_both) ||
            !option_given(call->command->parts, &call->result, limited[i].name))
            continue;
        return command_usage_error(call->command->name, "--%s has no effect with %s",
                                   limited[i].name, has_datagrams ? "datagrams" : "streams");
    }
    return EXIT_STATUS_OK;
}

/* What comes back is not waited for when nothing shall come, and the end of an input that
 * is not read never comes. */
static enum exit_status check_waiting(const struct command_call *call)
{
    static const char *const waiting[] = {"replies", "wait"};
    const struct cat_command_options *mine = call->options;
    const struct cat_session_options *session = &mine->cat.session;
    const char *reason = NULL;

    if (session->send_only)
        reason = "send-only";
    else if (session->recv_only)
        reason = "recv-only";
    else if (session->once)
        reason = "once";
    else if (session->on_eof == CAT_ON_EOF_CLOSE)
        reason = "on-eof close";
    for (size_t i = 0; reason != NULL && i < NK_ARRAY_LENGTH(waiting); i++) {
        if (option_given(call->command->parts, &call->result, waiting[i]))
            return command_usage_error(call->command->name, "--%s has no effect with --%s",
                                       waiting[i], reason);
    }
    if (session->recv_only && mine->datagram != NULL)
        return command_usage_error(call->command->name,
                                   "--datagram has no effect with --recv-only");
    return EXIT_STATUS_OK;
}

/* A command takes the place of standard input and output: its end is the end of the
 * connection, unless the user has other plans. */
static void take_command(const struct command_call *call)
{
    struct cat_command_options *mine = call->options;

    if (mine->cat.exec != NULL && !option_given(call->command->parts, &call->result, "on-eof"))
        mine->cat.session.on_eof = CAT_ON_EOF_CLOSE;
}

enum exit_status cat_options_complete(const struct command_call *call, bool is_server)
{
    struct cat_command_options *mine = call->options;
    const char *name = call->command->name;

    if (mine->only_v4 && mine->only_v6)
        return command_usage_error(name, "--ipv4 and --ipv6 exclude each other");
    if (mine->cat.session.send_only && mine->cat.session.recv_only)
        return command_usage_error(name, "--send-only and --recv-only exclude each other");
    if (mine->cat.session.recv_only && strcmp(mine->on_eof, cat_command_defaults.on_eof) != 0)
        return command_usage_error(name, "--on-eof has no effect with --recv-only");
    if (mine->cat.session.recv_only && mine->cat.session.linger != UINT64_MAX)
        return command_usage_error(name, "--linger has no effect with --recv-only");
    if (mine->cat.session.recv_only && mine->cat.crlf)
        return command_usage_error(name, "--crlf has no effect with --recv-only");
    if (mine->cat.progress && mine->common.quiet)
        return command_usage_error(name, "--progress and --quiet exclude each other");
    if (!mine->common.json && !isatty(STDERR_FILENO)) /* it is for people, or for programs */
        mine->cat.progress = false;
    if (mine->only_v4 || mine->only_v6)
        mine->cat.family = mine->only_v4 ? AF_INET : AF_INET6;
    for (int i = 0; on_eof_words[i] != NULL; i++) {
        if (strcmp(on_eof_words[i], mine->on_eof) == 0)
            mine->cat.session.on_eof = (enum cat_on_eof)i;
    }
    if (dispatcher_check(call, mine->cat.dispatcher) != EXIT_STATUS_OK)
        return EXIT_STATUS_USAGE;
    if (take_datagram(call) != EXIT_STATUS_OK)
        return EXIT_STATUS_USAGE;
    if (cat_take_address(call, is_server) != EXIT_STATUS_OK)
        return EXIT_STATUS_USAGE;
    if (check_effects(call, is_server) != EXIT_STATUS_OK || check_waiting(call) != EXIT_STATUS_OK)
        return EXIT_STATUS_USAGE;
    take_command(call);
    return EXIT_STATUS_OK;
}
