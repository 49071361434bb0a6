/* The load generator of the benchmarks. One thread, closed loop, every response checked.
 *
 *   bench_load http --port N --path /x --body-bytes N [--depth N] [--close] ...
 *   bench_load echo --port N --size N ...
 *   bench_load udp  --port N --size N --depth N ...
 *   bench_load idle --port N --path /x --body-bytes N --connections N
 *   bench_load idle-echo --port N --size N --connections N
 *
 * With --unix PATH in place of --port, echo and idle-echo use a unix socket. http, echo and udp
 * print one line `done key=value ...`. With --controlled they print `ready` when every connection
 * is open and warm, wait for a line on stdin, run the measured phase, print the `done` line and
 * hold the connections until another line or the end of stdin: whoever reads the server's CPU time
 * at `ready` and at `done` sees the measured phase and nothing else.
 *
 * idle and idle-echo open the connections, complete one request on each, print `holding`, and hold
 * them until a line or the end of stdin; then they print `done` with the number of those that were
 * lost.
 *
 * Exit status: 0, 1 when anything was wrong (the reason on stderr), 2 for a usage error.
 */
#include "load_engine.h"

#include "base/attributes.h"

#include <errno.h>
#include <sys/resource.h>

#define USAGE                                                                                      \
    "usage: bench_load http|echo|udp|idle|idle-echo --port N [options]\n"                          \
    "  --unix PATH        echo: instead of --port\n"                                               \
    "  --path TARGET      http: what to request (/)\n"                                             \
    "  --body-bytes N     http: length that every response must have (13)\n"                       \
    "  --depth N          http: requests in one send; udp: datagrams in a burst (1)\n"             \
    "  --run              udp: a burst is sent as one message, which the kernel cuts\n"            \
    "  --close            http: a new connection for every request\n"                              \
    "  --size N           echo, udp: bytes of a message (64)\n"                                    \
    "  --connections N    kept open at once (64)\n"                                                \
    "  --warmup N         requests before the measured ones (0)\n"                                 \
    "  --requests N       measure this many (0: by time)\n"                                        \
    "  --duration-ms N    measure this long (1000)\n"                                              \
    "  --controlled       wait for a line on stdin before and after measuring\n"

struct number_option {
    const char *name;
    size_t offset; /* of the uint64_t in struct load_options */
    bool is_flag;  /* takes no value; present means 1 */
    uint64_t minimum;
    uint64_t maximum;
};

#define NUMBER(name, field, minimum, maximum)                                                      \
    {                                                                                              \
        name, offsetof(struct load_options, field), false, minimum, maximum                        \
    }
#define FLAG(name, field)                                                                          \
    {                                                                                              \
        name, offsetof(struct load_options, field), true, 1, 1                                     \
    }

static const struct number_option number_options[] = {
    NUMBER("--port", port, 1, 65535),
    NUMBER("--connections", connections, 1, 60000),
    NUMBER("--depth", depth, 1, 1024),
    NUMBER("--size", size, 1, 65536),
    NUMBER("--body-bytes", body_bytes, 0, UINT32_MAX),
    NUMBER("--warmup", warmup, 0, UINT32_MAX),
    NUMBER("--requests", requests, 0, UINT32_MAX),
    NUMBER("--duration-ms", duration_ms, 1, 3600000),
    FLAG("--run", as_run),
    FLAG("--close", close_each),
    FLAG("--controlled", controlled),
};

static bool parse_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-' || value < minimum ||
        value > maximum)
        return false;
    *number = value;
    return true;
}

/* Stores one option; returns how many arguments it took, 0 when it is not understood. */
static int parse_option(struct load_options *options, int left, char **arguments)
{
    if (strcmp(arguments[0], "--path") == 0 && left > 1) {
        options->path = arguments[1];
        return 2;
    }
    if (strcmp(arguments[0], "--unix") == 0 && left > 1) {
        options->unix_path = arguments[1];
        return 2;
    }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(number_options); i++) {
        const struct number_option *option = &number_options[i];
        if (strcmp(arguments[0], option->name) != 0)
            continue;
        uint64_t number = 1;
        if (!option->is_flag &&
            (left < 2 || !parse_number(arguments[1], option->minimum, option->maximum, &number)))
            return 0;
        memcpy((char *)options + option->offset, &number, sizeof number);
        return option->is_flag ? 1 : 2;
    }
    return 0;
}

