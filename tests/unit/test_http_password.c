/* Hashes as other programs write them, and those that only begin like one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "http/http_password.h"

/* Made with htpasswd -B, mkpasswd -m yescrypt and mkpasswd -m sha512crypt. */
#define BCRYPT "$2y$04$qNXvp07icoXJsYSe8vwZE.go9oANGG7lb0Q3WFMlOrgVlhkuaYkp."
#define YESCRYPT "$y$j9T$oMj1.Od3UEM.KDwXtBKD9/$Ih60SWgo.2CYbdzTkh3Fb9fvwbwYSyDd8JGWzSEqxhD"
#define SHA512                                                                                     \
    "$6$RkqH2iLnDVOiQOfx$aEi64OvZo6gyO2N2yu/"                                                      \
    "slCGFIshe4UgFasDrIJ3dG6gsb7jncRGQk9erlP2i2NeZOxJ78RwVz2"                                      \
    "BwpqZ3XzuhZ."

static void test_the_right_password_and_no_other(void **state)
{
    static const char *const tests[][2] = {{"secret", BCRYPT},
                                           {"pw2", YESCRYPT},
                                           {"Gr\xc3\xbc\xc3\x9f"
                                            "e:x",
                                            SHA512}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(http_password_hash_is_good(tests[i][1]));
        assert_true(http_password_matches(tests[i][0], tests[i][1]));
        assert_false(http_password_matches("", tests[i][1]));
        assert_false(http_password_matches("secret ", tests[i][1]));
        assert_false(http_password_matches(tests[(i + 1) % 3][0], tests[i][1]));
    }
}

static void test_what_is_no_hash(void **state)
{
    static const char *const tests[] = {
        "",
        "secret",
        "*",
        "$",
        "$2y$",
        "$2y$04$",
        "$2y$99$qNXvp07icoXJsYSe8vwZE.go9oANGG7lb0Q3WFMlOrgVlhkuaYkp.",
        "$2y$04$qNXvp07icoXJsYSe8vwZE.go9oANGG7lb0Q3WFMlOrgVlhkuaYkp", /* one byte short */
        BCRYPT "x",
        BCRYPT " ",
        BCRYPT ":x",
        YESCRYPT "/",
        "$y$j9T$oMj1.Od3UEM.KDwXtBKD9/$",
        "$6$RkqH2iLnDVOiQOfx$",
        "$6$RkqH2iLnDVOiQOfx",
        "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/",
        "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$5$rounds=5000$saltsalt$x",
        "ab01FAX.bQRSU",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        if (http_password_hash_is_good(tests[i]))
            fail_msg("'%s' was accepted", tests[i]);
        assert_false(http_password_matches("secret", tests[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_right_password_and_no_other),
        cmocka_unit_test(test_what_is_no_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
