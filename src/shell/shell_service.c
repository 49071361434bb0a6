#include "shell/shell_service.h"

#include <errno.h>

#include "service/service.h"
#include "shell/shell_session.h"

/* Enough that a directory on a dead network mount leaves others to work. */
#define WORKERS 4

/* A session has at most one request with the workers: this many sessions are
 * served without a refusal. */
#define WORKER_QUEUE ((size_t)1 << 20)

/* Memory for sorting names, of all listings together. */
#define SORTING_BUDGET ((size_t)64 * 1024 * 1024)

/* ---- what the service spine asks for ---- */

static int context_new(void **context, void *state, struct nk_event_loop *loop)
{
    struct shell_server *server = state;
    struct shell_loop *made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->room = malloc((size_t)server->options.max_line + 1);
    if (!made->room) {
        free(made);
        return -ENOMEM;
    }
    made->server = server;
    made->loop = loop;
    *context = made;
    return 0;
}

static void context_free(void *context)
{
    struct shell_loop *loop = context;
    free(loop->room);
    free(loop);
}

static uint64_t request_count(const void *context)
{
    const struct shell_loop *loop = context;
    return atomic_load_explicit(&loop->requests, memory_order_relaxed);
}

static uint64_t refused_count(const void *context)
{
    const struct shell_loop *loop = context;
    return atomic_load_explicit(&loop->refused, memory_order_relaxed);
}

static int start(void *state)
{
    struct shell_server *server = state;
    return nk_worker_pool_start(&server->workers, WORKERS, WORKER_QUEUE);
}

static void stop(void *state)
{
    struct shell_server *server = state;
    nk_worker_pool_stop(server->workers);
}

static void reopen(void *state)
{
    struct shell_server *server = state;
    shell_log_reopen(&server->log);
}

static enum exit_status serve(struct shell_server *server, const struct service_reporter *reporter)
{
    const struct confine_rule rules[] = {
        {CONFINE_LIST, server->tree.root_name},
        {CONFINE_APPEND, server->options.log},
    };
    struct nk_connection_handlers handlers;
    shell_session_handlers(&server->options, &handlers);
    const struct service service = {
        .scheme = "tcp",
        .suffix = "",
        .handlers = &handlers,
        .descriptors_per_connection = 2, /* its directory, and the one it lists */
        .confinement = rules,
        .confinement_count = server->options.log ? 2 : 1,
        .context_new = context_new,
        .context_free = context_free,
        .start = start,
        .stop = stop,
        .reopen = reopen,
        .request_count = request_count,
        .refused_count = refused_count,
        .state = server,
    };
    return service_run(&service, &server->options.service, reporter);
}

/* ---- what it needs before ---- */

static int read_token(struct shell_server *server, const char **failed)
{
    *failed = server->options.token_file;
    return *failed ? shell_token_read(&server->token, *failed) : 0;
}

static int open_log(struct shell_server *server, const char **failed)
{
    *failed = server->options.log;
    return shell_log_open(&server->log, *failed);
}

static int open_tree(struct shell_server *server, const char **failed)
{
    const struct shell_options *options = &server->options;
    return shell_tree_open(&server->tree, options->root, options->start, failed);
}

enum exit_status shell_service_run(const struct shell_options *options,
                                   const struct service_reporter *reporter)
{
    static const struct {
        int (*open)(struct shell_server *server, const char **failed);
        const char *action;
    } steps[] = {
        {open_tree, "begin in"},
        {read_token, "take the token from"},
        {open_log, "write to"},
    };
    struct shell_server server = {
        .options = *options,
        .tree = {.root = -1, .start = -1},
        .log.file = -1,
    };
    atomic_init(&server.budget.left, SORTING_BUDGET);
    tzset(); /* gmtime_r does so the first time it is used, which would be too late */
    enum exit_status status = EXIT_STATUS_OK;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(steps) && status == EXIT_STATUS_OK; i++) {
        const char *failed;
        int error = steps[i].open(&server, &failed);
        if (error) {
            reporter->failed(reporter->context, steps[i].action, failed, error);
            status = EXIT_STATUS_FAILED;
        }
    }
    if (status == EXIT_STATUS_OK)
        status = serve(&server, reporter);
    shell_log_close(&server.log);
    shell_tree_close(&server.tree);
    return status;
}
