/* Requests that touch the file system, which may be slow: a worker does that, and
 * the loop sends what it has found, one piece at a time. While a client does not
 * take its piece, no worker is busy with it. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shell/shell_session.h"

/* Lines of a listing that are made in one go. */
#define PIECE_SIZE ((size_t)64 * 1024)

_Static_assert(PIECE_SIZE >= 2 * SHELL_LIST_LINE_MAX, "a piece is more than one line");

struct shell_work {
    struct nk_job job;
    struct shell_server *server;
    struct shell_session *session; /* NULL when the client has gone; loop thread only */
    struct shell_ls_options options;
    struct nk_slice argument; /* as the client wrote it */
    int descriptor;           /* the directory: to list, or found; -1 = by `path` */
    int error;
    struct shell_list *list;
    char *piece; /* made by the worker, sent by the loop */
    size_t piece_len;
    bool is_last;
    const char *path;
    char text[]; /* what the three above point to */
};

static void work_free(struct shell_work *work)
{
    if (work->descriptor >= 0)
        close(work->descriptor);
    shell_list_free(work->list);
    free(work->piece);
    free(work);
}

static char *append(char *end, struct nk_slice bytes)
{
    if (bytes.len > 0)
        memcpy(end, bytes.data, bytes.len);
    end[bytes.len] = '\0';
    return end + bytes.len + 1;
}

/* Work for a worker, with copies of what the request says. NULL: no memory. */
static struct shell_work *work_new(struct shell_session *session, struct nk_slice argument,
                                   const char *path, const struct shell_ls_options *options)
{
    struct shell_loop *loop = shell_loop_of(session->connection);
    struct nk_slice path_text = nk_slice_of_string(path ? path : "");
    struct nk_slice prefix = options ? options->prefix : nk_slice_make(NULL, 0);
    struct shell_work *work =
        calloc(1, sizeof(*work) + path_text.len + argument.len + prefix.len + 3);
    if (!work)
        return NULL;
    char *argument_text = append(work->text, path_text);
    char *prefix_text = append(argument_text, argument);
    append(prefix_text, prefix);
    if (options)
        work->options = *options;
    work->options.prefix = nk_slice_make(prefix_text, prefix.len);
    work->argument = nk_slice_make(argument_text, argument.len);
    work->path = work->text;
    work->server = loop->server;
    work->session = session;
    work->descriptor = -1;
    work->job.loop = loop->loop;
    return work;
}

/* ---- on the loop ---- */

/* The request is answered but for its status. */
static void finish(struct shell_work *work, const char *action)
{
    struct shell_session *session = work->session;
    session->work = NULL;
    if (work->error)
        shell_reply_failure(session, action, work->argument, work->error);
    else
        shell_reply_ok(session);
    work_free(work);
    if (!nk_tcp_connection_is_closing(session->connection))
        shell_session_go_on(session);
}

static void submit(struct shell_work *work)
{
    struct shell_session *session = work->session;
    session->work = work;
    nk_tcp_connection_pause_reading(session->connection);
    shell_session_enter(session, SHELL_STATE_WORKING);
    /* From here on the work is the worker's, unless there is no room for it. */
    int error = nk_worker_pool_submit(work->server->workers, &work->job);
    if (error) {
        work->error = error;
        finish(work, "begin with");
    }
}

static void no_memory(struct shell_session *session)
{
    shell_reply_error(session, "the server is out of memory");
}

/* ---- cd ---- */

static void enter(struct nk_job *job)
{
    struct shell_work *work = nk_container_of(job, struct shell_work, job);
    work->descriptor = shell_tree_enter(&work->server->tree, work->path);
    work->error = work->descriptor < 0 ? work->descriptor : 0;
}

