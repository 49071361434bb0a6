/* Probes on a machine that lacks something: every allocation and every socket fails in
 * turn. No crash, no leak, no hanging, and an exit status that tells the truth: this
 * machine's want is no answer, and no silence or loss of the peer either. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <poll.h>
#include <sys/wait.h>

#include "inject.h"
#include "keepalive/keepalive_message.h"
#include "probe/probe_keepalive.h"
#include "probe/probe_kinds.h"
#include "probe/probe_run.h"
#include "reactor_fixture.h"

enum { COUNT = 2 };

/* ---- the peer: a process of its own, whose descriptors are not counted ---- */

static int stream_socket;
static int datagram_socket;
static int stop_pipe[2];
static pid_t peer;
static struct nk_sockaddr stream_address;
static struct nk_sockaddr datagram_address;

/* Answers a whole message of `len` bytes: a request of HTTP with a response, a heartbeat
 * with the other, and anything else with a part of it. Returns the answer's length. */
static size_t make_answer(char *message, size_t len)
{
    static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    char ping[KEEPALIVE_MESSAGE_SIZE];

    if (message[0] == 'G') {
        memcpy(message, response, sizeof response);
        return sizeof response - 1;
    }
    if (len < sizeof ping)
        return 1;
    memcpy(ping, message, sizeof ping);
    keepalive_message_write(message, KEEPALIVE_PONG, nk_slice_make(ping + 4, sizeof ping - 4));
    return sizeof ping;
}

/* Until the client ends. */
static void serve(int client)
{
    char message[KEEPALIVE_MESSAGE_SIZE];
    size_t len = 0;
    ssize_t got;

    while ((got = read(client, message + len, sizeof message - len)) > 0) {
        len += (size_t)got;
        if (message[0] != 'G' && len < sizeof message)
            continue;
        (void)!write(client, message, make_answer(message, len));
        len = 0;
    }
    close(client);
}

static void serve_datagram(void)
{
    char message[KEEPALIVE_MESSAGE_SIZE];
    struct nk_sockaddr from;
    socklen_t from_len = sizeof from.un;
    ssize_t got = recvfrom(datagram_socket, message, sizeof message, 0, &from.any, &from_len);

    if (got > 0)
        (void)sendto(datagram_socket, message, make_answer(message, (size_t)got), 0, &from.any,
                     from_len);
}

/* Until this end of the pipe is the last. */
static void answer(void)
{
    struct pollfd fds[] = {{stream_socket, POLLIN, 0},
                           {datagram_socket, POLLIN, 0},
                           {stop_pipe[0], POLLIN, 0}};

    while (poll(fds, NK_ARRAY_LENGTH(fds), -1) >= 0 && fds[2].revents == 0) {
        if (fds[0].revents != 0)
            serve(accept(stream_socket, NULL, NULL));
        if (fds[1].revents != 0)
            serve_datagram();
    }
}

static int start_peer(void **state)
{
    (void)state;
    stream_address = loopback(AF_INET);
    datagram_address = loopback(AF_INET);
    stream_socket = listen_on(&stream_address, SOCK_STREAM);
    datagram_socket = nk_socket_open(AF_INET, SOCK_DGRAM);
    assert_int_equal(nk_socket_bind(datagram_socket, &datagram_address), 0);
    assert_int_equal(nk_socket_local(datagram_socket, &datagram_address), 0);
    if (pipe(stop_pipe) != 0)
        return -1;
    peer = fork();
    if (peer == 0) {
        close(stop_pipe[1]);
        answer();
        _exit(0);
    }
    return peer > 0 ? 0 : -1;
}

static int stop_peer(void **state)
{
    int status = 0;

    (void)state;
    close(stop_pipe[0]);
    close(stop_pipe[1]);
    close(stream_socket);
    close(datagram_socket);
    return waitpid(peer, &status, 0) == peer ? status : -1;
}

/* ---- what the run tells ---- */

static struct {
    uint64_t replies;
    uint64_t complaints; /* of missed probes, ended sessions and this machine */
} told;

static int on_event(void *context, const struct probe_event *event)
{
    (void)context;
    told.replies += event->kind == PROBE_EVENT_REPLY;
    told.complaints +=
        event->kind == PROBE_EVENT_MISSED ||
        (event->kind == PROBE_EVENT_ENDED && event->result->status != EXIT_STATUS_OK);
    return 0;
}

static int on_totals(void *context, const struct probe_totals *totals, bool is_final, int status)
{
    (void)context;
    (void)totals;
    (void)status;
    assert_true(is_final);
    return 0;
}

