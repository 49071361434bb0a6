#include "completion.h"

static const char head[] =
    "# fish completion for netkit, written by `netkit completion fish`.\n"
    "\n"
    "# Whether the words so far, without options and their values, are those given;\n"
    "# with -p, whether they begin with them.\n"
    "function __netkit_at\n"
    "    set -l words\n"
    "    set -l is_value 0\n"
    "    set -l prefix 0\n"
    "    if test \"$argv[1]\" = -p\n"
    "        set prefix 1\n"
    "        set -e argv[1]\n"
    "    end\n"
    "    for token in (commandline -opc)[2..-1]\n"
    "        if test $is_value = 1\n"
    "            set is_value 0\n"
    "        else if contains -- $token";

static const char tail[] = "\n"
                           "            set is_value 1\n"
                           "        else if not string match -q -- '-*' $token\n"
                           "            set -a words $token\n"
                           "        end\n"
                           "    end\n"
                           "    if test $prefix = 1\n"
                           "        set words $words[1..(count $argv)]\n"
                           "    end\n"
                           "    test \"$words\" = \"$argv\"\n"
                           "end\n"
                           "\n"
                           "complete -c netkit -f\n";

static void write_valued(FILE *out, const char *word, bool first)
{
    (void)first;
    fprintf(out, " \\\n            %s", word);
}

/* In single quotes, as fish reads them. */
static void write_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('\'', out);
}

/* A word that completes when the words so far are `at`. */
static void write_word(FILE *out, const char *at, const char *word, const char *summary)
{
    fprintf(out, "complete -c netkit -n '__netkit_at%s%s' -a %s", *at != '\0' ? " " : "", at, word);
    if (summary != NULL) {
        fputs(" -d ", out);
        write_quoted(out, summary);
    }
    fputc('\n', out);
}

static void write_first_word(FILE *out, const char *word, const char *summary)
{
    write_word(out, "", word, summary);
    write_word(out, "help", word, summary);
}

static void write_members(FILE *out, const struct command_group *group)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *word = commands[i]->name + strlen(group->name) + 1;
        char at[64];

        if (command_group_of(commands[i]) != group)
            continue;
        write_word(out, group->name, word, commands[i]->summary);
        snprintf(at, sizeof at, "help %s", group->name);
        write_word(out, at, word, commands[i]->summary);
    }
}

static void write_value_rule(FILE *out, const struct option_spec *option)
{
    if (!option_takes_value(option))
        return;
    fputs(option->kind == OPTION_FILE ? " -rF" : " -x", out);
    if (option->kind == OPTION_DIRECTORY)
        fputs(" -a '(__fish_complete_directories)'", out);
    if (option->kind != OPTION_CHOICE)
        return;
    fputs(" -a '", out);
    for (size_t i = 0; option->choices[i] != NULL; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", option->choices[i]);
    fputc('\'', out);
}

static void write_option(FILE *out, const char *condition, const struct option_spec *option)
{
    char names[COMPLETION_NAMES_MAX][48];
    size_t count = completion_names(option, names);

    for (size_t i = 0; i < count; i++) {
        bool negated = strncmp(names[i], "--no-", 5) == 0 && option->kind == OPTION_NEGATABLE;
        char text[256];

        fprintf(out, "complete -c netkit -n '__netkit_at%s' -l %s", condition, names[i] + 2);
        if (i == 0 && option->letter != 0)
            fprintf(out, " -s %c", option->letter);
        write_value_rule(out, option);
        snprintf(text, sizeof text, "%s%s", negated ? "do not " : "", option->help);
        fputs(" -d ", out);
        write_quoted(out, text);
        fputc('\n', out);
    }
}

static void write_options(FILE *out, const char *condition, const struct command *command)
{
    const struct option_spec *option;

    for (size_t i = 0; (option = option_at(command->parts, i, NULL)) != NULL; i++)
        write_option(out, condition, option);
}

void completion_write_fish(FILE *out)
{
    fputs(head, out);
    completion_each_valued(out, write_valued);
    fputs(tail, out);
    completion_each_first_word(out, write_first_word);
    for (const struct command_group *group = command_groups; group->name != NULL; group++)
        write_members(out, group);
    fputc('\n', out);
    write_options(out, "", &program_command);
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *command = commands[i];
        char condition[64];

        snprintf(condition, sizeof condition, " -p %s", command->name);
        fputc('\n', out);
        for (size_t j = 0; command->choices != NULL && command->choices[j] != NULL; j++)
            write_word(out, command->name, command->choices[j], NULL);
        if (command->words == COMMAND_WORDS_FILE)
            fprintf(out, "complete -c netkit -n '__netkit_at%s' -F\n", condition);
        write_options(out, condition, command);
    }
}
