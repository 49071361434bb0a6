/* The command and option tables keep the rules that parsing, --help and the
 * completions rely on, and words find their command. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "capture.h"
#include "command.h"

static void check_limits(const struct command *command, const struct option_spec *option,
                         size_t base)
{
    const char *place = (const char *)command->defaults + base + option->offset;
    uint64_t value;
    bool is_unset;

    if (option->kind != OPTION_DURATION && option->kind != OPTION_SIZE &&
        option->kind != OPTION_COUNT)
        return;
    assert_true((uintptr_t)place % _Alignof(uint64_t) == 0);
    assert_true(base + option->offset + sizeof value <= command->options_size);
    memcpy(&value, place, sizeof value);
    is_unset = value == UINT64_MAX || (value == 0 && option->unset != NULL);
    assert_true(option->minimum <= option->maximum);
    if (!is_unset && (value < option->minimum || value > option->maximum))
        fail_msg("%s: the default of --%s is outside its limits", command->name, option->name);
}

/* A text that ends with a full stop or starts in upper case, a value without a
 * name, a choice without choices: --help would look careless, or crash. */
static void check_texts(const struct option_spec *option)
{
    assert_non_null(option->help);
    assert_true(strlen(option->help) > 0);
    assert_int_not_equal(option->help[strlen(option->help) - 1], '.');
    assert_int_equal(option_takes_value(option), option->argument != NULL);
    assert_int_equal(option->kind == OPTION_CHOICE, option->choices != NULL);
    assert_true(strlen(option->name) < 40);
    assert_int_equal(strspn(option->name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
                     strlen(option->name));
}

/* Two options of a command would have the same name, and one would be dead. */
static void check_is_found(const struct command *command, const struct option_spec *option)
{
    char word[64];

    snprintf(word, sizeof word, "--%s", option->name);
    assert_ptr_equal(option_find(command->parts, word), option);
    if (option->also != NULL) {
        snprintf(word, sizeof word, "--%s=value", option->also);
        assert_ptr_equal(option_find(command->parts, word), option);
    }
    if (option->letter != 0) {
        snprintf(word, sizeof word, "-%c", option->letter);
        assert_ptr_equal(option_find(command->parts, word), option);
    }
}

static void options_keep_the_rules(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct option_spec *option;
        size_t base = 0;
        size_t count = 0;

        while ((option = option_at(commands[i]->parts, count, &base)) != NULL) {
            check_texts(option);
            check_limits(commands[i], option, base);
            check_is_found(commands[i], option);
            count++;
        }
        assert_in_range(count, 1, OPTIONS_MAX);
        assert_non_null(option_find(commands[i]->parts, "--help"));
    }
}

/* `netkit --name word serve http`: whether `word` is a value should not depend on the
 * command, which is not known yet. The exceptions are told by the word itself, see
 * words_find_their_command. */
static bool commands_may_disagree(const char *name)
{
    return strcmp(name, "metrics") == 0; /* a flag of serve http, an address of probe */
}

static void commands_agree_on_values(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct option_spec *option;

        for (size_t k = 0; (option = option_at(commands[i]->parts, k, NULL)) != NULL; k++) {
            char word[64];

            snprintf(word, sizeof word, "--%s", option->name);
            for (size_t j = 0; commands[j] != NULL; j++) {
                const struct option_spec *other = option_find(commands[j]->parts, word);

                if (other != NULL && !commands_may_disagree(option->name))
                    assert_int_equal(option_takes_value(other), option_takes_value(option));
            }
        }
    }
}

/* A new command would miss a part that others count on. */
static void commands_are_complete(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *command = commands[i];

        assert_non_null(command->run);
        assert_non_null(command->summary);
        assert_non_null(command->arguments);
        assert_true(command->options_size >= sizeof(struct common_options));
        assert_non_null(command->examples);
        assert_non_null(command->examples[0].line);
        assert_int_equal(command->words == COMMAND_WORDS_CHOICE, command->choices != NULL);
        assert_int_equal(strchr(command->name, ' ') != NULL, command_group_of(command) != NULL);
    }
}

struct line {
    const char *words[8];
    const char *name;    /* of the command found, or NULL */
    const char *unknown; /* or NULL */
    const char *rest;    /* the words left, with blanks between */
};

static const struct line lines[] = {
    {{"serve", "http"}, "serve http", NULL, ""},
    {{"serve", "http", "serve", "http"}, "serve http", NULL, "serve http"},
    {{"-v", "serve", "-v", "http", "-v"}, "serve http", NULL, "-v -v -v"},
    {{"--threads", "4", "serve", "http", "80"}, "serve http", NULL, "--threads 4 80"},
    {{"--threads=4", "serve", "echo"}, "serve echo", NULL, "--threads=4"},
    {{"serve", "--root", "echo", "http"}, "serve http", NULL, "--root echo"},
    {{"--metrics", "serve", "--metrics", "http"}, "serve http", NULL, "--metrics --metrics"},
    {{"--metrics", "[::1]:80", "probe", "tcp"}, "probe tcp", NULL, "--metrics [::1]:80"},
    {{"help", "serve", "http"}, "help", NULL, "serve http"},
    {{"--bogus", "serve", "http"}, NULL, NULL, "--bogus serve http"},
    {{"--", "serve", "http"}, NULL, NULL, "-- serve http"},
    {{"serve"}, NULL, NULL, ""},
    {{"serve", "--help"}, NULL, NULL, "--help"},
    {{"serve", "ftp"}, NULL, "ftp", "ftp"},
    {{"http"}, NULL, "http", "http"},
    {{"serve http"}, NULL, "serve http", "serve http"},
    {{""}, NULL, "", ""},
    {{NULL}, NULL, NULL, ""},
};

/* Options before or between the words of a command's name would hide it. */
static void words_find_their_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(lines); i++) {
        const struct line *line = &lines[i];
        char room[8][32] = {{0}};
        char *words[8];
        char rest[256] = "";
        struct command_choice choice;
        int count = 0;

        for (; line->words[count] != NULL; count++) {
            snprintf(room[count], sizeof room[count], "%s", line->words[count]);
            words[count] = room[count];
        }
        choice = command_choose(&count, words);
        for (int j = 0; j < count; j++) {
            size_t len = strlen(rest);

            snprintf(rest + len, sizeof rest - len, "%s%s", j > 0 ? " " : "", words[j]);
        }
        assert_string_equal(rest, line->rest);
        assert_int_equal(choice.command != NULL, line->name != NULL);
        if (line->name != NULL)
            assert_string_equal(choice.command->name, line->name);
        assert_int_equal(choice.unknown != NULL, line->unknown != NULL);
        if (line->unknown != NULL)
            assert_string_equal(choice.unknown, line->unknown);
    }
}

/* A usage error would not be two lines, whatever was on the command line. */
static void usage_errors_are_two_lines(void **state)
{
    struct capture capture;

    (void)state;
    capture_start(&capture);
    assert_int_equal(command_usage_error("serve http", "'%s' is wrong", "a\nb\r\x7f"),
                     EXIT_STATUS_USAGE);
    assert_string_equal(capture_stop(&capture), "netkit: 'a\\x0ab\\x0d\\x7f' is wrong\n"
                                                "Try 'netkit serve http --help'\n");
    capture_start(&capture);
    command_usage_error("", "no");
    assert_string_equal(capture_stop(&capture), "netkit: no\nTry 'netkit --help'\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_keep_the_rules),     cmocka_unit_test(commands_agree_on_values),
        cmocka_unit_test(commands_are_complete),      cmocka_unit_test(words_find_their_command),
        cmocka_unit_test(usage_errors_are_two_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
