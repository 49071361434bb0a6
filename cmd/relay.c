/* `netkit relay`: from the command line to cat_relay_run. */
#include <limits.h>

#include "access.h"
#include "address_word.h"
#include "base/clock.h"
#include "cat/cat_relay.h"
#include "command.h"
#include "dispatcher.h"
#include "os/socket_options.h"
#include "relay_report.h"

#define HOUR (UINT64_C(3600) * NK_NANOSECONDS_PER_SECOND)

struct relay_command_options {
    struct common_options common;
    struct cat_relay_options relay;
    struct access_rules access;
    const char *send_proxy; /* a word: v1 or v2; NULL when not given */
};

static const struct relay_command_options defaults = {.relay = CAT_RELAY_OPTIONS_DEFAULT};

static const char *const versions[] = {"v1", "v2", NULL};

static const struct option_spec options[] = {
    {
        .name = "accept-proxy",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct relay_command_options, relay.accept_proxy),
        .help = "clients send a PROXY header, version 1 or 2",
    },
    {
        .name = "send-proxy",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct relay_command_options, send_proxy),
        .argument = "VERSION",
        .choices = versions,
        .help = "send a PROXY header, version v1 or v2",
    },
    {
        .name = "once",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct relay_command_options, relay.once),
        .help = "take one client and end with it",
    },
    {
        .name = "backlog",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct relay_command_options, relay.backlog),
        .argument = "N",
        .minimum = 1,
        .maximum = INT_MAX,
        .help = "clients waiting to be accepted",
    },
    {
        .name = "ready-fd",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct relay_command_options, relay.ready_fd),
        .argument = "FD",
        .maximum = INT_MAX,
        .help = "write the bound addresses to this descriptor",
    },
    {
        .name = "connect-timeout",
        .letter = 'w',
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct relay_command_options, relay.connect_timeout),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "to reach the other side",
    },
    {
        .name = "idle-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct relay_command_options, relay.idle_timeout),
        .argument = "TIME",
        .maximum = 8760 * HOUR,
        .help = "cut a connection on which nothing moves",
        .unset = "never",
    },
    {
        .name = "drain",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct relay_command_options, relay.drain),
        .argument = "TIME",
        .maximum = 24 * HOUR,
        .help = "to finish after SIGTERM or SIGINT",
    },
    {
        .name = "max-conns",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct relay_command_options, relay.max_conns),
        .argument = "N",
        .maximum = INT_MAX,
        .help = "clients at a time; the others wait",
        .unset = "as descriptors allow",
    },
    {
        .name = "dispatcher",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_PERFORMANCE,
        .offset = offsetof(struct relay_command_options, relay.dispatcher),
        .argument = "NAME",
        .choices = dispatcher_names,
        .help = "epoll, poll or select",
        .unset = "epoll",
    },
};

static const struct option_table table = {options, NK_ARRAY_LENGTH(options)};

static const struct option_part parts[] = {
    {&table, 0},
    {&access_option_table, offsetof(struct relay_command_options, access)},
    {&common_option_table, 0},
    {NULL, 0},
};

/* ---- the two addresses ---- */

static bool carries_stream(enum nk_scheme scheme)
{
    return scheme == NK_SCHEME_TCP || scheme == NK_SCHEME_UNIX;
}

static bool carries_datagrams(enum nk_scheme scheme)
{
    return scheme == NK_SCHEME_UDP || scheme == NK_SCHEME_UNIX_DGRAM;
}

/* What is wrong with a well-formed address here, or NULL. */
static const char *find_mistake(const struct nk_address *address, bool is_target)
{
    const char *mistake = NULL;

    if (address->scheme == NK_SCHEME_HTTP)
        return "that kind of address is not supported by this command";
    if (!nk_scheme_is_unix(address->scheme) && !address->has_port)
        return "the port is missing";
    if (is_target && !nk_scheme_is_unix(address->scheme) && address->port == 0)
        return "port 0 cannot be connected to";
    if (nk_socket_options_check_for(address, is_target ? NK_SOCKET_CLIENT : NK_SOCKET_SERVER,
                                    &mistake) != 0)
        return mistake;
    return NULL;
}

