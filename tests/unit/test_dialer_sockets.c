/* Dialling: unix sockets of every kind, source address and port, socket options,
 * and which step is blamed for a failure. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "dial_fixture.h"

static char directory[64];

static int set_up_directory(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/netkit-dialer-XXXXXX");
    assert_non_null(mkdtemp(directory));
    return set_up(state);
}

static int tear_down_directory(void **state)
{
    int result = tear_down(state);

    assert_int_equal(rmdir(directory), 0);
    return result;
}

#define UNIX_CASE(name) cmocka_unit_test_setup_teardown(name, set_up_directory, tear_down_directory)

/* A listening (stream, seqpacket) or just bound (dgram) unix socket. */
static int unix_server(const char *path, int type)
{
    struct nk_sockaddr address;
    int fd = nk_socket_open(AF_UNIX, type);

    assert_int_equal(nk_sockaddr_from_unix_path(&address, path), 0);
    assert_int_equal(nk_socket_bind(fd, &address), 0);
    if (type != SOCK_DGRAM)
        assert_int_equal(nk_socket_listen(fd, 4), 0);
    return fd;
}

/* The scheme decides about the kind of socket: one of another kind cannot
 * connect to it, so success shows that it was the right one. */
static void every_kind_of_unix_socket_connects(void **state)
{
    static const struct {
        const char *scheme;
        int type;
    } rows[] = {
        {"unix:", SOCK_STREAM},
        {"unix-dgram:", SOCK_DGRAM},
        {"unix-seqpacket:", SOCK_SEQPACKET},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        char path[80];
        char text[120];
        int type;

        snprintf(path, sizeof path, "%s/%zu", directory, i);
        snprintf(text, sizeof text, "%s%s", rows[i].scheme, path);
        int server = unix_server(path, rows[i].type);
        memset(&seen, 0, sizeof seen);
        assert_true(dial_and_wait(text) >= 0);
        assert_int_equal(nk_socket_get_option(seen.result.fd, SOL_SOCKET, SO_TYPE, &type), 0);
        assert_int_equal(type, rows[i].type);
        nk_socket_close(seen.result.fd);
        nk_socket_close(server);
        assert_int_equal(unlink(path), 0);
    }
}

static void an_abstract_socket_connects(void **state)
{
    char text[120];

    (void)state;
    snprintf(text, sizeof text, "unix:@netkit-dialer-%ld", (long)getpid());
    assert_int_equal(dial_and_wait(text), -ECONNREFUSED); /* nobody there yet */
    assert_failed(-ECONNREFUSED, NK_CONNECT_CONNECT);
    int server = unix_server(text + strlen("unix:"), SOCK_STREAM);
    memset(&seen, 0, sizeof seen);
    assert_true(dial_and_wait(text) >= 0);
    nk_socket_close(seen.result.fd);
    nk_socket_close(server);
}

/* No such socket is a failed connection (exit 4), though its errno is that of a
 * name that is not found (exit 3). */
static void a_missing_unix_socket_is_a_failed_connection(void **state)
{
    (void)state;
    assert_int_equal(dial_and_wait("unix:/nonexistent/netkit/socket"), -ENOENT);
    assert_failed(-ENOENT, NK_CONNECT_CONNECT);
    assert_true(seen.result.has_remote);
    assert_string_equal(seen.attempts, "try /nonexistent/netkit/socket\n"
                                       "/nonexistent/netkit/socket: ENOENT\n");
}

/* Runs in a child that is nobody. It answers by its exit status, because a failed
 * assertion would go on with a second copy of the tests, and it has a loop of its
 * own, because an epoll descriptor is shared across a fork. */
static int dial_as_nobody(const char *text)
{
    struct nk_dialer *dialer;
    uint64_t give_up = time_now() + PATIENCE_MS * MILLISECOND;

    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 1;
    if (nk_event_loop_new(&loop, NULL) != 0)
        return 1;
    if (try_to_dial(&dialer, text) != 0)
        return 2;
    while (seen.calls == 0 && time_now() < give_up)
        (void)nk_event_loop_turn(loop, MILLISECOND);
    return seen.result.fd == -EACCES && seen.result.failure.step == NK_CONNECT_CONNECT ? 0 : 3;
}

