/* Commands: started clean, told of when they end, and all gone at the end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cat/cat_child.h"
#include "reactor_fixture.h"

static struct nk_event_loop *loop;
static struct nk_manual_clock clock_by_hand;
static struct cat_children *children;
static size_t descriptors_before;

/* What one command has left. */
struct outcome {
    struct cat_child *child;
    int calls;
    struct cat_child_exit exit;
    int to;
    int from;
};

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    descriptors_before = open_descriptors();
    loop = new_loop_with_clock(&clock_by_hand);
    assert_int_equal(cat_children_new(&children, loop), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cat_children_free(children);
    nk_event_loop_free(loop);
    assert_int_equal(open_descriptors(), descriptors_before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* not even a zombie */
    assert_int_equal(errno, ECHILD);
    return 0;
}

static void on_exited(struct cat_child *child, const struct cat_child_exit *exit)
{
    struct outcome *outcome = cat_child_owner(child);

    assert_ptr_equal(child, outcome->child);
    outcome->calls++;
    outcome->exit = *exit;
}

static int try_to_start(struct outcome *outcome, const char *command)
{
    struct nk_sockaddr address = loopback(AF_INET);
    const struct cat_child_options options = {
        .command = command,
        .local = &address,
        .remote = &address,
        .on_exited = on_exited,
        .owner = outcome,
    };

    *outcome = (struct outcome){.to = -1, .from = -1};
    return cat_child_start(&outcome->child, children, &options, &outcome->to, &outcome->from);
}

static struct outcome start(struct outcome *outcome, const char *command)
{
    assert_int_equal(try_to_start(outcome, command), 0);
    return *outcome;
}

static void close_pipes(struct outcome *outcome)
{
    close(outcome->to);
    close(outcome->from);
}

/* Reads one line, or to the end, from a command that is about to write it. */
static void read_line(const struct outcome *outcome, char *line, size_t size)
{
    size_t len = 0;

    while (len < size - 1 && (len == 0 || line[len - 1] != '\n')) {
        await(outcome->from, POLLIN);
        ssize_t got = read(outcome->from, line + len, 1);
        if (got <= 0)
            break;
        len++;
    }
    line[len] = '\0';
}

static void expect_line(const struct outcome *outcome, const char *text)
{
    char line[512];

    read_line(outcome, line, sizeof line);
    assert_string_equal(line, text);
}

/* The pipes are mixed up, or the command does not reach a shell. */
static void a_command_reads_and_writes(void **state)
{
    struct outcome one;

    (void)state;
    start(&one, "read line; echo \"got $line\"; echo \"$NETKIT_PROTO $NETKIT_LOCAL_ADDR\"");
    assert_int_equal(write(one.to, "this\n", 5), 5);
    expect_line(&one, "got this\n");
    expect_line(&one, "tcp 127.0.0.1\n");
    expect_line(&one, "");
    TURN_UNTIL(loop, one.calls > 0);
    cat_child_release(one.child);
    close_pipes(&one);
    assert_int_equal(cat_children_count(children), 0);
}

/* A failure looks like a success, or one end is told twice. */
static void each_end_is_told_once(void **state)
{
    static const struct {
        const char *command;
        struct cat_child_exit exit;
    } cases[] = {
        {"exit 0", {0, 0}},
        {"exit 7", {7, 0}},
        {"kill -KILL $$", {0, SIGKILL}},
        {"/nowhere/to/be/found 2>/dev/null", {127, 0}},
    };
    struct outcome all[NK_ARRAY_LENGTH(cases)];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++)
        start(&all[i], cases[i].command);
    assert_int_equal(cat_children_count(children), NK_ARRAY_LENGTH(cases));
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        TURN_UNTIL(loop, all[i].calls > 0);
        assert_int_equal(all[i].exit.status, cases[i].exit.status);
        assert_int_equal(all[i].exit.signal_number, cases[i].exit.signal_number);
        assert_int_equal(cat_child_has_failed(&all[i].exit), i > 0);
        assert_false(cat_child_was_terminated(all[i].child));
    }
    turn_idle(loop, 3);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        assert_int_equal(all[i].calls, 1);
        cat_child_release(all[i].child);
        close_pipes(&all[i]);
    }
    assert_int_equal(cat_children_count(children), 0);
}

