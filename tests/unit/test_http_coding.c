/* Which content coding a client gets (RFC 9110 12.5.3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "http/http_coding.h"

#define GZIP HTTP_CODING_BIT(HTTP_CODING_GZIP)
#define ZSTD HTTP_CODING_BIT(HTTP_CODING_ZSTD)
#define BROTLI HTTP_CODING_BIT(HTTP_CODING_BROTLI)
#define ALL (GZIP | ZSTD | BROTLI)

static const char *choose(const char *const *values, size_t count, unsigned available)
{
    struct http_accepted accepted;
    http_accepted_init(&accepted);
    for (size_t i = 0; i < count; i++)
        http_accepted_read(&accepted, nk_slice_of_string(values[i]));
    return http_coding_names[http_accepted_choose(&accepted, available)].name;
}

static const struct {
    const char *value;
    unsigned available;
    const char *expected;
} choices[] = {
    {"gzip", ALL, "gzip"},
    {"gzip, deflate, br, zstd", ALL, "br"},
    {"gzip, deflate, br, zstd", GZIP | ZSTD, "zstd"},
    {"gzip, deflate, br, zstd", GZIP, "gzip"},
    {"gzip, deflate, br, zstd", 0, ""},
    {"gzip,br", ZSTD, ""},
    {"GZip", ALL, "gzip"},
    {"x-gzip", ALL, "gzip"},
    {"", ALL, ""},
    {"identity", ALL, ""},
    {"deflate", ALL, ""},
    {"compress, exi", ALL, ""},
    {"*", ALL, "br"},
    {"*", GZIP, "gzip"},
    /* weights */
    {"gzip;q=1, br;q=0.9", ALL, "gzip"},
    {"gzip;q=0.9, br;q=1.0", ALL, "br"},
    {"gzip;q=0.501, zstd;q=0.5, br;q=0.499", ALL, "gzip"},
    {"gzip ; q=0.2 , br ; q=0.1", ALL, "gzip"},
    {"gzip;Q=0.2, br;q=0.1", ALL, "gzip"},
    {"gzip;q=0", ALL, ""},
    {"gzip;q=0.0", ALL, ""},
    {"gzip;q=0.000", ALL, ""},
    {"gzip;q=0.001", ALL, "gzip"},
    {"gzip;q=0, *", ALL, "br"},
    {"br;q=0, *;q=0.1", ALL, "zstd"},
    {"*;q=0", ALL, ""},
    {"*;q=0, gzip", ALL, "gzip"},
    {"identity, gzip;q=0.5", ALL, ""},
    {"identity;q=0.5, gzip;q=0.5", ALL, "gzip"},
    {"identity;q=0.5, gzip", ALL, "gzip"},
    {"identity;q=0, gzip;q=0.1", ALL, "gzip"},
    {"identity;q=0, *;q=0", ALL, ""},
    {"identity;q=0", 0, ""},
    {"identity;q=1, *;q=0", ALL, ""}, /* what browsers say for media */
    {"gzip;q=0.5, gzip;q=0", ALL, ""},
    /* what breaks the grammar says nothing */
    {"gzip;q=2, br;q=0.1", ALL, "br"},
    {"gzip;q=1.001, br;q=0.1", ALL, "br"},
    {"gzip;q=0.1234", ALL, ""},
    {"gzip;q=", ALL, ""},
    {"gzip;q=-1", ALL, ""},
    {"gzip;q=.5", ALL, ""},
    {"gzip;q=0,5", ALL, ""},
    {"gzip;q=1e0", ALL, ""},
    {"gzip;q", ALL, ""},
    {"gzip;", ALL, ""},
    {"gzip q=1", ALL, ""},
    {"gzip;level=9", ALL, ""},
    {"gzip;q=1;x", ALL, ""},
    {"gzip=1", ALL, ""},
    {";q=1, gzip", ALL, "gzip"},
    {"gzip;q=1.", ALL, "gzip"}, /* the grammar allows it */
    {",, gzip ,,", ALL, "gzip"},
    {"\"gzip\"", ALL, ""},
    {"gzipped, xgzip, gzi", ALL, ""},
    {"**, *x", ALL, ""},
};

/* A client gets what it cannot read, or more bytes than it need. */
static void test_choice(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(choices); i++) {
        const char *chosen = choose(&choices[i].value, 1, choices[i].available);
        if (strcmp(chosen, choices[i].expected) != 0)
            fail_msg("'%s' of %x: '%s', not '%s'", choices[i].value, choices[i].available, chosen,
                     choices[i].expected);
    }
}

/* A proxy adds a field of its own, and one of the two is not heard. */
static void test_several_fields(void **state)
{
    static const char *const both[] = {"gzip;q=0.5", "br;q=0.4"};
    static const char *const refused[] = {"*", "br;q=0, zstd;q=0"};
    (void)state;
    assert_string_equal(choose(both, 2, ALL), "gzip");
    assert_string_equal(choose(refused, 2, ALL), "gzip");
    assert_string_equal(choose(NULL, 0, ALL), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_several_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
