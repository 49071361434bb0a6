/* What the requests do, and how answers look. */
#include <errno.h>
#include <stdarg.h>

#include "base/error_text.h"
#include "shell/shell_session.h"
#include "shell/shell_text.h"

/* Bytes of a name that an error repeats. */
#define SHOWN_MAX ((size_t)256)

/* The words around such a name, and what is wrong. */
#define ERROR_SIZE (512 + SHELL_ESCAPED_MAX * SHOWN_MAX)

#define WRONG_TOKENS_MAX 3

static struct shell_server *server_of(const struct shell_session *session)
{
    return shell_loop_of(session->connection)->server;
}

static bool is_raw(const struct shell_session *session)
{
    return server_of(session)->options.compat;
}

/* ---- answers ---- */

void shell_reply_bytes(struct shell_session *session, struct nk_slice bytes)
{
    int error = nk_tcp_connection_send(session->connection, bytes);
    if (error && error != -EPIPE) /* -EPIPE: it is being closed already */
        nk_tcp_connection_abort(session->connection, error);
}

static void reply_text(struct shell_session *session, const char *text)
{
    shell_reply_bytes(session, nk_slice_of_string(text));
}

void shell_reply_payload(struct shell_session *session, struct nk_slice text)
{
    bool is_line = !is_raw(session);
    if (is_line)
        reply_text(session, " ");
    shell_reply_bytes(session, text);
    if (is_line)
        reply_text(session, "\n");
}

void shell_reply_ok(struct shell_session *session)
{
    if (!is_raw(session))
        reply_text(session, "ok\n");
}

