/* The yardstick of row h, and the two ends of its pipeline:
 *
 *     bench_bulk produce BYTES | bench_bulk send PORT
 *     bench_bulk receive | bench_bulk consume
 *
 * send and receive move bytes between a pipe and a TCP connection with blocking
 * splice(2) and nothing else: what the kernel charges anyway. receive prints its
 * port on standard error. consume prints how many bytes came.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE ((size_t)1024 * 1024)
#define BLOCK ((size_t)256 * 1024)

static char block[BLOCK];

static int fail(const char *what)
{
    fprintf(stderr, "bench_bulk: %s: %s\n", what, strerror(errno));
    return 1;
}

static int splice_all(int from, int to)
{
    ssize_t moved;
    do {
        moved = splice(from, NULL, to, NULL, PIECE, SPLICE_F_MOVE);
    } while (moved > 0 || (moved < 0 && errno == EINTR));
    return moved < 0 ? fail("splice") : 0;
}

static int run_send(const char *word)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)strtoul(word, NULL, 10))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return fail("connect");
    fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIECE);
    return splice_all(STDIN_FILENO, fd);
}

static int run_receive(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, len) < 0 ||
        listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&address, &len) < 0)
        return fail("listen");
    fprintf(stderr, "%d\n", ntohs(address.sin_port));
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return fail("accept");
    fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIECE);
    return splice_all(fd, STDOUT_FILENO);
}

static int run_produce(const char *word)
{
    uint64_t left = strtoull(word, NULL, 10);
    while (left > 0) {
        size_t len = left < BLOCK ? (size_t)left : BLOCK;
        ssize_t put = write(STDOUT_FILENO, block, len);
        if (put < 0)
            return fail("write");
        left -= (uint64_t)put;
    }
    return 0;
}

static int run_consume(void)
{
    uint64_t total = 0;
    ssize_t got;
    while ((got = read(STDIN_FILENO, block, BLOCK)) > 0)
        total += (uint64_t)got;
    printf("%" PRIu64 "\n", total);
    return got < 0 ? fail("read") : 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "send") == 0 && argc == 3)
        return run_send(argv[2]);
    if (strcmp(mode, "receive") == 0)
        return run_receive();
    if (strcmp(mode, "produce") == 0 && argc == 3)
        return run_produce(argv[2]);
    if (strcmp(mode, "consume") == 0)
        return run_consume();
    fprintf(stderr, "usage: bench_bulk send PORT | receive | produce BYTES | consume\n");
    return 2;
}
