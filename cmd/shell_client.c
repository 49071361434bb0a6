/* `netkit shell client`: from the command line to shell_client_run. */
#include "shell_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cat.h"
#include "dispatcher.h"
#include "os/socket_options.h"
#include "output.h"

#define DEFAULT_ADDRESS "localhost:43211"
#define HOUR (UINT64_C(3600) * NK_NANOSECONDS_PER_SECOND)

struct shell_client_command_options {
    struct common_options common;
    struct shell_client_options shell;
    bool only_v4;
    bool only_v6;
};

static const struct shell_client_command_options defaults = {
    .shell = SHELL_CLIENT_OPTIONS_DEFAULT,
};

static const struct option_spec client_options[] = {
    {
        .name = "execute",
        .letter = 'e',
        .kind = OPTION_LIST,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_client_command_options, shell.scripts),
        .argument = "REQUESTS",
        .help = "do these, with ';' between them, and end",
    },
    {
        .name = "fail-fast",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_client_command_options, shell.fail_fast),
        .help = "end with the first request that fails",
    },
    {
        .name = "token-file",
        .kind = OPTION_FILE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_client_command_options, shell.token_file),
        .argument = "FILE",
        .help = "give the token in its first line",
    },
    {
        .name = "reconnect",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_client_command_options, shell.reconnect),
        .help = "come back when the connection is lost",
    },
    {
        .name = "edit",
        .kind = OPTION_NEGATABLE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_client_command_options, shell.edit),
        .help = "edit lines on a terminal",
    },
    {
        .name = "compat",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct shell_client_command_options, shell.compat),
        .help = "speak the raw form, without lines or status",
    },
    {
        .name = "ipv4",
        .letter = '4',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_ADDRESS,
        .offset = offsetof(struct shell_client_command_options, only_v4),
        .help = "use IPv4 only",
    },
    {
        .name = "ipv6",
        .letter = '6',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_ADDRESS,
        .offset = offsetof(struct shell_client_command_options, only_v6),
        .help = "use IPv6 only",
    },
    {
        .name = "connect-timeout",
        .letter = 'w',
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct shell_client_command_options, shell.connect_timeout),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "until the server has greeted (status 5)",
    },
    {
        .name = "idle-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct shell_client_command_options, shell.idle_timeout),
        .argument = "TIME",
        .maximum = 8760 * HOUR,
        .help = "for an answer to go on (status 5)",
    },
    {
        .name = "settle",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct shell_client_command_options, shell.settle),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = HOUR,
        .help = "compat: the silence that ends an answer",
    },
};

static const struct option_table table = {client_options, NK_ARRAY_LENGTH(client_options)};

static const struct option_part parts[] = {
    {&table, 0},
    {&common_option_table, 0},
    {NULL, 0},
};

/* ---- from words to options ---- */

static bool is_given(const struct command_call *call, const char *name)
{
    return option_given(call->command->parts, &call->result, name);
}

/* What is wrong with a well-formed address here, or NULL. */
static const char *find_mistake(const struct nk_address *address)
{
    const char *mistake = NULL;

    if (address->scheme != NK_SCHEME_TCP && address->scheme != NK_SCHEME_UNIX)
        return "a remote shell has an address of TCP, or the path of a unix socket";
    if (address->scheme == NK_SCHEME_TCP && !address->has_port)
        return "the port is missing";
    if (address->scheme == NK_SCHEME_TCP && address->port == 0)
        return "port 0 cannot be connected to";
    if (nk_socket_options_check_for(address, NK_SOCKET_CLIENT, &mistake) != 0)
        return mistake;
    return NULL;
}

static enum exit_status take_address(const struct command_call *call)
{
    struct shell_client_command_options *mine = call->options;
    struct nk_address *address = &mine->shell.address;
    const char *name = call->command->name;
    char **words = call->result.words;
    char text[NK_ADDRESS_TEXT_MAX] = DEFAULT_ADDRESS;
    const char *mistake = NULL;