/* "No permission to connect" must be told from "nobody listens". */
static void a_socket_without_permission(void **state)
{
    char path[80];
    char text[120];
    int status = -1;

    (void)state;
    snprintf(path, sizeof path, "%s/private", directory);
    snprintf(text, sizeof text, "unix:%s", path);
    int server = unix_server(path, SOCK_STREAM);
    assert_int_equal(chmod(path, 0), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(dial_as_nobody(text));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    nk_socket_close(server);
    assert_int_equal(unlink(path), 0);
}

/* Dials 127.0.0.1 or ::1 at `address`, which listens, with the text of options. */
static int dial_address(const struct nk_sockaddr *address, const char *text_of_options)
{
    char host[NK_SOCKADDR_TEXT_MAX];
    char text[NK_SOCKADDR_TEXT_MAX + 96];

    nk_sockaddr_print(address, host);
    snprintf(text, sizeof text, "tcp://%s%s", host, text_of_options);
    return dial_and_wait(text);
}

/* A port that nobody uses at the moment. */
static uint16_t free_port(int family)
{
    struct nk_sockaddr address;
    int fd = refusing(&address, family);

    nk_socket_close(fd);
    return nk_sockaddr_port(&address);
}

/* What the server sees of the client is what was asked for. */
static void source_address_and_port_are_used(void **state)
{
    static const struct {
        int family;
        const char *host;
        bool has_port;
    } rows[] = {
        {AF_INET, "127.0.0.2", false}, {AF_INET, "127.0.0.2", true}, {AF_INET, NULL, true},
        {AF_INET6, "::1", false},      {AF_INET6, NULL, true},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        struct nk_sockaddr address;
        struct nk_sockaddr source;
        struct nk_sockaddr peer;
        int listener = listening(&address, rows[i].family);

        options.source = rows[i].host ? &source : NULL;
        options.source_port = rows[i].has_port ? free_port(rows[i].family) : 0;
        if (rows[i].host)
            assert_int_equal(nk_sockaddr_from_numeric(&source, rows[i].host, 0), 0);
        memset(&seen, 0, sizeof seen);
        assert_true(dial_address(&address, "") >= 0);
        int accepted = nk_socket_accept(listener, &peer);
        assert_true(accepted >= 0);
        if (rows[i].has_port)
            assert_int_equal(nk_sockaddr_port(&peer), options.source_port);
        if (rows[i].host) {
            nk_sockaddr_set_port(&source, nk_sockaddr_port(&peer));
            assert_true(nk_sockaddr_equal(&peer, &source));
        }
        nk_socket_close(accepted);
        nk_socket_close(seen.result.fd);
        nk_socket_close(listener);
    }
}

/* The same, written behind the address; the caller's wish counts more. */
static void the_source_may_stand_in_the_address(void **state)
{
    struct nk_sockaddr address;
    struct nk_sockaddr peer;
    struct nk_sockaddr given;
    char text[64];
    int listener = listening(&address, AF_INET);
    uint16_t port = free_port(AF_INET);

    (void)state;
    assert_int_equal(nk_sockaddr_from_numeric(&given, "127.0.0.3", 0), 0);
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, i == 1 ? "?source-port=%u" : "?source=127.0.0.2:%u", port);
        options.source = i == 2 ? &given : NULL;
        memset(&seen, 0, sizeof seen);
        assert_true(dial_address(&address, text) >= 0);
        int accepted = nk_socket_accept(listener, &peer);
        assert_true(accepted >= 0);
        if (i < 2)
            assert_int_equal(nk_sockaddr_port(&peer), port);
        nk_sockaddr_set_port(&peer, 0);
        assert_string_equal(nk_sockaddr_print(&peer, (char[NK_SOCKADDR_TEXT_MAX]){0}),
                            i == 0   ? "127.0.0.2:0"
                            : i == 1 ? "127.0.0.1:0"
                                     : "127.0.0.3:0");
        assert_int_equal(nk_socket_set_abortive_close(seen.result.fd), 0);
        nk_socket_close(seen.result.fd);
        nk_socket_close(accepted);
    }
    nk_socket_close(listener);
}

