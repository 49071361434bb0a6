/* A port of this machine only, or of every interface: which one a word means. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "address_word.h"

/* A server would be open to everybody because its port has an option or a scheme. */
static void bare_ports(void **state)
{
    static const char *const bare[] = {
        "80", "0", "80?rcvbuf=64k", "tcp://80", "udp://80", "udp://80?ttl=1", "http://80/",
    };
    static const char *const others[] = {
        "",   ":80",     "*:80",     "localhost:80", "10.0.0.1",  "10.0.0.1:80", "::1",
        "8a", "[::1]:8", "tcp://:8", "unix:80",      "tcp://h:8", "80:80",
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(bare); i++)
        assert_true(address_word_is_bare_port(bare[i]));
    for (size_t i = 0; i < NK_ARRAY_LENGTH(others); i++)
        assert_false(address_word_is_bare_port(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bare_ports)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