/* Takes the new directory over. 0 or -ENOMEM. */
static int change_directory(struct shell_session *session, struct shell_work *work)
{
    char *path = strdup(work->path);
    char *former = session->path ? session->path : strdup(shell_session_path(session));
    if (!path || !former) {
        free(path);
        if (former != session->path)
            free(former);
        return -ENOMEM;
    }
    if (session->directory >= 0)
        close(session->directory);
    free(session->former_path);
    session->former_path = former;
    session->path = path;
    session->directory = work->descriptor;
    work->descriptor = -1;
    return 0;
}

static void entered(struct nk_job *job)
{
    struct shell_work *work = nk_container_of(job, struct shell_work, job);
    if (!work->session) {
        work_free(work);
        return;
    }
    if (!work->error)
        work->error = change_directory(work->session, work);
    finish(work, "enter");
}

void shell_work_enter(struct shell_session *session, struct nk_slice argument, const char *path)
{
    struct shell_work *work = work_new(session, argument, path, NULL);
    if (!work) {
        no_memory(session);
        return;
    }
    work->job.work = enter;
    work->job.complete = entered;
    submit(work);
}

/* ---- ls ---- */

static int begin_list(struct shell_work *work)
{
    struct shell_server *server = work->server;
    int found = work->descriptor >= 0 ? shell_tree_look_here(work->descriptor)
                                      : shell_tree_look(&server->tree, work->path);
    if (found < 0)
        return found;
    return shell_list_open(&work->list, found, work->argument, &work->options,
                           !server->options.compat, &server->budget);
}

static void list(struct nk_job *job)
{
    struct shell_work *work = nk_container_of(job, struct shell_work, job);
    int error = work->list ? 0 : begin_list(work);
    if (!error) {
        work->piece = malloc(PIECE_SIZE);
        error = work->piece ? 0 : -ENOMEM;
    }
    work->piece_len = 0;
    work->is_last = error != 0;
    while (!work->is_last && PIECE_SIZE - work->piece_len >= SHELL_LIST_LINE_MAX) {
        ssize_t len = shell_list_read(work->list, work->piece + work->piece_len,
                                      PIECE_SIZE - work->piece_len);
        work->is_last = len <= 0;
        if (len > 0)
            work->piece_len += (size_t)len;
        else
            error = (int)len;
    }
    work->error = error;
}

static void listed(struct nk_job *job)
{
    struct shell_work *work = nk_container_of(job, struct shell_work, job);
    struct shell_session *session = work->session;
    if (!session) {
        work_free(work);
        return;
    }
    /* The client is gone when this cannot be sent; then the work is, too. */
    shell_session_enter(session, SHELL_STATE_SENDING);
    shell_reply_bytes(session, nk_slice_make(work->piece, work->piece_len));
    if (session->work != work)
        return;
    free(work->piece);
    work->piece = NULL;
    if (work->is_last)
        finish(work, "list");
    else if (!nk_tcp_connection_is_blocked(session->connection))
        submit(work);
}

void shell_work_list(struct shell_session *session, const struct shell_request *request,
                     const char *path)
{
    static const struct nk_slice here = NK_SLICE(".");
    struct nk_slice argument = request->argument.data ? request->argument : here;
    struct shell_work *work = work_new(session, argument, path, &request->ls);
    if (!work) {
        no_memory(session);
        return;
    }
    if (!path) {
        const struct shell_tree *tree = &work->server->tree;
        int directory = session->directory >= 0 ? session->directory : tree->start;
        work->descriptor = fcntl(directory, F_DUPFD_CLOEXEC, 0);
        if (work->descriptor < 0) {
            shell_reply_failure(session, "list", argument, -errno);
            work_free(work);
            return;
        }
    }
    work->job.work = list;
    work->job.complete = listed;
    submit(work);
}

void shell_work_continue(struct shell_session *session)
{
    submit(session->work);
}

void shell_work_abandon(struct shell_session *session)
{
    struct shell_work *work = session->work;
    session->work = NULL;
    if (!work)
        return;
    work->session = NULL;
    if (session->state != SHELL_STATE_WORKING) /* else its completion frees it */
        work_free(work);
}
