/* `netkit listen`: from the command line to cat_listen_run. */
#include <limits.h>

#include "access.h"
#include "cat.h"
#include "report.h"

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
        .name = "broker",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct cat_command_options, cat.broker),
        .help = "the same, and what one says the others hear",
    },
    {
        .name = "max-conns",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct cat_command_options, cat.max_clients),
        .argument = "N",
        .minimum = 1,
        .maximum = 1000000,
        .help = "peers at a time with -k; more have to wait",
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
    {&access_option_table, offsetof(struct cat_command_options, cat.access)},
    {&common_option_table, 0},
    {NULL, 0},
};

/* The options that go with many peers, and those that do not. */
static enum exit_status check_many(const struct command_call *call)
{
    static const struct {
        const char *name;
        bool is_for_commands; /* also when there are many of them */
    } for_one[] = {{"linger", true}, {"limit-rate", true}, {"progress", false}};
    struct cat_command_options *mine = call->options;
    const char *name = call->command->name;

    if (mine->cat.broker && mine->cat.exec != NULL)
        return command_usage_error(name, "--broker and --exec exclude each other");
    if (mine->cat.broker && option_given(parts, &call->result, "on-eof"))
        return command_usage_error(name, "--on-eof has no effect with --broker");
    mine->cat.keep_open = mine->cat.keep_open || mine->cat.broker;
    if (!mine->cat.keep_open && option_given(parts, &call->result, "max-conns"))
        return command_usage_error(name, "--max-conns has no effect without --keep-open");
    if (!mine->cat.keep_open || cat_is_for_datagrams(mine))
        return EXIT_STATUS_OK;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(for_one); i++) {
        bool has_effect = mine->cat.exec != NULL && for_one[i].is_for_commands;
        if (!has_effect && option_given(parts, &call->result, for_one[i].name))
            return command_usage_error(name, "--%s has no effect with --%s", for_one[i].name,
                                       mine->cat.broker ? "broker" : "keep-open");
    }
    return EXIT_STATUS_OK;
}

/* The clients of unix sockets have no address to look up. */
static enum exit_status take_access(const struct command_call *call)
{
    struct cat_options *cat = &((struct cat_command_options *)call->options)->cat;
    bool has_rules = cat->access.allow != NULL || cat->access.deny != NULL;

    if (has_rules && nk_scheme_is_unix(cat->address.scheme))
        return command_usage_error(call->command->name, "--%s has no effect on unix sockets",
                                   cat->access.allow != NULL ? "allow" : "deny");
    return access_options_complete(call, &cat->access, &cat->access_list);
}

static enum exit_status listen_as_told(struct cat_command_options *options)
{
    struct cat_reporter reporter = cat_report(&options->common);
    enum exit_status status;

    report_begin_log(&options->common);
    if (cat_is_for_datagrams(options))
        status = cat_datagram_listen_run(&options->cat, &reporter);
    else
        status = cat_listen_run(&options->cat, &reporter);
    report_end_log();
    cat_report_end(&options->common, status);
    return status;
}

static enum exit_status run(struct command_call *call)
{
    struct cat_command_options *options = call->options;
    enum exit_status status = cat_options_complete(call, true);

    if (status == EXIT_STATUS_OK)
        status = command_check_ready_fd(call->command->name, options->cat.ready_fd);
    if (status == EXIT_STATUS_OK)
        status = check_many(call);
    if (status == EXIT_STATUS_OK)
        status = take_access(call);
    if (status == EXIT_STATUS_OK)
        status = listen_as_told(options);
    access_list_free(options->cat.access_list);
    return status;
}

static const struct command_example examples[] = {
    {"netkit listen 8000 >upload", "keep what one client sends"},
    {"netkit listen -k 8000 >>log", "keep what many clients send, all at once"},
    {"netkit listen --broker :8000", "let everybody talk to everybody"},
    {"netkit listen -k 8000 --exec date", "a command for each client"},
    {"netkit listen -k udp://:5140 >>log", "keep the datagrams of everybody"},
    {NULL, NULL},
};

const struct command listen_command = {
    .name = "listen",
    .summary = "wait for one peer, then join it to standard input and output",
    .arguments = "[OPTION]... ADDRESS | HOST PORT",
    .description =
        "Wait on ADDRESS for one peer and join it to standard input and output. Later\n"
        "peers are refused, with -k they are served as well. Over datagrams the peer is\n"
        "who sends something first. A bare port is a port of this machine; ':PORT' is\n"
        "on every interface. Without ADDRESS listen on port 43211 of this machine.\n",
    .parts = parts,
    .defaults = &cat_command_defaults,
    .options_size = sizeof cat_command_defaults,
    .uses_terminal = true,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .answers = cat_listen_answers,
    .run = run,
};
