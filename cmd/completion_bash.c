#include "completion.h"

static const char head[] =
    "# bash completion for netkit, written by `netkit completion bash`.\n"
    "\n"
    "# These functions use the variables of _netkit: $cur is the word to complete,\n"
    "# $prev the one before it, $prefix what of the word is not part of the answer.\n"
    "_netkit_words()\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen -P \"$prefix\" -W \"$*\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "# -d: directories, -f: files\n"
    "_netkit_paths()\n"
    "{\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -P \"$prefix\" \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "_netkit_takes_value()\n"
    "{\n"
    "    case $1 in\n";

static const char middle[] = ") return 0 ;;\n"
                             "    esac\n"
                             "    return 1\n"
                             "}\n";

static const char tail[] =
    "\n"
    "_netkit()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local prefix='' name='' word i\n"
    "    COMPREPLY=()\n"
    "\n"
    "    # --name=value is three words where '=' breaks words, else one.\n"
    "    if [[ $cur == = ]]; then\n"
    "        cur=\n"
    "    elif [[ $prev == = ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    elif [[ $cur == --*=* ]]; then\n"
    "        prev=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}\n"
    "    fi\n"
    "\n"
    "    # The words so far that are neither options nor their values.\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $word == = ]]; then\n"
    "            ((i++))\n"
    "        elif [[ $word != -* ]]; then\n"
    "            name+=${name:+ }$word\n"
    "        elif [[ ${COMP_WORDS[i + 1]} != = ]] && _netkit_takes_value \"$word\"; then\n"
    "            ((i++))\n"
    "        fi\n"
    "    done\n"
    "\n"
    "    case $name in\n";

static const char end[] = "    esac\n"
                          "}\n"
                          "\n"
                          "complete -F _netkit netkit\n";

static void write_valued(FILE *out, const char *word, bool first)
{
    fprintf(out, "%s%s", first ? "        " : " | \\\n        ", word);
}

static void write_first_word(FILE *out, const char *word, const char *summary)
{
    (void)summary;
    fprintf(out, " %s", word);
}

static void write_members(FILE *out, const struct command_group *group)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (command_group_of(commands[i]) == group)
            fprintf(out, " %s", commands[i]->name + strlen(group->name) + 1);
    }
}

static void write_choices(FILE *out, const char *const *choices)
{
    for (size_t i = 0; choices[i] != NULL; i++)
        fprintf(out, " %s", choices[i]);
}

/* What completes the value of an option, or NULL when nothing does. */
static const char *value_rule(const struct option_spec *option)
{
    static const char *const rules[] = {
        [OPTION_CHOICE] = "_netkit_words",
        [OPTION_DIRECTORY] = "_netkit_paths -d",
        [OPTION_FILE] = "_netkit_paths -f",
    };

    return option->kind < NK_ARRAY_LENGTH(rules) ? rules[option->kind] : NULL;
}

static void write_value_rules(FILE *out, const struct command *command)
{
    const struct option_spec *option;
    bool has_rules = false;

    for (size_t i = 0; (option = option_at(command->parts, i, NULL)) != NULL; i++) {
        char names[COMPLETION_NAMES_MAX][48];

        if (value_rule(option) == NULL)
            continue;
        fputs(has_rules ? "        " : "    case $prev in\n        ", out);
        has_rules = true;
        if (option->letter != 0)
            fprintf(out, "-%c | ", option->letter);
        for (size_t j = 0; j < completion_names(option, names); j++)
            fprintf(out, "%s%s", j > 0 ? " | " : "", names[j]);
        fprintf(out, ")\n            %s", value_rule(option));
        if (option->choices != NULL)
            write_choices(out, option->choices);
        fputs("\n            return\n            ;;\n", out);
    }
    fputs(has_rules ? "    esac\n" : "", out);
}

static void write_options(FILE *out, const struct command *command)
{
    const struct option_spec *option;

    fputs("        _netkit_words", out);
    for (size_t i = 0; (option = option_at(command->parts, i, NULL)) != NULL; i++) {
        char names[COMPLETION_NAMES_MAX][48];
        size_t count = completion_names(option, names);

        for (size_t j = 0; j < count; j++)
            fprintf(out, " \\\n            %s", names[j]);
    }
    fputc('\n', out);
}

static void write_command(FILE *out, const struct command *command)
{
    fputs("\n_netkit_", out);
    completion_write_identifier(out, command->name);
    fputs("()\n{\n", out);
    write_value_rules(out, command);
    fputs("    if _netkit_takes_value \"$prev\"; then\n"
          "        return\n"
          "    elif [[ $cur == -* ]]; then\n",
          out);
    write_options(out, command);
    if (command->words == COMMAND_WORDS_FILE)
        fputs("    else\n        _netkit_paths -f\n", out);
    if (command->choices != NULL) {
        fputs("    else\n        _netkit_words", out);
        write_choices(out, command->choices);
        fputc('\n', out);
    }
    fputs("    fi\n}\n", out);
}

static void write_names(FILE *out)
{
    fputs("        '' | help)\n            _netkit_words", out);
    completion_each_first_word(out, write_first_word);
    fputs(" --help --version\n            ;;\n", out);
    for (const struct command_group *group = command_groups; group->name != NULL; group++) {
        fprintf(out, "        %s | 'help %s')\n            _netkit_words", group->name,
                group->name);
        write_members(out, group);
        fputs(" --help\n            ;;\n", out);
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *name = commands[i]->name;

        if (commands[i]->words == COMMAND_WORDS_COMMANDS)
            continue;
        fprintf(out, "        '%s' | '%s '*) _netkit_", name, name);
        completion_write_identifier(out, name);
        fputs(" ;;\n", out);
    }
}

void completion_write_bash(FILE *out)
{
    fputs(head, out);
    completion_each_valued(out, write_valued);
    fputs(middle, out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->words != COMMAND_WORDS_COMMANDS)
            write_command(out, commands[i]);
    }
    fputs(tail, out);
    write_names(out);
    fputs(end, out);
}
