#include "cat/cat_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "cat/cat_child_environment.h"
#include "reactor/signal_watch.h"

#define SHELL "/bin/sh"

struct cat_children {
    struct nk_event_loop *loop;
    struct nk_signal_watch *watch;
    struct sigaction former;
    struct nk_list_node list;
    size_t count;
};

struct cat_child {
    struct cat_children *children;
    struct nk_list_node node;
    struct nk_timer kill_timer;
    void (*on_exited)(struct cat_child *child, const struct cat_child_exit *exit);
    void *owner;
    pid_t pid;
    bool has_exited;
    bool is_released;
    bool was_terminated;
};

/* ---- the end of one ---- */

static void forget(struct cat_child *child)
{
    nk_event_loop_cancel_timer(child->children->loop, &child->kill_timer);
    nk_list_remove(&child->node);
    child->children->count--;
    free(child);
}

/* The zombie goes, and with it the number of the group. It does not wait. */
static void reap(struct cat_child *child)
{
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    forget(child);
}

void cat_child_release(struct cat_child *child)
{
    if (!child)
        return;
    child->is_released = true;
    if (child->has_exited)
        reap(child);
}

/* Errors mean that the group is empty but for the zombie. */
static void signal_group(const struct cat_child *child, int signal_number)
{
    (void)kill(-child->pid, signal_number);
}

static void on_kill(struct nk_timer *timer)
{
    signal_group(nk_container_of(timer, struct cat_child, kill_timer), SIGKILL);
}

void cat_child_terminate(struct cat_child *child)
{
    struct nk_event_loop *loop = child->children->loop;
    if (child->was_terminated)
        return;
    child->was_terminated = true;
    signal_group(child, SIGTERM);
    signal_group(child, SIGCONT); /* one that is stopped could not end */
    if (child->has_exited)
        return;
    uint64_t deadline = nk_event_loop_now(loop) + CAT_CHILD_GRACE;
    if (nk_event_loop_set_timer(loop, &child->kill_timer, deadline) != 0)
        signal_group(child, SIGKILL);
}

/* Whether it has ended, and how; it stays a zombie. One that cannot be waited for
 * has been taken away by somebody else. */
static bool look_at(const struct cat_child *child, struct cat_child_exit *exit)
{
    siginfo_t info = {.si_pid = 0};
    int result = waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    if (result == 0 && info.si_pid == 0)
        return false;
    bool has_returned = result < 0 || info.si_code == CLD_EXITED;
    exit->status = has_returned ? info.si_status : 0;
    exit->signal_number = has_returned ? 0 : info.si_status;
    return true;
}

/* One signal may stand for several that have ended. */
static void on_signal(void *context, int signal_number)
{
    struct cat_children *children = context;
    struct nk_list_node *node;
    struct nk_list_node *following;
    (void)signal_number;
    NK_LIST_FOR_EACH (node, following, &children->list) {
        struct cat_child *child = nk_container_of(node, struct cat_child, node);
        struct cat_child_exit exit;
        if (child->has_exited || !look_at(child, &exit))
            continue;
        child->has_exited = true;
        nk_event_loop_cancel_timer(children->loop, &child->kill_timer);
        if (child->is_released)
            reap(child);
        else
            child->on_exited(child, &exit);
    }
}

/* ---- the beginning of one ---- */

static void close_pair(const int pair[static 2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
    }
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    int error = posix_spawnattr_setflags(attributes, flags);
    if (!error)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error)
        error = posix_spawnattr_setsigmask(attributes, &none);
    return -error;
}

/* Without `out` it is thrown away. What we have inherited is not passed on. */
static int set_descriptors(posix_spawn_file_actions_t *actions, int in, int out)
{
    int error = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);
    if (!error && out >= 0)
        error = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    else if (!error)
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return -error;
}

/* posix_spawn and not fork: it does not copy the page tables of a large program,
 * and a descriptor of ours is never open in a second process, where it would stay
 * in the dispatcher after we have closed it. */
