/* `netkit completion bash|zsh|fish`, and what the three writers share. */
#include "completion.h"

#include "output.h"

static const char *const shells[] = {"bash", "zsh", "fish", NULL};

/* In the order of `shells`. */
static void (*const writers[])(FILE *out) = {
    completion_write_bash,
    completion_write_zsh,
    completion_write_fish,
};

size_t completion_names(const struct option_spec *option, char names[COMPLETION_NAMES_MAX][48])
{
    size_t count = 0;

    snprintf(names[count++], sizeof names[0], "--%s", option->name);
    if (option->also != NULL)
        snprintf(names[count++], sizeof names[0], "--%s", option->also);
    if (option->kind == OPTION_NEGATABLE)
        snprintf(names[count++], sizeof names[0], "--no-%s", option->name);
    return count;
}

/* Whether one of the first `limit` commands knows `word`. */
static bool is_known(const char *word, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        if (option_find(commands[i]->parts, word) != NULL)
            return true;
    }
    return false;
}

void completion_each_valued(FILE *out, void (*write)(FILE *out, const char *word, bool first))
{
    bool first = true;

    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct option_spec *option;

        for (size_t j = 0; (option = option_at(commands[i]->parts, j, NULL)) != NULL; j++) {
            char words[COMPLETION_NAMES_MAX + 1][48];
            size_t count = option_takes_value(option) ? completion_names(option, words) : 0;

            if (count > 0 && option->letter != 0)
                snprintf(words[count++], sizeof words[0], "-%c", option->letter);
            for (size_t k = 0; k < count; k++) {
                if (is_known(words[k], i))
                    continue;
                write(out, words[k], first);
                first = false;
            }
        }
    }
}

void completion_each_first_word(FILE *out,
                                void (*write)(FILE *out, const char *word, const char *summary))
{
    for (const struct command_group *group = command_groups; group->name != NULL; group++)
        write(out, group->name, group->summary);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (command_group_of(commands[i]) == NULL)
            write(out, commands[i]->name, commands[i]->summary);
    }
}

void completion_write_identifier(FILE *out, const char *name)
{
    for (; *name != '\0'; name++)
        fputc(*name == ' ' || *name == '-' ? '_' : *name, out);
}

static enum exit_status run(struct command_call *call)
{
    const char *shell = call->result.words[0];

    if (call->result.word_count == 0)
        return command_usage_error("completion", "which shell? bash, zsh or fish");
    if (call->result.word_count > 1)
        return command_usage_error("completion", "unexpected argument '%.300s'",
                                   call->result.words[1]);
    for (size_t i = 0; shells[i] != NULL; i++) {
        if (strcmp(shells[i], shell) != 0)
            continue;
        writers[i](stdout);
        return output_finish();
    }
    return command_usage_error("completion", "'%.300s' is not one of bash, zsh, fish", shell);
}

static const struct common_options defaults;

static const struct option_part parts[] = {
    {&help_option_table, 0},
    {NULL, 0},
};

static const struct command_example examples[] = {
    {"source <(netkit completion bash)", "in ~/.bashrc"},
    {"source <(netkit completion zsh)", "in ~/.zshrc, behind compinit"},
    {"netkit completion fish | source", "in ~/.config/fish/config.fish"},
    {NULL, NULL},
};

const struct command completion_command = {
    .name = "completion",
    .summary = "print the completion script of a shell",
    .arguments = "bash|zsh|fish",
    .description = "Print a script that teaches the shell the commands and options of netkit.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words = COMMAND_WORDS_CHOICE,
    .choices = shells,
    .examples = examples,
    .run = run,
};
