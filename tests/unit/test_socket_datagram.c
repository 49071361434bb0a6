/* Many messages in one call, and what travels beside them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "loopback.h"
#include "os/socket_datagram.h"

static int bound(struct nk_sockaddr *local)
{
    int fd = nk_socket_open(local->any.sa_family, SOCK_DGRAM);

    assert_true(fd >= 0);
    assert_int_equal(nk_socket_bind(fd, local), 0);
    assert_int_equal(nk_socket_local(fd, local), 0);
    return fd;
}

struct mail {
    struct mmsghdr header;
    struct iovec part;
    struct nk_sockaddr peer;
    struct nk_datagram_control control;
    char text[256];
};

static void prepare_to_receive(struct mail *mail)
{
    *mail = (struct mail){0};
    mail->part = (struct iovec){mail->text, sizeof mail->text};
    mail->header.msg_hdr = (struct msghdr){
        .msg_name = &mail->peer.any,
        .msg_namelen = sizeof mail->peer.un,
        .msg_iov = &mail->part,
        .msg_iovlen = 1,
        .msg_control = &mail->control,
        .msg_controllen = sizeof mail->control,
    };
}

static void prepare_to_send(struct mail *mail, const struct nk_sockaddr *peer, const char *text)
{
    *mail = (struct mail){.peer = *peer};
    mail->part = (struct iovec){mail->text, strlen(text)};
    memcpy(mail->text, text, strlen(text));
    mail->header.msg_hdr = (struct msghdr){
        .msg_name = &mail->peer.any,
        .msg_namelen = peer->len,
        .msg_iov = &mail->part,
        .msg_iovlen = 1,
    };
}

static void receive_one(int fd, struct mail *mail)
{
    await(fd, POLLIN);
    prepare_to_receive(mail);
    assert_int_equal(nk_socket_receive_messages(fd, &mail->header, 1), 1);
}

/* A server would need a system call for each datagram of a burst. */
static void messages_travel_together(void **state)
{
    struct nk_sockaddr to = loopback(AF_INET);
    struct nk_sockaddr from = loopback(AF_INET);
    int receiver = bound(&to);
    int sender = bound(&from);
    struct mail mail[3];
    struct mmsghdr headers[3];

    (void)state;
    prepare_to_send(&mail[0], &to, "one");
    prepare_to_send(&mail[1], &to, "");
    prepare_to_send(&mail[2], &to, "three");
    for (int i = 0; i < 3; i++)
        headers[i] = mail[i].header;
    assert_int_equal(nk_socket_send_messages(sender, headers, 3), 3);
    for (int i = 0; i < 3; i++) {
        prepare_to_receive(&mail[i]);
        headers[i] = mail[i].header;
    }
    await(receiver, POLLIN);
    assert_int_equal(nk_socket_receive_messages(receiver, headers, 3), 3);
    assert_int_equal(headers[0].msg_len, 3);
    assert_int_equal(headers[1].msg_len, 0); /* an empty datagram is one, too */
    assert_int_equal(headers[2].msg_len, 5);
    mail[2].peer.len = headers[2].msg_hdr.msg_namelen;
    assert_true(nk_sockaddr_equal(&mail[2].peer, &from));
    assert_int_equal(nk_socket_receive_messages(receiver, headers, 3), -EAGAIN);
    nk_socket_close(receiver);
    nk_socket_close(sender);
}

/* An answer would come from another address than the one that was asked, and
 * the client would not take it. */
