#include "load_engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    EVENTS_PER_WAIT = 256,
    SLICE = 128,       /* connections opened at once; below any server's backlog */
    SILENCE_MS = 5000, /* no byte for this long while responses are due: the run has failed */
    LARGE_BODY = 32 * 1024,
    HEAD_READ = 4 * 1024, /* with large bodies: enough for a head, little of the body */
};

uint64_t load_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

int load_fault(struct load *load, int error, const char *description)
{
    if (load->fault[0] == '\0')
        (void)snprintf(load->fault, sizeof load->fault, "%s", description);
    return error;
}

/* A system call has failed; returns its errno negated. */
static int system_fault(struct load *load, const char *call)
{
    return load_fault(load, -errno, call);
}

int load_init(struct load *load, const struct load_options *options,
              const struct load_protocol *protocol)
{
    *load = (struct load){.options = options, .protocol = protocol, .epoll_fd = -1};
    load->connections = calloc(options->connections, sizeof *load->connections);
    load->buffer = malloc(LOAD_RECEIVE_BYTES);
    load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (load->connections == NULL || load->buffer == NULL || load->epoll_fd < 0) {
        int error = system_fault(load, "starting");
        load_deinit(load);
        return error;
    }
    for (uint32_t i = 0; i < options->connections; i++) {
        load->connections[i].fd = -1;
        load->connections[i].index = i;
    }
    return protocol->prepare(load);
}

void load_deinit(struct load *load)
{
    if (load->protocol->close != NULL)
        load->protocol->close(load);
    for (uint64_t i = 0; load->connections != NULL && i < load->options->connections; i++) {
        if (load->connections[i].fd >= 0)
            (void)close(load->connections[i].fd);
        free(load->connections[i].carry);
    }
    if (load->epoll_fd >= 0)
        (void)close(load->epoll_fd);
    free(load->connections);
    free(load->buffer);
    free(load->protocol_state);
    load->connections = NULL;
    load->buffer = NULL;
    load->protocol_state = NULL;
    load->epoll_fd = -1;
}

/* A connected socket, or -1 with errno set. On loopback a blocking connect is over at once. */
static int open_tcp(const struct load_options *options)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)options->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
                    connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int open_unix(const struct load_options *options)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", options->unix_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* The descriptor stays blocking: recv and send say MSG_DONTWAIT, which spares a system call on
 * every short connection. */
