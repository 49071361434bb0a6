/* Telling whoever has started a server where it is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "service/ready_fd.h"

/* Whoever waits for the addresses would miss one, or wait for ever. */
static void addresses_are_written_line_by_line(void **state)
{
    char text[64] = "";
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    ready_fd_write((uint64_t)ends[1], "udp://127.0.0.1:2");
    ready_fd_write((uint64_t)ends[1], "udp://[::1]:2");
    ready_fd_close((uint64_t)ends[1]);
    assert_int_equal(read(ends[0], text, sizeof text - 1), 32);
    assert_string_equal(text, "udp://127.0.0.1:2\nudp://[::1]:2\n");
    assert_int_equal(read(ends[0], text, 1), 0); /* it is closed */
    close(ends[0]);
}

/* Without the option something else would be written to, or closed. */
static void nobody_need_be_told(void **state)
{
    (void)state;
    ready_fd_write(UINT64_MAX, "udp://127.0.0.1:2");
    ready_fd_close(UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_written_line_by_line),
        cmocka_unit_test(nobody_need_be_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