/* Attempts of both families run at the same time from the same port. */
static void overlapping_attempts_share_the_source_port(void **state)
{
    struct nk_sockaddr addresses[2];
    struct blackhole hole;
    int listener = listening(&addresses[1], AF_INET);

    (void)state;
    open_blackhole(&hole, AF_INET6);
    addresses[0] = hole.address;
    options.source_port = free_port(AF_INET);
    dial_all(addresses, 2);
    TURN_UNTIL(loop, attempts_started() == 1);
    pass_time(NK_DIALER_ATTEMPT_DELAY);
    TURN_UNTIL(loop, seen.calls > 0);
    assert_connected(&addresses[1]);
    nk_socket_close(listener);
    close_blackhole(&hole);
}

/* The step tells a port that is taken here (exit 8) from one that is taken, or
 * refused, there (exit 4). */
static void a_source_that_cannot_be_bound_is_blamed(void **state)
{
    struct nk_sockaddr address;
    struct nk_sockaddr source;
    int listener = listening(&address, AF_INET);

    (void)state;
    options.source_port = nk_sockaddr_port(&address); /* somebody listens there */
    assert_int_equal(dial_address(&address, ""), -EADDRINUSE);
    assert_failed(-EADDRINUSE, NK_CONNECT_BIND);

    options.source_port = 0;
    options.source = &source;
    assert_int_equal(nk_sockaddr_from_numeric(&source, "255.1.2.3", 0), 0);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(dial_address(&address, ""), -EADDRNOTAVAIL);
    assert_failed(-EADDRNOTAVAIL, NK_CONNECT_BIND);
    nk_socket_close(listener);
}

/* A source of the other family restricts what is tried, or cannot work at all. */
static void the_source_decides_about_the_family(void **state)
{
    struct nk_sockaddr addresses[2];
    struct nk_sockaddr source = loopback(AF_INET);
    struct nk_dialer *dialer = NULL;
    int listeners[2] = {listening(&addresses[0], AF_INET6), listening(&addresses[1], AF_INET)};

    (void)state;
    options.source = &source;
    dial_all(addresses, 2);
    TURN_UNTIL(loop, seen.calls > 0);
    assert_connected(&addresses[1]);
    nk_socket_close(listeners[0]);
    nk_socket_close(listeners[1]);

    options.family = AF_INET6;
    assert_int_equal(try_to_dial(&dialer, "[::1]:1"), -EAFNOSUPPORT);
    options.family = AF_UNSPEC;
    assert_int_equal(try_to_dial(&dialer, "unix:/x"), -EAFNOSUPPORT);
    assert_int_equal(nk_sockaddr_from_unix_path(&source, "@source"), 0);
    assert_int_equal(try_to_dial(&dialer, "127.0.0.1:1"), -EAFNOSUPPORT);
    options.source = NULL;
    options.family = AF_INET6;
    assert_int_equal(try_to_dial(&dialer, "name.invalid:1?source=127.0.0.1"), -EAFNOSUPPORT);
    assert_int_equal(try_to_dial(&dialer, "[::1]:1?source=fe80::1%no-such-dev"), -ENODEV);
    assert_null(dialer);
}

/* The options of the address are set on the socket that connects. */
static void socket_options_are_set(void **state)
{
    struct nk_sockaddr address;
    int listener = listening(&address, AF_INET);
    int value = 0;

    (void)state;
    assert_true(dial_address(&address, "?nodelay=1&ttl=7") >= 0);
    assert_int_equal(nk_socket_get_option(seen.result.fd, IPPROTO_TCP, TCP_NODELAY, &value), 0);
    assert_true(value != 0);
    assert_int_equal(nk_socket_get_option(seen.result.fd, IPPROTO_IP, IP_TTL, &value), 0);
    assert_int_equal(value, 7);
    nk_socket_close(seen.result.fd);

    memset(&seen, 0, sizeof seen);
    assert_int_equal(dial_address(&address, "?nodelay=1&congestion=nonexistent"), -ENOENT);
    assert_failed(-ENOENT, NK_CONNECT_OPTIONS);
    assert_string_equal(seen.result.failure.option, "congestion");
    nk_socket_close(listener);
}

