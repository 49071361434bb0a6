#include "http/http_service.h"

#include <errno.h>

#include "http/http_auth.h"
#include "http/http_coded.h"
#include "http/http_common_fields.h"
#include "http/http_demo.h"
#include "http/http_endpoints.h"
#include "http/http_files.h"
#include "http/http_server.h"
#include "http/http_site.h"
#include "service/service.h"

/* Two threads do what may block; when one hangs (a dead network mount) the other
 * is left. Further work queues up to this and is then answered 503. */
#define WORKER_THREADS 2
#define WORKER_QUEUE 64

int http_loop_new(struct http_loop **out, const struct http_server *server,
                  struct nk_event_loop *loop)
{
    struct http_loop *state = calloc(1, sizeof(*state));
    if (!state)
        return -ENOMEM;
    state->server = server;
    state->loop = loop;
    http_cache_init(&state->cache, (size_t)server->options.cache);
    http_coded_init(&state->coded, (size_t)server->options.cache);
    *out = state;
    return 0;
}

void http_loop_free(struct http_loop *loop)
{
    if (!loop)
        return;
    http_coded_deinit(&loop->coded);
    http_cache_deinit(&loop->cache);
    free(loop);
}

/* ---- what the service spine asks for ---- */

static int context_new(void **context, void *state, struct nk_event_loop *loop)
{
    struct http_loop *made;
    int error = http_loop_new(&made, state, loop);
    if (!error)
        *context = made;
    return error;
}

static void context_free(void *context)
{
    http_loop_free(context);
}

static uint64_t request_count(const void *context)
{
    const struct http_loop *loop = context;
    return atomic_load_explicit(&loop->requests, memory_order_relaxed);
}

static int start(void *state)
{
    struct http_server *server = state;
    return nk_worker_pool_start(&server->workers, WORKER_THREADS, WORKER_QUEUE);
}

static void stop(void *state)
{
    struct http_server *server = state;
    nk_worker_pool_stop(server->workers);
    server->workers = NULL;
}

static void reopen(void *state)
{
    struct http_server *server = state;
    http_auth_reload(server->auth);
}

static enum exit_status run(struct http_server *server, const struct service_reporter *reporter)
{
    struct nk_connection_handlers handlers;
    char suffix[HTTP_BASE_PATH_SIZE + 1];
    http_server_handlers(&server->options, &handlers);
    snprintf(suffix, sizeof(suffix), "%s/", server->base);
    const struct service service = {
        .scheme = "http",
        .suffix = suffix,
        .handlers = &handlers,
        .context_new = context_new,
        .context_free = context_free,
        .start = start,
        .stop = stop,
        .reopen = reopen,
        .request_count = request_count,
        .state = server,
    };
    return service_run(&service, &server->options.service, reporter);
}

/* ---- what is read and made before anything listens ---- */

static int make_fields(struct http_server *server, struct http_common_fields *fields)
{
    const char *mistake;
    int error = http_common_fields_make(fields, &server->options);
    server->fields = fields->all;
    server->success_fields = fields->success;
    if (!error && server->options.base_path)
        error = http_base_path_make(server->options.base_path, server->base, &mistake);
    return error;
}

/* Returns what could not be read, or NULL. */
static const char *read_files(struct http_server *server, int *error)
{
    const struct http_options *options = &server->options;
    struct http_users_problem problem;
    *error = 0;
    if (options->not_found)
        *error = http_page_file_read(&server->not_found, options->not_found);
    if (*error)
        return options->not_found;
    if (options->auth_file)
        *error = http_auth_new(&server->auth, options->auth_file, options->root, &problem);
    return *error ? options->auth_file : NULL;
}

static enum exit_status fail(const struct service_reporter *reporter, const char *action,
                             const char *object, int error)
{
    reporter->failed(reporter->context, action, object, error);
    return EXIT_STATUS_FAILED;
}

static enum exit_status run_files(struct http_server *server,
                                  const struct service_reporter *reporter)
{
    struct http_files files;
    int error = http_files_open(&files, server->options.root);
    if (error)
        return fail(reporter, "serve", server->options.root, error);
    server->content = &files;
    enum exit_status status = run(server, reporter);
    http_files_close(&files);
    return status;
}

enum exit_status http_service_run(const struct http_options *options,
                                  const struct service_reporter *reporter)
{
    struct http_site site = {.otherwise = options->demo ? http_demo_handle : http_files_handle};
    struct http_server server = {.options = *options, .site = &site};
    struct http_common_fields fields = {0};
    enum exit_status status;
    const char *unread = NULL;
    if (options->endpoints)
        http_endpoints_add(&site);
    int error = make_fields(&server, &fields);
    if (error)
        status = fail(reporter, "start", "the service", error);
    else if ((unread = read_files(&server, &error)) != NULL)
        status = fail(reporter, "read", unread, error);
    else
        status = options->demo ? run(&server, reporter) : run_files(&server, reporter);
    http_auth_free(server.auth);
    http_page_file_free(&server.not_found);
    http_common_fields_free(&fields);
    return status;
}
