/* From the path of a request to a file name below the root, and back (RFC 3986).
 * The numbers are the rows of the protocol's truth table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_path.h"

struct decoding {
    const char *path;
    const char *name; /* NULL: refused */
    int status;
};

static const struct decoding decodings[] = {
    {"/", "", 0},
    {"/a", "a", 0},
    {"/a/b", "a/b", 0},
    {"/a/", "a/", 0},
    {"/a%20b", "a b", 0},
    {"/%41%7a%7A", "Azz", 0},
    {"/%C3%A4", "\xc3\xa4", 0},
    {"/a?", "a?", 0}, /* the query is cut off before */
    {"/a%3Fb%23c", "a?b#c", 0},
    {"/a+b", "a+b", 0},
    {"//", "", 0},
    {"//a", "a", 0},
    {"/a//b", "a/b", 0},
    {"/a///", "a/", 0},
    {"/.", "", 0},
    {"/./", "", 0},
    {"/./a", "a", 0},
    {"/a/.", "a/", 0},
    {"/a/./b", "a/b", 0},
    {"/a/..", "", 0},
    {"/a/../", "", 0},
    {"/a/b/..", "a/", 0},
    {"/a/b/../c", "a/c", 0},
    {"/a/b/../../c/", "c/", 0},
    {"/aa/bb/..", "aa/", 0},
    {"/a//../b", "b", 0},
    {"/...", "...", 0},
    {"/a/.../b", "a/.../b", 0},
    {"/..a/a..", "..a/a..", 0},
    {"/a/%2e%2e/b", "b", 0},
    {"/a/.%2E/b", "b", 0},
    {"/a/%2e/b", "a/b", 0},
    {"/%252e%252e/a", "%2e%2e/a", 0}, /* 51: decoded once, never twice */
    {"/%252fa", "%2fa", 0},
    {"/a%5Cb", "a\\b", 0},
    {"/..", NULL, 400},
    {"/../etc/passwd", NULL, 400},
    {"/a/../../etc/passwd", NULL, 400},
    {"/%2e%2e/etc/passwd", NULL, 400},
    {"/.%2e/etc/passwd", NULL, 400},
    {"/a/%2e%2E/%2e./b", NULL, 400},
    {"//../a", NULL, 400},
    {"/./../a", NULL, 400},
    {"/..%2fetc/passwd", NULL, 404},
    {"/a%2fb", NULL, 404},
    {"/a%2Fb", NULL, 404},
    {"/%2f", NULL, 404},
    {"/%zz", NULL, 400},
    {"/%2", NULL, 400},
    {"/%", NULL, 400},
    {"/%2/a", NULL, 400},
    {"/%g0", NULL, 400},
    {"/%0g", NULL, 400},
    {"/%%41", NULL, 400},
    {"/%00", NULL, 400},
    {"/a%00.html", NULL, 400},
    {"a", NULL, 400},
    {"../etc/passwd", NULL, 400},
    {"", NULL, 400},
};

/* The wrong file, or one outside the root, would be served. */
static void test_paths_become_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(decodings); i++) {
        const struct decoding *test = &decodings[i];
        const size_t len = strlen(test->path);
        char *path = malloc(len > 0 ? len : 1); /* without a NUL: exactly its bytes */
        char name[64];
        struct http_problem problem = {0};
        assert_non_null(path);
        memcpy(path, test->path, len);
        const ssize_t rc = http_path_decode(nk_slice_make(path, len), name, sizeof(name), &problem);
        free(path);
        if ((rc >= 0) != (test->name != NULL) || problem.status != test->status)
            print_error("%s: rc %zd, status %d\n", test->path, rc, problem.status);
        assert_int_equal(problem.status, test->status);
        if (test->name == NULL) {
            assert_int_equal(rc, -EBADMSG);
            assert_non_null(strstr(problem.rule, "(RFC "));
        } else {
            assert_string_equal(name, test->name);
            assert_int_equal(rc, strlen(test->name));
        }
    }
}

/* A raw NUL cannot come out of the request parser, but would cut the name. */
static void test_raw_nul_is_refused(void **state)
{
    static const struct nk_slice path = NK_SLICE("/a\0b");
    char name[16];
    struct http_problem problem = {0};
    (void)state;
    assert_int_equal(http_path_decode(path, name, sizeof(name), &problem), -EBADMSG);
    assert_int_equal(problem.status, 400);
}

/* A name that does not fit is refused, never cut and never written past the
 * end of the buffer (which the sanitizer sees). */
static void test_names_fit_or_are_refused(void **state)
{
    static const char *const paths[] = {"/abc", "/ab/", "/a/b", "/%61bc"};
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(paths); i++) {
        for (size_t size = 0; size < 6; size++) {
            char *name = malloc(size > 0 ? size : 1);
            struct http_problem problem = {0};
            assert_non_null(name);
            const ssize_t rc = http_path_decode(nk_slice_of_string(paths[i]), name, size, &problem);
            assert_int_equal(rc, size < 4 ? -EBADMSG : 3);
            assert_int_equal(problem.status, size < 4 ? 414 : 0);
            free(name);
        }
    }
}

