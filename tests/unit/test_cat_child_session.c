/* A command on a connection: what it says arrives, and its end and that of the
 * connection are told apart. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cat/cat_child_session.h"
#include "cat_fixture.h"

static struct nk_event_loop *loop;
static struct cat_children *children;
static struct cat_child_session *session;
static struct cat_child_session_options options;
static int peer;
static size_t descriptors_before;

static struct {
    int calls;
    struct cat_child_session_result result;
} ended;

static void on_ended(struct cat_child_session *which, const struct cat_child_session_result *result)
{
    assert_ptr_equal(which, session);
    assert_ptr_equal(cat_child_session_owner(which), &ended);
    assert_int_equal(cat_child_session_sent(which), result->sent);
    assert_int_equal(cat_child_session_received(which), result->received);
    ended.calls++;
    ended.result = *result;
    cat_child_session_free(which);
    session = NULL;
}

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    descriptors_before = open_descriptors();
    loop = new_loop();
    assert_int_equal(cat_children_new(&children, loop), 0);
    memset(&ended, 0, sizeof ended);
    options = (struct cat_child_session_options){
        .children = children,
        .session = {.on_eof = CAT_ON_EOF_CLOSE, .linger = NK_NEVER},
        .on_ended = on_ended,
        .owner = &ended,
    };
    peer = -1;
    session = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cat_child_session_free(session);
    cat_children_free(children);
    nk_event_loop_free(loop);
    if (peer >= 0)
        close(peer);
    assert_int_equal(open_descriptors(), descriptors_before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    return 0;
}

static void start(const char *command)
{
    int network;

    tcp_pair(&peer, &network);
    options.command = command;
    assert_int_equal(cat_child_session_start(&session, loop, network, &options), 0);
}

static void put(const char *text)
{
    assert_int_equal(write(peer, text, strlen(text)), strlen(text));
}

/* Turns until the peer has read its end; what it read before is `text`. */
static void expect_to_the_end(const char *text)
{
    char seen[256] = "";
    size_t len = 0;
    ssize_t got;

    TURN_UNTIL(loop, (got = read(peer, seen + len, sizeof seen - 1 - len),
                      len += got > 0 ? (size_t)got : 0, got == 0));
    assert_string_equal(seen, text);
}

static void expect_ended(enum exit_status status, bool command_failed)
{
    TURN_UNTIL(loop, ended.calls > 0);
    turn_idle(loop, 2);
    assert_int_equal(ended.calls, 1);
    assert_int_equal(ended.result.status, status);
    assert_int_equal(ended.result.command_failed, command_failed);
    assert_int_equal(cat_children_count(children), 0);
}

/* The end of the peer's direction kills the command, or its answer is lost. */
static void an_answer_follows_the_end_of_the_question(void **state)
{
    (void)state;
    start("wc -c");
    put("12345");
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    expect_to_the_end("5\n");
    expect_ended(EXIT_STATUS_OK, false);
    assert_int_equal(ended.result.received, 5);
    assert_int_equal(ended.result.sent, 2);
}

/* The connection is closed under what the command has just written. */
static void the_last_bytes_are_delivered(void **state)
{
    enum { SIZE = 3000000 };
    static char bytes[65536];
    size_t total = 0;
    ssize_t got;

    (void)state;
    start("head -c 3000000 /dev/zero; exit 0");
    put("never read");
    TURN_UNTIL(loop, (got = read(peer, bytes, sizeof bytes), total += got > 0 ? (size_t)got : 0,
                      got == 0));
    assert_int_equal(total, SIZE);
    expect_ended(EXIT_STATUS_OK, false);
}

/* A command that does not read to the end loses what it still has to say, or the
 * peer stays stuck with what it has to send. */
