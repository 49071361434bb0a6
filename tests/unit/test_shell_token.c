/* The token of the remote shell: how it is read, and compared. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "shell/shell_token.h"
#include "tree_fixture.h"

static int read_token(struct shell_token *token, const char *text, size_t len)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/token", tree_path);
    int fd = openat(tree_fd, "token", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
    return shell_token_read(token, path);
}

static void the_first_line_is_the_token(void **state)
{
    static const char *const texts[] = {"secret", "secret\n", "secret\r\n", "secret\nmore\n"};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(texts); i++) {
        struct shell_token token = {0};
        assert_int_equal(read_token(&token, texts[i], strlen(texts[i])), 0);
        assert_int_equal(token.len, 6);
        assert_true(shell_token_matches(&token, nk_slice_of_string("secret")));
    }
}

/* An empty token would let everybody in, a cut one those who know its beginning. */
static void tokens_are_neither_empty_nor_cut(void **state)
{
    static char text[SHELL_TOKEN_MAX + 8];
    struct shell_token token = {.len = 7};

    (void)state;
    memset(text, 't', sizeof text);
    assert_int_equal(read_token(&token, "", 0), -ENODATA);
    assert_int_equal(read_token(&token, "\nx", 2), -ENODATA);
    assert_int_equal(read_token(&token, "\r\n", 2), -ENODATA);
    assert_int_equal(read_token(&token, text, SHELL_TOKEN_MAX + 1), -EMSGSIZE);
    assert_int_equal(read_token(&token, text, sizeof text), -EMSGSIZE);
    assert_int_equal(shell_token_read(&token, "/nothing/there"), -ENOENT);
    assert_int_equal(token.len, 7); /* untouched */
    assert_int_equal(read_token(&token, text, SHELL_TOKEN_MAX), 0);
    assert_int_equal(token.len, SHELL_TOKEN_MAX);
    memcpy(text + SHELL_TOKEN_MAX, "\r\nxyz", 5);
    assert_int_equal(read_token(&token, text, SHELL_TOKEN_MAX + 5), 0);
    assert_int_equal(token.len, SHELL_TOKEN_MAX);
}

/* Writes the token in two pieces, the second when the first was read, and keeps the pipe
 * open: there may be more lines. */
static void write_pieces(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int left = 1;

    (void)!write(fd, "sec", 3);
    while (ioctl(fd, FIONREAD, &left) == 0 && left > 0)
        usleep(1000);
    (void)!write(fd, "ret\n", 4);
    pause();
}

/* A token from a pipe, which comes as its writer likes, would be cut. */
static void a_token_may_come_in_pieces(void **state)
{
    struct shell_token token = {0};
    char path[PATH_MAX];

    (void)state;
    snprintf(path, sizeof path, "%s/pipe", tree_path);
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t writer = fork();
    if (writer == 0) {
        write_pieces(path);
        _exit(1);
    }
    assert_int_equal(shell_token_read(&token, path), 0);
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    assert_true(shell_token_matches(&token, nk_slice_of_string("secret")));
}

/* Every byte and the length count. */
static void only_the_same_bytes_match(void **state)
{
    static const char *const others[] = {"",       "s",      "secre",  "secrets", "Secret",
                                         "secreT", "secres", "tecret", "ssssss",  "secretsecret"};
    struct shell_token token = {0};

    (void)state;
    assert_int_equal(read_token(&token, "secret", 6), 0);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(others); i++)
        assert_false(shell_token_matches(&token, nk_slice_of_string(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_line_is_the_token, tree_set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(tokens_are_neither_empty_nor_cut, tree_set_up,
                                        tree_tear_down),
        cmocka_unit_test_setup_teardown(a_token_may_come_in_pieces, tree_set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(only_the_same_bytes_match, tree_set_up, tree_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
