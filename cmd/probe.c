#include "probe.h"

#include <sys/socket.h>

#include "address_word.h"
#include "base/clock.h"
#include "dispatcher.h"
#include "os/socket_options.h"
#include "output.h"
#include "probe_report.h"

#define HOUR (UINT64_C(3600) * NK_NANOSECONDS_PER_SECOND)

static const char *const until_words[] = {"up", "down", NULL};

static const struct option_spec pace_options[] = {
    {
        .name = "interval",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct probe_command_options, probe.interval),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "between two probes of an address",
    },
    {
        .name = "wait",
        .letter = 'w',
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct probe_command_options, probe.wait),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = HOUR,
        .help = "for the answer to each probe",
    },
    {
        .name = "count",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_command_options, probe.count),
        .argument = "N",
        .minimum = 1,
        .maximum = UINT32_MAX,
        .help = "probes of each address",
        .unset = "until stopped",
    },
};

static const struct option_spec family_options[] = {
    {
        .name = "ipv4",
        .letter = '4',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_ADDRESS,
        .offset = offsetof(struct probe_command_options, only_v4),
        .help = "use IPv4 only",
    },
    {
        .name = "ipv6",
        .letter = '6',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_ADDRESS,
        .offset = offsetof(struct probe_command_options, only_v6),
        .help = "use IPv6 only",
    },
};

static const struct option_spec run_options[] = {
    {
        .name = "until",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_command_options, until),
        .argument = "STATE",
        .choices = until_words,
        .help = "end when all are up, or down",
    },
    {
        .name = "fail-if",
        .kind = OPTION_LIST,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_command_options, fail_if),
        .argument = "THRESHOLD",
        .help = "exit 9 if so: 'p99>5ms', 'loss>1%'; repeatable",
    },
    {
        .name = "live",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct probe_command_options, live),
        .help = "draw a picture that moves, on a terminal",
    },
    {
        .name = "metrics",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct probe_command_options, metrics),
        .argument = "ADDRESS",
        .help = "serve the figures over HTTP, for Prometheus",
    },
    {
        .name = "timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct probe_command_options, probe.timeout),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = 8760 * HOUR,
        .help = "for everything: then end (--until: status 5)",
        .unset = "never",
    },
    {
        .name = "quiet",
        .letter = 'q',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct probe_command_options, common.quiet),
        .help = "print the summary and nothing else",
    },
    {
        .name = "verbose",
        .letter = 'v',
        .kind = OPTION_REPEATED,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct probe_command_options, common.verbosity),
        .help = "also say when probes are sent, and how late",
    },
    {
        .name = "dispatcher",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_PERFORMANCE,
        .offset = offsetof(struct probe_command_options, probe.dispatcher),
        .argument = "NAME",
        .choices = dispatcher_names,
        .help = "epoll, poll or select",
        .rare = true,
        .unset = "epoll",
    },
};

const struct option_table probe_pace_table = {pace_options, NK_ARRAY_LENGTH(pace_options)};
const struct option_table probe_family_table = {family_options, NK_ARRAY_LENGTH(family_options)};
const struct option_table probe_run_table = {run_options, NK_ARRAY_LENGTH(run_options)};

/* ---- options ---- */

static enum exit_status take_thresholds(const struct command_call *call)
{
    struct probe_command_options *mine = call->options;

    for (size_t i = 0; i < mine->fail_if.count; i++) {
        const char *word = mine->fail_if.words[i];
        const char *reason = NULL;

        if (probe_threshold_parse(&mine->thresholds[i], word, &reason) != 0)
            return command_usage_error(call->command->name, "--fail-if: '%.300s' %s", word, reason);
    }
    mine->probe.thresholds = mine->thresholds;
    mine->probe.threshold_count = mine->fail_if.count;
    return EXIT_STATUS_OK;
}

/* What is wrong with a well-formed address here, or NULL. */
static const char *find_mistake(const struct nk_address *address)
{
    bool is_unix = address->scheme == NK_SCHEME_UNIX;
    struct nk_sockaddr ignored[2];
    const char *mistake = NULL;

    if (!is_unix && address->scheme != NK_SCHEME_TCP && address->scheme != NK_SCHEME_HTTP)
        return "the figures are served over TCP or a unix stream socket";
    if (!is_unix && !address->has_port)
        return "the port is missing";
    if (!is_unix && nk_sockaddr_for_listening(address, ignored, NK_ARRAY_LENGTH(ignored)) < 0)
        return "a number must stand for the host, or localhost";
    if (address->scheme == NK_SCHEME_HTTP && address->path[0] != '\0' &&
        strcmp(address->path, "/") != 0 && strcmp(address->path, "/metrics") != 0)
        return "the path is always /metrics";
    if (nk_socket_options_check_for(address, NK_SOCKET_SERVER, &mistake) != 0)
        return mistake;
    return NULL;
}

