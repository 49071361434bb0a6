/* How `netkit serve http` serves: where the site lies, what its responses say to
 * browsers and caches, what stands in for pages that are not there. */
#include "http/http_base_path.h"
#include "http/http_field_line.h"
#include "serve_http.h"

static const struct option_spec header_options[] = {
    {
        .name = "spa",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, spa),
        .help = "unknown paths without extension get /index.html",
    },
    {
        .name = "404",
        .kind = OPTION_FILE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, not_found),
        .argument = "FILE",
        .help = "the page for what is not found",
        .rare = true,
    },
    {
        .name = "base-path",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, base_path),
        .argument = "PATH",
        .help = "serve below this path and nothing else",
        .rare = true,
    },
    {
        .name = "cors",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, cors),
        .help = "let the pages of other sites use this one",
    },
    {
        .name = "isolate",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, isolate),
        .help = "isolate pages from other sites (COOP, COEP, CORP)",
        .rare = true,
    },
    {
        .name = "no-cache",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, no_cache),
        .help = "have caches ask each time",
        .rare = true,
    },
    {
        .name = "cache-control",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, cache_control),
        .argument = "TEXT",
        .help = "what caches are told",
        .rare = true,
    },
    {
        .name = "header",
        .kind = OPTION_LIST,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, fields),
        .argument = "LINE",
        .help = "a header line for every response, 'Name: value'",
        .rare = true,
    },
};

const struct option_table serve_http_header_table = {header_options,
                                                     NK_ARRAY_LENGTH(header_options)};

/* Fields that an option writes, too: twice the same field means nothing. */
static bool is_written_by(struct nk_slice name, const char *prefix)
{
    struct nk_slice start = nk_slice_of_string(prefix);

    return nk_slice_equal_ignoring_case(nk_slice_first(name, start.len), start);
}

static enum exit_status check_line(const struct command_call *call, const char *line)
{
    const struct serve_http_options *options = call->options;
    struct nk_slice name;
    struct nk_slice value;
    const char *mistake;

    if (http_field_line_parse(nk_slice_of_string(line), &name, &value, &mistake) < 0)
        return command_usage_error(call->command->name, "--header '%.300s': %s", line, mistake);
    if (options->http.cors && is_written_by(name, "Access-Control-"))
        return command_usage_error(call->command->name, "--header '%.300s': --cors says that",
                                   line);
    if (options->http.isolate && is_written_by(name, "Cross-Origin-"))
        return command_usage_error(call->command->name, "--header '%.300s': --isolate says that",
                                   line);
    return EXIT_STATUS_OK;
}

static enum exit_status check_caching(const struct command_call *call)
{
    const struct serve_http_options *options = call->options;
    const char *text = options->http.cache_control;

    if (text == NULL)
        return EXIT_STATUS_OK;
    if (options->http.no_cache)
        return command_usage_error(call->command->name,
                                   "--no-cache and --cache-control exclude each other");
    if (strlen(text) > HTTP_FIELD_LINE_MAX || !http_field_value_is_valid(nk_slice_of_string(text)))
        return command_usage_error(call->command->name,
                                   "--cache-control '%.300s': that cannot stand in a header", text);
    return EXIT_STATUS_OK;
}

static enum exit_status check_base_path(const struct command_call *call)
{
    const struct serve_http_options *options = call->options;
    const char *text = options->http.base_path;
    char base[HTTP_BASE_PATH_SIZE];
    const char *mistake;

    if (text != NULL && http_base_path_make(text, base, &mistake) < 0)
        return command_usage_error(call->command->name, "--base-path '%.300s': %s", text, mistake);
    return EXIT_STATUS_OK;
}

enum exit_status serve_http_check_headers(const struct command_call *call)
{
    const struct serve_http_options *options = call->options;
    enum exit_status status = check_caching(call);
    size_t sum = 0;

    if (status == EXIT_STATUS_OK)
        status = check_base_path(call);
    for (size_t i = 0; i < options->http.fields.count && status == EXIT_STATUS_OK; i++) {
        status = check_line(call, options->http.fields.words[i]);
        sum += strlen(options->http.fields.words[i]);
    }
    if (status == EXIT_STATUS_OK && sum > HTTP_FIELD_LINES_MAX)
        return command_usage_error(call->command->name,
                                   "--header: the lines have more than %d bytes together",
                                   HTTP_FIELD_LINES_MAX);
    return status;
}