void shell_reply_error(struct shell_session *session, const char *format, ...)
{
    char text[ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    reply_text(session, "error: ");
    reply_text(session, text);
    if (!is_raw(session))
        reply_text(session, "\n");
}

/* The beginning of a name, visible. */
static const char *show(struct nk_slice name, char room[static ERROR_SIZE])
{
    size_t len = shell_text_escape(nk_slice_first(name, SHOWN_MAX), SHELL_ESCAPE_NAME, room);
    snprintf(room + len, ERROR_SIZE - len, "%s", name.len > SHOWN_MAX ? "..." : "");
    return room;
}

void shell_reply_failure(struct shell_session *session, const char *action, struct nk_slice name,
                         int error)
{
    char shown[ERROR_SIZE];
    char text[NK_ERROR_TEXT_MAX];
    shell_reply_error(session, "cannot %s '%.1040s': %s", action, show(name, shown),
                      nk_error_text(error, text));
}

/* ---- commands ---- */

static void run_pwd(struct shell_session *session, const struct shell_request *request)
{
    char text[SHELL_ESCAPED_MAX * SHELL_PATH_SIZE];
    struct nk_slice path = nk_slice_of_string(shell_session_path(session));
    (void)request;
    size_t len = shell_text_escape(path, SHELL_ESCAPE_NAME, text);
    shell_reply_payload(session, nk_slice_make(text, len));
    shell_reply_ok(session);
}

static int resolve(const struct shell_session *session, struct nk_slice argument,
                   char path[static SHELL_PATH_SIZE])
{
    return shell_path_resolve(shell_session_path(session), server_of(session)->tree.start_path,
                              argument, path);
}

static void run_cd(struct shell_session *session, const struct shell_request *request)
{
    static const struct nk_slice back = NK_SLICE("-");
    static const struct nk_slice home = NK_SLICE("~");
    char path[SHELL_PATH_SIZE];
    struct nk_slice argument = request->argument.data ? request->argument : home;
    if (nk_slice_equal(argument, back)) {
        if (!session->former_path) {
            shell_reply_error(session, "there is no former directory");
            return;
        }
        argument = nk_slice_of_string(session->former_path);
    }
    int error = resolve(session, argument, path);
    if (error)
        shell_reply_failure(session, "enter", argument, error);
    else
        shell_work_enter(session, argument, path);
}

static void run_ls(struct shell_session *session, const struct shell_request *request)
{
    char path[SHELL_PATH_SIZE];
    int error = request->argument.data ? resolve(session, request->argument, path) : 0;
    if (error)
        shell_reply_failure(session, "list", request->argument, error);
    else
        shell_work_list(session, request, request->argument.data ? path : NULL);
}

static void run_help(struct shell_session *session, const struct shell_request *request)
{
    const char *line;
    (void)request;
    for (size_t i = 0; (line = shell_request_help(i)); i++)
        shell_reply_payload(session, nk_slice_of_string(line));
    shell_reply_ok(session);
}

static void run_token(struct shell_session *session, const struct shell_request *request)
{
    const struct shell_token *token = &server_of(session)->token;
    if (token->len == 0) {
        shell_reply_error(session, "this server asks for no token");
        return;
    }
    if (!shell_token_matches(token, request->argument)) {
        shell_session_log(session, false, nk_slice_of_string("gives a wrong token"));
        session->wrong_tokens++;
        nk_tcp_connection_pause_reading(session->connection);
        shell_session_enter(session, SHELL_STATE_PAUSED);
        return;
    }
    session->is_admitted = true;
    shell_session_log(session, false, nk_slice_of_string("gives the token"));
    shell_session_enter(session, SHELL_STATE_READY);
    shell_reply_ok(session);
}

void shell_command_refuse_token(struct shell_session *session)
{
    if (session->wrong_tokens < WRONG_TOKENS_MAX) {
        shell_reply_error(session, "wrong token");
        shell_session_go_on(session);
        return;
    }
    atomic_fetch_add_explicit(&shell_loop_of(session->connection)->refused, 1,
                              memory_order_relaxed);
    shell_session_end(session, "too many wrong tokens");
}

static void run_quit(struct shell_session *session, const struct shell_request *request)
{
    (void)request;
    shell_session_end(session, NULL);
}

/* The client half-closes when it has read enough; so does the server. */
static void run_raw_quit(struct shell_session *session)
{
    shell_session_log(session, false, nk_slice_of_string("quits"));
    shell_session_enter(session, SHELL_STATE_ENDED);
    nk_tcp_connection_shutdown(session->connection);
}

static void run_nothing(struct shell_session *session, const struct shell_request *request)
{
    (void)request;
    shell_reply_ok(session);
}

static void run_unknown(struct shell_session *session, const struct shell_request *request)
{
    char shown[ERROR_SIZE];
    if (is_raw(session))
        shell_reply_error(session, "unknown input type");
    else
        shell_reply_error(session, "unknown input type: '%.1040s'", show(request->word, shown));
}

/* What each command does, and whether before the token was given, and in the raw
 * form. */
static const struct {
    void (*run)(struct shell_session *session, const struct shell_request *request);
    bool needs_no_token;
    bool is_raw_too;
} commands[] = {
    [SHELL_COMMAND_NONE] = {run_nothing, true, true},
    [SHELL_COMMAND_PWD] = {run_pwd, false, true},
    [SHELL_COMMAND_CD] = {run_cd, false, true},
    [SHELL_COMMAND_LS] = {run_ls, false, true},
    [SHELL_COMMAND_HELP] = {run_help, true, false},
    [SHELL_COMMAND_TOKEN] = {run_token, true, false},
    [SHELL_COMMAND_QUIT] = {run_quit, true, true},
    [SHELL_COMMAND_UNKNOWN] = {run_unknown, false, true},
};

void shell_command_run(struct shell_session *session, const struct shell_request *request)
{
    enum shell_command command = request->command;
    if (!session->is_admitted && !commands[command].needs_no_token)
        shell_reply_error(session, "a token is needed first");
    else if (is_raw(session) && command == SHELL_COMMAND_QUIT)
        run_raw_quit(session);
    else if (is_raw(session) && !commands[command].is_raw_too)
        run_unknown(session, request);
    else
        commands[command].run(session, request);
}
