/* Gathering datagrams, sending them together, and what the kernel refuses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sys/syscall.h>

#include "udp_fixture.h"

static int refuse_runs;   /* errno for messages of several datagrams; 0 = none */
static int refuse_source; /* errno for messages that name their source */

static bool has_control(const struct mmsghdr *message, int level)
{
    const struct cmsghdr *header = message->msg_hdr.msg_control;
    size_t left = message->msg_hdr.msg_controllen;

    for (; left >= sizeof *header; left -= CMSG_ALIGN(header->cmsg_len)) {
        if (header->cmsg_level == level)
            return true;
        header = (const void *)((const char *)header + CMSG_ALIGN(header->cmsg_len));
    }
    return false;
}

/* In place of the C library's. */
int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (refuse_runs != 0 && has_control(messages, IPPROTO_UDP)) {
        errno = refuse_runs;
        return -1;
    }
    if (refuse_source != 0 && has_control(messages, IPPROTO_IP)) {
        errno = refuse_source;
        return -1;
    }
    return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

static int reset(void **state)
{
    refuse_runs = 0;
    refuse_source = 0;
    return udp_setup(state);
}

static void say_numbers(int client, size_t count, size_t len)
{
    char text[32];

    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%0*zu", (int)len, i);
        udp_say(client, text);
    }
}

static void expect_numbers(int client, size_t count, size_t len)
{
    char text[32];

    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%0*zu", (int)len, i);
        udp_expect(client, text);
    }
}

/* A burst from one peer would cost as many trips through the kernel. */
static void a_burst_is_answered_with_one_message(void **state)
{
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    say_numbers(client, 64, 4);
    expect_numbers(client, 64, 4);
    assert_int_equal(udp_statistics(server).sent, 64);
    assert_int_equal(udp_statistics(server).bytes_sent, 64 * 4);
    assert_int_equal(udp_statistics(server).send_calls, 1);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

/* Datagrams of different sizes, empty ones among them, would be glued together
 * or come in another order. */
static void sizes_and_order_are_kept(void **state)
{
    static const char *const texts[] = {"aaa", "bbb", "cc", "ddd", "", "", "eeeee", "f", "gg"};
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));
    int other = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(texts); i++) {
        udp_say(client, texts[i]);
        udp_say(client, texts[i]);
        udp_say(other, texts[i]);
    }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(texts); i++) {
        udp_expect(client, texts[i]);
        udp_expect(client, texts[i]);
        udp_expect(other, texts[i]);
    }
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
    nk_socket_close(other);
}

/* On a way or a device that cannot cut runs nothing would arrive. */
static void refused_runs_are_sent_one_by_one(void **state)
{
    static const int errors[] = {EINVAL, EMSGSIZE, EIO, EOPNOTSUPP};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(errors); i++) {
        struct nk_udp_endpoint *server = udp_echo_server();
        int client = udp_socket(nk_udp_endpoint_address(server));

        refuse_runs = errors[i];
        say_numbers(client, 10, 3);
        expect_numbers(client, 10, 3);
        say_numbers(client, 10, 5); /* longer ones are not even tried, or once */
        expect_numbers(client, 10, 5);
        assert_int_equal(udp_statistics(server).send_calls, 20);
        assert_int_equal(record.errors, 0);
        nk_udp_endpoint_close(server);
        nk_socket_close(client);
    }
}

