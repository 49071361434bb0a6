/* What a line may go on with. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "shell/shell_completion.h"

static char room[256];

static bool find(struct shell_completion *completion, const char *line)
{
    assert_true(strlen(line) < sizeof room);
    return shell_completion_find(completion, nk_slice_of_string(line), room);
}

/* Commands would be offered where a name belongs, or the other way round. */
static void first_word_is_a_command(void **state)
{
    static const struct {
        const char *line;
        size_t count;
        const char *first;
    } cases[] = {
        {"", 5, "cd"},
        {"p", 1, "pwd"},
        {"l", 1, "ls"},
        {"x", 0, NULL},
        {"  q", 1, "quit"},
        {"pwd; c", 1, "cd"},
        {"ls 'a;b'; h", 1, "help"},
        {"pwd;", 5, "cd"},
    };
    struct shell_completion completion;
    struct nk_slice names[8];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        assert_true(find(&completion, cases[i].line));
        assert_true(completion.is_command);
        assert_int_equal(shell_completion_commands(&completion, names, 8), cases[i].count);
        if (cases[i].count > 0)
            assert_true(nk_slice_equal(names[0], nk_slice_of_string(cases[i].first)));
    }
    assert_int_equal(find(&completion, ""), true);
    assert_int_equal(shell_completion_commands(&completion, names, 2), 2);
}

/* Tab would ask for what cannot be there. */
static void some_words_are_not_completed(void **state)
{
    static const char *const lines[] = {
        "pwd x",      "help ",  "token s", "quit ", "fly a", "ls -",
        "ls -l a -p", "ls a\\", "ls \\q",  "'l",    "a/b",   "cd -",
    };
    struct shell_completion completion;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(lines); i++) {
        if (find(&completion, lines[i]))
            fail_msg("'%s'", lines[i]);
    }
}

/* The server would be asked for other names than those that are typed. */
static void server_is_asked_for_the_names(void **state)
{
    static const struct {
        const char *line;
        const char *request;
    } cases[] = {
        {"ls ", "ls -F -m 1001"},
        {"ls src/", "ls -F -m 1001 -- \"src/\""},
        {"ls -l s", "ls -F -m 1001 -p \"s\""},
        {"cd /", "ls -F -m 1001 -- \"/\""},
        {"pwd; cd ~/a/b c/d", "ls -F -m 1001 -p \"d\" -- \"c/\""},
        {"cd .h", "ls -F -m 1001 -a -p \".h\""},
        {"cd 'my di", "ls -F -m 1001 -p \"my di\""},
        {"cd \"my dir/a\\\"", "ls -F -m 1001 -p \"a\\\"\" -- \"my dir/\""},
        {"cd my\\ d", "ls -F -m 1001 -p \"my d\""},
        {"cd a\\x0ab\\\\/\xff", "ls -F -m 1001 -p \"\\xff\" -- \"a\\nb\\\\/\""},
    };
    static char out[SHELL_COMPLETION_REQUEST_MAX];
    struct shell_completion completion;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        assert_true(find(&completion, cases[i].line));
        size_t len = shell_completion_request(&completion, out);
        assert_true(len < sizeof out);
        out[len] = '\0';
        assert_string_equal(out, cases[i].request);
    }
}

/* What is inserted would be a part of another name, or two words. */
static void names_are_typed_as_they_have_to_be(void **state)
{
    static const struct {
        const char *line;
        const char *name;
        const char *candidate; /* NULL = none */
        const char *suffix;
    } cases[] = {
        {"ls ", "note.txt", "note.txt", " "},
        {"ls s", "src/", "src/", ""},
        {"ls a/s", "src@", "src", ""},
        {"cd s", "src@", "src", ""},
        {"cd s", "soc=", NULL, NULL},
        {"cd s", "song", NULL, NULL},
        {"ls s", "pipe|", NULL, NULL}, /* the server has answered something else */
        {"ls ", "/", NULL, NULL},
        {"ls ", "", NULL, NULL},
        {"ls ", "bad\\q", NULL, NULL},
        {"ls m", "my file", "my\\ file", " "},
        {"ls m", "m'\"x", "m\\'\\\"x", " "},
        {"ls m", "m;x", "m\\x3bx", " "},
        {"ls m", "m\\n\\\\x", "m\\n\\\\x", " "},
        {"ls m", "m\\xffx", "m\\xffx", " "},
        {"ls my\\ f", "my file", "my\\ file", " "},
        {"ls \"m", "my \\\\\"';x", "my \\\\\\\"';x", "\" "},
        {"ls 'm", "my \"';x", "my \"'\\'';x", "' "},
        {"ls 'm", "m\\nx", "m'\\n'x", "' "},
        {"ls 'a/m", "my dir/", "my dir/", ""},
        {"ls gr", "gr\xc3\xbcn", "gr\xc3\xbcn", " "},
        {"ls x\\x25", "x\\x25", "x\\x25", " "}, /* "x%", whose last byte is no mark */
    };
    char out[512];
    struct shell_completion completion;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_slice name = nk_slice_of_string(cases[i].name);
        const char *suffix = "none";
        assert_true(find(&completion, cases[i].line));
        assert_true(SHELL_COMPLETION_CANDIDATE_MAX(&completion, name) < sizeof out);
        size_t len = shell_completion_candidate(&completion, name, out, &suffix);
        out[len] = '\0';
        assert_string_equal(out, cases[i].candidate != NULL ? cases[i].candidate : "");
        assert_string_equal(suffix, cases[i].suffix != NULL ? cases[i].suffix : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_word_is_a_command),
        cmocka_unit_test(some_words_are_not_completed),
        cmocka_unit_test(server_is_asked_for_the_names),
        cmocka_unit_test(names_are_typed_as_they_have_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