static void the_answer_comes_from_the_address_that_was_asked(int family, const char *asked)
{
    struct nk_sockaddr server_address;
    struct nk_sockaddr client_address;
    struct nk_sockaddr to;
    struct mail mail;
    struct nk_local_address local;

    nk_sockaddr_wildcard(&server_address, family, 0);
    nk_sockaddr_wildcard(&client_address, strchr(asked, ':') ? AF_INET6 : AF_INET, 0);
    int server = nk_socket_open(family, SOCK_DGRAM);
    if (family == AF_INET6)
        assert_int_equal(nk_socket_set_v6_only(server, false), 0);
    assert_int_equal(nk_socket_want_local_address(server, family), 0);
    assert_int_equal(nk_socket_bind(server, &server_address), 0);
    assert_int_equal(nk_socket_local(server, &server_address), 0);
    int client = bound(&client_address);

    assert_int_equal(nk_sockaddr_from_numeric(&to, asked, nk_sockaddr_port(&server_address)), 0);
    prepare_to_send(&mail, &to, "?");
    assert_int_equal(nk_socket_send_messages(client, &mail.header, 1), 1);
    receive_one(server, &mail);
    assert_int_equal(nk_datagram_control_read(&mail.header.msg_hdr, &local), 0);
    assert_int_equal(local.family, to.any.sa_family);
    assert_false(local.is_shared);
    mail.header.msg_hdr.msg_controllen = nk_datagram_control_write(&mail.control, &local, 0);
    mail.part.iov_len = 1;
    assert_int_equal(nk_socket_send_messages(server, &mail.header, 1), 1);
    receive_one(client, &mail);
    mail.peer.len = mail.header.msg_hdr.msg_namelen;
    assert_true(nk_sockaddr_equal(&mail.peer, &to));
    nk_socket_close(server);
    nk_socket_close(client);
}

static void a_wildcard_answers_from_where_it_was_asked(void **state)
{
    (void)state;
    the_answer_comes_from_the_address_that_was_asked(AF_INET, "127.0.0.2");
    the_answer_comes_from_the_address_that_was_asked(AF_INET6, "127.0.0.3");
    the_answer_comes_from_the_address_that_was_asked(AF_INET6, "::1");
}

/* The cheap way to send a run of datagrams would send one long one, or none. */
static void one_message_becomes_many(void **state)
{
    const struct nk_local_address nowhere = {0};
    struct nk_sockaddr to = loopback(AF_INET6);
    struct nk_sockaddr from = loopback(AF_INET6);
    int receiver = bound(&to);
    int sender = bound(&from);
    struct mail mail;

    (void)state;
    prepare_to_send(&mail, &to, "abcabcab");
    mail.header.msg_hdr.msg_control = &mail.control;
    mail.header.msg_hdr.msg_controllen = nk_datagram_control_write(&mail.control, &nowhere, 3);
    assert_int_equal(nk_socket_send_messages(sender, &mail.header, 1), 1);
    for (unsigned i = 0; i < 3; i++) {
        receive_one(receiver, &mail);
        assert_int_equal(mail.header.msg_len, i < 2 ? 3 : 2);
        assert_memory_equal(mail.text, "abc", mail.header.msg_len);
    }
    nk_socket_close(receiver);
    nk_socket_close(sender);
}

/* A burst that the kernel has put together would be taken for one datagram. */
static void a_run_arrives_as_one_message(void **state)
{
    struct nk_local_address local = {0};
    struct nk_sockaddr to = loopback(AF_INET);
    struct nk_sockaddr from = loopback(AF_INET);
    int receiver = bound(&to);
    int sender = bound(&from);
    struct mail mail;

    (void)state;
    assert_int_equal(nk_socket_want_runs(receiver), 0);
    prepare_to_send(&mail, &to, "abcabcab");
    mail.header.msg_hdr.msg_control = &mail.control;
    mail.header.msg_hdr.msg_controllen = nk_datagram_control_write(&mail.control, &local, 3);
    assert_int_equal(nk_socket_send_messages(sender, &mail.header, 1), 1);
    receive_one(receiver, &mail);
    assert_int_equal(mail.header.msg_len, 8);
    assert_int_equal(nk_datagram_control_read(&mail.header.msg_hdr, &local), 3);
    nk_socket_close(receiver);
    nk_socket_close(sender);
}

