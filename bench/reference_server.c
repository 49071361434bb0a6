/* The bare reference server: the yardstick of every figure in RESULTS.md.
 *
 *   bench_reference http|echo|udp
 *   bench_reference unix PATH
 *
 * One thread, level-triggered epoll, recv, send and nothing else: no parser, no
 * timers, no limits, no state of a connection. It listens on a free port of
 * 127.0.0.1, prints the port number and serves until a signal ends it.
 *
 * `http` counts the ends of request heads in what one recv brought and answers
 * all of them with one send. `echo` sends back what it received; `unix` does so on
 * a unix stream socket at PATH, and `udp` with datagrams, one recvfrom and one
 * sendto for each.
 *
 * What it leaves out, and why that is fair as a yardstick and as nothing else:
 *   - A head that arrives in two pieces is not recognised unless its last four
 *     bytes arrive together, and a send that the kernel takes only in part ends
 *     the connection. Neither happens with the requests of the load generator;
 *     if it did, the load generator would report an error and the run would be
 *     invalid.
 *   - The response is text fixed at compile time with the fields that a real
 *     server sends (Server, Date, Content-Type, Content-Length and a nosniff
 *     line), so that the bytes are comparable. The date is therefore wrong; a
 *     real server pays for a right one once a second. The body has 13 bytes
 *     where netkit's demo route has 26: 13 bytes more to copy, which no
 *     measurement here can see.
 */
#include "base/attributes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RESPONSE                                                                                   \
    "HTTP/1.1 200 OK\r\n"                                                                          \
    "Server: reference/0.1.0\r\n"                                                                  \
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"                                                      \
    "Content-Type: text/plain\r\n"                                                                 \
    "Content-Length: 13\r\n"                                                                       \
    "X-Content-Type-Options: nosniff\r\n"                                                          \
    "\r\n"                                                                                         \
    "Hello, world!"

enum {
    EVENTS_PER_WAIT = 256,
    RECEIVE_BYTES = 64 * 1024,
    RESPONSE_BYTES = sizeof RESPONSE - 1,
    RESPONSES_PER_SEND = 256, /* copies kept ready side by side; far above any depth we measure */
    LISTEN_BACKLOG = 4096,
};

/* Answers what was received; false when the connection cannot go on. */
typedef bool answer_function(int fd, const char *received, size_t length);

static char receive_buffer[RECEIVE_BYTES];
static char responses[RESPONSES_PER_SEND * RESPONSE_BYTES];

static bool send_whole(int fd, const char *bytes, size_t length)
{
    return send(fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* Branch-free on purpose, so that the compiler may use vector instructions. */
static size_t count_heads(const char *received, size_t length)
{
    uint32_t end_of_head;
    size_t heads = 0;
    memcpy(&end_of_head, "\r\n\r\n", sizeof end_of_head);
    for (size_t i = 0; i + sizeof end_of_head <= length; i++) {
        uint32_t window;
        memcpy(&window, received + i, sizeof window);
        heads += window == end_of_head;
    }
    return heads;
}

static bool answer_http(int fd, const char *received, size_t length)
{
    size_t heads = count_heads(received, length);
    while (heads > RESPONSES_PER_SEND) {
        if (!send_whole(fd, responses, sizeof responses))
            return false;
        heads -= RESPONSES_PER_SEND;
    }
    return heads == 0 || send_whole(fd, responses, heads * RESPONSE_BYTES);
}

static bool answer_echo(int fd, const char *received, size_t length)
{
    return send_whole(fd, received, length);
}

static void serve_connection(int fd, answer_function *answer)
{
    ssize_t received = recv(fd, receive_buffer, sizeof receive_buffer, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (received <= 0 || !answer(fd, receive_buffer, (size_t)received))
        (void)close(fd); /* which also takes it out of the epoll set */
}

static void serve_datagram(int fd)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    ssize_t received =
        recvfrom(fd, receive_buffer, sizeof receive_buffer, 0, (struct sockaddr *)&peer, &length);
    /* A reply that cannot be sent is a lost datagram, which the client will notice. */
    if (received >= 0 && sendto(fd, receive_buffer, (size_t)received, 0,
                                (const struct sockaddr *)&peer, length) != received)
        return;
}

static void accept_connection(int epoll_fd, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        (void)close(fd);
}

/* Returns only when epoll itself fails. Without `answer` the listener is for datagrams. */
static void serve(int epoll_fd, int listener, answer_function *answer)
{
    struct epoll_event events[EVENTS_PER_WAIT];
    for (;;) {
        int ready = epoll_wait(epoll_fd, events, EVENTS_PER_WAIT, -1);
        if (ready < 0 && errno != EINTR)
            return;
        for (int i = 0; i < ready; i++) {
            if (answer == NULL)
                serve_datagram(listener);
            else if (events[i].data.fd == listener)
                accept_connection(epoll_fd, listener);
            else
                serve_connection(events[i].data.fd, answer);
        }
    }
}

/* A TCP or UDP socket on a free loopback port, or -1 with errno set. */
static int open_inet(int type)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    /* Accepted sockets inherit TCP_NODELAY, so no connection pays for setting it. */
    if ((type == SOCK_STREAM && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        (type == SOCK_STREAM && listen(fd, LISTEN_BACKLOG) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int open_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd >= 0 && (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
                    listen(fd, LISTEN_BACKLOG) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int print_port(int listener)
{
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;
    if (getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        return -1;
    /* Of a unix socket it is no port, but says as well that it is ready. */
    if (printf("%u\n", (unsigned)ntohs(address.sin_port)) < 0)
        return -1;
    return fflush(stdout);
}

static const struct mode {
    const char *name;
    int type;                /* 0: a unix socket, whose path is the next argument */
    answer_function *answer; /* NULL for datagrams */
} modes[] = {
    {"http", SOCK_STREAM, answer_http},
    {"echo", SOCK_STREAM, answer_echo},
    {"udp", SOCK_DGRAM, NULL},
    {"unix", 0, answer_echo},
};

/* NULL when the arguments are not understood. */
static const struct mode *find_mode(int argc, char **argv)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(modes) && argc >= 2; i++) {
        if (strcmp(modes[i].name, argv[1]) == 0 && argc == (modes[i].type != 0 ? 2 : 3))
            return &modes[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct mode *mode = find_mode(argc, argv);
    if (mode == NULL) {
        (void)fputs("usage: bench_reference http|echo|udp|unix PATH\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < RESPONSES_PER_SEND; i++)
        memcpy(responses + i * RESPONSE_BYTES, RESPONSE, RESPONSE_BYTES);

    int listener = mode->type != 0 ? open_inet(mode->type) : open_unix(argv[2]);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (listener < 0 || epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event) != 0 ||
        print_port(listener) != 0) {
        perror("bench_reference");
        return 1;
    }
    serve(epoll_fd, listener, mode->answer);
    perror("bench_reference: epoll_wait");
    return 1;
}
