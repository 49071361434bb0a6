/* `netkit listen`: from the command line to cat_listen_run. */
#include <limits.h>

#include "cat.h"

static const struct option_spec listen_options[] = {
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
    {&table, 0},
    {&common_option_table, 0},
    {NULL, 0},
};

static enum exit_status run(struct command_call *call)
{
    struct cat_command_options *options = call->options;
    struct cat_reporter reporter = cat_report(&options->common);
    enum exit_status status = cat_options_complete(call, true);

    return status == EXIT_STATUS_OK ? cat_listen_run(&options->cat, &reporter) : status;
}

static const struct command_example examples[] = {
    {"netkit listen 8000 >upload", "keep what one client sends"},
    {"netkit listen :8000 <file", "send a file to one client on any interface"},
    {"netkit listen unix:/tmp/x", "wait on a unix stream socket"},
    {NULL, NULL},
};

const struct command listen_command = {
    .name = "listen",
    .summary = "wait for one peer, then join it to standard input and output",
    .arguments = "[OPTION]... ADDRESS | HOST PORT",
    .description = "Wait on ADDRESS for one peer and join it to standard input and output. Later\n"
                   "peers are refused. A bare port is a port of this machine; ':PORT' is on every\n"
                   "interface. Without ADDRESS listen on port 43211 of this machine.\n",
    .parts = parts,
    .defaults = &cat_command_defaults,
    .options_size = sizeof cat_command_defaults,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
