/* The file of users: what is understood, and which line is wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_users.h"

#define HASH "$2y$04$qNXvp07icoXJsYSe8vwZE.go9oANGG7lb0Q3WFMlOrgVlhkuaYkp."

static int parse(struct http_users *users, struct nk_slice text, struct http_users_problem *problem)
{
    char *copy = malloc(text.len + 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.len);
    return http_users_parse(users, copy, text.len, problem);
}

static void test_good_files(void **state)
{
    static const struct nk_slice files[] = {
        NK_SLICE("alice:" HASH "\nBob:" HASH "\n"),
        NK_SLICE("Bob:" HASH "\nalice:" HASH),
        NK_SLICE("# comment: x\n\nalice:" HASH "\r\n\r\nBob:" HASH "\r\n#"),
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(files); i++) {
        struct http_users users;
        struct http_users_problem problem;
        assert_int_equal(parse(&users, files[i], &problem), 0);
        assert_int_equal(users.count, 2);
        assert_string_equal(http_users_find(&users, "alice")->hash, HASH);
        assert_string_equal(http_users_find(&users, "Bob")->name, "Bob");
        assert_null(http_users_find(&users, "bob"));
        assert_null(http_users_find(&users, ""));
        assert_null(http_users_find(&users, "# comment"));
        http_users_free(&users);
    }
}

static void test_refused_files(void **state)
{
    static const struct {
        struct nk_slice text;
        size_t line;
        const char *rule;
    } tests[] = {
        {NK_SLICE(""), 0, "there is no user in it"},
        {NK_SLICE("\n# nobody\n"), 0, "there is no user in it"},
        {NK_SLICE("a:" HASH "\nb"), 2, "it is not written as 'name:hash'"},
        {NK_SLICE(":" HASH), 1, "there is no name in front of the colon"},
        {NK_SLICE("#\n\na\tb:" HASH), 3, "the name holds a control character"},
        {NK_SLICE("a:secret\n"), 1, "the hash is not one of bcrypt, yescrypt or sha512crypt"},
        {NK_SLICE("a:" HASH " \n"), 1, "the hash is not one of bcrypt, yescrypt or sha512crypt"},
        {NK_SLICE("a:" HASH "\nb:" HASH "\na:" HASH "\n"), 0, "a name stands there twice"},
        {NK_SLICE("a:" HASH "\n\0b:" HASH), 0, "there is a NUL byte in it"},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct http_users users;
        struct http_users_problem problem;
        assert_int_equal(parse(&users, tests[i].text, &problem), -EINVAL);
        assert_string_equal(problem.rule, tests[i].rule);
        assert_int_equal(problem.line, tests[i].line);
        assert_null(users.items);
    }
}

static void test_descriptions(void **state)
{
    const struct http_users_problem at_line = {3, "rule"}, whole = {0, "rule"}, none = {0};
    char text[HTTP_USERS_TEXT_MAX];
    (void)state;
    assert_string_equal(http_users_describe("f", -EINVAL, &at_line, text), "'f', line 3: rule");
    assert_string_equal(http_users_describe("f", -EINVAL, &whole, text), "'f': rule");
    assert_string_equal(http_users_describe("f", -ENOENT, &none, text),
                        "'f': no such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_files),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_descriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
