/* `netkit probe udp`: from the command line to probe_run. */
#include "os/socket_datagram.h"
#include "probe.h"
#include "probe/probe_kinds.h"

struct probe_udp_options {
    struct probe_command_options base; /* first */
    const char *data;
    bool is_hex;
    char payload[NK_DATAGRAM_MAX];
};

static const struct probe_udp_options defaults = {.base = PROBE_COMMAND_DEFAULTS};

static const struct option_spec options[] = {
    {
        .name = "data",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_udp_options, data),
        .argument = "TEXT",
        .help = "what each datagram holds",
        .unset = "nothing",
    },
    {
        .name = "hex",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_udp_options, is_hex),
        .help = "--data is in hexadecimal: 0a1b2c",
    },
};

static const struct option_table table = {options, NK_ARRAY_LENGTH(options)};

static const struct option_part parts[] = {
    {&table, 0},           {&probe_family_table, 0},  {&probe_pace_table, 0},
    {&probe_run_table, 0}, {&common_option_table, 0}, {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_UDP};

static int digit_of(char character)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = character != '\0' ? strchr(digits, character | 0x20) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* Two digits a byte. Returns the length, or -1. */
static int read_hex(const char *text, char *bytes)
{
    size_t len = strlen(text);

    if (len % 2 != 0 || len / 2 > NK_DATAGRAM_MAX)
        return -1;
    for (size_t i = 0; i < len; i += 2) {
        int high = digit_of(text[i]);
        int low = digit_of(text[i + 1]);

        if (high < 0 || low < 0)
            return -1;
        bytes[i / 2] = (char)(high << 4 | low);
    }
    return (int)(len / 2);
}

static enum exit_status take_data(const struct command_call *call,
                                  struct probe_datagram_options *datagram)
{
    struct probe_udp_options *mine = call->options;
    int len;

    if (mine->is_hex && mine->data == NULL)
        return command_usage_error(call->command->name, "--hex has no effect without --data");
    if (!mine->is_hex && mine->data != NULL && strlen(mine->data) > NK_DATAGRAM_MAX)
        return command_usage_error(call->command->name, "--data: a datagram has %d bytes at most",
                                   NK_DATAGRAM_MAX);
    if (!mine->is_hex && mine->data != NULL)
        datagram->data = nk_slice_of_string(mine->data);
    if (!mine->is_hex)
        return EXIT_STATUS_OK;
    len = read_hex(mine->data, mine->payload);
    if (len < 0)
        return command_usage_error(call->command->name,
                                   "--data: '%.300s' is not an even number of hexadecimal digits",
                                   mine->data);
    datagram->data = nk_slice_make(mine->payload, (size_t)len);
    return EXIT_STATUS_OK;
}

static enum exit_status run(struct command_call *call)
{
    static const struct probe_address_rules rules = {
        .schemes = schemes,
        .scheme_count = NK_ARRAY_LENGTH(schemes),
        .usual = "localhost:43211",
    };
    struct probe_udp_options *mine = call->options;
    struct probe_datagram_options datagram = {.data = nk_slice_of_string("")};
    enum exit_status status = probe_options_complete(call);

    mine->base.probe.kind = &probe_datagram_kind;
    mine->base.probe.kind_options = &datagram;
    if (status == EXIT_STATUS_OK)
        status = take_data(call, &datagram);
    if (status == EXIT_STATUS_OK)
        status = probe_take_targets(call, &rules);
    if (status == EXIT_STATUS_OK)
        status = probe_command_run(&mine->base);
    probe_command_release(&mine->base);
    return status;
}

static const struct command_example examples[] = {
    {"netkit probe udp --data hello localhost:7", "the echo service, once a second"},
    {"netkit probe udp --count 1 --hex --data 0001 host:9000", "two bytes, once"},
    {NULL, NULL},
};

const struct command probe_udp_command = {
    .name = "probe udp",
    .summary = "time the answers to datagrams",
    .arguments = "[OPTION]... [ADDRESS]...",
    .description = "Send a datagram to each ADDRESS once every --interval and wait for one back.\n"
                   "An answer means open, a refusal (ICMP) closed; no answer may mean anything.\n"
                   "Without ADDRESS that is localhost:43211.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .uses_terminal = true,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
