/* What a failed dialer means. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "service/connect_failure.h"

/* A script could not tell a name that is wrong from a server that is down, and a person
 * would look for the mistake in the wrong place. */
static void the_step_decides(void **state)
{
    static const struct {
        enum nk_connect_step step;
        int error;
        enum exit_status status;
        const char *action;
    } cases[] = {
        {NK_CONNECT_RESOLVE, -ENOENT, EXIT_STATUS_UNRESOLVED, "resolve"},
        {NK_CONNECT_RESOLVE, -ENODATA, EXIT_STATUS_UNRESOLVED, "resolve"},
        {NK_CONNECT_RESOLVE, -EAGAIN, EXIT_STATUS_UNRESOLVED, "resolve"},
        {NK_CONNECT_RESOLVE, -EIO, EXIT_STATUS_UNRESOLVED, "resolve"},
        {NK_CONNECT_RESOLVE, -ENOMEM, EXIT_STATUS_FAILED, "resolve"},
        {NK_CONNECT_RESOLVE, -EMFILE, EXIT_STATUS_FAILED, "resolve"},
        {NK_CONNECT_RESOLVE, -ETIMEDOUT, EXIT_STATUS_TIMED_OUT, "connect to"},
        {NK_CONNECT_SOCKET, -EMFILE, EXIT_STATUS_FAILED, "connect to"},
        {NK_CONNECT_OPTIONS, -EPERM, EXIT_STATUS_FAILED, "set the socket options of"},
        {NK_CONNECT_BIND, -EADDRNOTAVAIL, EXIT_STATUS_CANNOT_LISTEN, "bind the source of"},
        {NK_CONNECT_CONNECT, -ENOENT, EXIT_STATUS_REFUSED, "connect to"},
        {NK_CONNECT_CONNECT, -ECONNREFUSED, EXIT_STATUS_REFUSED, "connect to"},
        {NK_CONNECT_CONNECT, -ETIMEDOUT, EXIT_STATUS_TIMED_OUT, "connect to"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        const struct nk_connect_failure failure = {.step = cases[i].step};
        const char *action = "connect to";
        assert_int_equal(connect_failure_status(&failure, cases[i].error, &action),
                         cases[i].status);
        assert_string_equal(action, cases[i].action);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_step_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