static bool parse_options(struct load_options *options, int count, char **arguments)
{
    for (int at = 0; at < count;) {
        int taken = parse_option(options, count - at, arguments + at);
        if (taken == 0) {
            (void)fprintf(stderr, "bench_load: bad option '%s'\n", arguments[at]);
            return false;
        }
        at += taken;
    }
    return (options->port != 0 || options->unix_path != NULL) &&
           (options->close_each == 0 || options->depth == 1);
}

/* Ends the line and makes it visible to whoever waits for it. */
static void say(const char *line)
{
    (void)printf("%s\n", line);
    (void)fflush(stdout);
}

static void await_line(void)
{
    int byte;
    do
        byte = getchar();
    while (byte != '\n' && byte != EOF);
}

static double seconds_of_clock(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_result(const struct load *load, double seconds, double cpu_seconds)
{
    const struct load_latency *latency = &load->latency;
    char line[512];
    (void)snprintf(line, sizeof line,
                   "done requests=%llu bytes=%llu errors=0 seconds=%.6f client_cpu=%.4f "
                   "latency_min_us=%.1f latency_p50_us=%.1f latency_p99_us=%.1f",
                   (unsigned long long)load->completed, (unsigned long long)load->received, seconds,
                   cpu_seconds / seconds, (double)latency->minimum / 1e3,
                   (double)load_latency_percentile(latency, 50) / 1e3,
                   (double)load_latency_percentile(latency, 99) / 1e3);
    say(line);
}

static int run_measured(struct load *load)
{
    const struct load_options *options = load->options;
    int error = load_open(load);
    if (error == 0 && options->warmup > 0)
        error = load_phase(load, options->warmup, UINT64_MAX);
    if (error != 0)
        return error;
    if (options->controlled != 0) {
        say("ready");
        await_line();
    }
    double started = seconds_of_clock(CLOCK_MONOTONIC);
    double cpu_started = seconds_of_clock(CLOCK_PROCESS_CPUTIME_ID);
    if (options->requests > 0)
        error = load_phase(load, options->requests, UINT64_MAX);
    else
        error = load_phase(load, UINT64_MAX, options->duration_ms * UINT64_C(1000000));
    if (error != 0)
        return error;
    print_result(load, seconds_of_clock(CLOCK_MONOTONIC) - started,
                 seconds_of_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_started);
    if (options->controlled != 0)
        await_line();
    return 0;
}

static int run_idle(struct load *load)
{
    int error = load_open(load);
    if (error != 0)
        return error;
    say("holding");
    await_line();
    uint64_t lost = load_count_lost(load);
    char line[80];
    (void)snprintf(line, sizeof line, "done held=%llu lost=%llu",
                   (unsigned long long)load->options->connections, (unsigned long long)lost);
    say(line);
    return lost == 0 ? 0 : load_fault(load, -ECONNRESET, "idle connections were lost");
}

static const struct {
    const char *name;
    const struct load_protocol *protocol;
    int (*run)(struct load *load);
} modes[] = {
    {"http", &load_protocol_http, run_measured},  {"echo", &load_protocol_echo, run_measured},
    {"udp", &load_protocol_udp, run_measured},    {"idle", &load_protocol_http, run_idle},
    {"idle-echo", &load_protocol_echo, run_idle},
};

static int run_mode(size_t mode, const struct load_options *options)
{
    struct load load;
    int error = load_init(&load, options, modes[mode].protocol);
    if (error == 0)
        error = modes[mode].run(&load);
    if (error != 0)
        (void)fprintf(stderr, "bench_load: %s (%s)\n", load.fault, strerror(-error));
    load_deinit(&load);
    return error == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct load_options options = {
        .path = "/",
        .connections = 64,
        .depth = 1,
        .size = 64,
        .body_bytes = 13,
        .duration_ms = 1000,
    };
    for (size_t mode = 0; argc >= 2 && mode < NK_ARRAY_LENGTH(modes); mode++) {
        if (strcmp(argv[1], modes[mode].name) == 0 && parse_options(&options, argc - 2, argv + 2))
            return run_mode(mode, &options);
    }
    (void)fputs(USAGE, stderr);
    return 2;
}
