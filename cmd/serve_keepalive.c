/* `netkit serve keepalive`: from the command line to keepalive_service_run. */
#include <sys/random.h>

#include "access.h"
#include "command.h"
#include "keepalive/keepalive_service.h"
#include "output.h"
#include "report.h"
#include "serve.h"

#define DEFAULT_PORT 43211

/* --seed was not given. */
#define SEED_RANDOM UINT64_MAX

#define HOUR (UINT64_C(3600) * 1000000000)

struct serve_keepalive_options {
    struct common_options common;
    struct keepalive_options keepalive;
};

static const struct serve_keepalive_options defaults = {
    .keepalive.service = SERVICE_OPTIONS_DEFAULT,
    .keepalive.faults = {.freeze_after = KEEPALIVE_NEVER, .reset_after = KEEPALIVE_NEVER},
    .keepalive.seed = SEED_RANDOM,
};

static const struct option_spec keepalive_options[] = {
    {
        .name = "delay",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct serve_keepalive_options, keepalive.delay),
        .argument = "TIME",
        .maximum = 24 * HOUR,
        .help = "hold each answer back",
        .unset = "none",
    },
    {
        .name = "drop",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct serve_keepalive_options, keepalive.faults.drop),
        .argument = "PERCENT",
        .maximum = 100,
        .help = "do not answer so many of a hundred",
        .unset = "none",
    },
    {
        .name = "seed",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct serve_keepalive_options, keepalive.seed),
        .argument = "N",
        .maximum = UINT64_MAX - 1,
        .help = "drop the same ones each time",
        .unset = "random",
    },
    {
        .name = "freeze-after",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct serve_keepalive_options, keepalive.faults.freeze_after),
        .argument = "N",
        .maximum = UINT64_MAX - 1,
        .help = "fall silent after N answers to a client",
        .unset = "never",
    },
    {
        .name = "rst-after",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct serve_keepalive_options, keepalive.faults.reset_after),
        .argument = "N",
        .maximum = UINT64_MAX - 1,
        .help = "reset a connection after N answers",
        .unset = "never",
    },
    {
        .name = "compat",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct serve_keepalive_options, keepalive.is_compat),
        .help = "answer as the first server did: PONG in host order",
    },
};

static const struct option_table keepalive_option_table = {keepalive_options,
                                                           NK_ARRAY_LENGTH(keepalive_options)};

static const struct option_part parts[] = {
    {&keepalive_option_table, 0},
    {&server_option_table, offsetof(struct serve_keepalive_options, keepalive.service)},
    {&access_option_table, offsetof(struct serve_keepalive_options, keepalive.service.access)},
    {&common_option_table, 0},
    {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_TCP, NK_SCHEME_UDP, NK_SCHEME_UNIX,
                                         NK_SCHEME_UNIX_DGRAM, NK_SCHEME_UNIX_SEQPACKET};

static const struct server_rules rules = {schemes, NK_ARRAY_LENGTH(schemes), false};

static bool has_connections(const struct service_options *service)
{
    for (size_t i = 0; i < service->address_count; i++) {
        enum nk_scheme scheme = service->addresses[i].scheme;

        if (scheme != NK_SCHEME_UDP && scheme != NK_SCHEME_UNIX_DGRAM)
            return true;
    }
    return service->address_count == 0;
}

/* Checks what the words say together. */
static enum exit_status check(const struct command_call *call,
                              const struct keepalive_options *options)
{
    const char *name = call->command->name;
    const struct keepalive_faults *faults = &options->faults;

    if (options->seed != SEED_RANDOM && faults->drop == 0)
        return command_usage_error(name, "--seed has no effect without --drop");
    if (faults->reset_after != KEEPALIVE_NEVER && faults->freeze_after != KEEPALIVE_NEVER)
        return command_usage_error(name, "--freeze-after and --rst-after exclude each other");
    if (faults->reset_after != KEEPALIVE_NEVER && !has_connections(&options->service))
        return command_usage_error(name, "--rst-after has no effect on datagrams");
    return EXIT_STATUS_OK;
}

static enum exit_status serve(struct serve_keepalive_options *options)
{
    struct keepalive_options *keepalive = &options->keepalive;
    enum exit_status status;
    struct report report;

    if (keepalive->seed == SEED_RANDOM &&
        getrandom(&keepalive->seed, sizeof keepalive->seed, 0) != sizeof keepalive->seed) {
        output_error("cannot find a random number");
        return EXIT_STATUS_FAILED;
    }
    report_init(&report, &options->common);
    status = keepalive_service_run(keepalive, &report.reporter);
    report_deinit(&report, status);
    return status;
}

static enum exit_status run(struct command_call *call)
{
    struct serve_keepalive_options *options = call->options;
    struct service_options *service = &options->keepalive.service;
    enum exit_status status = server_options_complete(call, &rules, service);

    service->default_port = DEFAULT_PORT;
    if (status == EXIT_STATUS_OK)
        status = check(call, &options->keepalive);
    if (status == EXIT_STATUS_OK)
        status = serve(options);
    server_options_release(service);
    return status;
}

static const struct command_example examples[] = {
    {"netkit serve keepalive", "port 43211, reachable from this machine"},
    {"netkit serve keepalive --delay 60s", "so late that clients give it up"},
    {"netkit serve keepalive --drop 10 udp://43211", "one in ten is lost"},
    {NULL, NULL},
};

const struct command serve_keepalive_command = {
    .name = "serve keepalive",
    .summary = "answer heartbeats, so that clients know it is alive",
    .arguments = "[OPTION]... [ADDRESS]...",
    .description =
        "Answer heartbeats on tcp, udp and unix sockets, or fail to on purpose.\n"
        "Without ADDRESS listen on TCP port 43211 of this machine (127.0.0.1 and [::1]).\n"
        "A bare port is a port of this machine; ':PORT' is on every interface.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