    if (call->result.word_count > 2)
        return command_usage_error(name, "unexpected argument '%.300s'", words[2]);
    for (size_t i = 0; i < call->result.word_count; i++) {
        if (strlen(words[i]) >= sizeof text / 2)
            return command_usage_error(name, "'%.300s...' is too long", words[i]);
    }
    if (call->result.word_count == 2)
        cat_join_words(words[0], words[1], text, sizeof text);
    else if (call->result.word_count == 1)
        snprintf(text, sizeof text, "%s", words[0]);
    if (nk_address_parse(address, text, &mistake) != 0)
        return command_usage_error(name, "'%.300s': %s", text, mistake);
    if (address->scheme == NK_SCHEME_NONE)
        address->scheme = NK_SCHEME_TCP;
    mistake = find_mistake(address);
    if (mistake != NULL)
        return command_usage_error(name, "'%.300s': %s", text, mistake);
    return EXIT_STATUS_OK;
}

/* Options that have no effect beside each other. */
static enum exit_status check_effects(const struct command_call *call)
{
    static const struct {
        const char *name;
        const char *other;
        const char *why;
    } conflicts[] = {
        {"token-file", "compat", "the raw form has no way to give it"},
        {"reconnect", "compat", "the raw form does not tell where the session was"},
        {"edit", "execute", "nobody types"},
        {"edit", "json", "the lines of a program are not edited"},
    };
    const char *name = call->command->name;

    for (size_t i = 0; i < NK_ARRAY_LENGTH(conflicts); i++) {
        if (is_given(call, conflicts[i].name) && is_given(call, conflicts[i].other))
            return command_usage_error(name, "--%s has no effect with --%s: %s", conflicts[i].name,
                                       conflicts[i].other, conflicts[i].why);
    }
    if (is_given(call, "settle") && !is_given(call, "compat"))
        return command_usage_error(name, "--settle has no effect without --compat");
    return EXIT_STATUS_OK;
}

static enum exit_status run(struct command_call *call)
{
    struct shell_client_command_options *mine = call->options;
    struct shell_client_reporter reporter = shell_client_report(&mine->common);
    enum exit_status status = EXIT_STATUS_OK;

    if (mine->only_v4 && mine->only_v6)
        return command_usage_error(call->command->name, "--ipv4 and --ipv6 exclude each other");
    if (mine->only_v4 || mine->only_v6)
        mine->shell.family = mine->only_v4 ? AF_INET : AF_INET6;
    status = check_effects(call);
    if (status == EXIT_STATUS_OK)
        status = dispatcher_check(call, mine->shell.dispatcher);
    if (status == EXIT_STATUS_OK)
        status = take_address(call);
    if (status != EXIT_STATUS_OK)
        return status;
    mine->shell.edit = mine->shell.edit && !mine->common.json;
    mine->shell.colours = output_has_colours(STDOUT_FILENO);
    status = shell_client_run(&mine->shell, &reporter);
    shell_client_report_end(&mine->common, status);
    return status;
}

static const struct command_example examples[] = {
    {"netkit shell client", "the server of this machine"},
    {"netkit shell client example.org 43211", "that of another one"},
    {"netkit shell client unix:/tmp/shell", "a unix socket"},
    {"netkit shell client -e 'cd src; ls -l' >list", "what a script wants to know"},
    {"netkit shell client --token-file secret h 7000", "for those who know the token"},
    {NULL, NULL},
};

const struct command shell_client_command = {
    .name = "shell client",
    .summary = "walk through the directory of a shell server",
    .arguments = "[OPTION]... [ADDRESS | HOST PORT]",
    .description =
        "Send pwd, cd, ls and what else a shell server understands, typed on a terminal\n"
        "or from standard input, and write the answers to standard output. The exit\n"
        "status is 1 when a request of a script has failed.\n"
        "Without ADDRESS connect to port 43211 of this machine.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .uses_terminal = true,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
