/* Sending files, and what signals may not do: SIGPIPE may not end the program
 * and an interrupted call may not look like a failed one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "os/socket.h"

enum { FILE_SIZE = 3 * 1024 * 1024 };

static volatile sig_atomic_t sigpipes;

static void count_sigpipe(int number)
{
    (void)number;
    sigpipes++;
}

static void set_handler(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler}; /* no SA_RESTART */

    assert_int_equal(sigaction(number, &action, NULL), 0);
}

static void stream_pair(int ends[2], int flags)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, ends), 0);
}

static char byte_at(size_t index)
{
    return (char)(index * 31 + (index >> 11));
}

/* A file in memory whose every byte is known. */
static int make_file(size_t size)
{
    int file = memfd_create("netkit-test", MFD_CLOEXEC);
    char block[4096];

    assert_true(file >= 0);
    for (size_t done = 0; done < size;) {
        size_t len = size - done < sizeof block ? size - done : sizeof block;

        for (size_t i = 0; i < len; i++)
            block[i] = byte_at(done + i);
        assert_int_equal(write(file, block, len), (ssize_t)len);
        done += len;
    }
    return file;
}

/* Reads what there is and compares it with the file from *received on. */
static void receive_and_check(int fd, size_t *received)
{
    char bytes[65536];
    ssize_t len;

    while ((len = nk_socket_recv(fd, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < len; i++)
            if (bytes[i] != byte_at((*received)++))
                fail_msg("byte %zu is wrong", *received - 1);
    assert_true(len == 0 || len == -EAGAIN);
}

/* The file is larger than the socket's buffer: short counts and EAGAIN occur,
 * and the offset must advance by exactly what was sent. */
static void file_arrives_byte_exact(void **state)
{
    int file = make_file(FILE_SIZE);
    int ends[2];
    off_t offset = 0;
    size_t received = 0;
    int blocked = 0;
    ssize_t sent;

    (void)state;
    stream_pair(ends, SOCK_NONBLOCK);
    do {
        off_t before = offset;

        sent = nk_socket_send_file(ends[0], file, &offset, FILE_SIZE);
        if (sent == -EAGAIN) {
            blocked++;
            assert_int_equal(offset, before);
            receive_and_check(ends[1], &received);
        } else {
            assert_true(sent >= 0);
            assert_int_equal(offset, before + sent);
        }
    } while (sent != 0);
    receive_and_check(ends[1], &received);
    assert_int_equal(offset, FILE_SIZE);
    assert_int_equal(received, FILE_SIZE);
    assert_true(blocked > 0);
    nk_socket_close(ends[0]);
    nk_socket_close(ends[1]);
    (void)close(file);
}

/* Ranges: the caller's offset counts, not the file's own position. */
static void part_of_a_file_is_sent_from_the_offset(void **state)
{
    int file = make_file(1000);
    int ends[2];
    off_t offset = 990;
    char bytes[16];

    (void)state;
    stream_pair(ends, SOCK_NONBLOCK);
    assert_int_equal(nk_socket_send_file(ends[0], file, &offset, 4), 4);
    assert_int_equal(nk_socket_recv(ends[1], bytes, sizeof bytes), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(bytes[i], byte_at(990 + i));
    assert_int_equal(nk_socket_send_file(ends[0], file, &offset, 100), 6);
    assert_int_equal(nk_socket_send_file(ends[0], file, &offset, 100), 0);
    assert_int_equal(offset, 1000);
    nk_socket_close(ends[0]);
    nk_socket_close(ends[1]);
    (void)close(file);
}

/* -EINVAL tells the caller to fall back to reading; any other error would make
 * it give up on a file that can be served. */
static void what_is_no_file_is_refused_as_invalid(void **state)
{
    int ends[2];
    int pipe_ends[2];
    off_t offset = 0;

    (void)state;
    stream_pair(ends, SOCK_NONBLOCK);
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(nk_socket_send_file(ends[0], pipe_ends[0], &offset, 1), -EINVAL);
    assert_int_equal(offset, 0);
    nk_socket_close(ends[0]);
    nk_socket_close(ends[1]);
    (void)close(pipe_ends[0]);
    (void)close(pipe_ends[1]);
}

static void send_everything_to_a_closed_peer(void)
{
    int file = make_file(1000);
    int ends[2];
    off_t offset = 0;

    stream_pair(ends, SOCK_NONBLOCK);
    nk_socket_close(ends[1]);
    assert_int_equal(nk_socket_send(ends[0], "x", 1, false), -EPIPE);
    assert_int_equal(nk_socket_send(ends[0], "x", 1, true), -EPIPE);
    assert_int_equal(nk_socket_send_file(ends[0], file, &offset, 1000), -EPIPE);
    assert_int_equal(offset, 0);
    nk_socket_close(ends[0]);
    (void)close(file);
}

/* With the default action a SIGPIPE would end this test program; with a handler
 * it is counted. Either way a program that uses the library sees none. */
static void closed_peer_is_epipe_without_sigpipe(void **state)
{
    sigset_t mask;

    (void)state;
    set_handler(SIGPIPE, SIG_DFL);
    send_everything_to_a_closed_peer();
    set_handler(SIGPIPE, SIG_IGN);
    send_everything_to_a_closed_peer();
    set_handler(SIGPIPE, count_sigpipe);
    send_everything_to_a_closed_peer();
    assert_int_equal(sigpipes, 0);

    /* The thread's mask is as before, so a SIGPIPE of the program's own comes
     * through. */
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    assert_false(sigismember(&mask, SIGPIPE));
    assert_int_equal(raise(SIGPIPE), 0);
    assert_int_equal(sigpipes, 1);
    set_handler(SIGPIPE, SIG_DFL);
}

/* A SIGPIPE that was already waiting belongs to somebody else. */
static void pending_sigpipe_of_the_program_is_kept(void **state)
{
    sigset_t sigpipe;
    sigset_t pending;
    int taken;

    (void)state;
    set_handler(SIGPIPE, SIG_DFL);
    assert_int_equal(sigemptyset(&sigpipe), 0);
    assert_int_equal(sigaddset(&sigpipe, SIGPIPE), 0);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &sigpipe, NULL), 0);

    send_everything_to_a_closed_peer();
    assert_int_equal(sigpending(&pending), 0);
    assert_false(sigismember(&pending, SIGPIPE));

    assert_int_equal(raise(SIGPIPE), 0);
    send_everything_to_a_closed_peer();
    assert_int_equal(sigpending(&pending), 0);
    assert_true(sigismember(&pending, SIGPIPE));

    assert_int_equal(sigwait(&sigpipe, &taken), 0);
    assert_int_equal(pthread_sigmask(SIG_UNBLOCK, &sigpipe, NULL), 0);
}

/* An alarm goes off again and again while a blocking call waits; the third one
 * does what the call waits for. */
static volatile sig_atomic_t alarms;
static int helper_fd;
static struct nk_sockaddr place;

static void start_alarms(void (*handler)(int))
{
    const struct itimerval every_5_ms = {.it_interval.tv_usec = 5000, .it_value.tv_usec = 5000};

    alarms = 0;
    set_handler(SIGALRM, handler);
    assert_int_equal(setitimer(ITIMER_REAL, &every_5_ms, NULL), 0);
}

static void stop_alarms(void)
{
    const struct itimerval never = {0};

    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    set_handler(SIGALRM, SIG_DFL);
    assert_true(alarms >= 3);
}

static void send_on_third_alarm(int number)
{
    (void)number;
    if (++alarms == 3)
        (void)send(helper_fd, "x", 1, MSG_NOSIGNAL);
}

static void interrupted_recv_goes_on_waiting(void **state)
{
    int ends[2];
    char byte = 0;

    (void)state;
    stream_pair(ends, 0);
    helper_fd = ends[0];
    start_alarms(send_on_third_alarm);
    assert_int_equal(nk_socket_recv(ends[1], &byte, 1), 1);
    stop_alarms();
    assert_int_equal(byte, 'x');
    nk_socket_close(ends[0]);
    nk_socket_close(ends[1]);
}

static void drain_on_third_alarm(int number)
{
    char bytes[4096];
    int interrupted_errno = errno; /* belongs to whoever was interrupted */

    (void)number;
    if (++alarms >= 3)
        while (recv(helper_fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
            continue;
    errno = interrupted_errno;
}

static void interrupted_send_goes_on_waiting(void **state)
{
    static const char block[4096];
    int ends[2];

    (void)state;
    stream_pair(ends, 0);
    while (send(ends[0], block, sizeof block, MSG_DONTWAIT) > 0)
        continue;
    helper_fd = ends[1];
    start_alarms(drain_on_third_alarm);
    assert_int_equal(nk_socket_send(ends[0], "x", 1, false), 1);
    stop_alarms();
    nk_socket_close(ends[0]);
    nk_socket_close(ends[1]);
}

/* A listener on an abstract name that the kernel chooses. */
static int blocking_listener(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct nk_sockaddr any = {.un = {.sun_family = AF_UNIX}, .len = sizeof(sa_family_t)};

    assert_int_equal(nk_socket_bind(fd, &any), 0);
    assert_int_equal(nk_socket_listen(fd, 0), 0);
    assert_int_equal(nk_socket_local(fd, &place), 0);
    return fd;
}

static void connect_on_third_alarm(int number)
{
    (void)number;
    if (++alarms == 3)
        (void)connect(helper_fd, &place.any, place.len);
}

static void interrupted_accept_goes_on_waiting(void **state)
{
    int listener = blocking_listener();

    (void)state;
    helper_fd = nk_socket_open(AF_UNIX, SOCK_STREAM);
    start_alarms(connect_on_third_alarm);
    int accepted = nk_socket_accept(listener, NULL);
    stop_alarms();
    assert_true(accepted >= 0);
    nk_socket_close(accepted);
    nk_socket_close(helper_fd);
    nk_socket_close(listener);
}

static void accept_on_third_alarm(int number)
{
    (void)number;
    if (++alarms == 3)
        (void)close(accept4(helper_fd, NULL, NULL, SOCK_CLOEXEC));
}

/* The backlog is full, so a blocking connect waits for the server. */
static void interrupted_connect_goes_on_waiting(void **state)
{
    int first = nk_socket_open(AF_UNIX, SOCK_STREAM);
    int second = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    helper_fd = blocking_listener();
    assert_int_equal(nk_socket_connect(first, &place), 0);
    start_alarms(accept_on_third_alarm);
    assert_int_equal(nk_socket_connect(second, &place), 0);
    stop_alarms();
    nk_socket_close(first);
    nk_socket_close(second);
    nk_socket_close(helper_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_arrives_byte_exact),
        cmocka_unit_test(part_of_a_file_is_sent_from_the_offset),
        cmocka_unit_test(what_is_no_file_is_refused_as_invalid),
        cmocka_unit_test(closed_peer_is_epipe_without_sigpipe),
        cmocka_unit_test(pending_sigpipe_of_the_program_is_kept),
        cmocka_unit_test(interrupted_recv_goes_on_waiting),
        cmocka_unit_test(interrupted_send_goes_on_waiting),
        cmocka_unit_test(interrupted_accept_goes_on_waiting),
        cmocka_unit_test(interrupted_connect_goes_on_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