static void on_failed(void *context, const char *action, const char *object, int error)
{
    (void)context;
    (void)object;
    assert_non_null(action);
    assert_true(error < 0);
    told.complaints++;
}

static const struct probe_reporter reporter = {
    .event = on_event,
    .totals = on_totals,
    .failed = on_failed,
};

/* ---- the runs ---- */

static struct probe_number_set expected;
static const struct probe_datagram_options datagram_options = {.data = {"x", 1}};
static const struct probe_http_options http_options = {.expected = &expected};
static const struct probe_keepalive_settings keepalive_options = {
    .time = MILLISECOND, .interval = 20 * SECOND, .probes = 3, .count = COUNT};

static const struct {
    const char *scheme;
    const char *host;
    const struct probe_kind *kind;
    const void *options;
    bool shares_names;
} runs[] = {
    {"tcp", "127.0.0.1", &probe_connect_kind, NULL, false},
    {"tcp", "localhost", &probe_connect_kind, NULL, false},
    {"tcp", "localhost", &probe_connect_kind, NULL, true},
    {"udp", "127.0.0.1", &probe_datagram_kind, &datagram_options, false},
    {"http", "127.0.0.1", &probe_http_kind, &http_options, false},
    {"tcp", "127.0.0.1", &probe_keepalive_kind, &keepalive_options, false},
    {"udp", "127.0.0.1", &probe_keepalive_kind, &keepalive_options, false},
};

static enum exit_status run(size_t which)
{
    bool is_udp = strcmp(runs[which].scheme, "udp") == 0;
    bool is_session = runs[which].kind->is_session;
    struct probe_options options = PROBE_OPTIONS_DEFAULT;
    struct probe_threshold threshold;
    const char *targets[1];
    const char *reason;
    char text[128];

    snprintf(text, sizeof text, "%s://%s:%u", runs[which].scheme, runs[which].host,
             nk_sockaddr_port(is_udp ? &datagram_address : &stream_address));
    targets[0] = text;
    assert_int_equal(probe_threshold_parse(&threshold, "max>100s", &reason), 0);
    options.kind = runs[which].kind;
    options.kind_options = runs[which].options;
    options.shares_names = runs[which].shares_names;
    options.targets = targets;
    options.target_count = 1;
    options.family = AF_INET;
    options.interval = MILLISECOND;
    options.wait = 10 * SECOND;
    options.count = is_session ? 0 : COUNT;
    options.thresholds = &threshold;
    options.threshold_count = 1;
    told.replies = told.complaints = 0;
    return probe_run(&options, &reporter);
}

/* Lets the n-th call fail, for n = 1, 2, 3 ... until a whole run has none that fails. */
static void torture(size_t which, enum inject_call call, int error)
{
    bool is_name = strcmp(runs[which].host, "localhost") == 0;
    size_t descriptors = open_descriptors();
    unsigned failed = 1;

    for (unsigned nth = 1; failed > 0; nth++) {
        assert_true(nth < 1000);
        inject_reset();
        inject_failure(call, nth, 1, error);
        enum exit_status status = run(which);
        failed = inject_failed(call);
        inject_reset();
        if (status == EXIT_STATUS_OK) {
            assert_int_equal(told.replies, COUNT);
            assert_int_equal(told.complaints, 0);
        } else {
            assert_true(failed > 0);
            if (status != EXIT_STATUS_FAILED)
                fail_msg("run %zu, call %u: status %d", which, nth, (int)status);
            if (told.complaints == 0)
                fail_msg("run %zu, call %u: nothing was said", which, nth);
        }
        if (!is_name) /* a look-up that nobody waits for may be left with its loop */
            assert_int_equal(open_descriptors(), descriptors);
    }
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(runs); i++)
        torture(i, INJECT_ALLOCATION, ENOMEM);
}

static void each_socket_may_be_one_too_many(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(runs); i++) {
        torture(i, INJECT_SOCKET, EMFILE);
        torture(i, INJECT_SOCKET, ENOBUFS);
    }
}

static void each_watch_may_be_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(runs); i++)
        torture(i, INJECT_EPOLL_CTL, ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(each_socket_may_be_one_too_many),
        cmocka_unit_test(each_watch_may_be_refused),
    };

    assert_int_equal(probe_number_set_parse(&expected, "200", 100, 599), 0);
    return cmocka_run_group_tests(tests, start_peer, stop_peer);
}
