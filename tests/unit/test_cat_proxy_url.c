/* What is written behind --proxy: every form, every mistake, and that no login
 * is ever printed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cat/cat_proxy_url.h"

static struct cat_proxy_url parsed(const char *text)
{
    struct cat_proxy_url url;
    const char *reason = "none";

    if (cat_proxy_url_parse(&url, text, &reason) != 0)
        fail_msg("'%s': %s", text, reason);
    return url;
}

/* A form that is written in the manual is refused or misread. */
static void test_forms(void **state)
{
    static const struct {
        const char *text;
        enum cat_proxy_kind kind;
        const char *printed;
        const char *user; /* NULL = no login */
        const char *password;
    } cases[] = {
        {"socks5://127.0.0.1:9050", CAT_PROXY_SOCKS5, "socks5://127.0.0.1:9050", NULL, ""},
        {"socks5h://tor", CAT_PROXY_SOCKS5, "socks5://tor:1080", NULL, ""},
        {"SOCKS5://[::1]:1", CAT_PROXY_SOCKS5, "socks5://[::1]:1", NULL, ""},
        {"http://proxy.example/", CAT_PROXY_HTTP, "http://proxy.example:8080", NULL, ""},
        {"http://u:p@h:3128", CAT_PROXY_HTTP, "http://h:3128", "u", "p"},
        {"http://u@h:3128", CAT_PROXY_HTTP, "http://h:3128", "u", ""},
        {"socks5://u:@h:1", CAT_PROXY_SOCKS5, "socks5://h:1", "u", ""},
        {"socks5://a%3Ab%40:p%25%2f@h:1", CAT_PROXY_SOCKS5, "socks5://h:1", "a:b@", "p%/"},
        {"socks5://u:p@ss:w@h:1", CAT_PROXY_SOCKS5, "socks5://h:1", "u", "p@ss:w"},
        {"socks5://unix:/run/tor@1", CAT_PROXY_SOCKS5, "socks5://unix:/run/tor@1", NULL, ""},
        {"http://u:p@unix:@name", CAT_PROXY_HTTP, "http://unix:@name", "u", "p"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        char text[CAT_PROXY_TEXT_MAX];
        struct cat_proxy_url url = parsed(cases[i].text);

        assert_int_equal(url.kind, cases[i].kind);
        assert_string_equal(cat_proxy_url_print(&url, text), cases[i].printed);
        assert_int_equal(url.has_login, cases[i].user != NULL);
        assert_string_equal(url.user, cases[i].user != NULL ? cases[i].user : "");
        assert_string_equal(url.password, cases[i].password);
    }
}

/* A mistake starts a connection to somewhere else, or has no explanation. */
static void test_mistakes(void **state)
{
    static const char *const cases[] = {
        "",
        "h:1",
        "socks4://h:1",
        "https://h:1",
        "socks5:h:1",
        "socks5://",
        "socks5://:1080",
        "socks5://h:0",
        "socks5://h:65536",
        "socks5://@h:1",
        "socks5://:p@h:1",
        "socks5://u%@h:1",
        "socks5://u%4@h:1",
        "socks5://u%4g@h:1",
        "socks5://u%00@h:1",
        "socks5://u:p%00@h:1",
        "socks5://u@",
        "socks5://h:1?ttl=3",
        "socks5://unix:",
        "http://h:1/path",
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct cat_proxy_url url = {.has_login = true};
        const char *reason = NULL;

        if (cat_proxy_url_parse(&url, cases[i], &reason) != -EINVAL)
            fail_msg("'%s' is taken", cases[i]);
        assert_non_null(reason);
        assert_true(url.kind == CAT_PROXY_NONE && url.has_login); /* untouched */
    }
}

/* A login that is longer than the protocols can carry is cut off or overflows. */
static void test_long_login(void **state)
{
    char text[1024];
    char name[PROXY_TEXT_MAX + 2];
    struct cat_proxy_url url;
    const char *reason = NULL;

    (void)state;
    memset(name, 'n', sizeof name);
    name[PROXY_TEXT_MAX] = '\0';
    snprintf(text, sizeof text, "socks5://%s:%s@h:1", name, name);
    url = parsed(text);
    assert_string_equal(url.user, name);
    assert_string_equal(url.password, name);
    name[PROXY_TEXT_MAX] = 'n';
    snprintf(text, sizeof text, "socks5://%.256s@h:1", name);
    assert_int_equal(cat_proxy_url_parse(&url, text, &reason), -EINVAL);
    snprintf(text, sizeof text, "socks5://u:%.256s@h:1", name);
    assert_int_equal(cat_proxy_url_parse(&url, text, &reason), -EINVAL);
}

/* What cannot be asked of a proxy is found out after the connection was made. */
static void test_targets(void **state)
{
    static const struct {
        const char *proxy;
        const char *target;
        bool is_fine;
    } cases[] = {
        {"socks5://h", "tcp://host.example:80", true},
        {"socks5://a%3Ab:c@h", "tcp://[::1]:80", true},
        {"http://u:p@h", "tcp://[::1]:80", true},
        {"socks5://h", "tcp://:80", false},
        {"http://h", "tcp://:80", false},
        {"socks5://h", "tcp://[fe80::1%eth0]:80", false},
        {"http://a%3Ab:c@h", "tcp://[::1]:80", false},
        {"http://a:c%0d%0aX@h", "tcp://[::1]:80", false},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct cat_proxy_url url = parsed(cases[i].proxy);
        struct nk_address target;
        const char *reason = NULL;

        assert_int_equal(nk_address_parse(&target, cases[i].target, &reason), 0);
        assert_int_equal(cat_proxy_url_check(&url, &target, &reason),
                         cases[i].is_fine ? 0 : -EINVAL);
        assert_int_equal(reason == NULL, cases[i].is_fine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_long_login),
        cmocka_unit_test(test_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