static int connect_to_server(struct load *load, struct load_connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    connection->fd =
        load->options->unix_path != NULL ? open_unix(load->options) : open_tcp(load->options);
    if (connection->fd < 0)
        return system_fault(load, "connect");
    if (epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        return system_fault(load, "epoll_ctl");
    return 0;
}

/* Starts the next batch, or leaves the connection at rest when the phase is over at time `now`. */
static int start_batch(struct load *load, struct load_connection *connection, uint64_t now)
{
    if (load->requests_left < load->options->depth || now >= load->deadline)
        return 0;
    if (connection->fd < 0) {
        int error = connect_to_server(load, connection);
        if (error != 0)
            return error;
    }
    size_t length = 0;
    const char *batch = load->protocol->next_batch(load, connection, &length);
    load->requests_left -= load->options->depth;
    connection->outstanding = load->options->depth;
    connection->sent_at = now;
    load->busy++;
    ssize_t sent = send(connection->fd, batch, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return system_fault(load, "send");
    if ((size_t)sent != length)
        return load_fault(load, -EMSGSIZE, "the kernel took only a part of a batch");
    return 0;
}

static int finish_batch(struct load *load, struct load_connection *connection, uint64_t now)
{
    load->busy--;
    return start_batch(load, connection, now);
}

/* Keeps an incomplete head until its rest arrives. */
static int keep_tail(struct load *load, struct load_connection *connection, const char *tail,
                     size_t length)
{
    if (length > LOAD_CARRY_BYTES)
        return load_fault(load, -EMSGSIZE, "a response head is too large");
    if (connection->carry == NULL)
        connection->carry = malloc(LOAD_CARRY_BYTES);
    if (connection->carry == NULL)
        return load_fault(load, -ENOMEM, "out of memory");
    memcpy(connection->carry, tail, length);
    connection->carry_length = length;
    return 0;
}

/* Hands carried and received bytes to the protocol and records what that completed. */
static int take_bytes(struct load *load, struct load_connection *connection, size_t length)
{
    uint64_t before = connection->outstanding;
    ssize_t used = load->protocol->receive(load, connection, load->buffer, length);
    if (used < 0)
        return (int)used;
    connection->carry_length = 0;
    if ((size_t)used < length) {
        int error = keep_tail(load, connection, load->buffer + used, length - (size_t)used);
        if (error != 0)
            return error;
    }
    uint64_t done = before - connection->outstanding;
    if (done == 0)
        return 0;
    uint64_t now = load_now();
    load->completed += done;
    load_latency_record(&load->latency, now - connection->sent_at, done);
    if (connection->outstanding != 0 || load->options->close_each != 0)
        return 0;
    return finish_batch(load, connection, now);
}

/* Closes our half of a connection that the server has closed, with a reset: the server's port would
 * otherwise stay in TIME_WAIT, and 100,000 such ports make every later connection dearer. */
static void close_without_trace(int fd)
{
    const struct linger no_trace = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_trace, sizeof no_trace);
    (void)close(fd);
}

/* The server has closed: right after the only response of a short connection, an error anywhere
 * else. */
static int take_end(struct load *load, struct load_connection *connection)
{
    if (load->options->close_each == 0 || connection->outstanding != 0)
        return load_fault(load, -ECONNRESET, "the server closed a connection early");
    close_without_trace(connection->fd);
    connection->fd = -1;
    return finish_batch(load, connection, load_now());
}

/* One recv. The bytes of a large body are counted and discarded in the kernel (MSG_TRUNC), so that
 * this program stays cheaper than the server it measures. */
static int serve_event(struct load *load, struct load_connection *connection)
{
    size_t carried = connection->carry_length;
    size_t room = LOAD_RECEIVE_BYTES - carried;
    bool discard = connection->body_left >= LARGE_BODY;
    if (discard && room > connection->body_left)
        room = connection->body_left;
    else if (!discard && load->options->body_bytes >= LARGE_BODY && room > HEAD_READ)
        room = HEAD_READ;
    if (carried != 0)
        memcpy(load->buffer, connection->carry, carried);
    ssize_t received = recv(connection->fd, load->buffer + carried, room,
                            MSG_DONTWAIT | (discard ? MSG_TRUNC : 0));
    if (received < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : system_fault(load, "recv");
    if (received == 0)
        return take_end(load, connection);
    load->received += (uint64_t)received;
    return take_bytes(load, connection, carried + (size_t)received);
}

/* Says what the silent connections wait for, which is where the search for the reason starts. */
static int silence_fault(struct load *load)
{
    uint64_t responses = 0;
    uint64_t ends = 0;
    for (uint64_t i = 0; i < load->options->connections; i++) {
        const struct load_connection *connection = &load->connections[i];
        responses += connection->outstanding != 0;
        ends += connection->fd >= 0 && connection->outstanding == 0;
    }
    (void)snprintf(load->fault, sizeof load->fault,
                   "silence for %d ms: %llu connections wait for a response, %llu for nothing or "
                   "for their end; %llu responses came before",
                   SILENCE_MS, (unsigned long long)responses, (unsigned long long)ends,
                   (unsigned long long)load->completed);
    return -ETIMEDOUT;
}

static int turn(struct load *load)
{
    struct epoll_event events[EVENTS_PER_WAIT];
    int ready = epoll_wait(load->epoll_fd, events, EVENTS_PER_WAIT, SILENCE_MS);
    if (ready < 0)
        return errno == EINTR ? 0 : system_fault(load, "epoll_wait");
    if (ready == 0)
        return silence_fault(load);
    for (int i = 0; i < ready; i++) {
        int error = serve_event(load, events[i].data.ptr);
        if (error != 0)
            return error;
    }
    return 0;
}

static void reset_phase(struct load *load, uint64_t requests, uint64_t deadline)
{
    load->requests_left = requests;
    load->deadline = deadline;
    load->completed = 0;
    load->received = 0;
    load_latency_reset(&load->latency);
}

/* Starts a batch on `count` connections from `first` on and turns until nothing is under way. */
static int run_connections(struct load *load, uint64_t first, uint64_t count)
{
    int error = 0;
    for (uint64_t i = first; i < first + count && error == 0; i++)
        error = start_batch(load, &load->connections[i], load_now());
    while (load->busy > 0 && error == 0)
        error = turn(load);
    return error;
}

int load_open(struct load *load)
{
    int error = 0;
    if (load->protocol->open != NULL)
        return load->protocol->open(load);
    for (uint64_t first = 0; first < load->options->connections && error == 0; first += SLICE) {
        uint64_t left = load->options->connections - first;
        uint64_t count = left < SLICE ? left : SLICE;
        reset_phase(load, count * load->options->depth, UINT64_MAX);
        error = run_connections(load, first, count);
    }
    return error;
}

int load_phase(struct load *load, uint64_t requests, uint64_t duration)
{
    reset_phase(load, requests, duration == UINT64_MAX ? UINT64_MAX : load_now() + duration);
    return load->protocol->run != NULL ? load->protocol->run(load)
                                       : run_connections(load, 0, load->options->connections);
}

uint64_t load_count_lost(const struct load *load)
{
    uint64_t lost = 0;
    for (uint64_t i = 0; i < load->options->connections; i++) {
        char byte;
        ssize_t seen = recv(load->connections[i].fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
        lost += !(seen < 0 && errno == EAGAIN);
    }
    return lost;
}
