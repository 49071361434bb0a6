/* netkit: finds the command that the command line asks for and runs it. */
#include <locale.h>
#include <signal.h>

#include "base/error_text.h"
#include "command.h"
#include "help.h"
#include "os/descriptors.h"
#include "output.h"

/* What is wrong with a command line, in the words of the command if it has any. */
static const char *explain(const struct command *command, const struct option_result *result)
{
    const struct option_answer *answer = command->answers;

    for (; answer != NULL && answer->letters != NULL; answer++) {
        if (result->unknown_letter != 0 && strchr(answer->letters, result->unknown_letter) != NULL)
            return answer->text;
    }
    return result->problem;
}

/* Only what a character is; numbers, messages and sorting stay the same everywhere.
 * A terminal that does not say which encoding it has speaks UTF-8 nowadays. */
static void take_encoding(void)
{
    const char *locale = setlocale(LC_CTYPE, "");

    if (locale == NULL || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

/* Reads the command line of `command` into a copy of its defaults and runs it. */
static enum exit_status run_command(const struct command *command, int count, char **words)
{
    struct command_call call = {.command = command};
    const struct common_options *common;
    enum exit_status status;

    call.options = malloc(command->options_size);
    if (call.options == NULL) {
        output_error("out of memory");
        return EXIT_STATUS_FAILED;
    }
    memcpy(call.options, command->defaults, command->options_size);
    common = call.options;
    if (options_parse(command->parts, call.options, count, words, &call.result) != 0) {
        status = command_usage_error(command->name, "%s", explain(command, &call.result));
    } else if (call.result.help) {
        help_print_command(stdout, command);
        status = output_finish();
    } else if (common->quiet && common->verbosity > 0) {
        status = command_usage_error(command->name, "--quiet and --verbose exclude each other");
    } else {
        if (command->uses_terminal)
            take_encoding();
        status = command->run(&call);
    }
    free(call.options);
    return status;
}

/* `netkit --help`, `netkit --version`, `netkit serve`, and nothing at all. */
static enum exit_status run_program(const struct command_group *group, int count, char **words)
{
    struct program_options options = {0};
    const char *name = group != NULL ? group->name : "";
    struct option_result result;

    if (options_parse(program_command.parts, &options, count, words, &result) != 0)
        return command_usage_error(name, "%s", result.problem);
    if (result.word_count > 0)
        return command_usage_error(name, "unexpected argument '%.300s'", result.words[0]);
    if (options.version) {
        puts("netkit " NETKIT_VERSION);
        return output_finish();
    }
    if (group != NULL)
        help_print_group(result.help ? stdout : stderr, group);
    else if (result.help)
        help_print_program(stdout);
    else
        help_print_short(stderr);
    return result.help ? output_finish() : EXIT_STATUS_USAGE;
}

int main(int argc, char **argv)
{
    struct command_choice choice;
    int count = argc > 0 ? argc - 1 : 0;
    char **words = argv + (argc > 0);
    int error = nk_descriptors_open_standard();
    char room[NK_ERROR_TEXT_MAX];

    output_init();
    if (error != 0) {
        output_error("cannot open the standard descriptors: %s", nk_error_text(error, room));
        return EXIT_STATUS_FAILED;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no more is reported like a full disk */
    choice = command_choose(&count, words);
    if (choice.unknown != NULL)
        return (int)command_unknown_error(&choice);
    if (choice.command != NULL)
        return (int)run_command(choice.command, count, words);
    return (int)run_program(choice.group, count, words);
}