/* A command dies of nothing but what its author expects: it would inherit our
 * ignored SIGPIPE and the signals that we block to watch them. */
static void signals_are_as_a_shell_expects_them(void **state)
{
    struct outcome one;

    char line[64];

    (void)state;
    signal(SIGUSR2, SIG_IGN);
    start(&one, "exec grep -E '^Sig(Blk|Ign)' /proc/self/status");
    signal(SIGUSR2, SIG_DFL);
    expect_line(&one, "SigBlk:\t0000000000000000\n");
    read_line(&one, line, sizeof line);
    /* 32 and 33 are the C library's own. */
    assert_int_equal(strtoull(line + strlen("SigIgn:\t"), NULL, 16) & ~UINT64_C(0x180000000), 0);
    TURN_UNTIL(loop, one.calls > 0);
    cat_child_release(one.child);
    close_pipes(&one);
}

/* A socket that a command holds open never ends for its peer, and stays in the
 * dispatcher when we have closed it. */
static void our_descriptors_are_not_passed_on(void **state)
{
    struct outcome one;
    struct stat status;
    char command[128];
    int socket = nk_socket_open(AF_INET, SOCK_STREAM);

    (void)state;
    assert_int_equal(fstat(socket, &status), 0);
    snprintf(command, sizeof command, "ls -l /proc/$$/fd | grep -E 'anon_inode|socket:.%lu'; echo",
             (unsigned long)status.st_ino);
    start(&one, command);
    expect_line(&one, "\n");
    TURN_UNTIL(loop, one.calls > 0);
    cat_child_release(one.child);
    close_pipes(&one);
    nk_socket_close(socket);
}

static void read_pid(const struct outcome *outcome, pid_t *pid)
{
    char line[32];

    read_line(outcome, line, sizeof line);
    *pid = (pid_t)strtol(line, NULL, 10);
    assert_true(*pid > 1);
}

/* Processes of the command outlive the connection. */
static void the_whole_group_is_terminated(void **state)
{
    struct outcome one;
    pid_t inner;

    (void)state;
    start(&one, "sleep 1000 & echo $!; wait");
    read_pid(&one, &inner);
    assert_int_equal(getpgid(inner), cat_child_pid(one.child));
    assert_int_not_equal(getpgid(inner), getpgid(0));
    cat_child_terminate(one.child);
    cat_child_terminate(one.child);
    TURN_UNTIL(loop, one.calls > 0);
    assert_int_equal(one.exit.signal_number, SIGTERM);
    assert_true(cat_child_was_terminated(one.child));
    expect_line(&one, ""); /* nobody has the other end any more */
    cat_child_release(one.child);
    close_pipes(&one);
}

/* A command that has ended leaves something behind that keeps the pipe: it could
 * not be ended any more, or the signal would hit a stranger. */
static void what_a_command_left_behind_is_terminated(void **state)
{
    struct outcome one;
    pid_t inner;

    (void)state;
    start(&one, "sleep 1000 & echo $!");
    read_pid(&one, &inner);
    TURN_UNTIL(loop, one.calls > 0);
    assert_int_equal(kill(inner, 0), 0);
    cat_child_terminate(one.child);
    cat_child_release(one.child);
    expect_line(&one, "");
    close_pipes(&one);
}

/* One that does not listen to SIGTERM stays for ever, or has no time to end. */
static void a_stubborn_command_is_killed(void **state)
{
    struct outcome one;

    (void)state;
    start(&one, "trap 'echo asked' TERM; echo ready; while :; do sleep 0.01; done");
    expect_line(&one, "ready\n");
    cat_child_terminate(one.child);
    expect_line(&one, "asked\n");
    nk_manual_clock_advance(&clock_by_hand, CAT_CHILD_GRACE - 1);
    turn_idle(loop, 2);
    assert_int_equal(one.calls, 0);
    nk_manual_clock_advance(&clock_by_hand, 1);
    TURN_UNTIL(loop, one.calls > 0);
    assert_int_equal(one.exit.signal_number, SIGKILL);
    cat_child_release(one.child);
    close_pipes(&one);
}

