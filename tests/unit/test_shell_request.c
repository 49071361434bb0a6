/* From the bytes of a client to what it asks for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "shell/shell_request.h"

#define SLICE(literal) nk_slice_make(literal, sizeof(literal) - 1)

static char room[1024];

static void parse(struct shell_request *request, struct nk_slice line)
{
    const char *problem = "none";

    assert_true(line.len < sizeof room);
    if (shell_request_parse(request, line, room, &problem) != 0)
        fail_msg("'%.*s': %s", (int)line.len, line.data, problem);
}

static const char *problem_of(struct nk_slice line)
{
    struct shell_request request = {.command = SHELL_COMMAND_QUIT};
    const char *problem = NULL;

    assert_int_equal(shell_request_parse(&request, line, room, &problem), -EBADMSG);
    assert_int_equal(request.command, SHELL_COMMAND_QUIT); /* untouched */
    assert_non_null(problem);
    return problem;
}

static void assert_slice(struct nk_slice slice, const char *text)
{
    assert_int_equal(slice.len, strlen(text));
    assert_memory_equal(slice.data, text, slice.len);
}

/* ---- lines ---- */

static void lines_end_with_lf_or_cr_lf(void **state)
{
    static const struct {
        const char *input;
        ssize_t taken;
        const char *line;
    } table[] = {
        {"pwd\n", 4, "pwd"}, {"pwd\r\n", 5, "pwd"}, {"pwd\nls\n", 4, "pwd"}, {"\n", 1, ""},
        {"\r\n", 2, ""},     {"a\rb\n", 4, "a\rb"}, {"\r\r\n", 3, "\r"},
    };
    struct nk_slice line;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        struct nk_slice input = nk_slice_of_string(table[i].input);
        assert_int_equal(shell_request_take_line(input, 100, &line), table[i].taken);
        assert_slice(line, table[i].line);
    }
    assert_int_equal(shell_request_take_line(SLICE(""), 100, &line), -EAGAIN);
    assert_int_equal(shell_request_take_line(SLICE("pwd"), 100, &line), -EAGAIN);
    assert_int_equal(shell_request_take_line(SLICE("pwd\r"), 100, &line), -EAGAIN);
}

/* The limit counts the LF, whether the line has arrived or is still to end. */
static void long_lines_are_refused_at_the_limit(void **state)
{
    struct nk_slice line;

    (void)state;
    assert_int_equal(shell_request_take_line(SLICE("1234567\n"), 8, &line), 8);
    assert_int_equal(shell_request_take_line(SLICE("12345678\n"), 8, &line), -EMSGSIZE);
    assert_int_equal(shell_request_take_line(SLICE("1234567"), 8, &line), -EAGAIN);
    assert_int_equal(shell_request_take_line(SLICE("12345678"), 8, &line), -EMSGSIZE);
    assert_int_equal(shell_request_take_line(SLICE("123456\r\n"), 8, &line), 8);
}

/* ---- commands ---- */

/* `l` is no command, though `ls` begins so (DEFECTS 23). */
static void commands_are_exact(void **state)
{
    static const struct {
        const char *line;
        enum shell_command command;
    } table[] = {
        {"", SHELL_COMMAND_NONE},
        {"  \t ", SHELL_COMMAND_NONE},
        {"pwd", SHELL_COMMAND_PWD},
        {" \tpwd  ", SHELL_COMMAND_PWD},
        {"cd", SHELL_COMMAND_CD},
        {"ls", SHELL_COMMAND_LS},
        {"help", SHELL_COMMAND_HELP},
        {"token x", SHELL_COMMAND_TOKEN},
        {"quit", SHELL_COMMAND_QUIT},
        {"l", SHELL_COMMAND_UNKNOWN},
        {"lss", SHELL_COMMAND_UNKNOWN},
        {"LS", SHELL_COMMAND_UNKNOWN},
        {"pw", SHELL_COMMAND_UNKNOWN},
        {"ls;pwd", SHELL_COMMAND_UNKNOWN},
        {"q", SHELL_COMMAND_UNKNOWN},
        {"\"\"", SHELL_COMMAND_UNKNOWN},
        {"x a 'b c' d", SHELL_COMMAND_UNKNOWN},
        {"'pwd'", SHELL_COMMAND_PWD},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        struct shell_request request;
        parse(&request, nk_slice_of_string(table[i].line));
        assert_int_equal(request.command, table[i].command);
    }
}

static void the_unknown_word_is_kept_for_the_answer(void **state)
{
    struct shell_request request;

    (void)state;
    parse(&request, SLICE("\"f l\\ny\" high"));
    assert_int_equal(request.command, SHELL_COMMAND_UNKNOWN);
    assert_slice(request.word, "f l\ny");
}

