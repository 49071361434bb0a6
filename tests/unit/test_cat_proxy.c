/* The handshake with a proxy on a socket: that nothing behind it is lost, however
 * the proxy's bytes are cut, and that every way it can fail is reported once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cat/cat_proxy.h"
#include "os/socket.h"
#include "reactor_fixture.h"

/* Greeting and reply of a SOCKS5 proxy without a login. */
#define SOCKS_CHOICE "\x05\x00"
#define SOCKS_REPLY "\x05\x00\x00\x01\x7f\x00\x00\x01\x1f\x90"
#define HTTP_REPLY "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n"

struct stage {
    struct nk_event_loop *loop;
    struct cat_proxy *proxy;
    int outer; /* the proxy's end */
    int calls; /* of on_done */
    int fd;
    const char *problem;
};

static void on_done(void *context, int fd, const char *problem)
{
    struct stage *stage = context;

    stage->calls++;
    stage->fd = fd;
    stage->problem = problem;
    stage->proxy = NULL;
}

static void open_stage(struct stage *stage, const char *proxy, uint64_t timeout)
{
    struct cat_proxy_url url;
    struct nk_address target;
    const char *reason;
    int inner;

    *stage = (struct stage){.loop = new_loop(), .fd = -1};
    assert_int_equal(cat_proxy_url_parse(&url, proxy, &reason), 0);
    assert_int_equal(nk_address_parse(&target, "tcp://host.example:80", &reason), 0);
    unix_pair(&inner, &stage->outer);
    uint64_t deadline = timeout == NK_NEVER ? NK_NEVER : time_now() + timeout;
    assert_int_equal(cat_proxy_start(&stage->proxy, stage->loop, inner, &url, &target, deadline,
                                     on_done, stage),
                     0);
    assert_int_equal(stage->calls, 0);
}

static void close_stage(struct stage *stage)
{
    cat_proxy_cancel(stage->proxy);
    nk_socket_close(stage->fd);
    nk_socket_close(stage->outer);
    turn_idle(stage->loop, 2);
    nk_event_loop_free(stage->loop);
}

static void say(struct stage *stage, const char *bytes, size_t len)
{
    write_all(stage->outer, bytes, len);
    turn_idle(stage->loop, 2);
}

/* Waits until the client has sent `len` bytes more. */
static void hear(struct stage *stage, size_t len)
{
    char bytes[2048];

    while (len > 0) {
        ssize_t got = -EAGAIN;
        TURN_UNTIL(stage->loop,
                   (got = nk_socket_recv(stage->outer, bytes,
                                         len < sizeof bytes ? len : sizeof bytes)) != -EAGAIN);
        assert_true(got > 0);
        len -= (size_t)got;
    }
}

static void assert_behind(const struct stage *stage, const char *expected)
{
    char bytes[64] = "";

    assert_int_equal(stage->calls, 1);
    assert_true(stage->fd >= 0);
    assert_null(stage->problem);
    assert_int_equal(nk_socket_recv(stage->fd, bytes, sizeof bytes - 1), strlen(expected));
    assert_string_equal(bytes, expected);
}

/* The first words of the server come in the segment of the proxy's last answer,
 * and are swallowed with it. */
static void test_nothing_behind_is_lost(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, "socks5://h", NK_NEVER);
    hear(&stage, 3);
    say(&stage, SOCKS_CHOICE, sizeof SOCKS_CHOICE - 1);
    hear(&stage, 3 + 2 + strlen("host.example") + 2);
    say(&stage, SOCKS_REPLY "SSH-2.0", sizeof SOCKS_REPLY - 1 + 7);
    assert_behind(&stage, "SSH-2.0");
    close_stage(&stage);

    open_stage(&stage, "http://h", NK_NEVER);
    say(&stage, HTTP_REPLY "SSH-2.0", sizeof HTTP_REPLY - 1 + 7);
    assert_behind(&stage, "SSH-2.0");
    close_stage(&stage);
}

