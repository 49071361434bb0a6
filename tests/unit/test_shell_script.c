/* From scripts to requests. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "shell/shell_script.h"

static void assert_requests(const char *script, const char *const *expected)
{
    struct nk_slice rest = nk_slice_of_string(script);
    struct nk_slice request;

    for (; *expected != NULL; expected++) {
        assert_true(shell_script_next(&rest, &request));
        if (!nk_slice_equal(request, nk_slice_of_string(*expected)))
            fail_msg("'%s': '%.*s' and not '%s'", script, (int)request.len, request.data,
                     *expected);
    }
    assert_false(shell_script_next(&rest, &request));
}

/* A request would be cut in a quoted name, or two would be sent as one. */
static void requests_end_at_semicolons_and_lines(void **state)
{
    static const struct {
        const char *script;
        const char *requests[4];
    } cases[] = {
        {"pwd", {"pwd"}},
        {"cd src; ls -l", {"cd src", "ls -l"}},
        {"cd src\nls\n", {"cd src", "ls"}},
        {"cd src\r\nls\r\n", {"cd src", "ls"}},
        {" \t pwd ;;\n ; ls;", {"pwd", "ls"}},
        {"", {NULL}},
        {" ;\n\n \t", {NULL}},
        {"ls 'a;b' ; pwd", {"ls 'a;b'", "pwd"}},
        {"ls \"a;b\"; pwd", {"ls \"a;b\"", "pwd"}},
        {"ls \"a\\\";b\"; pwd", {"ls \"a\\\";b\"", "pwd"}},
        {"ls 'a\\'; pwd", {"ls 'a\\'", "pwd"}},
        {"ls a\\'b; pwd", {"ls a\\'b", "pwd"}},
        {"ls a\\\\; pwd", {"ls a\\\\", "pwd"}},
        {"cd a\\ ", {"cd a\\ "}},
        {"cd a\\  \t; ls", {"cd a\\ ", "ls"}},
        {"ls 'open; x\npwd", {"ls 'open; x", "pwd"}},
        {"ls a\\\npwd", {"ls a\\", "pwd"}},
        {"ls a\\", {"ls a\\"}},
        {"# a comment; with one\npwd # is none", {"pwd # is none"}},
        {"pwd; # the rest\nls", {"pwd", "ls"}},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++)
        assert_requests(cases[i].script, cases[i].requests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_end_at_semicolons_and_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
