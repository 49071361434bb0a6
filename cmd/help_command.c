/* `netkit help [COMMAND]`: the same text as COMMAND --help. */
#include "command.h"
#include "help.h"
#include "output.h"

static enum exit_status run(struct command_call *call)
{
    int count = (int)call->result.word_count;
    struct command_choice choice = command_choose(&count, call->result.words);

    if (choice.unknown != NULL)
        return command_unknown_error(&choice);
    if (count > 0)
        return command_usage_error("help", "unexpected argument '%.300s'", call->result.words[0]);
    if (choice.command != NULL)
        help_print_command(stdout, choice.command);
    else if (choice.group != NULL)
        help_print_group(stdout, choice.group);
    else
        help_print_program(stdout);
    return output_finish();
}

static const struct common_options defaults;

static const struct option_part parts[] = {
    {&help_option_table, 0},
    {NULL, 0},
};

static const struct command_example examples[] = {
    {"netkit help", "the commands and how addresses are written"},
    {"netkit help serve http", "everything about one command"},
    {NULL, NULL},
};

const struct command help_command = {
    .name = "help",
    .summary = "explain netkit or one of its commands",
    .arguments = "[COMMAND]",
    .description = "Explain a command: its options, their defaults, and examples.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words = COMMAND_WORDS_COMMANDS,
    .examples = examples,
    .run = run,
};
