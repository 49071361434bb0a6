/* Basic credentials (RFC 7617): one way to write them, and nothing that is doubtful. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "http/http_authorization.h"

static void test_good_values(void **state)
{
    static const struct {
        const char *value;
        const char *name;
        const char *password;
    } tests[] = {
        {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"},
        {"Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3"},
        {"basic YTpi", "a", "b"},
        {"BASIC   YTpi ", "a", "b"},
        {"Basic Og==", "", ""},
        {"Basic YTo=", "a", ""},
        {"Basic OmI=", "", "b"},
        {"Basic YTpiOmM=", "a", "b:c"},
        {"Basic Pz8/Ojs+fg==", "???", ";>~"},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct http_credentials credentials;
        assert_int_equal(http_authorization_read(nk_slice_of_string(tests[i].value), &credentials),
                         0);
        assert_string_equal(credentials.name, tests[i].name);
        assert_string_equal(credentials.password, tests[i].password);
    }
}

static void test_refused_values(void **state)
{
    static const char *const tests[] = {
        "",
        "Basic",
        "Basic ",
        "Basic =",
        "Basic ==",
        "Basic ====",
        "Bearer YTpi",
        "BasicYTpi",
        "Digest username=\"a\"",
        "Basic YTpi YTpi",
        "Basic YTp",       /* cut off */
        "Basic YTpiOg=",   /* too little padding */
        "Basic YTo==",     /* too much */
        "Basic YTpiOm===", /* and more */
        "Basic YT=i",      /* in the middle */
        "Basic YTp=",      /* bits that stand for nothing (RFC 4648 3.5) */
        "Basic YTpi\xc3\xa4=",
        "Basic YTp-",
        "Basic YWI=",     /* no colon */
        "Basic YQA6Yg==", /* NUL in the name */
        "Basic YTpiAA==", /* NUL in the password */
        "Basic YTpifw==", /* DEL */
        "Basic YTpiCg==", /* LF */
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tests); i++) {
        struct http_credentials credentials;
        if (http_authorization_read(nk_slice_of_string(tests[i]), &credentials) != -EBADMSG)
            fail_msg("'%s' was accepted", tests[i]);
    }
}

/* "YWFh" is "aaa", "OmJi" is ":bb". */
static int read_long(size_t names, size_t passwords, struct http_credentials *credentials)
{
    char value[2048] = "Basic ";
    size_t len = strlen(value);
    for (size_t i = 0; i < names; i++, len += 4)
        memcpy(value + len, "YWFh", 4);
    memcpy(value + len, "OmJi", 4);
    len += 4;
    for (size_t i = 0; i < passwords; i++, len += 4)
        memcpy(value + len, "YWFh", 4);
    return http_authorization_read(nk_slice_make(value, len), credentials);
}

static void test_lengths(void **state)
{
    struct http_credentials credentials;
    (void)state;
    assert_int_equal(read_long(85, 169, &credentials), 0); /* 255 and 509 bytes */
    assert_int_equal(strlen(credentials.name), 255);
    assert_int_equal(strlen(credentials.password), 509);
    assert_int_equal(read_long(86, 0, &credentials), -EBADMSG);
    assert_int_equal(read_long(0, 170, &credentials), -EBADMSG);
    assert_int_equal(read_long(85, 300, &credentials), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_values),
        cmocka_unit_test(test_refused_values),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