/* A released command is killed, told of, or left as a zombie. */
static void a_released_command_ends_by_itself(void **state)
{
    struct outcome one;

    (void)state;
    start(&one, "read line; exit 3");
    cat_child_release(one.child);
    turn_idle(loop, 2);
    assert_int_equal(cat_children_count(children), 1);
    close_pipes(&one);
    TURN_UNTIL(loop, cat_children_count(children) == 0);
    assert_int_equal(one.calls, 0);
}

/* A command whose output nobody wants fails because of that. */
static void unwanted_output_is_thrown_away(void **state)
{
    struct nk_sockaddr address = loopback(AF_INET);
    struct outcome one = {.from = -1};
    const struct cat_child_options options = {
        .command = "read line; echo away || exit 4",
        .local = &address,
        .remote = &address,
        .on_exited = on_exited,
        .owner = &one,
    };

    (void)state;
    assert_int_equal(cat_child_start(&one.child, children, &options, &one.to, NULL), 0);
    assert_int_equal(write(one.to, "\n", 1), 1);
    TURN_UNTIL(loop, one.calls > 0);
    assert_int_equal(one.exit.status, 0);
    cat_child_release(one.child);
    close(one.to);
}

/* The program ends and leaves commands behind: running, stopped, stubborn. */
static void the_end_takes_all_along(void **state)
{
    struct outcome running;
    struct outcome stopped;
    struct outcome stubborn;
    struct outcome ended;
    siginfo_t info;

    (void)state;
    start(&ended, "exit 1");
    start(&running, "sleep 1000");
    start(&stopped, "kill -STOP $$; sleep 1000");
    start(&stubborn, "trap '' TERM; echo ready; while :; do sleep 0.01; done");
    expect_line(&stubborn, "ready\n");
    assert_int_equal(waitid(P_PID, (id_t)cat_child_pid(stopped.child), &info, WSTOPPED | WNOWAIT),
                     0);
    TURN_UNTIL(loop, ended.calls > 0);
    cat_children_free(children); /* tear_down finds the zombies */
    children = NULL;
    assert_int_equal(running.calls + stopped.calls + stubborn.calls, 0);
    close_pipes(&running);
    close_pipes(&stopped);
    close_pipes(&stubborn);
    close_pipes(&ended);
}

/* Without descriptors a half-made command, or a pipe, stays behind. */
static void a_command_that_cannot_start_leaves_nothing(void **state)
{
    struct outcome one;
    struct rlimit limit;
    struct rlimit low;
    size_t before = open_descriptors();

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (rlim_t room = 0; room < 4; room++) {
        int next = dup(STDIN_FILENO); /* the first free number */
        close(next);
        low = (struct rlimit){(rlim_t)next + room, limit.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        int error = try_to_start(&one, "exit 0");
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(error, -EMFILE);
        assert_int_equal(open_descriptors(), before);
        assert_int_equal(cat_children_count(children), 0);
    }
}

/* Where SIGCHLD is ignored, as under some supervisors, the kernel tells nobody. */
static void an_ignored_sigchld_is_no_obstacle(void **state)
{
    struct sigaction now;
    struct outcome one;

    (void)state;
    cat_children_free(children);
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(cat_children_new(&children, loop), 0);
    start(&one, "exit 5");
    TURN_UNTIL(loop, one.calls > 0);
    assert_int_equal(one.exit.status, 5);
    cat_child_release(one.child);
    close_pipes(&one);
    cat_children_free(children);
    children = NULL;
    assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_command_reads_and_writes),
        CASE(each_end_is_told_once),
        CASE(signals_are_as_a_shell_expects_them),
        CASE(our_descriptors_are_not_passed_on),
        CASE(the_whole_group_is_terminated),
        CASE(what_a_command_left_behind_is_terminated),
        CASE(a_stubborn_command_is_killed),
        CASE(a_released_command_ends_by_itself),
        CASE(unwanted_output_is_thrown_away),
        CASE(the_end_takes_all_along),
        CASE(a_command_that_cannot_start_leaves_nothing),
        CASE(an_ignored_sigchld_is_no_obstacle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
