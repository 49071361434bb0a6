#include "command.h"

#include <fcntl.h>
#include <stdarg.h>

#include "output.h"
#include "suggest.h"

/* A command, a line. */
/* clang-format off */
const struct command *const commands[] = {
    &connect_command,
    &listen_command,
    &relay_command,
    &replay_command,
    &serve_echo_command,
    &serve_discard_command,
    &serve_chargen_command,
    &serve_daytime_command,
    &serve_time_command,
    &serve_http_command,
    &serve_shell_command,
    &serve_keepalive_command,
    &shell_client_command,
    &shell_server_command,
    &check_http_command,
    &probe_tcp_command,
    &probe_udp_command,
    &probe_unix_command,
    &probe_http_command,
    &probe_keepalive_command,
    &completion_command,
    &help_command,
    NULL,
};
/* clang-format on */

const struct command_group command_groups[] = {
    {"serve", "run a server", "servers"},
    {"shell", "walk through a directory elsewhere", "remote shell"},
    {"check", "see whether a server keeps the rules", "checks"},
    {"probe", "watch whether something answers", "probes"},
    {NULL, NULL, NULL},
};

#define HELP_OPTION                                                                                \
    {                                                                                              \
        .name = "help", .letter = 'h', .kind = OPTION_FLAG, .group = OPTION_GROUP_MESSAGES,        \
        .offset = offsetof(struct common_options, help), .help = "print this help and exit",       \
    }

static const struct option_spec common_options[] = {
    {
        .name = "verbose",
        .letter = 'v',
        .kind = OPTION_REPEATED,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct common_options, verbosity),
        .help = "say more; twice: every connection",
    },
    {
        .name = "quiet",
        .letter = 'q',
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct common_options, quiet),
        .help = "say nothing but errors",
    },
    {
        .name = "json",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct common_options, json),
        .help = "write events as JSON, one object a line",
    },
    HELP_OPTION,
};

static const struct option_spec help_options[] = {HELP_OPTION};

static const struct option_spec program_option_list[] = {
    {
        .name = "version",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct program_options, version),
        .help = "print the version and exit",
    },
};

const struct option_table common_option_table = {common_options, NK_ARRAY_LENGTH(common_options)};
const struct option_table help_option_table = {help_options, NK_ARRAY_LENGTH(help_options)};
static const struct option_table program_option_table = {program_option_list,
                                                         NK_ARRAY_LENGTH(program_option_list)};

static const struct program_options program_defaults;
static const struct option_part program_parts[] = {
    {&program_option_table, 0},
    {&help_option_table, 0},
    {NULL, 0},
};

const struct command program_command = {
    .name = "",
    .summary = "serve and connect over TCP, UDP, unix sockets and HTTP",
    .arguments = "COMMAND [OPTION]... [ARGUMENT]...",
    .parts = program_parts,
    .defaults = &program_defaults,
    .options_size = sizeof program_defaults,
    .words = COMMAND_WORDS_COMMANDS,
};

/* Whether the word is one of those that commands are called by. */
static bool is_in_a_name(const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *name = commands[i]->name;
        size_t first = strcspn(name, " ");

        if (len == first && memcmp(name, word, len) == 0)
            return true;
        if (name[first] == ' ' && strcmp(name + first + 1, word) == 0)
            return true;
    }
    return false;
}

/* What a word in front of the command's name means: whether some command, or netkit
 * itself, has such an option, and whether it takes a value there. */
struct early_option {
    bool is_known;
    bool takes_value;
    bool takes_none; /* both: commands disagree */
};

static struct early_option find_in_all(const char *word)
{
    struct early_option found = {false, false, false};
    const struct option_spec *option = option_find(program_parts, word);

    for (size_t i = 0;; i++) {
        if (option != NULL) {
            found.is_known = true;
            found.takes_value = found.takes_value || option_takes_value(option);
            found.takes_none = found.takes_none || !option_takes_value(option);
        }
        if (commands[i] == NULL)
            return found;
        option = option_find(commands[i]->parts, word);
    }
}

/* Whether `next` (NULL = there is none) is the value of the option in `word`. Where
 * commands disagree it is, unless it is a part of a command's name. */
static bool is_value_of(const char *word, const struct early_option *option, const char *next)
{
    bool stands_alone = word[1] == '-' ? strchr(word, '=') == NULL : word[2] == '\0';

    if (!option->takes_value || !stands_alone)
        return false;
    return !option->takes_none || (next != NULL && !is_in_a_name(next));
}

