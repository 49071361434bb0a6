#include "cat/cat_child_session.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "os/socket.h"

/* What a shell says when a signal has ended its command. */
#define SHELL_SIGNAL_STATUS 128

struct cat_child_session {
    struct nk_event_loop *loop;
    struct cat_child_session_options options;
    struct nk_sockaddr peer;
    struct cat_session *session; /* NULL when the connection is over */
    struct cat_child *child;
    pid_t pid;
    bool has_exited;
    bool exited_first; /* before the connection was over */
    struct cat_child_session_result result;
    struct nk_task free_task;
};

/* ---- the end ---- */

/* A command that writes on when its connection is over learns it in this way. */
static bool is_broken_pipe(const struct cat_child_exit *exit)
{
    return exit->signal_number == SIGPIPE || exit->status == SHELL_SIGNAL_STATUS + SIGPIPE;
}

static void end_when_both_have(struct cat_child_session *session)
{
    struct cat_child_session_result *result = &session->result;
    if (session->session || !session->has_exited)
        return;
    bool is_our_doing = cat_child_was_terminated(session->child) ||
                        (!session->exited_first && is_broken_pipe(&result->exit));
    result->command_failed = cat_child_has_failed(&result->exit) && !is_our_doing;
    if (result->command_failed && result->status == EXIT_STATUS_OK)
        result->status = EXIT_STATUS_FAILED;
    cat_child_release(session->child);
    session->child = NULL;
    session->options.on_ended(session, result);
}

static void on_exited(struct cat_child *child, const struct cat_child_exit *exit)
{
    struct cat_child_session *session = cat_child_owner(child);
    session->has_exited = true;
    session->exited_first = session->session != NULL;
    session->result.exit = *exit;
    end_when_both_have(session);
}

static void on_session_ended(struct cat_session *ended, enum exit_status status, const char *action,
                             int error)
{
    struct cat_child_session *session = cat_session_owner(ended);
    session->result.status = status;
    session->result.action = action;
    session->result.error = error;
    session->result.sent = cat_session_sent(ended);
    session->result.received = cat_session_received(ended);
    if (status != EXIT_STATUS_OK)
        cat_child_terminate(session->child); /* before it reads an end that was none */
    cat_session_free(ended);
    session->session = NULL;
    end_when_both_have(session);
}

/* ---- the beginning ---- */

/* Takes over `fd` and the pipes in any case. */
static int join(struct cat_child_session *session, int fd, int to, int from)
{
    struct cat_session_options options = session->options.session;
    options.on_ended = on_session_ended;
    options.owner = session;
    options.out_may_close = true;
    return cat_session_start(&session->session, session->loop, fd, from, to, &options);
}

static int start_child(struct cat_child_session *session, int fd, int *to, int *from)
{
    struct nk_sockaddr local;
    const struct cat_child_options options = {
        .command = session->options.command,
        .local = &local,
        .remote = &session->peer,
        .on_exited = on_exited,
        .owner = session,
    };
    int error = nk_socket_local(fd, &local);
    if (!error)
        error = nk_socket_peer(fd, &session->peer);
    if (error)
        return error;
    return cat_child_start(&session->child, session->options.children, &options, to,
                           session->options.session.recv_only ? NULL : from);
}

int cat_child_session_start(struct cat_child_session **out, struct nk_event_loop *loop, int fd,
                            const struct cat_child_session_options *options)
{
    int to;
    int from = -1;
    struct cat_child_session *session = calloc(1, sizeof(*session));
    if (!session) {
        close(fd);
        return -ENOMEM;
    }
    session->loop = loop;
    session->options = *options;
    int error = start_child(session, fd, &to, &from);
    if (error) {
        close(fd);
        free(session);
        return error;
    }
    session->pid = cat_child_pid(session->child);
    *out = session;
    error = join(session, fd, to, from);
    if (error) {
        cat_child_session_free(session);
        *out = NULL;
    }
    return error;
}

static void free_now(struct nk_task *task)
{
    free(nk_container_of(task, struct cat_child_session, free_task));
}

void cat_child_session_free(struct cat_child_session *session)
{
    if (!session)
        return;
    if (session->child)
        cat_child_terminate(session->child);
    cat_session_free(session->session);
    cat_child_release(session->child);
    nk_event_loop_at_turn_end(session->loop, &session->free_task, free_now);
}

/* ---- questions ---- */

void *cat_child_session_owner(const struct cat_child_session *session)
{
    return session->options.owner;
}

const struct nk_sockaddr *cat_child_session_peer(const struct cat_child_session *session)
{
    return &session->peer;
}

pid_t cat_child_session_pid(const struct cat_child_session *session)
{
    return session->pid;
}

uint64_t cat_child_session_sent(const struct cat_child_session *session)
{
    return session->session ? cat_session_sent(session->session) : session->result.sent;
}

uint64_t cat_child_session_received(const struct cat_child_session *session)
{
    return session->session ? cat_session_received(session->session) : session->result.received;
}
