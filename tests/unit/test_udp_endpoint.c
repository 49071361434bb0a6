/* The life of datagram endpoints: binding, connecting, draining, closing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "os/socket_multicast.h"
#include "udp_fixture.h"

/* A server would not answer on one of the kinds of address. */
static void every_kind_of_address_echoes(void **state)
{
    struct nk_sockaddr abstract;

    (void)state;
    assert_int_equal(nk_sockaddr_from_unix_path(&abstract, "@netkit-test-udp"), 0);
    const struct nk_sockaddr kinds[] = {loopback(AF_INET), loopback(AF_INET6), unix_path("server"),
                                        abstract};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(kinds); i++) {
        struct nk_udp_endpoint *server = udp_server(&kinds[i], (struct nk_udp_options){0});
        int client = udp_socket(nk_udp_endpoint_address(server));

        udp_say(client, "hello");
        udp_expect(client, "hello");
        udp_say(client, "");
        udp_expect(client, ""); /* an empty datagram is data */
        assert_int_equal(udp_statistics(server).received, 2);
        assert_int_equal(udp_statistics(server).sent, 2);
        nk_socket_close(client);
        nk_udp_endpoint_close(server);
    }
}

/* A client asks 127.0.0.2 and would get the answer from 127.0.0.1. */
static void a_wildcard_answers_from_the_address_it_was_asked_on(void **state)
{
    static const struct {
        int family;
        const char *asked;
    } cases[] = {{AF_INET, "127.0.0.2"}, {AF_INET6, "127.0.0.3"}, {AF_INET6, "::1"}};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_sockaddr local;
        struct nk_sockaddr asked;

        nk_sockaddr_wildcard(&local, cases[i].family, 0);
        struct nk_udp_endpoint *server = udp_server(&local, (struct nk_udp_options){0});
        uint16_t port = nk_sockaddr_port(nk_udp_endpoint_address(server));
        assert_int_equal(nk_sockaddr_from_numeric(&asked, cases[i].asked, port), 0);
        int client = udp_socket(&asked); /* takes nothing from other addresses */
        udp_say(client, "who");
        udp_expect(client, "who");
        nk_socket_close(client);
        nk_udp_endpoint_close(server);
    }
}

/* Longer datagrams than this do not exist; shorter ones would be cut. */
static void the_longest_datagram_is_echoed(void **state)
{
    static char bytes[NK_DATAGRAM_MAX];
    static char answer[NK_DATAGRAM_MAX];
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));
    ssize_t len = 0;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 31 + (i >> 8));
    assert_int_equal(nk_socket_send(client, bytes, sizeof bytes, false), sizeof bytes);
    TURN_UNTIL(loop, (len = nk_socket_recv(client, answer, sizeof answer)) != -EAGAIN);
    assert_int_equal(len, sizeof bytes);
    assert_memory_equal(answer, bytes, sizeof bytes);
    nk_socket_close(client);
    nk_udp_endpoint_close(server);
}

/* Two endpoints talk: the client needs neither a table nor addresses. */
static void a_client_is_answered(void **state)
{
    const struct nk_sockaddr kinds[] = {loopback(AF_INET), loopback(AF_INET6), unix_path("server")};
    const struct nk_sockaddr own = unix_path("client");
    struct nk_udp_options options = {.handlers = &udp_listen};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct nk_udp_endpoint *server =
            udp_server(&kinds[i < 3 ? i : 2], (struct nk_udp_options){0});
        struct nk_udp_endpoint *client;

        memset(&record, 0, sizeof record);
        assert_int_equal(nk_udp_endpoint_connect(&client, loop, i < 3 ? NULL : &own,
                                                 nk_udp_endpoint_address(server), &options),
                         0);
        nk_udp_endpoint_resume(client);
        struct nk_peer *remote = nk_udp_endpoint_remote(client);
        assert_int_equal(nk_udp_endpoint_send(client, remote, nk_slice_of_string("ping")), 0);
        TURN_UNTIL(loop, record.datagrams == 2); /* at the server and at the client */
        assert_ptr_equal(record.last_peer, remote);
        assert_string_equal(record.text, "ping");
        assert_int_equal(remote->datagrams_sent, 1);
        assert_int_equal(remote->bytes_received, 4);
        nk_udp_endpoint_close(client);
        nk_udp_endpoint_close(server);
    }
}

