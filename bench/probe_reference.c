/* The yardstick of bench/run-probe: what the kernel charges for probes anyway.
 *
 *     bench_probe PORT TARGETS SECONDS
 *
 * Connects to as many addresses of 127.0.0.0/8, spread over each second, and closes
 * again: the system calls of a probe and nothing else, no answer is looked at. Prints
 * the CPU time of all of it in seconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000L

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / (double)SECOND;
}

static int probe(unsigned long number, unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr =
        htonl((uint32_t)(0x7f010000UL + (number / 250 % 250) * 256 + 1 + number % 250));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int failed = fd < 0 || (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 &&
                            errno != EINPROGRESS);
    if (failed)
        fprintf(stderr, "bench_probe: cannot connect: %s\n", strerror(errno));
    if (fd >= 0)
        close(fd);
    return failed;
}

/* Sleeps until `nanoseconds` after `start`. */
static void sleep_until(const struct timespec *start, unsigned long nanoseconds)
{
    unsigned long sum = (unsigned long)start->tv_nsec + nanoseconds;
    const struct timespec time = {
        .tv_sec = start->tv_sec + (time_t)(sum / (unsigned long)SECOND),
        .tv_nsec = (long)(sum % (unsigned long)SECOND),
    };
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: bench_probe PORT TARGETS SECONDS\n", stderr);
        return 2;
    }
    unsigned port = (unsigned)strtoul(argv[1], NULL, 10);
    unsigned long targets = strtoul(argv[2], NULL, 10);
    unsigned long seconds = strtoul(argv[3], NULL, 10);
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (unsigned long i = 0; i < targets * seconds; i++) {
        /* A millisecond's worth at a time, as an event loop wakes up. */
        unsigned long due = i * ((unsigned long)SECOND / targets);
        sleep_until(&start, (due + 999999) / 1000000 * 1000000);
        if (probe(i % targets, port))
            return 1;
    }
    printf("%.6f\n", cpu_seconds());
    return 0;
}