/* A bare port is one of this machine, as for all servers. */
static enum exit_status take_metrics(const struct command_call *call)
{
    struct probe_command_options *mine = call->options;
    struct nk_address *address = &mine->metrics_address;
    const char *mistake = NULL;

    if (mine->metrics == NULL)
        return EXIT_STATUS_OK;
    if (nk_address_parse(address, mine->metrics, &mistake) == 0) {
        if (address_word_is_bare_port(mine->metrics))
            snprintf(address->host, sizeof address->host, "localhost");
        if (address->scheme == NK_SCHEME_NONE)
            address->scheme = NK_SCHEME_TCP;
        mistake = find_mistake(address);
    }
    if (mistake != NULL)
        return command_usage_error(call->command->name, "--metrics: '%.300s': %s", mine->metrics,
                                   mistake);
    mine->probe.metrics = address;
    return EXIT_STATUS_OK;
}

static bool is_given(const struct command_call *call, const char *name)
{
    return option_given(call->command->parts, &call->result, name);
}

enum exit_status probe_options_complete(const struct command_call *call)
{
    struct probe_command_options *mine = call->options;
    const char *name = call->command->name;

    if (mine->live && (mine->common.json || mine->common.quiet))
        return command_usage_error(name, "--live has no effect with --%s",
                                   mine->common.json ? "json" : "quiet");
    if (mine->only_v4 && mine->only_v6)
        return command_usage_error(name, "--ipv4 and --ipv6 exclude each other");
    if (mine->only_v4 || mine->only_v6)
        mine->probe.family = mine->only_v4 ? AF_INET : AF_INET6;
    if (mine->until != NULL && mine->fail_if.count > 0)
        return command_usage_error(name, "--fail-if has no effect with --until");
    if (mine->until != NULL && is_given(call, "count"))
        return command_usage_error(name, "--count has no effect with --until");
    if (mine->probe.wait / PROBE_OVERLAP_MAX > mine->probe.interval)
        return command_usage_error(name, "--wait may be %d times the --interval at most",
                                   PROBE_OVERLAP_MAX);
    if (mine->until != NULL)
        mine->probe.until = strcmp(mine->until, "up") == 0 ? PROBE_UNTIL_UP : PROBE_UNTIL_DOWN;
    if (dispatcher_check(call, mine->probe.dispatcher) != EXIT_STATUS_OK ||
        take_metrics(call) != EXIT_STATUS_OK)
        return EXIT_STATUS_USAGE;
    return take_thresholds(call);
}

/* ---- addresses ---- */

static enum exit_status fail_for_memory(void)
{
    output_error("cannot start: out of memory");
    return EXIT_STATUS_FAILED;
}

enum exit_status probe_add_target(struct probe_command_options *mine, const char *name)
{
    if (mine->probe.target_count == mine->target_room) {
        size_t room = mine->target_room > 0 ? 2 * mine->target_room : 8;
        char **targets = realloc(mine->targets, room * sizeof *targets);

        if (targets == NULL)
            return fail_for_memory();
        mine->targets = targets;
        mine->target_room = room;
        mine->probe.targets = (const char *const *)targets;
    }
    mine->targets[mine->probe.target_count] = strdup(name);
    if (mine->targets[mine->probe.target_count] == NULL)
        return fail_for_memory();
    mine->probe.target_count++;
    return EXIT_STATUS_OK;
}

/* ---- running ---- */

enum exit_status probe_command_run(struct probe_command_options *mine)
{
    struct probe_report report;
    enum exit_status status;

    probe_report_init(&report, mine);
    status = probe_run(&mine->probe, &report.reporter);
    return probe_report_finish(&report, status);
}

void probe_command_release(struct probe_command_options *mine)
{
    for (size_t i = 0; i < mine->probe.target_count; i++)
        free(mine->targets[i]);
    free(mine->targets);
}