/* Secrets such as .git and .env would be served, or certificates not renewed. */
static void test_dotfiles_are_seen(void **state)
{
    static const struct {
        const char *name;
        bool has_dotfile;
    } tests[] = {
        {"", false},
        {"a", false},
        {"a.b/c.d", false},
        {".git/config", true},
        {".env", true},
        {"a/.htaccess", true},
        {"a/.git/", true},
        {"...", true},
        {".well-known/", false},
        {".well-known/acme-challenge/x", false},
        {".well-known", false},
        {".well-known/.secret", true},
        {".well-knownx/a", true},
        {".well-know/a", true},
        {"a/.well-known/b", true},
        {".WELL-KNOWN/a", true},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        if (http_path_has_dotfile(tests[i].name) != tests[i].has_dotfile)
            print_error("%s\n", tests[i].name);
        assert_int_equal(http_path_has_dotfile(tests[i].name), tests[i].has_dotfile);
    }
}

typedef int transform(struct nk_slice text, char *out, size_t size, size_t *len);

/* The result is `expected`, appended to what is there; with less room it is
 * -ENOBUFS, and not a byte is written behind the end. */
static void assert_appends(transform *append, struct nk_slice text, const char *expected)
{
    const size_t full = 1 + strlen(expected);
    for (size_t size = 1; size <= full; size++) {
        char *out = malloc(size);
        size_t len = 1;
        assert_non_null(out);
        out[0] = '>';
        const int rc = append(text, out, size, &len);
        assert_int_equal(out[0], '>');
        assert_int_equal(rc, size < full ? -ENOBUFS : 0);
        assert_int_equal(len, size < full ? 1 : full);
        if (rc == 0)
            assert_memory_equal(out + 1, expected, full - 1);
        free(out);
    }
}

/* 52: links in listings and Location fields would point elsewhere, and a line
 * end in a file name would end the header field. */
static void test_names_are_encoded(void **state)
{
    (void)state;
    assert_appends(http_path_encode, nk_slice_of_string("a/b-c_d.e~f"), "a/b-c_d.e~f");
    assert_appends(http_path_encode, nk_slice_of_string("!$&'()*+,;=:@"), "!$&'()*+,;=:@");
    assert_appends(http_path_encode, nk_slice_of_string("a b"), "a%20b");
    assert_appends(http_path_encode, nk_slice_of_string("a\r\nb"), "a%0D%0Ab");
    assert_appends(http_path_encode, nk_slice_of_string("?#%\"<>[\\]^`{|}"),
                   "%3F%23%25%22%3C%3E%5B%5C%5D%5E%60%7B%7C%7D");
    assert_appends(http_path_encode, nk_slice_of_string("\xc3\xa4\xff\x7f"), "%C3%A4%FF%7F");
    assert_appends(http_path_encode, nk_slice_make("\0", 1), "%00");
    assert_appends(http_path_encode, nk_slice_make(NULL, 0), "");
}

/* Whatever bytes a file name has, its link leads back to it. */
static void test_encoding_round_trips(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        if (byte == '/')
            continue;
        const char name[3] = {'x', (char)byte, 'y'};
        char path[16] = "/", decoded[16];
        size_t len = 1;
        struct http_problem problem;
        assert_int_equal(http_path_encode(nk_slice_make(name, 3), path, sizeof(path), &len), 0);
        assert_int_equal(
            http_path_decode(nk_slice_make(path, len), decoded, sizeof(decoded), &problem), 3);
        assert_memory_equal(decoded, name, 3);
    }
}

/* A file name could otherwise run a script in the page that lists it. */
static void test_html_is_escaped(void **state)
{
    static const char fffd[] = "\xef\xbf\xbd";
    static const char *const bad[] = {"\x80", "\xbf", "\xc0", "\xc1", "\xf5", "\xff"};
    /* the first and last of each length that is allowed, and their neighbours */
    static const char good[] = "\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
                               "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
    (void)state;
    assert_appends(http_html_escape, nk_slice_of_string(good), good);
    assert_appends(http_html_escape, nk_slice_of_string("\xe0\x9f\xbf"),
                   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_appends(http_html_escape, nk_slice_of_string("\xf0\x8f\xbf\xbf"),
                   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_appends(http_html_escape, nk_slice_of_string("a/b c.txt"), "a/b c.txt");
    assert_appends(http_html_escape, nk_slice_of_string("<a href=\"x\">'&'"),
                   "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;");
    assert_appends(http_html_escape, nk_slice_of_string("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"),
                   "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
    for (size_t i = 0; i < NK_ARRAY_LENGTH(bad); i++)
        assert_appends(http_html_escape, nk_slice_of_string(bad[i]), fffd);
    assert_appends(http_html_escape, nk_slice_of_string("\xc3<"), "\xef\xbf\xbd&lt;");
    assert_appends(http_html_escape, nk_slice_of_string("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");
    assert_appends(http_html_escape, nk_slice_of_string("\xed\xa0\x80"),
                   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
    assert_appends(http_html_escape, nk_slice_of_string("\xf4\x90\x80\x80"),
                   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* above U+10FFFF */
    assert_appends(http_html_escape, nk_slice_of_string("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd");
    assert_appends(http_html_escape, nk_slice_of_string("\xe2\x82<"),
                   "\xef\xbf\xbd\xef\xbf\xbd&lt;");
    assert_appends(http_html_escape, nk_slice_make(NULL, 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_become_names),
        cmocka_unit_test(test_raw_nul_is_refused),
        cmocka_unit_test(test_names_fit_or_are_refused),
        cmocka_unit_test(test_dotfiles_are_seen),
        cmocka_unit_test(test_names_are_encoded),
        cmocka_unit_test(test_encoding_round_trips),
        cmocka_unit_test(test_html_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
