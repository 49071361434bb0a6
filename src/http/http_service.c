#include "http/http_service.h"

#include <errno.h>

#include "base/clock.h"
#include "http/http_auth.h"
#include "http/http_chaos.h"
#include "http/http_common_fields.h"
#include "http/http_demo.h"
#include "http/http_endpoints.h"
#include "http/http_files.h"
#include "http/http_report.h"
#include "http/http_server.h"
#include "http/http_site.h"
#include "service/service.h"
#include "threads/loop_call.h"

/* Two threads do what may block; when one hangs (a dead network mount) the other
 * is left. Further work queues up to this and is then answered 503. */
#define WORKER_THREADS 2
#define WORKER_QUEUE 64

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
    int error = nk_worker_pool_start(&server->workers, WORKER_THREADS, WORKER_QUEUE);
    if (!error && server->log)
        error = http_log_start(server->log);
    return error;
}

static int flush_log(void *argument)
{
    const struct http_loop *loop = argument;
    http_watch_flush(loop->watch);
    return 0;
}

/* The connections have ended: what their loops have logged is written. */
static void stop_log(const struct http_server *server)
{
    if (!server->log || !server->log->writer)
        return;
    for (struct http_loop *loop = server->loops; loop; loop = loop->next)
        (void)nk_loop_call(loop->loop, flush_log, loop);
    http_log_stop(server->log);
}

static void stop(void *state)
{
    struct http_server *server = state;
    nk_worker_pool_stop(server->workers);
    server->workers = NULL;
    stop_log(server);
}

/* SIGHUP. */
static void reopen(void *state)
{
    struct http_server *server = state;
    http_auth_reload(server->auth);
    if (server->log)
        http_log_reopen(server->log);
}

static void attach(void *state, struct service_ending *ending)
{
    struct http_server *server = state;
    if (server->quota)
        server->quota->ending = ending;
}

static enum exit_status outcome(void *state)
{
    const struct http_server *server = state;
    const bool is_short = server->quota && !http_quota_is_used_up(server->quota);
    return is_short ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}

static enum exit_status run_service(struct http_server *server,
                                    const struct service_reporter *reporter)
{
    struct nk_connection_handlers handlers;
    char suffix[HTTP_BASE_PATH_SIZE + 1];
    _Static_assert(sizeof(suffix) <= SERVICE_SUFFIX_SIZE, "the suffix is announced whole");
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
        .run_for = server->options.run_for,
        .attach = attach,
        .outcome = outcome,
        .state = server,
    };
    return service_run(&service, &server->options.service, reporter);
}

/* ---- what is read and made before anything listens ---- */

static enum http_log_format log_format(const struct http_options *options)
{
    static const char *const names[] = {"common", "combined", "json"};
    for (size_t i = 0; options->log_format && i < NK_ARRAY_LENGTH(names); i++)
        if (strcmp(options->log_format, names[i]) == 0)
            return (enum http_log_format)i;
    return HTTP_LOG_COMBINED;
}

static enum exit_status run(struct http_server *server, const struct service_reporter *reporter)
{
    const char *path = server->options.access_log;
    struct http_log log;
    if (!path)
        return run_service(server, reporter);
    int error = http_log_open(&log, path, log_format(&server->options));
    if (error) {
        reporter->failed(reporter->context, "write the access log", path, error);
        return EXIT_STATUS_FAILED;
    }
    server->log = &log;
    enum exit_status status = run_service(server, reporter);
    http_log_close(&log);
    return status;
}

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
    struct http_server server = {
        .options = *options,
        .site = &site,
        .counts = options->metrics || options->status,
        .started = nk_clock_monotonic(nk_clock_system()),
    };
    struct http_common_fields fields = {0};
    struct http_quota quota = {.limit = options->requests};
    struct http_chaos chaos = {.seed = options->chaos_seed};
    enum exit_status status;
    const char *unread = NULL;
    if (options->chaos && http_chaos_spec_parse(options->chaos, &chaos.spec, &unread) == 0)
        server.chaos = &chaos;
    if (options->requests > 0)
        server.quota = &quota;
    if (options->endpoints)
        http_endpoints_add(&site);
    if (options->metrics)
        http_report_add_metrics(&site);
    if (options->status)
        http_report_add_status(&site);
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
