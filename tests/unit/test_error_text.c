/* Texts of errors: what a person reads in the middle of a sentence. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <ctype.h>
#include <errno.h>

#include "base/error_text.h"

/* "netkit: cannot listen on ...: Address already in use" is what this prevents. */
static void texts_begin_in_lower_case(void **state)
{
    (void)state;
    for (int error = 1; error < 134; error++) {
        char room[NK_ERROR_TEXT_MAX];
        const char *text = nk_error_text(-error, room);
        assert_true(text[0] != '\0');
        assert_false(isupper((unsigned char)text[0]) && islower((unsigned char)text[1]));
    }
}

/* Scripts and people search for these very words. */
static void common_errors_have_known_texts(void **state)
{
    (void)state;
    char room[NK_ERROR_TEXT_MAX];
    assert_string_equal(nk_error_text(-EADDRINUSE, room), "address already in use");
    assert_string_equal(nk_error_text(-EACCES, room), "permission denied");
    assert_string_equal(nk_error_text(-ECONNREFUSED, room), "connection refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_begin_in_lower_case),
        cmocka_unit_test(common_errors_have_known_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
