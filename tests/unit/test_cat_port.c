/* Descriptors of every kind behind one face, none of which may block us. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cat/cat_port.h"
#include "cat_fixture.h"

static const enum cat_port_kind kinds[] = {CAT_PORT_SOCKET, CAT_PORT_SHARED_SOCKET, CAT_PORT_PIPE,
                                           CAT_PORT_FILE, CAT_PORT_TERMINAL};

static struct nk_event_loop *loop;
static size_t descriptors_before;
static struct cat_port port;

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    descriptors_before = open_descriptors();
    loop = new_loop();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nk_event_loop_free(loop);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

static struct ends open_port(enum cat_port_kind kind, bool reads)
{
    struct ends ends = make_ends(kind, reads);

    assert_int_equal(cat_port_open(&port, loop, ends.inner), 0);
    assert_int_equal(port.kind, kind);
    return ends;
}

/* Standard descriptors are shared with the shell: none may become non-blocking,
 * and closing leaves nothing open. */
static void every_kind_is_known_and_left_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(kinds); i++) {
        struct ends ends = make_ends(kinds[i], true);
        int flags = fcntl(ends.inner, F_GETFL);
        int watch = fcntl(ends.inner, F_DUPFD_CLOEXEC, 0);
        assert_int_equal(cat_port_open(&port, loop, ends.inner), 0);
        assert_int_equal(port.kind, kinds[i]);
        assert_int_equal(fcntl(watch, F_GETFL), flags);
        cat_port_close(&port);
        cat_port_close(&port);
        assert_int_equal(port.fd, -1);
        close(watch);
        close(ends.outer);
    }
}

/* What is written comes out, what is put in is read. */
static void bytes_pass_both_ways(void **state)
{
    char text[8] = "";

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(kinds); i++) {
        struct ends ends = open_port(kinds[i], false);
        assert_int_equal(cat_port_write(&port, "out", 3), 3);
        lseek(ends.outer, 0, SEEK_SET);
        await(ends.outer, POLLIN);
        assert_int_equal(read(ends.outer, text, sizeof text), 3);
        assert_memory_equal(text, "out", 3);
        cat_port_close(&port);
        close(ends.outer);

        ends = open_port(kinds[i], true);
        assert_int_equal(write(ends.outer, "in", 2), 2);
        lseek(ends.outer, 0, SEEK_SET);
        await(port.fd, POLLIN);
        assert_int_equal(cat_port_read(&port, text, sizeof text), 2);
        assert_memory_equal(text, "in", 2);
        cat_port_close(&port);
        close(ends.outer);
    }
}

/* A write after the loop has found the descriptor ready must not wait for a
 * reader, however much is to be written. */
static void a_ready_descriptor_is_never_written_too_much(void **state)
{
    static const char bytes[262144];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(kinds); i++) {
        if (kinds[i] == CAT_PORT_FILE)
            continue;
        struct ends ends = open_port(kinds[i], false);
        struct pollfd ready = {.fd = port.fd, .events = POLLOUT};
        int writes = 0;
        while (writes < 10000 && poll(&ready, 1, 0) == 1) {
            ssize_t put = cat_port_write(&port, bytes, sizeof bytes);
            assert_true(put > 0 || put == -EAGAIN);
            writes++;
        }
        assert_true(writes < 10000);
        cat_port_close(&port);
        close(ends.outer);
    }
}

/* The number of a closed standard descriptor must not be given to a connection,
 * on which a later message of the program would be sent. */
static void a_closed_standard_descriptor_becomes_the_null_device(void **state)
{
    struct stat status;
    struct ends ends = make_ends(CAT_PORT_PIPE, true);
    int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    char byte;

    (void)state;
    assert_int_equal(dup2(ends.inner, STDIN_FILENO), STDIN_FILENO);
    close(ends.inner);
    assert_int_equal(cat_port_open(&port, loop, STDIN_FILENO), 0);
    cat_port_close(&port);
    assert_int_equal(fstat(STDIN_FILENO, &status), 0);
    assert_true(S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3));
    assert_int_equal(write(ends.outer, "x", 1), -1); /* the pipe's reader has gone */
    assert_int_equal(errno, EPIPE);
    assert_int_equal(read(STDIN_FILENO, &byte, 1), 0);
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    close(saved);
    close(ends.outer);
}

/* A terminal whose window is closed has no more input; that is no failure. */
static void a_hung_up_terminal_has_ended(void **state)
{
    struct ends ends = open_port(CAT_PORT_TERMINAL, true);
    char byte;

    (void)state;
    close(ends.outer);
    await(port.fd, POLLIN);
    assert_int_equal(cat_port_read(&port, &byte, 1), 0);
    cat_port_close(&port);
}

/* The other side reads the end; a socket still receives behind it. */
static void the_end_reaches_the_other_side(void **state)
{
    static const enum cat_port_kind ending[] = {CAT_PORT_SOCKET, CAT_PORT_PIPE};
    char byte;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(ending); i++) {
        struct ends ends = open_port(ending[i], false);
        cat_port_end(&port);
        await(ends.outer, POLLIN);
        assert_int_equal(read(ends.outer, &byte, 1), 0);
        if (ending[i] == CAT_PORT_SOCKET) {
            assert_int_equal(write(ends.outer, "x", 1), 1);
            assert_int_equal(cat_port_read(&port, &byte, 1), 1);
        }
        cat_port_close(&port);
        close(ends.outer);
    }
}

/* A descriptor that is not open stays the caller's problem, and no channel. */
static void a_bad_descriptor_is_refused_or_fails_later(void **state)
{
    (void)state;
    assert_true(cat_port_open(&port, loop, -1) < 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_kind_is_known_and_left_as_it_is),
        CASE(bytes_pass_both_ways),
        CASE(a_ready_descriptor_is_never_written_too_much),
        CASE(a_closed_standard_descriptor_becomes_the_null_device),
        CASE(a_hung_up_terminal_has_ended),
        CASE(the_end_reaches_the_other_side),
        CASE(a_bad_descriptor_is_refused_or_fails_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