/* A client would wait for an answer although the port is closed. */
static void a_refusal_is_reported(void **state)
{
    struct nk_sockaddr nobody = loopback(AF_INET);
    struct nk_udp_options options = {.handlers = &udp_listen};
    struct nk_udp_endpoint *client;
    int fd = nk_socket_open(AF_INET, SOCK_DGRAM);

    (void)state;
    assert_int_equal(nk_socket_bind(fd, &nobody), 0);
    assert_int_equal(nk_socket_local(fd, &nobody), 0);
    nk_socket_close(fd); /* nobody has this port now */
    assert_int_equal(nk_udp_endpoint_connect(&client, loop, NULL, &nobody, &options), 0);
    nk_udp_endpoint_resume(client);
    nk_udp_endpoint_send(client, nk_udp_endpoint_remote(client), nk_slice_of_string("?"));
    TURN_UNTIL(loop, record.errors > 0);
    assert_int_equal(record.last_error, -ECONNREFUSED);
    assert_int_equal(udp_statistics(client).refused, 1);
    nk_udp_endpoint_close(client);
}

/* A second server on the port would take half of the first one's clients. */
static void a_port_has_one_server(void **state)
{
    struct nk_sockaddr local = loopback(AF_INET);
    struct nk_udp_endpoint *shared[3];
    struct nk_udp_endpoint *other;
    struct nk_udp_options options = {.handlers = &udp_echo};

    (void)state;
    struct nk_udp_endpoint *server = udp_server(&local, options);
    assert_int_equal(nk_udp_endpoint_bind(&other, loop, nk_udp_endpoint_address(server), &options),
                     -EADDRINUSE);
    options.reuse_port = true;
    assert_int_equal(nk_udp_endpoint_bind(&other, loop, nk_udp_endpoint_address(server), &options),
                     -EADDRINUSE);
    nk_udp_endpoint_close(server);

    options.is_first = true;
    shared[0] = udp_server(&local, options);
    local = *nk_udp_endpoint_address(shared[0]);
    options.is_first = false;
    shared[1] = udp_server(&local, options); /* the loops of one server share it */
    shared[2] = udp_server(&local, options);
    options.is_first = true;
    assert_int_equal(nk_udp_endpoint_bind(&other, loop, &local, &options), -EADDRINUSE);
    for (int i = 0; i < 40; i++) {
        int client = udp_socket(&local);
        udp_say(client, "hi");
        udp_expect(client, "hi");
        nk_socket_close(client);
    }
    assert_int_equal(record.datagrams, 40);
    size_t busy = 0;
    for (int i = 0; i < 3; i++) {
        busy += udp_statistics(shared[i]).received > 0;
        nk_udp_endpoint_close(shared[i]);
    }
    assert_true(busy > 1); /* the kernel spreads the clients */
}

/* What had arrived before the stop would stay unanswered. */
static void draining_answers_what_has_arrived(void **state)
{
    enum { COUNT = 150 }; /* more than a batch */
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));
    char byte;
    size_t answers = 0;

    (void)state;
    for (int i = 0; i < COUNT; i++)
        udp_say(client, "x");
    nk_udp_endpoint_drain(server);
    while (nk_socket_recv(client, &byte, 1) == 1)
        answers++;
    assert_int_equal(answers, COUNT);
    udp_say(client, "late");
    turn_idle(loop, 3);
    assert_int_equal(nk_socket_recv(client, &byte, 1), -EAGAIN);
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

/* A paused endpoint would lose datagrams, or keep the loop busy. */
static void pausing_leaves_datagrams_in_the_kernel(void **state)
{
    struct nk_udp_endpoint *server = udp_echo_server();
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    nk_udp_endpoint_pause(server);
    udp_say(client, "one");
    udp_say(client, "two");
    turn_idle(loop, 3);
    assert_int_equal(record.datagrams, 0);
    nk_udp_endpoint_resume(server);
    udp_expect(client, "one");
    udp_expect(client, "two");
    nk_udp_endpoint_close(server);
    nk_socket_close(client);
}

static void close_on_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                              struct nk_slice datagram)
{
    echo_datagram(endpoint, peer, datagram);
    nk_udp_endpoint_close(endpoint);
    assert_int_equal(nk_udp_endpoint_send(endpoint, peer, datagram), -EPIPE);
}

/* Closing within a callback would use freed memory, or lose the answer. */
static void a_callback_may_close_the_endpoint(void **state)
{
    static const struct nk_udp_handlers handlers = {
        .on_datagram = close_on_datagram,
        .on_peer_new = note_new,
        .on_peer_expired = note_expired,
    };
    struct nk_sockaddr local = loopback(AF_INET);
    size_t descriptors = open_descriptors();
    struct nk_udp_endpoint *server =
        udp_server(&local, (struct nk_udp_options){.handlers = &handlers});
    int client = udp_socket(nk_udp_endpoint_address(server));

    (void)state;
    udp_say(client, "one");
    udp_say(client, "two");
    udp_expect(client, "one");
    assert_int_equal(record.datagrams, 1);
    assert_int_equal(record.peers_new, 1);
    assert_int_equal(record.peers_expired, 1);
    nk_socket_close(client);
    assert_int_equal(open_descriptors(), descriptors);
}

/* Those who are asked together answer from addresses of their own, which a
 * connected socket would not take. */
