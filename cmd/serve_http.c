/* `netkit serve http`: from the command line to http_service_run. */
#include "serve_http.h"
#include "access.h"
#include "base/clock.h"
#include "serve.h"
#include "serve_http_announce.h"

#define DEFAULT_PORT 8080
#define DEFAULT_DEMO_PORT 43211
#define DEFAULT_KEEPALIVE_TIMEOUT (60 * NK_NANOSECONDS_PER_SECOND)

static const struct serve_http_options defaults = {
    .http = HTTP_OPTIONS_DEFAULT,
    .http.service.idle_timeout = DEFAULT_KEEPALIVE_TIMEOUT,
};

static const struct option_part parts[] = {
    {&serve_http_content_table, offsetof(struct serve_http_options, http)},
    {&serve_http_header_table, offsetof(struct serve_http_options, http)},
    {&serve_http_upload_table, offsetof(struct serve_http_options, http)},
    {&serve_http_testing_table, offsetof(struct serve_http_options, http)},
    {&serve_http_file_table, offsetof(struct serve_http_options, http)},
    {&serve_http_auth_table, offsetof(struct serve_http_options, http)},
    {&serve_http_announce_table, 0},
    {&serve_http_ending_table, offsetof(struct serve_http_options, http)},
    {&serve_http_limit_table, offsetof(struct serve_http_options, http)},
    {&serve_http_log_table, offsetof(struct serve_http_options, http)},
    {&server_option_table, offsetof(struct serve_http_options, http.service)},
    {&access_option_table, offsetof(struct serve_http_options, http.service.access)},
    {&common_option_table, 0},
    {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_TCP, NK_SCHEME_HTTP, NK_SCHEME_UNIX};

static const struct server_rules rules = {schemes, NK_ARRAY_LENGTH(schemes), true};

static serve_http_check_fn *const checks[] = {
    serve_http_check_content, serve_http_check_headers, serve_http_check_auth,
    serve_http_check_upload,  serve_http_check_log,     serve_http_check_announce,
    serve_http_check_ending,  serve_http_check_testing,
};

static enum exit_status check(const struct command_call *call)
{
    enum exit_status status = EXIT_STATUS_OK;

    for (size_t i = 0; i < NK_ARRAY_LENGTH(checks) && status == EXIT_STATUS_OK; i++)
        status = checks[i](call);
    return status;
}

static enum exit_status run(struct command_call *call)
{
    struct serve_http_options *options = call->options;
    struct service_options *service = &options->http.service;
    enum exit_status status = check(call);

    service->default_port = options->http.demo ? DEFAULT_DEMO_PORT : DEFAULT_PORT;
    if (status == EXIT_STATUS_OK)
        status = server_options_complete(call, &rules, service);
    if (status == EXIT_STATUS_OK) {
        struct announcer announcer;

        announcer_init(&announcer, options);
        status = http_service_run(&options->http, &announcer.report.reporter);
        announcer_deinit(&announcer, status);
    }
    server_options_release(service);
    return status;
}

static const struct command_example examples[] = {
    {"netkit serve http", "this directory, http://localhost:8080/"},
    {"netkit serve http --root /srv/www :80", "a directory, on every interface"},
    {"netkit serve http 9000 unix:/tmp/web", "a TCP port and a unix socket"},
    {"netkit serve http --json 0 2>events", "a free port, events for programs"},
    {NULL, NULL},
};

/* What python3 -m http.server, http-server, darkhttpd and miniserve call it. */
static const struct option_answer answers[] = {
    {"p", "-p is not needed: a number alone is a port, as in 'netkit serve http 8000'"},
    {"d", "the directory to serve is given with --root DIR"},
    {"abi", "the address needs no option: 'netkit serve http ADDRESS:PORT'; --public means all"},
    {NULL, NULL},
};

const struct command serve_http_command = {
    .name = "serve http",
    .summary = "serve a directory over HTTP/1.1",
    .arguments = "[OPTION]... [ADDRESS]...",
    .description =
        "Serve a directory, the current one by default, over HTTP/1.1 (GET and HEAD, with\n"
        "--upload also PUT and POST). Without ADDRESS listen on port 8080 of this machine\n"
        "(127.0.0.1 and [::1]), with --demo on 43211. A bare port is a port of this\n"
        "machine; ':PORT' is on every interface.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .answers = answers,
    .run = run,
};
