/* From the bytes of a server to the lines of its answers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "shell/shell_reply.h"

#define SLICE(literal) nk_slice_make(literal, sizeof(literal) - 1)

static ssize_t take(struct nk_slice input, struct shell_reply *reply)
{
    return shell_reply_take(input, reply);
}

/* A client would talk to something else than a remote shell, or to one whose language it
 * does not know. */
static void greeting_is_recognised(void **state)
{
    static const struct {
        const char *input;
        ssize_t taken;
        bool needs_token;
    } cases[] = {
        {"netkit-shell 1 ready\n", 21, false},
        {"netkit-shell 1 token\nok\n", 21, true},
        {"netkit-shell 1 ready and more\n", 30, false},
        {"netkit-shell 1 rea", -EAGAIN, false},
        {"", -EAGAIN, false},
        {"netkit-shell 2 ready\n", -EPROTONOSUPPORT, false},
        {"netkit-shell 10 ready\n", -EPROTONOSUPPORT, false},
        {"netkit-shell\n", -EPROTONOSUPPORT, false},
        {"netkit-shell 1\n", -EBADMSG, false},
        {"netkit-shell 1 maybe\n", -EBADMSG, false},
        {"netkit-shells 1 ready\n", -EBADMSG, false},
        {" netkit-shell 1 ready\n", -EBADMSG, false},
        {"HTTP/1.1 400 Bad Request\r\n", -EBADMSG, false},
        {"\n", -EBADMSG, false},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        bool needs_token = !cases[i].needs_token;
        ssize_t taken = shell_reply_take_greeting(nk_slice_of_string(cases[i].input), &needs_token);
        assert_int_equal(taken, cases[i].taken);
        assert_int_equal(needs_token, taken > 0 ? cases[i].needs_token : !cases[i].needs_token);
    }
}

/* A name would be taken for a status, or an error for a name. */
static void first_byte_decides(void **state)
{
    static const struct {
        const char *input;
        enum shell_reply_kind kind;
        const char *text;
    } cases[] = {
        {" name\n", SHELL_REPLY_PAYLOAD, "name"},
        {" ok\nok\n", SHELL_REPLY_PAYLOAD, "ok"},
        {"  two blanks \n", SHELL_REPLY_PAYLOAD, " two blanks "},
        {" \n", SHELL_REPLY_PAYLOAD, ""},
        {" gr\xc3\xbcn \\x0a\n", SHELL_REPLY_PAYLOAD, "gr\xc3\xbcn \\x0a"},
        {"ok\n", SHELL_REPLY_OK, ""},
        {"error: unknown input type: 'x'\n", SHELL_REPLY_ERROR, "unknown input type: 'x'"},
        {"bye\n", SHELL_REPLY_BYE, ""},
        {"bye: idle for too long\n", SHELL_REPLY_BYE, "idle for too long"},
    };
    struct shell_reply reply;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_slice input = nk_slice_of_string(cases[i].input);
        assert_int_equal(take(input, &reply), nk_slice_find(input, '\n') + 1);
        assert_int_equal(reply.kind, cases[i].kind);
        assert_true(nk_slice_equal(reply.text, nk_slice_of_string(cases[i].text)));
    }
}

/* Bytes of something else would be shown, or an answer would never end. */
static void anything_else_is_refused(void **state)
{
    static const char *const lines[] = {
        "\n",       "okay\n",  "OK\n",      "ok \n",   "error\n", "error: \n", "error:x\n",
        "errors\n", "bye: \n", "goodbye\n", "ok: x\n", "\tx\n",   "name\n",
    };
    struct shell_reply reply = {.kind = SHELL_REPLY_BYE};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(lines); i++)
        assert_int_equal(take(nk_slice_of_string(lines[i]), &reply), -EBADMSG);
    assert_int_equal(reply.kind, SHELL_REPLY_BYE); /* untouched */
}

/* A server could clear the client's screen, change the title of its window, or type for
 * its person. */
static void nothing_moves_the_cursor(void **state)
{
    static const struct nk_slice lines[] = {
        NK_SLICE(" \033[2J\n"),
        NK_SLICE(" a\rb\n"),
        NK_SLICE(" a\tb\n"),
        NK_SLICE(" a\0b\n"),
        NK_SLICE(" \x7f\n"),
        NK_SLICE(" \xc2\x9b"
                 "2J\n"),
        NK_SLICE(" \xff\n"),
        NK_SLICE(" \xc3\n"),
        NK_SLICE(" \xe2\x80\xae\n"),
        NK_SLICE("error: \033[m\n"),
        NK_SLICE("bye: \x07\n"),
        NK_SLICE("ok\r\n"),
    };
    struct shell_reply reply;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(lines); i++)
        assert_int_equal(take(lines[i], &reply), -EBADMSG);
}

/* A line without end would be waited for until the memory is full. */
static void lines_have_an_end(void **state)
{
    static char input[SHELL_REPLY_LINE_MAX + 2];
    struct shell_reply reply;

    (void)state;
    memset(input, 'x', sizeof input);
    input[0] = ' ';
    assert_int_equal(take(nk_slice_make(input, SHELL_REPLY_LINE_MAX - 1), &reply), -EAGAIN);
    assert_int_equal(take(nk_slice_make(input, SHELL_REPLY_LINE_MAX), &reply), -EBADMSG);
    input[SHELL_REPLY_LINE_MAX - 1] = '\n';
    assert_int_equal(take(nk_slice_make(input, sizeof input), &reply), SHELL_REPLY_LINE_MAX);
    assert_int_equal(reply.text.len, SHELL_REPLY_LINE_MAX - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greeting_is_recognised),   cmocka_unit_test(first_byte_decides),
        cmocka_unit_test(anything_else_is_refused), cmocka_unit_test(nothing_moves_the_cursor),
        cmocka_unit_test(lines_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
