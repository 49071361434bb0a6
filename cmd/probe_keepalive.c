/* `netkit probe keepalive`: from the command line to probe_run. */
#include "probe/probe_keepalive.h"
#include "base/clock.h"
#include "keepalive/keepalive_pending.h"
#include "probe.h"

#define SECOND NK_NANOSECONDS_PER_SECOND
#define HOUR (UINT64_C(3600) * SECOND)

/* Seconds: the limit of the kernel (tcp(7)). */
#define KERNEL_TIME_MAX 32767

struct probe_keepalive_options {
    struct probe_command_options base; /* first */
    struct probe_keepalive_settings keepalive;
};

static const struct probe_keepalive_options defaults = {
    .base = PROBE_COMMAND_DEFAULTS,
    .keepalive = {.time = 10 * SECOND, .interval = 3 * SECOND, .probes = 3},
};

static const struct option_spec keepalive_options[] = {
    {
        .name = "count",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_keepalive_options, base.probe.count),
        .argument = "N",
        .minimum = 1,
        .maximum = UINT32_MAX,
        .help = "heartbeats to each address",
        .unset = "until stopped",
    },
    {
        .name = "probes",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_keepalive_options, keepalive.probes),
        .argument = "N",
        .minimum = 1,
        .maximum = KEEPALIVE_PENDING_MAX,
        .help = "heartbeats that may go unanswered",
    },
    {
        .name = "compat",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_keepalive_options, keepalive.is_compat),
        .help = "take a PONG in host order, as of the first server",
    },
    {
        .name = "kernel",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_keepalive_options, keepalive.uses_kernel),
        .help = "TCP keep-alive instead, and what the kernel sees",
    },
    {
        .name = "reconnect",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_keepalive_options, keepalive.has_reconnect),
        .help = "connect again, ever more slowly, when it is lost",
    },
    {
        .name = "time",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct probe_keepalive_options, keepalive.time),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "silence before the first heartbeat",
    },
    {
        .name = "interval",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct probe_keepalive_options, keepalive.interval),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "between two heartbeats",
    },
};

static const struct option_table keepalive_table = {keepalive_options,
                                                    NK_ARRAY_LENGTH(keepalive_options)};

static const struct option_part parts[] = {
    {&keepalive_table, 0},
    {&probe_run_table, 0},
    {&common_option_table, 0},
    {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_TCP, NK_SCHEME_UDP, NK_SCHEME_UNIX,
                                         NK_SCHEME_UNIX_DGRAM, NK_SCHEME_UNIX_SEQPACKET};

/* The kernel counts in seconds, and has no use for what only concerns our messages. */
static enum exit_status check_kernel(const struct command_call *call)
{
    const struct probe_keepalive_options *mine = call->options;
    const struct probe_keepalive_settings *keepalive = &mine->keepalive;
    const char *name = call->command->name;

    if (keepalive->is_compat)
        return command_usage_error(name, "--compat has no effect with --kernel");
    if (keepalive->time % SECOND != 0 || keepalive->interval % SECOND != 0)
        return command_usage_error(name, "--kernel: --time and --interval are whole seconds then");
    if (keepalive->time > KERNEL_TIME_MAX * SECOND ||
        keepalive->interval > KERNEL_TIME_MAX * SECOND)
        return command_usage_error(name, "--kernel: --time and --interval are %ds at most",
                                   KERNEL_TIME_MAX);
    return EXIT_STATUS_OK;
}

static enum exit_status complete(const struct command_call *call)
{
    struct probe_keepalive_options *mine = call->options;

    mine->base.probe.kind = &probe_keepalive_kind;
    mine->base.probe.kind_options = &mine->keepalive;
    mine->base.probe.interval = mine->keepalive.interval;
    mine->keepalive.count = mine->base.probe.count;
    return mine->keepalive.uses_kernel ? check_kernel(call) : EXIT_STATUS_OK;
}

static enum exit_status take_targets(const struct command_call *call)
{
    const struct probe_keepalive_options *mine = call->options;
    const struct probe_address_rules rules = {
        .schemes = schemes,
        .scheme_count = mine->keepalive.uses_kernel ? 1 : NK_ARRAY_LENGTH(schemes),
        .default_port = 43211,
        .usual = "localhost:43211",
    };

    return probe_take_targets(call, &rules);
}

static enum exit_status run(struct command_call *call)
{
    struct probe_keepalive_options *mine = call->options;
    enum exit_status status = complete(call);

    if (status == EXIT_STATUS_OK)
        status = probe_options_complete(call);
    if (status == EXIT_STATUS_OK)
        status = take_targets(call);
    if (status == EXIT_STATUS_OK)
        status = probe_command_run(&mine->base);
    probe_command_release(&mine->base);
    return status;
}

static const struct command_example examples[] = {
    {"netkit probe keepalive", "beside 'netkit serve keepalive'"},
    {"netkit probe keepalive --time 1s udp://db", "over UDP, after a second"},
    {"netkit probe keepalive --kernel db:5432", "any server over TCP"},
    {NULL, NULL},
};

const struct command probe_keepalive_command = {
    .name = "probe keepalive",
    .summary = "send heartbeats over a connection that is silent",
    .arguments = "[OPTION]... [ADDRESS]...",
    .description = "Connect to each ADDRESS, and after a --time of silence send a heartbeat every\n"
                   "--interval. A peer that has not answered --probes of them is dead (status 6).\n"
                   "Without ADDRESS that is localhost:43211, where 'netkit serve keepalive' is.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .uses_terminal = true,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
