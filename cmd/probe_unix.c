/* `netkit probe unix`: from the command line to probe_run. */
#include "probe.h"
#include "probe/probe_kinds.h"

static const struct probe_command_options defaults = PROBE_COMMAND_DEFAULTS;

static const struct option_part parts[] = {
    {&probe_pace_table, 0},
    {&probe_run_table, 0},
    {&common_option_table, 0},
    {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_UNIX, NK_SCHEME_UNIX_DGRAM,
                                         NK_SCHEME_UNIX_SEQPACKET};

static enum exit_status run(struct command_call *call)
{
    static const struct probe_address_rules rules = {
        .schemes = schemes,
        .scheme_count = NK_ARRAY_LENGTH(schemes),
    };
    struct probe_command_options *mine = call->options;
    enum exit_status status = probe_options_complete(call);

    mine->probe.kind = &probe_connect_kind;
    if (status == EXIT_STATUS_OK)
        status = probe_take_targets(call, &rules);
    if (status == EXIT_STATUS_OK)
        status = probe_command_run(mine);
    probe_command_release(mine);
    return status;
}

static const struct command_example examples[] = {
    {"netkit probe unix /run/docker.sock", "once a second, until ^C"},
    {"netkit probe unix --until up @session", "wait for an abstract socket"},
    {"netkit probe unix --count 1 unix-dgram:/dev/log", "is somebody there?"},
    {NULL, NULL},
};

const struct command probe_unix_command = {
    .name = "probe unix",
    .summary = "watch whether a unix socket is served",
    .arguments = "[OPTION]... ADDRESS...",
    .description = "Connect to each unix socket once every --interval and close again. ADDRESS is\n"
                   "a path or an abstract @name; unix-dgram: or unix-seqpacket: in front of it\n"
                   "says that the socket is not one of streams.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .uses_terminal = true,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