static void everybody_who_is_asked_can_answer(void **state)
{
    static const struct {
        int family;
        const char *server_options;
        const char *asked;
        const char *client_options;
    } rows[] = {
        {AF_INET, NULL, "127.255.255.255", "broadcast=1"},
        {AF_INET6, NULL, "127.255.255.255", "broadcast=1"},
        {AF_INET, "join=239.77.2.1@lo", "239.77.2.1", "interface=lo&source=127.0.0.1"},
        {AF_INET6, "join=239.77.2.1@lo", "239.77.2.1", "interface=lo&source=127.0.0.1"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        struct nk_udp_options options = {.handlers = &udp_listen,
                                         .socket_options = rows[i].client_options};
        struct nk_sockaddr local;
        struct nk_sockaddr asked;
        struct nk_udp_endpoint *client;

        memset(&record, 0, sizeof record);
        nk_sockaddr_wildcard(&local, rows[i].family, 0);
        struct nk_udp_endpoint *server =
            udp_server(&local, (struct nk_udp_options){.socket_options = rows[i].server_options});
        uint16_t port = nk_sockaddr_port(nk_udp_endpoint_address(server));
        assert_int_equal(nk_sockaddr_from_numeric(&asked, rows[i].asked, port), 0);
        assert_int_equal(nk_udp_endpoint_connect(&client, loop, NULL, &asked, &options), 0);
        assert_true(nk_sockaddr_port(nk_udp_endpoint_address(client)) > 0);
        nk_udp_endpoint_resume(client);
        struct nk_peer *remote = nk_udp_endpoint_remote(client);
        assert_int_equal(nk_udp_endpoint_send(client, remote, nk_slice_of_string("who")), 0);
        TURN_UNTIL(loop, record.datagrams == 2); /* at the server and at the client */
        assert_string_equal(record.text, "who");
        assert_ptr_not_equal(record.last_peer, remote);
        assert_int_equal(nk_sockaddr_port(&record.last_peer->address), port);
        assert_false(nk_sockaddr_is_multicast(&record.last_peer->address));
        assert_int_equal(udp_statistics(server).failed, 0);
        nk_udp_endpoint_close(client);
        nk_udp_endpoint_close(server);
    }
}

/* The kernel gives each of the sockets that share a port a copy of what was sent to
 * everybody, and a server of four loops would answer four times. */
static void one_of_the_sockets_of_a_port_hears_what_everybody_is_told(void **state)
{
    struct nk_udp_endpoint *servers[3];
    struct nk_sockaddr local;
    struct nk_sockaddr asked;
    struct nk_sockaddr from = loopback(AF_INET);
    const int on = 1;

    (void)state;
    nk_sockaddr_wildcard(&local, AF_INET6, 0);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(servers); i++) {
        servers[i] = udp_server(&local, (struct nk_udp_options){
                                            .reuse_port = true,
                                            .is_first = i == 0,
                                            .unicast_only = i > 0,
                                            .socket_options = "join=239.77.2.2@lo",
                                        });
        local = *nk_udp_endpoint_address(servers[i]);
    }
    int client = nk_socket_open(AF_INET, SOCK_DGRAM);
    assert_int_equal(nk_socket_bind(client, &from), 0);
    assert_int_equal(nk_socket_set_option(client, SOL_SOCKET, SO_BROADCAST, &on, sizeof on), 0);
    assert_int_equal(nk_socket_set_multicast_interface(client, AF_INET, "lo"), 0);
    static const char *const everybody[] = {"127.255.255.255", "239.77.2.2"};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(everybody); i++) {
        memset(&record, 0, sizeof record);
        assert_int_equal(nk_sockaddr_from_numeric(&asked, everybody[i], nk_sockaddr_port(&local)),
                         0);
        struct mmsghdr header = {
            .msg_hdr = {.msg_name = &asked.any,
                        .msg_namelen = asked.len,
                        .msg_iov = &(struct iovec){(char[]){'?'}, 1},
                        .msg_iovlen = 1},
        };
        assert_int_equal(nk_socket_send_messages(client, &header, 1), 1);
        udp_expect(client, "?");
        turn_idle(loop, 3);
        assert_int_equal(record.datagrams, 1);
    }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(servers); i++)
        nk_udp_endpoint_close(servers[i]);
    nk_socket_close(client);
}

