#include "help.h"

#define WIDTH 80

/* Options whose names need more than this put their text on a line of its own. */
#define WIDEST_LEFT_COLUMN 32

/* Where the summaries of the commands begin: behind the longest name. */
#define COMMAND_COLUMN 19

static const char *const group_titles[] = {
    [OPTION_GROUP_CONTENT] = "Content",     [OPTION_GROUP_ADDRESS] = "Address",
    [OPTION_GROUP_LISTENING] = "Listening", [OPTION_GROUP_TIMES] = "Time limits",
    [OPTION_GROUP_LIMITS] = "Other limits", [OPTION_GROUP_PERFORMANCE] = "Speed",
    [OPTION_GROUP_MESSAGES] = "Messages",
};

/* Prints `left`, then `text` in a column that begins at `column`, broken
 * between words so that no line is longer than WIDTH. */
static void print_columns(FILE *out, const char *left, size_t column, const char *text)
{
    size_t at = strlen(left);

    fputs(left, out);
    if (at + 2 > column) {
        fputc('\n', out);
        at = 0;
    }
    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (at > column && at + 1 + len > WIDTH) {
            fputc('\n', out);
            at = 0;
        }
        if (at < column) {
            fprintf(out, "%*s", (int)(column - at), "");
            at = column;
        } else {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, len, out);
        at += len;
        text += len + strspn(text + len, " ");
    }
    fputc('\n', out);
}

static void print_names(const struct option_spec *option, char *text, size_t size)
{
    const char *argument = option->argument != NULL ? option->argument : "";
    char letter[] = {'-', option->letter, ',', ' ', '\0'};

    snprintf(text, size, "  %s--%s%s%s%s", option->letter != 0 ? letter : "",
             option->kind == OPTION_NEGATABLE ? "[no-]" : "", option->name,
             *argument != '\0' ? " " : "", argument);
}

static size_t left_column(const struct command *command)
{
    const struct option_spec *option;
    size_t widest = 0;

    for (size_t i = 0; (option = option_at(command->parts, i, NULL)) != NULL; i++) {
        char names[WIDTH];
        size_t len;

        print_names(option, names, sizeof names);
        len = option->rare ? 0 : strlen(names);
        if (len > widest && len <= WIDEST_LEFT_COLUMN)
            widest = len;
    }
    return widest + 2;
}

static void print_option(FILE *out, const struct command *command, const struct option_spec *option,
                         size_t base, size_t column)
{
    char names[WIDTH];
    char text[512];
    char value[128];
    size_t len;

    print_names(option, names, sizeof names);
    len = (size_t)snprintf(text, sizeof text, "%s", option->help);
    if (option->also != NULL && len < sizeof text)
        len += (size_t)snprintf(text + len, sizeof text - len, "; also --%s", option->also);
    option_print_default(option, command->defaults, base, value, sizeof value);
    if (*value != '\0' && len < sizeof text)
        snprintf(text + len, sizeof text - len, " (default %s)", value);
    print_columns(out, names, column, text);
}

static void print_options(FILE *out, const struct command *command)
{
    size_t column = left_column(command);

    for (enum option_group group = 0; group < OPTION_GROUP_COUNT; group++) {
        const struct option_spec *option;
        bool has_title = false;
        size_t base = 0;

        for (size_t i = 0; (option = option_at(command->parts, i, &base)) != NULL; i++) {
            if (option->group != group || option->rare)
                continue;
            if (!has_title)
                fprintf(out, "\n%s:\n", group_titles[group]);
            has_title = true;
            print_option(out, command, option, base, column);
        }
    }
}

/* The names of those that few people need. */
static void print_rare_options(FILE *out, const struct command *command)
{
    const struct option_spec *option;
    bool has_any = false;
    size_t at = WIDTH;

    for (size_t i = 0; (option = option_at(command->parts, i, NULL)) != NULL; i++) {
        char names[WIDTH];
        size_t len;

        if (!option->rare)
            continue;
        if (!has_any)
            fputs("\nMore options, explained in the manual page:", out);
        has_any = true;
        print_names(option, names, sizeof names);
        len = strlen(names);
        if (at + len > WIDTH) {
            fputc('\n', out);
            at = 0;
        }
        fputs(names, out);
        at += len;
    }
    if (has_any)
        fputc('\n', out);
}

