/* `netkit listen`: from the command line to cat_listen_run. */
#include <limits.h>

#include "cat.h"

static const struct option_spec listen_options[] = {
    {
        .name = "keep-open",
        .letter = 'k',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct cat_command_options, cat.keep_open),
        .help = "serve many peers, not only the first",
    },
    {
        .name = "ready-fd",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct cat_command_options, cat.ready_fd),
        .argument = "FD",
        .maximum = INT_MAX,
        .help = "write the bound addresses to this descriptor",
    },
};

static const struct option_table table = {listen_options, NK_ARRAY_LENGTH(listen_options)};

static const struct option_part parts[] = {
    {&cat_option_table, 0},
    {&cat_input_option_table, 0},
    {&table, 0},
    {&common_option_table, 0},
    {NULL, 0},
};

static enum exit_status run(struct command_call *call)
{
    struct cat_command_options *options = call->options;
    struct cat_reporter reporter = cat_report(&options->common);
    enum exit_status status = cat_options_complete(call, true);

    if (status != EXIT_STATUS_OK)
        return status;
    if (cat_is_for_datagrams(options))
        return cat_datagram_listen_run(&options->cat, &reporter);
    return cat_listen_run(&options->cat, &reporter);
}

static const struct command_example examples[] = {
    {"netkit listen 8000 >upload", "keep what one client sends"},
    {"netkit listen :8000 <file", "send a file to one client on any interface"},
    {"netkit listen unix:/tmp/x", "wait on a unix stream socket"},
    {"netkit listen -k udp://:5140 >>log", "keep the datagrams of everybody"},
    {NULL, NULL},
};

const struct command listen_command = {
    .name = "listen",
    .summary = "wait for one peer, then join it to standard input and output",
    .arguments = "[OPTION]... ADDRESS | HOST PORT",
    .description = "Wait on ADDRESS for one peer and join it to standard input and output. Later\n"
                   "peers are refused. Over datagrams the peer is who sends something first. A\n"
                   "bare port is a port of this machine; ':PORT' is on every interface. Without\n"
                   "ADDRESS listen on port 43211 of this machine.\n",
    .parts = parts,
    .defaults = &cat_command_defaults,
    .options_size = sizeof cat_command_defaults,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