/* The peer would see another client than the one it expects. */
static void a_client_comes_from_the_source_of_its_options(void **state)
{
    struct nk_udp_endpoint *server = udp_echo_server();
    const struct nk_sockaddr *remote = nk_udp_endpoint_address(server);
    struct nk_udp_options options = {.handlers = &udp_listen};
    struct nk_udp_endpoint *client = NULL;
    struct nk_sockaddr holder = loopback(AF_INET);
    char text[64];

    (void)state;
    int fd = nk_socket_open(AF_INET, SOCK_DGRAM);
    assert_int_equal(nk_socket_bind(fd, &holder), 0);
    assert_int_equal(nk_socket_local(fd, &holder), 0);
    snprintf(text, sizeof text, "source=127.0.0.2&source-port=%u", nk_sockaddr_port(&holder));
    options.socket_options = text;
    assert_int_equal(nk_udp_endpoint_connect(&client, loop, NULL, remote, &options), 0);
    nk_udp_endpoint_resume(client);
    nk_udp_endpoint_send(client, nk_udp_endpoint_remote(client), nk_slice_of_string("me"));
    TURN_UNTIL(loop, record.datagrams == 2);
    assert_string_equal(record.text, "me");
    assert_int_equal(udp_statistics(server).peers_new, 1);
    nk_sockaddr_set_port(&holder, nk_sockaddr_port(nk_udp_endpoint_address(client)));
    assert_int_equal(nk_sockaddr_from_numeric(&holder, "127.0.0.2", nk_sockaddr_port(&holder)), 0);
    assert_true(nk_sockaddr_equal(&holder, nk_udp_endpoint_address(client)));
    nk_udp_endpoint_close(client);
    options.socket_options = text + strlen("source=127.0.0.2&"); /* the port alone is taken */
    assert_int_equal(nk_udp_endpoint_connect(&client, loop, NULL, remote, &options), -EADDRINUSE);
    options.socket_options = "source=::1";
    assert_int_equal(nk_udp_endpoint_connect(&client, loop, NULL, remote, &options), -EAFNOSUPPORT);
    assert_int_equal(nk_udp_endpoint_bind(&client, loop, remote, &options), -EINVAL);
    nk_socket_close(fd);
    nk_udp_endpoint_close(server);
}

/* A unix client that is asked for by name can be answered there, and the file is
 * removed with it (the teardown looks). */
static void a_unix_client_has_the_path_of_its_options(void **state)
{
    struct nk_sockaddr path = unix_path("server");
    struct nk_sockaddr own = unix_path("me");
    struct nk_udp_endpoint *server = udp_server(&path, (struct nk_udp_options){0});
    struct nk_udp_endpoint *client;
    char text[128];

    (void)state;
    snprintf(text, sizeof text, "source=%s/me", directory);
    struct nk_udp_options options = {.handlers = &udp_listen, .socket_options = text};
    assert_int_equal(nk_udp_endpoint_connect(&client, loop, NULL, &path, &options), 0);
    assert_true(nk_sockaddr_equal(nk_udp_endpoint_address(client), &own));
    nk_udp_endpoint_resume(client);
    nk_udp_endpoint_send(client, nk_udp_endpoint_remote(client), nk_slice_of_string("me"));
    TURN_UNTIL(loop, record.datagrams == 2);
    nk_udp_endpoint_close(client);
    nk_udp_endpoint_close(server);
}

/* A server that cannot start would leave its socket's file or a descriptor. */
static void failing_to_bind_leaves_nothing(void **state)
{
    struct nk_sockaddr taken = unix_path("taken");
    struct nk_sockaddr nowhere = unix_path("no/such/directory");
    struct nk_udp_options options = {.handlers = &udp_echo};
    struct nk_udp_endpoint *server = udp_server(&taken, options);
    struct nk_udp_endpoint *other;
    size_t descriptors = open_descriptors();

    (void)state;
    assert_int_equal(nk_udp_endpoint_bind(&other, loop, &taken, &options), -EADDRINUSE);
    assert_int_equal(nk_udp_endpoint_bind(&other, loop, &nowhere, &options), -ENOENT);
    assert_int_equal(nk_udp_endpoint_connect(&other, loop, NULL, &nowhere, &options), -ENOENT);
    options.socket_options = "nodelay=1";
    taken = loopback(AF_INET);
    assert_int_equal(nk_udp_endpoint_bind(&other, loop, &taken, &options), -ENOPROTOOPT);
    assert_int_equal(open_descriptors(), descriptors);
    nk_udp_endpoint_close(server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, udp_setup, udp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_address_echoes),
        TEST(a_wildcard_answers_from_the_address_it_was_asked_on),
        TEST(the_longest_datagram_is_echoed),
        TEST(a_client_is_answered),
        TEST(a_refusal_is_reported),
        TEST(a_port_has_one_server),
        TEST(draining_answers_what_has_arrived),
        TEST(pausing_leaves_datagrams_in_the_kernel),
        TEST(a_callback_may_close_the_endpoint),
        TEST(everybody_who_is_asked_can_answer),
        TEST(one_of_the_sockets_of_a_port_hears_what_everybody_is_told),
        TEST(a_client_comes_from_the_source_of_its_options),
        TEST(a_unix_client_has_the_path_of_its_options),
        TEST(failing_to_bind_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