static enum exit_status take_address(const struct command_call *call, const char *word,
                                     bool is_target, struct nk_address *address)
{
    const char *mistake = NULL;

    if (nk_address_parse(address, word, &mistake) == 0)
        mistake = find_mistake(address, is_target);
    if (mistake != NULL)
        return command_usage_error(call->command->name, "'%.300s': %s", word, mistake);
    if (address_word_is_bare_port(word))
        snprintf(address->host, sizeof address->host, "localhost");
    if (address->scheme == NK_SCHEME_NONE)
        address->scheme = NK_SCHEME_TCP;
    return EXIT_STATUS_OK;
}

/* Options that have no effect with these addresses. */
static enum exit_status find_contradiction(const struct command_call *call)
{
    const struct relay_command_options *mine = call->options;
    enum nk_scheme from = mine->relay.from.scheme;
    enum nk_scheme to = mine->relay.to.scheme;
    const char *name = call->command->name;

    if (nk_scheme_is_unix(from) && (mine->access.allow != NULL || mine->access.deny != NULL))
        return command_usage_error(name, "--%s has no effect on unix sockets",
                                   mine->access.allow != NULL ? "allow" : "deny");
    if (mine->relay.once && carries_datagrams(from))
        return command_usage_error(name, "--once has no effect on datagrams, which have no end");
    if (mine->relay.accept_proxy && !carries_stream(from))
        return command_usage_error(name, "--accept-proxy needs a stream to read from");
    if (mine->relay.send_proxy > 0 && !carries_stream(to))
        return command_usage_error(name, "--send-proxy needs a stream to write to");
    if (mine->relay.send_proxy > 0 && carries_datagrams(from))
        return command_usage_error(name, "--send-proxy has no effect on clients with datagrams");
    return EXIT_STATUS_OK;
}

static enum exit_status complete(const struct command_call *call)
{
    struct relay_command_options *mine = call->options;
    struct cat_relay_options *relay = &mine->relay;
    const char *name = call->command->name;
    enum exit_status status;

    if (call->result.word_count < 2)
        return command_usage_error(name, "two addresses are needed: where clients come, and where "
                                         "they are led");
    if (call->result.word_count > 2)
        return command_usage_error(name, "unexpected argument '%.300s'", call->result.words[2]);
    if (command_check_ready_fd(name, relay->ready_fd) != EXIT_STATUS_OK)
        return EXIT_STATUS_USAGE;
    if (relay->once && option_given(parts, &call->result, "max-conns"))
        return command_usage_error(name, "--max-conns has no effect with --once");
    if (mine->send_proxy != NULL)
        relay->send_proxy = mine->send_proxy[1] - '0';
    status = take_address(call, call->result.words[0], false, &relay->from);
    if (status == EXIT_STATUS_OK)
        status = take_address(call, call->result.words[1], true, &relay->to);
    if (status == EXIT_STATUS_OK)
        status = find_contradiction(call);
    if (status == EXIT_STATUS_OK)
        status = dispatcher_check(call, relay->dispatcher);
    if (status == EXIT_STATUS_OK)
        status = access_options_complete(call, &mine->access, &relay->access_list);
    return status;
}

static enum exit_status run(struct command_call *call)
{
    struct relay_command_options *mine = call->options;
    struct relay_report report;
    enum exit_status status = complete(call);

    if (status != EXIT_STATUS_OK)
        return status;
    relay_report_init(&report, &mine->common);
    status = cat_relay_run(&mine->relay, &report.reporter);
    relay_report_deinit(&report, status);
    access_list_free(mine->relay.access_list);
    return status;
}

static const struct command_example examples[] = {
    {"netkit relay :8080 10.0.0.5:80", "a port of this machine leads to another one"},
    {"netkit relay 5432 unix:/run/postgresql/.s.PGSQL.5432", "TCP to a unix socket"},
    {"netkit relay unix:/tmp/db tcp://db.example.org:5432", "and the other way"},
    {"netkit relay udp://:53 udp://192.0.2.1:5353", "datagrams, a socket for each client"},
    {NULL, NULL},
};

const struct command relay_command = {
    .name = "relay",
    .summary = "join the clients of one address to another",
    .arguments = "[OPTION]... ADDRESS ADDRESS",
    .description = "Take clients on the first ADDRESS and join each to a connection of its own to\n"
                   "the second. Each direction ends by itself. A bare port is a port of this\n"
                   "machine; ':PORT' is on every interface.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
