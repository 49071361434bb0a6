#include "completion.h"

static const char head[] = "#compdef netkit\n"
                           "# zsh completion for netkit, written by `netkit completion zsh`.\n";

static const char tail[] = "\n"
                           "# Called by the completion system, or only read by `source`.\n"
                           "if [[ $funcstack[1] == _netkit ]]; then\n"
                           "    _netkit \"$@\"\n"
                           "else\n"
                           "    compdef _netkit netkit\n"
                           "fi\n";

/* Inside single quotes, where `special` characters need a backslash for the
 * function that reads them. */
static void write_escaped(FILE *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
            continue;
        }
        if (strchr(special, *text) != NULL)
            fputc('\\', out);
        fputc(*text, out);
    }
}

/* An entry of _describe: word, colon, what it does. */
static void write_described(FILE *out, const char *word, const char *summary)
{
    fprintf(out, "        '%s:", word);
    write_escaped(out, summary, ":\\");
    fputs("'\n", out);
}

static void write_action(FILE *out, const struct option_spec *option)
{
    if (!option_takes_value(option))
        return;
    fprintf(out, ":%s:%s", option->argument, option->kind < OPTION_CHOICE ? " " : "");
    if (option->kind == OPTION_DIRECTORY)
        fputs("_files -/", out);
    if (option->kind == OPTION_FILE)
        fputs("_files", out);
    if (option->kind != OPTION_CHOICE)
        return;
    for (size_t i = 0; option->choices[i] != NULL; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "(", option->choices[i]);
    fputc(')', out);
}

/* A line of _arguments: '--name=[what it does]:VALUE:how to complete it'. */
static void write_spec(FILE *out, const struct option_spec *option, const char *name, bool negated)
{
    const char *mark = "";

    if (option_takes_value(option))
        mark = name[1] == '-' ? "=" : "+";
    fputs("        '", out);
    if (strcmp(option->name, "help") == 0 || strcmp(option->name, "version") == 0)
        fputs("(- *)", out);
    else if (option->kind == OPTION_REPEATED || option->kind == OPTION_LIST)
        fputc('*', out);
    fprintf(out, "%s%s[%s", name, mark, negated ? "do not " : "");
    write_escaped(out, option->help, "[]:\\");
    fputc(']', out);
    write_action(out, option);
    fputs("' \\\n", out);
}

static void write_options(FILE *out, const struct command *command)
{
    const struct option_spec *option;

    for (size_t i = 0; (option = option_at(command->parts, i, NULL)) != NULL; i++) {
        char names[COMPLETION_NAMES_MAX][48];
        size_t count = completion_names(option, names);
        char letter[] = {'-', option->letter, '\0'};

        if (option->letter != 0)
            write_spec(out, option, letter, false);
        for (size_t j = 0; j < count; j++)
            write_spec(out, option, names[j], option->kind == OPTION_NEGATABLE && j + 1 == count);
    }
}

static void open_function(FILE *out, const char *name)
{
    fputs("\n_netkit", out);
    if (*name != '\0')
        fputc('_', out);
    completion_write_identifier(out, name);
    fputs("()\n{\n", out);
}

/* A function for a command: its options, then what its words are. */
static void write_command(FILE *out, const struct command *command)
{
    open_function(out, command->name);
    fputs("    _arguments -s -S \\\n", out);
    write_options(out, command);
    /* An action that is a blank would only be a message, but one that keeps zsh
     * from inserting the one option that matches. */
    if (command->words == COMMAND_WORDS_FILE)
        fputs("        '1:file:_files' \\\n", out);
    if (command->words == COMMAND_WORDS_ADDRESSES || command->words == COMMAND_WORDS_FILE)
        fputs("        '*:address:_message address'\n", out);
    else if (command->choices == NULL)
        fputs("        '*: :_nothing'\n", out);
    for (size_t i = 0; command->choices != NULL && command->choices[i] != NULL; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "        '1:choice:(", command->choices[i]);
    if (command->choices != NULL)
        fputs(")'\n", out);
    fputs("}\n", out);
}

static void write_members(FILE *out, const struct command_group *group)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (command_group_of(commands[i]) == group)
            write_described(out, commands[i]->name + strlen(group->name) + 1, commands[i]->summary);
    }
}

/* The head of a function that completes one word of a command's name and
 * leaves the rest of the line to others; close_names follows the names. */
static void open_names(FILE *out, const char *name)
{
    open_function(out, name);
    fputs("    local curcontext=$curcontext state line\n"
          "    local -a names=(\n",
          out);
}

static void close_names(FILE *out, bool with_version)
{
    fputs("    )\n"
          "    _arguments -C \\\n"
          "        '(- *)'{-h,--help}'[print this help and exit]' \\\n",
          out);
    if (with_version)
        fputs("        '(- *)--version[print the version and exit]' \\\n", out);
    fputs("        '1: :->name' \\\n"
          "        '*:: :->rest'\n"
          "    if [[ $state == name ]]; then\n"
          "        _describe command names\n"
          "        return\n"
          "    fi\n",
          out);
}

static void open_rest(FILE *out)
{
    fputs("    case $words[1] in\n", out);
}

/* Behind `word`, the function of `prefix` and `word` takes over. */
static void write_rest(FILE *out, const char *prefix, const char *word)
{
    fprintf(out, "        %s) _netkit_%s", word, prefix);
    completion_write_identifier(out, word);
    fputs(" ;;\n", out);
}

static void close_rest(FILE *out)
{
    fputs("    esac\n}\n", out);
}

/* _netkit_serve and _netkit_help_serve. */
static void write_group(FILE *out, const struct command_group *group)
{
    char name[64];

    open_names(out, group->name);
    write_members(out, group);
    close_names(out, false);
    open_rest(out);
    snprintf(name, sizeof name, "%s_", group->name);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (command_group_of(commands[i]) == group)
            write_rest(out, name, commands[i]->name + strlen(group->name) + 1);
    }
    close_rest(out);
    snprintf(name, sizeof name, "help_%s", group->name);
    open_names(out, name);
    write_members(out, group);
    close_names(out, false);
    fputs("}\n", out);
}

/* _netkit_help, where the name of any command may follow. */
static void write_help(FILE *out)
{
    open_names(out, "help");
    completion_each_first_word(out, write_described);
    close_names(out, false);
    open_rest(out);
    for (const struct command_group *group = command_groups; group->name != NULL; group++)
        write_rest(out, "help_", group->name);
    close_rest(out);
}

/* _netkit itself. */
static void write_program(FILE *out)
{
    open_names(out, "");
    completion_each_first_word(out, write_described);
    close_names(out, true);
    open_rest(out);
    for (const struct command_group *group = command_groups; group->name != NULL; group++)
        write_rest(out, "", group->name);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (command_group_of(commands[i]) == NULL)
            write_rest(out, "", commands[i]->name);
    }
    close_rest(out);
}

void completion_write_zsh(FILE *out)
{
    fputs(head, out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->words != COMMAND_WORDS_COMMANDS)
            write_command(out, commands[i]);
    }
    for (const struct command_group *group = command_groups; group->name != NULL; group++)
        write_group(out, group);
    write_help(out);
    write_program(out);
    fputs(tail, out);
}