static int spawn(pid_t *pid, const struct cat_child_options *options, int in, int out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char name[] = "sh";
    char option[] = "-c";
    char *command = (char *)(uintptr_t)options->command; /* exec changes no argument */
    char *const words[] = {name, option, command, NULL};
    struct cat_child_environment environment;
    int error = cat_child_environment_init(&environment, options->local, options->remote);
    if (error)
        return error;
    error = -posix_spawn_file_actions_init(&actions);
    if (error)
        goto free_environment;
    error = -posix_spawnattr_init(&attributes);
    if (error)
        goto free_actions;
    error = set_attributes(&attributes);
    if (!error)
        error = set_descriptors(&actions, in, out);
    if (!error)
        error = -posix_spawn(pid, SHELL, &actions, &attributes, words, environment.variables);
    posix_spawnattr_destroy(&attributes);
free_actions:
    posix_spawn_file_actions_destroy(&actions);
free_environment:
    cat_child_environment_deinit(&environment);
    return error;
}

static int spawn_between_pipes(pid_t *pid, const struct cat_child_options *options, int *to,
                               int *from)
{
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    int error = 0;
    if (pipe2(in, O_CLOEXEC) < 0 || (from && pipe2(out, O_CLOEXEC) < 0))
        error = -errno;
    if (!error)
        error = spawn(pid, options, in[0], out[1]);
    if (error) {
        close_pair(in);
        close_pair(out);
        return error;
    }
    close(in[0]);
    *to = in[1];
    if (from) {
        close(out[1]);
        *from = out[0];
    }
    return 0;
}

int cat_child_start(struct cat_child **out, struct cat_children *children,
                    const struct cat_child_options *options, int *to, int *from)
{
    struct cat_child *child = calloc(1, sizeof(*child));
    if (!child)
        return -ENOMEM;
    int error = spawn_between_pipes(&child->pid, options, to, from);
    if (error) {
        free(child);
        return error;
    }
    child->children = children;
    child->on_exited = options->on_exited;
    child->owner = options->owner;
    nk_timer_init(&child->kill_timer, on_kill);
    nk_list_append(&children->list, &child->node);
    children->count++;
    *out = child;
    return 0;
}

bool cat_child_was_terminated(const struct cat_child *child)
{
    return child->was_terminated;
}

void *cat_child_owner(const struct cat_child *child)
{
    return child->owner;
}

pid_t cat_child_pid(const struct cat_child *child)
{
    return child->pid;
}

/* ---- all of them ---- */

/* Where SIGCHLD is ignored, which is inherited, nobody can be waited for. */
int cat_children_new(struct cat_children **out, struct nk_event_loop *loop)
{
    static const int signals[] = {SIGCHLD};
    struct sigaction usual = {.sa_handler = SIG_DFL};
    struct cat_children *children = calloc(1, sizeof(*children));
    if (!children)
        return -ENOMEM;
    children->loop = loop;
    nk_list_init(&children->list);
    int error = nk_signal_watch_new(&children->watch, loop, signals, NK_ARRAY_LENGTH(signals),
                                    on_signal, children);
    if (error) {
        free(children);
        return error;
    }
    sigaction(SIGCHLD, &usual, &children->former);
    *out = children;
    return 0;
}

size_t cat_children_count(const struct cat_children *children)
{
    return children->count;
}

static void terminate_all(struct cat_children *children)
{
    struct nk_list_node *node;
    struct nk_list_node *following;
    NK_LIST_FOR_EACH (node, following, &children->list) {
        struct cat_child *child = nk_container_of(node, struct cat_child, node);
        cat_child_terminate(child);
        cat_child_release(child);
    }
}

static void kill_all(struct cat_children *children)
{
    struct nk_list_node *node;
    struct nk_list_node *following;
    NK_LIST_FOR_EACH (node, following, &children->list) {
        signal_group(nk_container_of(node, struct cat_child, node), SIGKILL);
    }
}

static void wait_for_all(struct cat_children *children)
{
    uint64_t now = nk_clock_monotonic(nk_clock_system());
    uint64_t give_up = now + CAT_CHILD_GRACE;
    int error = 0;
    for (; children->count > 0 && now < give_up && !error;
         now = nk_clock_monotonic(nk_clock_system()))
        error = nk_event_loop_turn(children->loop, give_up - now);
}

/* A killed one that is still there hangs in the kernel. Its next parent reaps it. */
static void forget_all(struct cat_children *children)
{
    struct nk_list_node *node;
    while ((node = nk_list_first(&children->list)))
        forget(nk_container_of(node, struct cat_child, node));
}

void cat_children_free(struct cat_children *children)
{
    if (!children)
        return;
    terminate_all(children);
    wait_for_all(children);
    kill_all(children);
    wait_for_all(children);
    forget_all(children);
    nk_signal_watch_free(children->watch);
    sigaction(SIGCHLD, &children->former, NULL);
    free(children);
}
