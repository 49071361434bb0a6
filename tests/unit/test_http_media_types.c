/* The media types that /etc/mime.types adds to ours. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/http_media_types.h"

static const char lines[] = "# a comment, application/wrong wrong1\n"
                            "\n"
                            "application/x-one\t\t\tone one2  ONE3\n"
                            "application/x-none\n"
                            "  application/x-two   two # two2\n"
                            "text/x-three three\r\n"
                            "text/x-four four\n"
                            "application/x-again one\n"
                            "application/x-html html\n"
                            "noslash bad1\n"
                            "a/b/c bad2\n"
                            "a/b;c bad3\n"
                            "text/x\x01y bad4\n"
                            "application/x-odd b/d ~tilde a\"b \xff\n"
                            "application/x-last last";

static void check(struct http_media_types *types, const char *name, const char *expected)
{
    assert_string_equal(http_media_types_find(types, nk_slice_of_string(name)), expected);
}

/* A file is offered for download instead of shown; a broken line breaks all others,
 * or puts something into a header. */
static void test_lines(void **state)
{
    static const char unknown[] = "application/octet-stream";
    static const char *const nothing[] = {"a.wrong1", "a.two2", "a.bad1", "a.bad2", "a.bad3",
                                          "a.bad4",   "a.b/d",  "a.a\"b", "a.",     "a",
                                          "",         "a.on",   "a.onee"};
    struct http_media_types types;
    (void)state;
    http_media_types_init(&types, NULL);
    assert_int_equal(http_media_types_parse(&types, nk_slice_make(lines, sizeof(lines) - 1)), 0);
    check(&types, "a.one", "application/x-one");
    check(&types, "b/a.ONE2", "application/x-one");
    check(&types, "a.one3", "application/x-one");
    check(&types, "a.two", "application/x-two");
    check(&types, "a.four", "text/x-four; charset=utf-8");
    check(&types, "a.last", "application/x-last");
    check(&types, "a.html", "text/html; charset=utf-8"); /* ours comes first */
    check(&types, "a.~tilde", "application/x-odd");
    for (size_t i = 0; i < NK_ARRAY_LENGTH(nothing); i++)
        check(&types, nothing[i], unknown);
    http_media_types_deinit(&types);
}

/* No file, or nothing in it: the server does not start, or knows no types at all. */
static void test_nothing(void **state)
{
    struct http_media_types types;
    (void)state;
    http_media_types_init(&types, NULL);
    assert_int_equal(http_media_types_parse(&types, nk_slice_make(NULL, 0)), 0);
    check(&types, "a.png", "image/png");
    check(&types, "a.one", "application/octet-stream");
    http_media_types_deinit(&types);
    http_media_types_init(&types, "/does/not/exist");
    check(&types, "a.png", "image/png");
    check(&types, "a.one", "application/octet-stream");
    http_media_types_deinit(&types);
    http_media_types_init(&types, "/");
    check(&types, "a.one", "application/octet-stream");
    http_media_types_deinit(&types);
}

/* A file is cut, or a huge one fills the memory. */
static void test_files(void **state)
{
    char path[] = "/tmp/netkit-types-XXXXXX";
    const int fd = mkstemp(path);
    struct http_media_types types;
    (void)state;
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    for (unsigned i = 0; i < 100000; i++)
        fprintf(file, "application/x-%u x%u y%u\n", i, i, i);
    assert_int_equal(fclose(file), 0);
    http_media_types_init(&types, path);
    check(&types, "a.x0", "application/x-0");
    check(&types, "a.y20000", "application/x-20000");
    check(&types, "a.x99999", "application/octet-stream"); /* behind the first MiB */
    http_media_types_deinit(&types);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
