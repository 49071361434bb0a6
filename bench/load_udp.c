/* UDP echo as the load generator speaks it: one peer, bursts of datagrams.
 *
 * A burst is sent with one sendmmsg, each datagram by itself and no segmentation
 * offload, or with --run as one message with UDP_SEGMENT, as programs that care for
 * speed do; it is over when every datagram has come back. Replies are taken with
 * UDP_GRO, so that a server that answers with a run is not charged for cutting it
 * up for us; one that answers singly loses nothing by it. A datagram starts with a
 * stamp of its burst and its place, and a lost one ends the run.
 */
#include "load_engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    SILENCE_SECONDS = 5,
    SOCKET_BUFFER = 1024 * 1024,
};

struct udp_state {
    int fd;
    uint64_t burst; /* number of the current one */
    struct mmsghdr *messages;
    struct iovec *vectors;
    char *datagrams; /* `depth` of them, side by side */
    char *is_back;   /* by place in the burst */
};

static int udp_prepare(struct load *load)
{
    size_t depth = load->options->depth;
    size_t size = load->options->size;
    char *memory = calloc(1, sizeof(struct udp_state) + depth * (sizeof(struct mmsghdr) +
                                                                 sizeof(struct iovec) + size + 1));
    if (memory == NULL)
        return load_fault(load, -ENOMEM, "out of memory");
    struct udp_state *state = (void *)memory;
    state->fd = -1;
    state->messages = (void *)(memory + sizeof *state);
    state->vectors = (void *)(state->messages + depth);
    state->datagrams = (void *)(state->vectors + depth);
    state->is_back = state->datagrams + depth * size;
    for (size_t i = 0; i < depth; i++) {
        state->vectors[i] = (struct iovec){state->datagrams + i * size, size};
        state->messages[i].msg_hdr =
            (struct msghdr){.msg_iov = &state->vectors[i], .msg_iovlen = 1};
    }
    load->protocol_state = state;
    return size < sizeof(uint64_t) ? load_fault(load, -EINVAL, "--size is 8 at least") : 0;
}

static int udp_open(struct load *load)
{
    struct udp_state *state = load->protocol_state;
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)load->options->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const struct timeval silence = {.tv_sec = SILENCE_SECONDS};
    int size = SOCKET_BUFFER;
    int on = 1;
    int segment = load->options->as_run ? (int)load->options->size : 0; /* 0 = whole messages */
    state->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (state->fd < 0 ||
        setsockopt(state->fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence) != 0 ||
        setsockopt(state->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) != 0 ||
        setsockopt(state->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) != 0 ||
        setsockopt(state->fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0 ||
        connect(state->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return load_fault(load, -errno, "opening a UDP socket");
    return load_phase(load, load->options->depth, UINT64_MAX);
}

static uint64_t stamp_of(const struct udp_state *state, size_t place)
{
    return state->burst << 16 ^ place;
}

static int send_burst(struct load *load)
{
    struct udp_state *state = load->protocol_state;
    unsigned depth = (unsigned)load->options->depth;
    state->burst++;
    memset(state->is_back, 0, depth);
    for (size_t i = 0; i < depth; i++) {
        uint64_t stamp = stamp_of(state, i);
        memcpy(state->vectors[i].iov_base, &stamp, sizeof stamp);
    }
    if (load->options->as_run) {
        size_t len = depth * load->options->size;
        ssize_t count = send(state->fd, state->datagrams, len, 0);
        return count == (ssize_t)len ? 0 : load_fault(load, count < 0 ? -errno : -EIO, "send");
    }
    unsigned sent = 0;
    while (sent < depth) {
        int count = sendmmsg(state->fd, state->messages + sent, depth - sent, 0);
        if (count < 0)
            return load_fault(load, -errno, "sendmmsg");
        sent += (unsigned)count;
    }
    return 0;
}

static int check_datagram(struct load *load, const char *bytes)
{
    struct udp_state *state = load->protocol_state;
    size_t size = load->options->size;
    uint64_t stamp;
    memcpy(&stamp, bytes, sizeof stamp);
    uint64_t place = stamp ^ state->burst << 16;
    if (place >= load->options->depth || state->is_back[place] ||
        memcmp(bytes, state->datagrams + place * size, size) != 0)
        return load_fault(load, -EPROTO, "a datagram came back that was not sent, or twice");
    state->is_back[place] = 1;
    return 0;
}

/* What one recv brings: one datagram, or a run of datagrams of the same size. */
static ssize_t receive_run(struct load *load)
{
    struct udp_state *state = load->protocol_state;
    size_t size = load->options->size;
    ssize_t received = recv(state->fd, load->buffer, LOAD_RECEIVE_BYTES, 0);
    if (received < 0)
        return load_fault(load, -errno, "a datagram was lost (silence)");
    if (received == 0 || (size_t)received % size != 0)
        return load_fault(load, -EPROTO, "a datagram of another size came back");
    for (size_t at = 0; at < (size_t)received; at += size) {
        int error = check_datagram(load, load->buffer + at);
        if (error != 0)
            return error;
    }
    load->received += (uint64_t)received;
    return received / (ssize_t)size;
}

static int udp_run(struct load *load)
{
    uint64_t now = load_now();
    while (load->requests_left >= load->options->depth && now < load->deadline) {
        uint64_t started = now;
        int error = send_burst(load);
        for (uint64_t back = 0; error == 0 && back < load->options->depth;) {
            ssize_t count = receive_run(load);
            error = count < 0 ? (int)count : 0;
            back += count > 0 ? (uint64_t)count : 0;
        }
        if (error != 0)
            return error;
        now = load_now();
        load->requests_left -= load->options->depth;
        load->completed += load->options->depth;
        load_latency_record(&load->latency, now - started, load->options->depth);
    }
    return 0;
}

static void udp_close(struct load *load)
{
    struct udp_state *state = load->protocol_state;
    if (state != NULL && state->fd >= 0)
        (void)close(state->fd);
}

const struct load_protocol load_protocol_udp = {
    .name = "udp",
    .prepare = udp_prepare,
    .open = udp_open,
    .run = udp_run,
    .close = udp_close,
};
