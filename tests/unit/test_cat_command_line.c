/* What may be said behind ^]. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cat/cat_command_line.h"

/* A misread command sends, closes or quits what nobody wanted. */
static void commands_are_understood(void **state)
{
    static const struct {
        const char *line;
        struct cat_command command;
    } cases[] = {
        {"", {.kind = CAT_COMMAND_RETURN}},
        {"  \t", {.kind = CAT_COMMAND_RETURN}},
        {"status", {.kind = CAT_COMMAND_STATUS}},
        {" st ", {.kind = CAT_COMMAND_STATUS}},
        {"hex on", {.kind = CAT_COMMAND_HEX, .on = true}},
        {"hex\toff", {.kind = CAT_COMMAND_HEX}},
        {"crlf  on ", {.kind = CAT_COMMAND_CRLF, .on = true}},
        {"send a b.txt ", {.kind = CAT_COMMAND_SEND, .file = NK_SLICE("a b.txt")}},
        {"cl", {.kind = CAT_COMMAND_CLOSE}},
        {"q", {.kind = CAT_COMMAND_QUIT}},
        {"help", {.kind = CAT_COMMAND_HELP}},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct cat_command command = {0};
        const char *problem = NULL;
        int error = cat_command_parse(nk_slice_of_string(cases[i].line), &command, &problem);
        assert_int_equal(error, 0);
        assert_int_equal(command.kind, cases[i].command.kind);
        assert_int_equal(command.on, cases[i].command.on);
        assert_true(nk_slice_equal(command.file, cases[i].command.file));
    }
}

/* Everything else says what is wrong with it and does nothing. */
static void mistakes_are_explained(void **state)
{
    static const char *const lines[] = {"x",           "s",    "c",        "hex",  "hex maybe",
                                        "crlf on off", "send", "quit now", "QUIT", "helpx"};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(lines); i++) {
        struct cat_command command = {.kind = CAT_COMMAND_HELP};
        const char *problem = NULL;
        int error = cat_command_parse(nk_slice_of_string(lines[i]), &command, &problem);
        assert_int_equal(error, -EINVAL);
        assert_non_null(problem);
        assert_int_equal(command.kind, CAT_COMMAND_HELP);
    }
}

/* A command that the help does not name is one that nobody finds. */
static void the_help_names_every_command(void **state)
{
    static const char *const names[] = {"status", "hex", "crlf", "send", "close", "quit", "help"};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(names); i++)
        assert_non_null(strstr(cat_command_help(), names[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_understood),
        cmocka_unit_test(mistakes_are_explained),
        cmocka_unit_test(the_help_names_every_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
