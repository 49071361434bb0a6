/* `netkit probe tcp`: from the command line to probe_run. */
#include "probe.h"
#include "probe/probe_kinds.h"
#include "probe_ports.h"

/* Ports of a scan that are waited for at the same time: enough to be quick, few enough
 * that neither descriptors nor a firewall's table run out. */
#define SCAN_IN_FLIGHT 512

struct probe_tcp_options {
    struct probe_command_options base; /* first */
    const char *ports;
    struct probe_number_set port_set;
};

static const struct probe_tcp_options defaults = {.base = PROBE_COMMAND_DEFAULTS};

static const struct option_spec options[] = {
    {
        .name = "ports",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_tcp_options, ports),
        .argument = "LIST",
        .help = "look at these ports, as in 22,80,8000-8100",
    },
};

static const struct option_table table = {options, NK_ARRAY_LENGTH(options)};

static const struct option_part parts[] = {
    {&table, 0},           {&probe_family_table, 0},  {&probe_pace_table, 0},
    {&probe_run_table, 0}, {&common_option_table, 0}, {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_TCP};

/* A look at many ports is over when each has had its turn, unless the user says how
 * often or until when. */
static enum exit_status take_ports(const struct command_call *call)
{
    static const struct probe_address_rules rules = {
        .schemes = schemes,
        .scheme_count = NK_ARRAY_LENGTH(schemes),
        .usual = "localhost",
        .has_no_port = true,
    };
    struct probe_tcp_options *mine = call->options;
    enum exit_status status;

    if (mine->base.live)
        return command_usage_error(call->command->name, "--live has no effect with --ports");
    if (probe_number_set_parse(&mine->port_set, mine->ports, 1, UINT16_MAX) != 0)
        return command_usage_error(call->command->name,
                                   "--ports: '%.300s' is no list as 22,80,8000-8100", mine->ports);
    mine->base.shows_ports = true;
    mine->base.probe.in_flight = SCAN_IN_FLIGHT;
    mine->base.probe.shares_names = true;
    if (mine->base.probe.count == 0 && mine->base.until == NULL)
        mine->base.probe.count = 1;
    status = probe_take_targets(call, &rules);
    if (status == EXIT_STATUS_OK)
        status = probe_spread_ports(&mine->base, &mine->port_set);
    return status;
}

static enum exit_status take_addresses(const struct command_call *call)
{
    static const struct probe_address_rules rules = {
        .schemes = schemes,
        .scheme_count = NK_ARRAY_LENGTH(schemes),
        .usual = "localhost:43211",
    };

    return probe_take_targets(call, &rules);
}

static enum exit_status run(struct command_call *call)
{
    struct probe_tcp_options *mine = call->options;
    enum exit_status status = probe_options_complete(call);

    mine->base.probe.kind = &probe_connect_kind;
    if (status == EXIT_STATUS_OK)
        status = mine->ports != NULL ? take_ports(call) : take_addresses(call);
    if (status == EXIT_STATUS_OK)
        status = probe_command_run(&mine->base);
    probe_command_release(&mine->base);
    return status;
}

static const struct command_example examples[] = {
    {"netkit probe tcp example.org:443", "once a second, until ^C"},
    {"netkit probe tcp --count 1 db:5432", "in a script: exit 0 when it is there"},
    {"netkit probe tcp --until up --timeout 60s db:5432", "wait for a server to start"},
    {"netkit probe tcp --ports 22,80,8000-8100 host", "which ports are open"},
    {NULL, NULL},
};

const struct command probe_tcp_command = {
    .name = "probe tcp",
    .summary = "time how long TCP takes to connect",
    .arguments = "[OPTION]... [ADDRESS]...",
    .description =
        "Connect to each ADDRESS once every --interval and close again. Without ADDRESS\n"
        "that is localhost:43211; a bare port is a port of this machine.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .uses_terminal = true,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
