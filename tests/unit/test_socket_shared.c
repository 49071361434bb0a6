/* A blocking socket is asked not to wait, and stays blocking. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "cat_fixture.h"
#include "os/socket_shared.h"

/* A call that waits would stop the whole program here. */
static void neither_way_waits(void **state)
{
    struct ends ends = socket_ends(true);
    static char bytes[65536];
    size_t sent = 0;
    ssize_t put;

    (void)state;
    assert_int_equal(nk_socket_shared_recv(ends.inner, bytes, sizeof bytes), -EAGAIN);
    while ((put = nk_socket_shared_send(ends.inner, bytes, sizeof bytes)) > 0)
        sent += (size_t)put;
    assert_int_equal(put, -EAGAIN);
    assert_true(sent > 0);
    assert_int_equal(fcntl(ends.inner, F_GETFL) & O_NONBLOCK, 0);

    assert_int_equal(write(ends.outer, "abc", 3), 3);
    assert_int_equal(nk_socket_shared_recv(ends.inner, bytes, 2), 2);
    assert_int_equal(nk_socket_shared_recv(ends.inner, bytes, 2), 1);
    assert_int_equal(shutdown(ends.outer, SHUT_WR), 0);
    assert_int_equal(nk_socket_shared_recv(ends.inner, bytes, 2), 0);
    close(ends.inner);
    close(ends.outer);
}

/* A peer that has gone is an error, not a signal that ends the program. */
static void a_peer_that_has_gone_is_an_error(void **state)
{
    struct ends ends = socket_ends(true);

    (void)state;
    close(ends.outer);
    assert_int_equal(nk_socket_shared_send(ends.inner, "x", 1), -EPIPE);
    close(ends.inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neither_way_waits),
        cmocka_unit_test(a_peer_that_has_gone_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