static void arguments_are_unquoted(void **state)
{
    static const struct {
        const char *line;
        const char *argument;
    } table[] = {
        {"cd a", "a"},
        {"cd -", "-"},
        {"cd -- -x", "-x"},
        {"cd ~/x", "~/x"},
        {"cd 'a b'", "a b"},
        {"cd \"a b\"", "a b"},
        {"cd a\\ b", "a b"},
        {"cd a\\x20b", "a b"},
        {"cd 'it'\\''s'", "it's"},
        {"cd \"it's\"", "it's"},
        {"cd 'say \"x\"'", "say \"x\""},
        {"cd \"say \\\"x\\\"\"", "say \"x\""},
        {"cd '\\n'", "\\n"},
        {"cd \"\\n\"", "\n"},
        {"cd \\n\\r\\t\\\\", "\n\r\t\\"},
        {"cd a'b'\"c\"d", "abcd"},
        {"cd '\t'", "\t"},
        {"cd \\xff\\xFE", "\xff\xfe"},
        {"cd caf\xc3\xa9", "caf\xc3\xa9"},
        {"cd \xff", "\xff"},
        {"token -secret", "-secret"},
        {"token --", "--"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        struct shell_request request;
        parse(&request, nk_slice_of_string(table[i].line));
        assert_slice(request.argument, table[i].argument);
    }
}

static void no_argument_is_not_an_empty_one(void **state)
{
    struct shell_request request;

    (void)state;
    parse(&request, SLICE("cd"));
    assert_null(request.argument.data);
    parse(&request, SLICE("ls -l"));
    assert_null(request.argument.data);
    assert_string_equal(problem_of(SLICE("cd ''")), "an empty name");
}

static void options_of_ls_are_read(void **state)
{
    struct shell_request request;

    (void)state;
    parse(&request, SLICE("ls"));
    assert_false(request.ls.all || request.ls.is_long || request.ls.marks);
    assert_int_equal(request.ls.prefix.len, 0);
    assert_true(request.ls.most == UINT64_MAX);
    parse(&request, SLICE("ls -al dir -F"));
    assert_true(request.ls.all && request.ls.is_long && request.ls.marks);
    assert_slice(request.argument, "dir");
    parse(&request, SLICE("ls -p 'a b' -m 12"));
    assert_slice(request.ls.prefix, "a b");
    assert_int_equal(request.ls.most, 12);
    assert_null(request.argument.data);
    parse(&request, SLICE("ls -apx -m0 -- -l"));
    assert_true(request.ls.all);
    assert_false(request.ls.is_long);
    assert_slice(request.ls.prefix, "x");
    assert_int_equal(request.ls.most, 0);
    assert_slice(request.argument, "-l");
    parse(&request, SLICE("ls -p -l"));
    assert_slice(request.ls.prefix, "-l");
    parse(&request, SLICE("ls -"));
    assert_slice(request.argument, "-");
}

/* Every mistake is told; none is guessed at. */
static void mistakes_are_told(void **state)
{
    static const struct {
        const char *line;
        size_t len;
    } table[] = {
        {"cd 'a", 5},
        {"cd \"a", 5},
        {"cd a\\", 5},
        {"cd \\q", 5},
        {"cd \\x4", 6},
        {"cd \\xzz", 7},
        {"cd \"\\'", 6},
        {"cd a b", 6},
        {"pwd x", 5},
        {"pwd -x", 6},
        {"quit now", 8},
        {"token", 5},
        {"token a b", 9},
        {"cd -x", 5},
        {"ls -z", 5},
        {"ls -lz", 6},
        {"ls -p", 5},
        {"ls -m", 5},
        {"ls -m x", 7},
        {"ls -m -1", 8},
        {"ls -m1x", 7},
        {"ls a b", 6},
        {"ls --all", 8},
        {"cd a\0b", 6},
        {"cd a\\x00b", 9},
        {"cd a\033b", 6},
        {"cd '\033'", 6},
        {"cd a\x7f", 5},
        {"cd a\rb", 6},
        {"ls -m 18446744073709551616", 26},
        {"x 1 2 3 4 5 6 7 8 9 a b c d e f g h", 35},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++)
        (void)problem_of(nk_slice_make(table[i].line, table[i].len));
}

static void help_has_an_end(void **state)
{
    size_t count = 0;

    (void)state;
    while (shell_request_help(count))
        count++;
    assert_true(count > 5 && count < 20);
    assert_null(shell_request_help(count + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_with_lf_or_cr_lf),
        cmocka_unit_test(long_lines_are_refused_at_the_limit),
        cmocka_unit_test(commands_are_exact),
        cmocka_unit_test(the_unknown_word_is_kept_for_the_answer),
        cmocka_unit_test(arguments_are_unquoted),
        cmocka_unit_test(no_argument_is_not_an_empty_one),
        cmocka_unit_test(options_of_ls_are_read),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(help_has_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
