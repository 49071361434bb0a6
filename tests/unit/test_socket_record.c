/* Records stay whole, empty ones included, and the end is told from them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "loopback.h"
#include "os/socket_record.h"

static int ends[2];

static int set_up(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int tear_down(void **state)
{
    (void)state;
    nk_socket_close(ends[0]);
    nk_socket_close(ends[1]);
    return 0;
}

static void put(const char *text)
{
    assert_int_equal(send(ends[1], text, strlen(text), 0), strlen(text));
}

static void expect(const char *text, bool is_end)
{
    char bytes[16] = "";
    bool has_ended = !is_end;

    assert_int_equal(nk_socket_receive_record(ends[0], bytes, sizeof bytes - 1, &has_ended),
                     strlen(text));
    assert_string_equal(bytes, text);
    assert_int_equal(has_ended, is_end);
}

/* An empty record ends the stream, or two records become one. */
static void an_empty_record_is_not_the_end(void **state)
{
    char byte;
    bool has_ended;

    (void)state;
    put(""); /* before the marking already */
    assert_int_equal(nk_socket_mark_records(ends[0]), 0);
    put("one");
    put("");
    put("two");
    nk_socket_close(ends[1]);
    ends[1] = -1;
    expect("", false);
    expect("one", false);
    expect("", false);
    expect("two", false);
    expect("", true);
    expect("", true);
    assert_int_equal(nk_socket_receive_record(ends[0], &byte, 1, &has_ended), 0);
}

/* The socket is a blocking one: whoever asks it must not be made to wait. */
static void nothing_there_is_again(void **state)
{
    char byte;
    bool has_ended;

    (void)state;
    assert_int_equal(nk_socket_mark_records(ends[0]), 0);
    assert_int_equal(nk_socket_receive_record(ends[0], &byte, 1, &has_ended), -EAGAIN);
}

/* The rest of a long record is lost without a word. */
static void a_long_record_is_an_error(void **state)
{
    char bytes[4];
    bool has_ended;

    (void)state;
    assert_int_equal(nk_socket_mark_records(ends[0]), 0);
    put("12345");
    put("1234");
    assert_int_equal(nk_socket_receive_record(ends[0], bytes, sizeof bytes, &has_ended), -EMSGSIZE);
    assert_int_equal(nk_socket_receive_record(ends[0], bytes, sizeof bytes, &has_ended), 4);
}

/* A stream is taken for records, or the other way round. */
static void the_kind_is_known(void **state)
{
    int streams[2];

    (void)state;
    assert_true(nk_socket_keeps_records(ends[0]));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, streams), 0);
    assert_false(nk_socket_keeps_records(streams[0]));
    nk_socket_close(streams[0]);
    nk_socket_close(streams[1]);
    assert_false(nk_socket_keeps_records(-1));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_empty_record_is_not_the_end),
        CASE(nothing_there_is_again),
        CASE(a_long_record_is_an_error),
        CASE(the_kind_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