/* Small pieces would wait for an acknowledgement, or would not although the address
 * asks for it; and what knows no such option would not connect at all. */
static void small_pieces_are_sent_at_once(void **state)
{
    static const struct {
        bool wanted;
        const char *text;
        bool expected;
    } rows[] = {{true, "", true}, {true, "?nodelay=off", false}, {false, "", false}};
    struct nk_sockaddr address;
    int listener = listening(&address, AF_INET);
    int value;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        memset(&seen, 0, sizeof seen);
        options.no_delay = rows[i].wanted;
        assert_true(dial_address(&address, rows[i].text) >= 0);
        assert_int_equal(nk_socket_get_option(seen.result.fd, IPPROTO_TCP, TCP_NODELAY, &value), 0);
        assert_int_equal(value != 0, rows[i].expected);
        nk_socket_close(seen.result.fd);
    }
    nk_socket_close(listener);
    options.no_delay = true;
    memset(&seen, 0, sizeof seen);
    assert_true(dial_and_wait("udp://127.0.0.1:9") >= 0);
    nk_socket_close(seen.result.fd);
}

/* udp: the socket is connected, so that only the peer's datagrams come in. */
static void a_datagram_socket_is_connected(void **state)
{
    struct nk_sockaddr address = loopback(AF_INET);
    int server = nk_socket_open(AF_INET, SOCK_DGRAM);
    char text[NK_SOCKADDR_TEXT_MAX];

    (void)state;
    assert_int_equal(nk_socket_bind(server, &address), 0);
    assert_int_equal(nk_socket_local(server, &address), 0);
    snprintf(text, sizeof text, "udp://127.0.0.1:%u", (unsigned)nk_sockaddr_port(&address));
    assert_true(dial_and_wait(text) >= 0);
    assert_connected(&address);
    nk_socket_close(server);
}

/* Without a free descriptor the failure is told like any other. */
static void running_out_of_descriptors_is_reported(void **state)
{
    struct rlimit former;
    struct rlimit none;

    (void)state;
    dial("127.0.0.1:1");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &former), 0);
    none = former;
    int lowest_free = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(lowest_free >= 0);
    close(lowest_free);
    none.rlim_cur = (rlim_t)lowest_free;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    turn_idle(loop, 2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &former), 0);
    assert_failed(-EMFILE, NK_CONNECT_SOCKET);
}

/* What cannot even begin is said at once. */
static void a_dialer_that_cannot_begin(void **state)
{
    struct nk_dialer *dialer = NULL;
    struct nk_address address = {.scheme = NK_SCHEME_UNIX};

    (void)state;
    assert_int_equal(nk_dialer_start(&dialer, loop, &address, &options), -EINVAL);
    options.pool = NULL;
    assert_int_equal(try_to_dial(&dialer, "tcp://name.invalid:1"), -EINVAL);
    assert_null(dialer);
    turn_idle(loop, 2);
    assert_int_equal(seen.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIX_CASE(every_kind_of_unix_socket_connects),
        CASE(an_abstract_socket_connects),
        CASE(a_missing_unix_socket_is_a_failed_connection),
        UNIX_CASE(a_socket_without_permission),
        CASE(source_address_and_port_are_used),
        CASE(the_source_may_stand_in_the_address),
        CASE(overlapping_attempts_share_the_source_port),
        CASE(a_source_that_cannot_be_bound_is_blamed),
        CASE(the_source_decides_about_the_family),
        CASE(socket_options_are_set),
        CASE(small_pieces_are_sent_at_once),
        CASE(a_datagram_socket_is_connected),
        CASE(running_out_of_descriptors_is_reported),
        CASE(a_dialer_that_cannot_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
