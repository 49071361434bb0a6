/* Datagram servers on a loop, plain sockets that talk to them, and a record of
 * what their handlers were told. Include cmocka.h first. */
#ifndef TESTS_UNIT_UDP_FIXTURE_H
#define TESTS_UNIT_UDP_FIXTURE_H

#include <errno.h>

#include "net/udp_endpoint.h"
#include "reactor_fixture.h"

struct udp_record {
    size_t datagrams;
    size_t bytes;
    size_t batches;
    size_t peers_new;
    size_t peers_expired;
    size_t errors;
    int last_error;
    struct nk_peer *last_peer;
    char text[64]; /* of the last datagram */
};

static struct nk_event_loop *loop;
static struct udp_record record;
static char directory[64];

static inline int udp_setup(void **state)
{
    (void)state;
    memset(&record, 0, sizeof record);
    loop = new_loop();
    snprintf(directory, sizeof directory, "/tmp/netkit-udp-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static inline int udp_teardown(void **state)
{
    (void)state;
    turn_idle(loop, 1);
    nk_event_loop_free(loop);
    return rmdir(directory); /* fails when a socket's file was left behind */
}

static inline void note_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                                 struct nk_slice datagram)
{
    (void)endpoint;
    size_t len = datagram.len < sizeof record.text ? datagram.len : sizeof record.text - 1;

    record.datagrams++;
    record.bytes += datagram.len;
    record.last_peer = peer;
    memcpy(record.text, datagram.data, len);
    record.text[len] = '\0';
}

static inline void echo_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                                 struct nk_slice datagram)
{
    note_datagram(endpoint, peer, datagram);
    nk_udp_endpoint_send(endpoint, peer, datagram);
}

static inline void note_batch(struct nk_udp_endpoint *endpoint)
{
    (void)endpoint;
    record.batches++;
}

static inline void note_error(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error)
{
    (void)endpoint;
    record.errors++;
    record.last_error = error;
    record.last_peer = peer;
}

static inline void note_new(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    (void)endpoint;
    (void)peer;
    record.peers_new++;
}

static inline void note_expired(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    (void)endpoint;
    (void)peer;
    record.peers_expired++;
}

static const struct nk_udp_handlers udp_echo = {
    .on_datagram = echo_datagram,
    .on_batch_end = note_batch,
    .on_error = note_error,
    .on_peer_new = note_new,
    .on_peer_expired = note_expired,
};

static const struct nk_udp_handlers udp_listen = {
    .on_datagram = note_datagram,
    .on_batch_end = note_batch,
    .on_error = note_error,
    .on_peer_new = note_new,
    .on_peer_expired = note_expired,
};

/* A running server on `local`. */
static inline struct nk_udp_endpoint *udp_server(const struct nk_sockaddr *local,
                                                 struct nk_udp_options options)
{
    struct nk_udp_endpoint *endpoint;

    if (!options.handlers)
        options.handlers = &udp_echo;
    assert_int_equal(nk_udp_endpoint_bind(&endpoint, loop, local, &options), 0);
    nk_udp_endpoint_resume(endpoint);
    return endpoint;
}

static inline struct nk_udp_endpoint *udp_echo_server(void)
{
    struct nk_sockaddr local = loopback(AF_INET);

    return udp_server(&local, (struct nk_udp_options){0});
}

static inline struct nk_sockaddr unix_path(const char *name)
{
    struct nk_sockaddr address;
    char path[128];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(nk_sockaddr_from_unix_path(&address, path), 0);
    return address;
}

/* A plain socket connected to `remote`; a unix one has a name of its own. */
static inline int udp_socket(const struct nk_sockaddr *remote)
{
    int fd = nk_socket_open(remote->any.sa_family, SOCK_DGRAM);

    assert_true(fd >= 0);
    if (remote->any.sa_family == AF_UNIX) {
        struct nk_sockaddr nameless = {.any.sa_family = AF_UNIX, .len = sizeof(sa_family_t)};
        assert_int_equal(nk_socket_bind(fd, &nameless), 0);
    }
    assert_int_equal(nk_socket_connect(fd, remote), 0);
    return fd;
}

static inline void udp_say(int fd, const char *text)
{
    assert_int_equal(nk_socket_send(fd, text, strlen(text), false), strlen(text));
}

/* Turns the loop until a datagram has come back. */
static inline void udp_expect(int fd, const char *text)
{
    char answer[64] = "";
    ssize_t len = -EAGAIN;

    TURN_UNTIL(loop, (len = nk_socket_recv(fd, answer, sizeof answer - 1)) != -EAGAIN);
    assert_int_equal(len, strlen(text));
    assert_string_equal(answer, text);
}

static inline struct nk_udp_statistics udp_statistics(const struct nk_udp_endpoint *endpoint)
{
    struct nk_udp_statistics statistics;

    nk_udp_endpoint_statistics(endpoint, &statistics);
    return statistics;
}

#endif