/* How to write the values of the options above. */
static void print_units(FILE *out, const struct command *command)
{
    const struct option_spec *option;
    bool has_time = false;
    bool has_size = false;

    for (size_t i = 0; (option = option_at(command->parts, i, NULL)) != NULL; i++) {
        has_time = has_time || option->kind == OPTION_DURATION;
        has_size = has_size || option->kind == OPTION_SIZE;
    }
    if (has_time)
        fputs("\nTIME is written as in 500ms, 10s, 5m or 1h", out);
    if (has_size)
        fputs(has_time ? ", SIZE" : "\nSIZE is written", out);
    if (has_size)
        fputs(" as in 4096, 64k or 1M", out);
    fputs(has_time || has_size ? ".\n" : "", out);
}

static void print_examples(FILE *out, const struct command_example *examples)
{
    size_t widest = 0;

    for (const struct command_example *each = examples; each->line != NULL; each++) {
        if (strlen(each->line) > widest)
            widest = strlen(each->line);
    }
    fputs("\nExamples:\n", out);
    for (const struct command_example *each = examples; each->line != NULL; each++) {
        char left[WIDTH];

        snprintf(left, sizeof left, "  %s", each->line);
        print_columns(out, left, widest + 4, each->meaning);
    }
}

void help_print_command(FILE *out, const struct command *command)
{
    fprintf(out, "Usage: netkit %s%s%s\n", command->name, *command->arguments != '\0' ? " " : "",
            command->arguments);
    if (command->description != NULL)
        fprintf(out, "\n%s", command->description);
    print_options(out, command);
    print_rare_options(out, command);
    print_units(out, command);
    print_examples(out, command->examples);
}

/* The commands of `group`, or those of no group when it is NULL. */
static void print_commands(FILE *out, const struct command_group *group)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *command = commands[i];
        char left[WIDTH];

        if (command_group_of(command) != group)
            continue;
        snprintf(left, sizeof left, "  %s", command->name);
        print_columns(out, left, COMMAND_COLUMN, command->summary);
    }
}

void help_print_group(FILE *out, const struct command_group *group)
{
    fprintf(out, "Usage: netkit %s COMMAND [OPTION]... [ARGUMENT]...\n\n", group->name);
    fprintf(out, "The %s:\n", group->members);
    print_commands(out, group);
    fprintf(out, "\nTry 'netkit help %s COMMAND' for the options of one.\n", group->name);
}

void help_print_program(FILE *out)
{
    static const struct command_example examples[] = {
        {"netkit serve http", "this directory, http://localhost:8080/"},
        {"netkit serve http --root /srv/www :80", "a directory, on every interface"},
        {"netkit serve echo unix:/tmp/echo", "an echo server on a unix socket"},
        {NULL, NULL},
    };

    fputs("Usage: netkit COMMAND [OPTION]... [ARGUMENT]...\n", out);
    for (const struct command_group *group = command_groups; group->name != NULL; group++) {
        fprintf(out, "\nThe %s:\n", group->members);
        print_commands(out, group);
    }
    fputs("\nOther commands:\n", out);
    print_commands(out, NULL);
    fputs("\n"
          "An ADDRESS is written the same way everywhere:\n"
          "  8000  localhost:8000  127.0.0.1:8000  [::1]:8000   TCP\n"
          "  :8000  *:8000                                      TCP, every interface\n"
          "  tcp://HOST:PORT  http://HOST:PORT/                 the same with its scheme\n"
          "  udp://HOST:PORT                                    UDP\n"
          "  unix:/path  unix:@name                             unix socket; @: no file\n"
          "  unix-dgram:/path  unix-seqpacket:/path             of datagrams, of records\n",
          out);
    print_options(out, &program_command);
    print_examples(out, examples);
}

void help_print_short(FILE *out)
{
    fputs("Usage: netkit COMMAND [OPTION]... [ARGUMENT]...\n\n", out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command_group *group = command_group_of(commands[i]);
        char left[WIDTH];

        if (group != NULL && i > 0 && command_group_of(commands[i - 1]) == group)
            continue;
        snprintf(left, sizeof left, "  %s%s", group != NULL ? group->name : commands[i]->name,
                 group != NULL ? " ..." : "");
        print_columns(out, left, COMMAND_COLUMN,
                      group != NULL ? group->summary : commands[i]->summary);
    }
    fputs("\nTry 'netkit --help'\n", out);
}