/* The source of an answer would be an address that nobody has. */
static void a_group_is_no_source(void **state)
{
    static const struct {
        const char *asked;
        int family;
        bool is_shared;
    } cases[] = {{"ff02::1", 0, true}, {"::", 0, false}, {"::1", AF_INET6, false}};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_local_address local = {.family = AF_INET6};
        struct nk_datagram_control control;
        struct msghdr message = {.msg_control = &control};

        assert_int_equal(inet_pton(AF_INET6, cases[i].asked, &local.v6), 1);
        message.msg_controllen = nk_datagram_control_write(&control, &local, 0);
        assert_int_equal(nk_datagram_control_read(&message, &local), 0);
        assert_int_equal(local.family, cases[i].family);
        assert_int_equal(local.is_shared, cases[i].is_shared);
    }
}

/* Everybody on the network is asked and has to answer from an address of its own;
 * a dual-stack server would answer from 127.255.255.255, which fails. */
static void a_broadcast_is_answered_from_an_address_of_ones_own(void **state)
{
    static const int families[] = {AF_INET, AF_INET6};
    const int on = 1;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(families); i++) {
        struct nk_sockaddr server_address;
        struct nk_sockaddr client_address = loopback(AF_INET);
        struct nk_sockaddr to;
        struct nk_local_address local = {0};
        struct mail mail;

        nk_sockaddr_wildcard(&server_address, families[i], 0);
        int server = nk_socket_open(families[i], SOCK_DGRAM);
        assert_int_equal(nk_socket_want_local_address(server, families[i]), 0);
        assert_int_equal(nk_socket_bind(server, &server_address), 0);
        assert_int_equal(nk_socket_local(server, &server_address), 0);
        int client = bound(&client_address);
        assert_int_equal(nk_socket_set_option(client, SOL_SOCKET, SO_BROADCAST, &on, sizeof on), 0);
        assert_int_equal(
            nk_sockaddr_from_numeric(&to, "127.255.255.255", nk_sockaddr_port(&server_address)), 0);
        prepare_to_send(&mail, &to, "?");
        assert_int_equal(nk_socket_send_messages(client, &mail.header, 1), 1);
        receive_one(server, &mail);
        assert_int_equal(nk_datagram_control_read(&mail.header.msg_hdr, &local), 0);
        assert_int_equal(local.family, AF_INET);
        assert_int_equal(local.v4.s_addr, htonl(INADDR_LOOPBACK));
        assert_true(local.is_shared);
        mail.header.msg_hdr.msg_controllen = nk_datagram_control_write(&mail.control, &local, 0);
        mail.part.iov_len = 1;
        assert_int_equal(nk_socket_send_messages(server, &mail.header, 1), 1);
        receive_one(client, &mail);
        nk_socket_close(server);
        nk_socket_close(client);
    }
}

/* A unix client without a name could not be answered. */
static void autobind_gives_a_name(void **state)
{
    struct nk_sockaddr first;
    struct nk_sockaddr second;
    int one = nk_socket_open(AF_UNIX, SOCK_DGRAM);
    int other = nk_socket_open(AF_UNIX, SOCK_DGRAM);
    char text[NK_SOCKADDR_TEXT_MAX];

    (void)state;
    assert_int_equal(nk_socket_autobind(one), 0);
    assert_int_equal(nk_socket_autobind(other), 0);
    assert_int_equal(nk_socket_local(one, &first), 0);
    assert_int_equal(nk_socket_local(other, &second), 0);
    assert_false(nk_sockaddr_equal(&first, &second));
    assert_int_equal(nk_sockaddr_print(&first, text)[0], '@');
    nk_socket_close(one);
    nk_socket_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_travel_together),
        cmocka_unit_test(a_wildcard_answers_from_where_it_was_asked),
        cmocka_unit_test(one_message_becomes_many),
        cmocka_unit_test(a_run_arrives_as_one_message),
        cmocka_unit_test(a_group_is_no_source),
        cmocka_unit_test(a_broadcast_is_answered_from_an_address_of_ones_own),
        cmocka_unit_test(autobind_gives_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