/* An address that was taken from this machine meanwhile would silence it. */
static void a_refused_source_is_left_to_the_routes(void **state)
{
    struct nk_sockaddr local;

    (void)state;
    nk_sockaddr_wildcard(&local, AF_INET, 0);
    struct nk_udp_endpoint *server = udp_server(&local, (struct nk_udp_options){0});
    struct nk_sockaddr asked = loopback(AF_INET);
    nk_sockaddr_set_port(&asked, nk_sockaddr_port(nk_udp_endpoint_address(server)));
    int client = udp_socket(&asked);
    refuse_source = EADDRNOTAVAIL;
    udp_say(client, "hello");
    udp_expect(client, "hello");
    assert_int_equal(record.errors, 0);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

static void answer_at_length(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                             struct nk_slice datagram)
{
    static char bytes[NK_DATAGRAM_MAX + 1];

    (void)datagram;
    assert_int_equal(nk_udp_endpoint_send(endpoint, peer, nk_slice_make(bytes, sizeof bytes)),
                     -EMSGSIZE);
    for (int i = 0; i < 3; i++) { /* more than is gathered */
        memset(bytes, 'a' + i, sizeof bytes);
        assert_int_equal(
            nk_udp_endpoint_send(endpoint, peer, nk_slice_make(bytes, NK_DATAGRAM_MAX)), 0);
    }
}

/* Bytes that the handler uses again would be overwritten before they are sent,
 * and a datagram that cannot exist would vanish without a trace. */
static void bytes_are_copied_and_limits_told(void **state)
{
    static const struct nk_udp_handlers handlers = {.on_datagram = answer_at_length};
    static char answer[NK_DATAGRAM_MAX];
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_endpoint *server =
        udp_server(&local, (struct nk_udp_options){.handlers = &handlers});
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    udp_say(client, "?");
    for (int i = 0; i < 3; i++) {
        ssize_t len = 0;
        TURN_UNTIL(loop, (len = nk_socket_recv(client, answer, sizeof answer)) != -EAGAIN);
        assert_int_equal(len, NK_DATAGRAM_MAX);
        assert_int_equal(answer[0], 'a' + i);
        assert_int_equal(answer[NK_DATAGRAM_MAX - 1], 'a' + i);
    }
    assert_int_equal(udp_statistics(server).too_long, 1);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

/* A burst behind datagrams that came one by one would be taken and answered one by
 * one for ever. */
static void a_burst_is_noticed_after_single_datagrams(void **state)
{
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    for (int i = 0; i < 50; i++) {
        say_numbers(client, 1, 4);
        expect_numbers(client, 1, 4);
    }
    assert_int_equal(udp_statistics(server).send_calls, 50);
    say_numbers(client, 64, 4);
    expect_numbers(client, 64, 4);
    assert_int_equal(udp_statistics(server).sent, 50 + 64);
    assert_in_range(udp_statistics(server).send_calls, 51, 50 + 17);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

/* A client that sends a burst would need a call for each datagram. */
static void a_corked_endpoint_gathers(void **state)
{
    struct nk_udp_endpoint *server = udp_echo_server();
    struct nk_udp_options options = {.handlers = &udp_listen};
    struct nk_udp_endpoint *client;

    (void)state;
    assert_int_equal(
        nk_udp_endpoint_connect(&client, loop, NULL, nk_udp_endpoint_address(server), &options), 0);
    nk_udp_endpoint_cork(client);
    for (int i = 0; i < 100; i++)
        nk_udp_endpoint_send(client, nk_udp_endpoint_remote(client), nk_slice_of_string("abc"));
    nk_udp_endpoint_uncork(client);
    assert_int_equal(udp_statistics(client).sent, 100);
    assert_int_equal(udp_statistics(client).send_calls, 2);
    nk_udp_endpoint_close(client);
    nk_udp_endpoint_close(server);
}

static void send_on_error(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error)
{
    note_error(endpoint, peer, error);
    assert_int_equal(nk_udp_endpoint_send(endpoint, peer, nk_slice_of_string("x")), -EBUSY);
    nk_udp_endpoint_close(endpoint);
}

/* A unix client that has gone would be written to for ever, or crash the server
 * whose handler closes it. */
static void a_peer_that_has_gone_is_reported(void **state)
{
    static const struct nk_udp_handlers handlers = {
        .on_datagram = echo_datagram,
        .on_error = send_on_error,
    };
    struct nk_sockaddr local = unix_path("server");
    (void)udp_server(&local, (struct nk_udp_options){.handlers = &handlers});
    int client = udp_socket(&local);
    int other = udp_socket(&local);

    (void)state;
    udp_say(client, "one");
    udp_say(other, "two");
    nk_socket_close(client);
    TURN_UNTIL(loop, record.errors == 1);
    assert_int_equal(record.last_error, -ECONNREFUSED);
    nk_socket_close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, udp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_burst_is_answered_with_one_message), TEST(sizes_and_order_are_kept),
        TEST(refused_runs_are_sent_one_by_one),     TEST(a_refused_source_is_left_to_the_routes),
        TEST(bytes_are_copied_and_limits_told),     TEST(a_corked_endpoint_gathers),
        TEST(a_peer_that_has_gone_is_reported),     TEST(a_burst_is_noticed_after_single_datagrams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