/* The same when every byte comes by itself. */
static void test_single_bytes(void **state)
{
    static const char answers[] = SOCKS_CHOICE SOCKS_REPLY;
    struct stage stage;

    (void)state;
    open_stage(&stage, "socks5://h", NK_NEVER);
    for (size_t i = 0; i < sizeof answers - 1; i++) {
        assert_int_equal(stage.calls, 0);
        say(&stage, &answers[i], 1);
    }
    say(&stage, "!", 1);
    assert_behind(&stage, "!");
    close_stage(&stage);
}

/* An answer that is longer than one look at it. */
static void test_long_answer(void **state)
{
    char field[8192];
    struct stage stage;

    (void)state;
    memset(field, 'f', sizeof field);
    memcpy(field, "X: ", 3);
    open_stage(&stage, "http://h", NK_NEVER);
    say(&stage, "HTTP/1.0 200 OK\r\n", 17);
    say(&stage, field, sizeof field);
    say(&stage, "\r\n\r\n?", 5);
    TURN_UNTIL(stage.loop, stage.calls > 0);
    assert_behind(&stage, "?");
    close_stage(&stage);
}

/* A failure is not reported, or as something else. */
static void test_failures(void **state)
{
    static const struct {
        const char *proxy;
        const char *answer;
        size_t len;
        int error;
    } cases[] = {
        {"socks5://h", SOCKS_CHOICE "\x05\x05", 4, -ECONNREFUSED},
        {"socks5://h", SOCKS_CHOICE "\x05\x04", 4, -EHOSTUNREACH},
        {"socks5://h", SOCKS_CHOICE "\x05\x03", 4, -ENETUNREACH},
        {"socks5://h", SOCKS_CHOICE "\x05\x01", 4, -ECONNREFUSED},
        {"socks5://h", SOCKS_CHOICE "\x05\x08", 4, -ECONNREFUSED},
        {"socks5://h", SOCKS_CHOICE "\x05\x06", 4, -ETIMEDOUT},
        {"socks5://h", "\x05\xff", 2, -EACCES},
        {"socks5://h", "\x04", 1, -EPROTO},
        {"http://h", "HTTP/1.1 407 No\r\n", 17, -EACCES},
        {"http://h", "HTTP/1.1 502 No\r\n", 17, -EHOSTUNREACH},
        {"http://h", "SSH-2.0", 7, -EPROTO},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct stage stage;

        open_stage(&stage, cases[i].proxy, NK_NEVER);
        say(&stage, cases[i].answer, cases[i].len);
        TURN_UNTIL(stage.loop, stage.calls > 0);
        turn_idle(stage.loop, 2);
        assert_int_equal(stage.calls, 1);
        assert_int_equal(stage.fd, cases[i].error);
        assert_non_null(stage.problem);
        close_stage(&stage);
    }
}

/* A proxy that goes away is waited for, or its end is taken for success. */
static void test_lost(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, "http://h", NK_NEVER);
    turn_idle(stage.loop, 2);
    say(&stage, "HTTP/1.1", 8);
    nk_socket_close(stage.outer);
    stage.outer = -1;
    TURN_UNTIL(stage.loop, stage.calls > 0);
    assert_int_equal(stage.fd, -ECONNRESET);
    close_stage(&stage);
}

/* A silent proxy is waited for beyond the deadline. */
static void test_deadline(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, "socks5://h", 20 * MILLISECOND);
    TURN_UNTIL(stage.loop, stage.calls > 0);
    assert_int_equal(stage.fd, -ETIMEDOUT);
    close_stage(&stage);
}

/* Giving up leaks the connection, or reports. */
static void test_cancel(void **state)
{
    struct stage stage;
    char byte;

    (void)state;
    open_stage(&stage, "socks5://h", SECOND);
    hear(&stage, 3);
    cat_proxy_cancel(stage.proxy);
    stage.proxy = NULL;
    assert_int_equal(nk_socket_recv(stage.outer, &byte, 1), 0);
    turn_idle(stage.loop, 2);
    assert_int_equal(stage.calls, 0);
    close_stage(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_behind_is_lost),
        cmocka_unit_test(test_single_bytes),
        cmocka_unit_test(test_long_answer),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_cancel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