static void a_command_need_not_read_everything(void **state)
{
    const size_t size = (size_t)24 * 1024 * 1024; /* more than the kernel keeps */
    size_t fed = 0;
    char place[] = "/tmp/netkit-child-XXXXXX";
    char gate[64];
    char command[128];

    (void)state;
    assert_non_null(mkdtemp(place));
    snprintf(gate, sizeof gate, "%s/gate", place);
    assert_int_equal(mkfifo(gate, 0600), 0);
    snprintf(command, sizeof command, "read line; exec <&-; echo \"$line\"; cat %s; echo bye",
             gate);
    start(command);
    put("first\n");
    TURN_UNTIL(loop, (feed(peer, &fed, size), fed == size));
    close(open(gate, O_WRONLY | O_CLOEXEC));
    unlink(gate);
    rmdir(place);
    expect_to_the_end("first\nbye\n");
    expect_ended(EXIT_STATUS_OK, false);
    /* What the kernel still had when the command ended was not received. */
    assert_in_range(ended.result.received, strlen("first\n"), fed + strlen("first\n"));
}

/* A failure looks like a success. */
static void a_failing_command_is_told(void **state)
{
    (void)state;
    start("echo no; exit 9");
    expect_to_the_end("no\n");
    expect_ended(EXIT_STATUS_FAILED, true);
    assert_int_equal(ended.result.exit.status, 9);
    assert_null(ended.result.action);
}

/* A command takes a lost connection for the end of the file that it receives. */
static void a_command_never_sees_an_end_that_was_none(void **state)
{
    char place[] = "/tmp/netkit-child-XXXXXX";
    char command[128];
    int fd = mkstemp(place);

    (void)state;
    assert_true(fd >= 0);
    snprintf(command, sizeof command, "echo ready; cat >/dev/null; rm %s", place);
    start(command);
    char byte;
    TURN_UNTIL(loop, read(peer, &byte, 1) == 1);
    close_with_reset(peer);
    peer = -1;
    expect_ended(EXIT_STATUS_LOST, false);
    assert_int_equal(ended.result.exit.signal_number, SIGTERM);
    assert_int_equal(ended.result.error, -ECONNRESET);
    assert_int_equal(unlink(place), 0); /* still there */
    close(fd);
}

/* The peer's time is over, but not the command's. */
static void silence_ends_the_command(void **state)
{
    (void)state;
    options.session.idle_timeout = 30 * MILLISECOND;
    start("sleep 1000");
    expect_ended(EXIT_STATUS_TIMED_OUT, false);
    assert_int_equal(ended.result.error, -ETIMEDOUT);
}

/* A command that closes its output has not ended, and may still fail. */
static void the_end_of_a_command_is_awaited(void **state)
{
    (void)state;
    start("echo done; exec >&-; sleep 0.1; exit 3");
    expect_to_the_end("done\n");
    expect_ended(EXIT_STATUS_FAILED, true);
    assert_int_equal(ended.result.exit.status, 3);
}

/* What goes one way only is mixed up with the other, or the command fails of it. */
static void one_way_is_possible(void **state)
{
    (void)state;
    options.session.recv_only = true;
    start("cat; echo not sent; exit 0");
    put("thrown away");
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    expect_to_the_end("");
    expect_ended(EXIT_STATUS_OK, false);

    memset(&ended, 0, sizeof ended);
    close(peer);
    options.session.recv_only = false;
    options.session.send_only = true;
    start("cat; echo end of input");
    put("not read");
    expect_to_the_end("end of input\n");
    expect_ended(EXIT_STATUS_OK, false);
}

/* Commands stay behind when the program is stopped in the middle. */
static void freeing_it_ends_the_command(void **state)
{
    (void)state;
    start("sleep 1000");
    assert_true(kill(cat_child_session_pid(session), 0) == 0);
    cat_child_session_free(session);
    session = NULL;
    TURN_UNTIL(loop, cat_children_count(children) == 0);
    expect_to_the_end("");
    assert_int_equal(ended.calls, 0);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_answer_follows_the_end_of_the_question),
        CASE(the_last_bytes_are_delivered),
        CASE(a_command_need_not_read_everything),
        CASE(a_failing_command_is_told),
        CASE(a_command_never_sees_an_end_that_was_none),
        CASE(silence_ends_the_command),
        CASE(the_end_of_a_command_is_awaited),
        CASE(one_way_is_possible),
        CASE(freeing_it_ends_the_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