/* Index of the next word from `start` on that is neither an option nor the
 * value of one; `count` if there is none before an unknown option or "--". */
static int next_word(int start, int count, char **words)
{
    for (int i = start; i < count; i++) {
        struct early_option option;

        if (words[i][0] != '-' || words[i][1] == '\0')
            return i;
        option = find_in_all(words[i]);
        if (!option.is_known)
            return count;
        if (is_value_of(words[i], &option, i + 1 < count ? words[i + 1] : NULL))
            i++;
    }
    return count;
}

/* The command whose name is these words; `second` is NULL for names of one. */
static const struct command *find_command(const char *first, const char *second)
{
    size_t len = strlen(first);

    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *name = commands[i]->name;

        if (strcspn(name, " ") != len || memcmp(name, first, len) != 0)
            continue;
        name += len;
        if (second == NULL ? *name == '\0' : *name == ' ' && strcmp(name + 1, second) == 0)
            return commands[i];
    }
    return NULL;
}

static const struct command_group *find_group(const char *name, size_t len)
{
    for (const struct command_group *group = command_groups; group->name != NULL; group++) {
        if (strlen(group->name) == len && memcmp(group->name, name, len) == 0)
            return group;
    }
    return NULL;
}

const struct command_group *command_group_of(const struct command *command)
{
    return find_group(command->name, strcspn(command->name, " "));
}

static void remove_word(int index, int *count, char **words)
{
    for (int i = index; i + 1 < *count; i++)
        words[i] = words[i + 1];
    *count -= 1;
}

struct command_choice command_choose(int *count, char **words)
{
    struct command_choice choice = {0};
    const char *first;
    int at = next_word(0, *count, words);

    if (at == *count)
        return choice;
    first = words[at];
    choice.group = find_group(first, strlen(first));
    choice.command = find_command(first, NULL);
    if (choice.group == NULL && choice.command == NULL) {
        choice.unknown = first;
        return choice;
    }
    remove_word(at, count, words);
    if (choice.group == NULL)
        return choice;
    at = next_word(at, *count, words);
    if (at == *count)
        return choice;
    choice.command = find_command(first, words[at]);
    if (choice.command == NULL)
        choice.unknown = words[at];
    else
        remove_word(at, count, words);
    return choice;
}

enum exit_status command_usage_error(const char *name, const char *format, ...)
{
    char problem[OPTIONS_PROBLEM_MAX + 256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    output_error("%s", problem);
    fprintf(stderr, "Try 'netkit %s%s--help'\n", name, *name != '\0' ? " " : "");
    return EXIT_STATUS_USAGE;
}

enum exit_status command_check_ready_fd(const char *name, uint64_t fd)
{
    if (fd == UINT64_MAX || fcntl((int)fd, F_GETFD) >= 0)
        return EXIT_STATUS_OK;
    return command_usage_error(name, "--ready-fd: descriptor %d is not open", (int)fd);
}

/* The names that the unknown word can have meant. */
static void consider_commands(struct suggestion *suggestion, const struct command_group *group)
{
    size_t skip = group != NULL ? strlen(group->name) + 1 : 0;

    for (const struct command_group *each = command_groups; each->name != NULL; each++) {
        if (group == NULL)
            suggestion_consider(suggestion, each->name);
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (group == NULL || command_group_of(commands[i]) == group)
            suggestion_consider(suggestion, commands[i]->name + skip);
    }
}

/* The command whose name ends with `word` behind its group's, or NULL. */
static const char *find_member(const char *word)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *space = strchr(commands[i]->name, ' ');

        if (space != NULL && strcmp(space + 1, word) == 0)
            return commands[i]->name;
    }
    return NULL;
}

enum exit_status command_unknown_error(const struct command_choice *choice)
{
    const char *group = choice->group != NULL ? choice->group->name : "";
    const char *space = choice->group != NULL ? " " : "";
    struct suggestion suggestion;
    char hint[80] = "";

    suggestion_init(&suggestion, choice->unknown);
    consider_commands(&suggestion, choice->group);
    if (choice->group == NULL && find_member(choice->unknown) != NULL)
        suggestion.best = find_member(choice->unknown);
    if (suggestion.best != NULL)
        snprintf(hint, sizeof hint, "; did you mean '%s%s%s'?", group, space, suggestion.best);
    return command_usage_error(group, "unknown command '%s%s%.300s'%s", group, space,
                               choice->unknown, hint);
}
