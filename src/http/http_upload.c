#include "http/http_upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "http/http_files.h"
#include "http/http_path.h"
#include "http/http_upload_parts.h"
#include "http/http_upload_private.h"
#include "service/open_beneath.h"

/* A longer Location is left out. */
#define LOCATION_MAX 8192

/* ---- who may, and what ---- */

/* A page of another site that makes a browser send this: forms need no permission of the
 * server they are sent to. */
static bool is_foreign(const struct http_request *request)
{
    static const struct nk_slice scheme = NK_SLICE("://");
    const struct nk_slice *origin = http_request_header(request, "Origin");
    if (!origin)
        return false;
    struct nk_slice host = nk_slice_from(*origin, nk_slice_find(*origin, ':'));
    return !nk_slice_starts_with(host, scheme) ||
           !nk_slice_equal_ignoring_case(nk_slice_from(host, scheme.len), request->host);
}

/* What it brings is not the content of a file but a coding of it (RFC 9110 8.4). */
static bool is_coded(const struct http_request *request)
{
    static const struct nk_slice identity = NK_SLICE("identity");
    const struct nk_slice *coding = http_request_header(request, "Content-Encoding");
    return coding && coding->len > 0 && !nk_slice_equal_ignoring_case(*coding, identity);
}

bool http_upload_accepts(struct nk_slice name, bool dotfiles, struct http_upload_result *result)
{
    const bool is_good = http_upload_name_is_good(name);
    const bool is_hidden = name.len > 0 && name.data[0] == '.' && !dotfiles;
    if (is_good && !is_hidden)
        return true;
    result->status = is_good ? 403 : 400;
    snprintf(result->detail, sizeof(result->detail), "%s",
             is_good ? "names that begin with a dot are not taken" : "no file may have that name");
    return false;
}

/* ---- before the body ---- */

struct target {
    char name[HTTP_FILES_NAME_SIZE]; /* decoded, relative to the root */
    struct nk_slice base;            /* behind the last slash */
    int directory;                   /* descriptor */
    bool exists;
    struct stat status; /* of what stands there */
};

static bool refuse(struct http_exchange *exchange, int status, const char *detail)
{
    http_respond_status(exchange, status, detail, NULL);
    return false;
}

/* Opens a directory by its name, which it shortens to that. */
static int open_directory(struct http_exchange *exchange, const char *name)
{
    const struct http_server *server = exchange->loop->server;
    const struct http_files *files = server->content;
    return open_beneath(files->root, name, O_RDONLY | O_DIRECTORY,
                        server->options.follow_symlinks ? OPEN_LINKS_ANY : OPEN_LINKS_INSIDE);
}

/* Finds the directory that the path leads to (`wants_file`: up to its last slash). Answers
 * and returns false when it cannot be. */
static bool find_target(struct http_exchange *exchange, bool wants_file, struct target *target)
{
    struct http_problem problem;
    ssize_t len =
        http_path_decode(exchange->request->path, target->name, sizeof(target->name), &problem);
    if (len < 0)
        return refuse(exchange, problem.status, problem.rule);
    if (http_path_has_dotfile(target->name) && !exchange->loop->server->options.dotfiles)
        return refuse(exchange, 403, "names that begin with a dot are not taken");
    struct nk_slice name = nk_slice_make(target->name, (size_t)len);
    size_t slash = nk_slice_find_last(name, '/');
    size_t start = slash == NK_SLICE_NOT_FOUND ? 0 : slash + 1;
    target->base = nk_slice_from(name, start);
    char kept = target->name[start];
    if (wants_file)
        target->name[start] = '\0';
    target->directory = open_directory(exchange, target->name);
    target->name[start] = kept;
    if (target->directory == -ENOENT || target->directory == -ENOTDIR)
        return refuse(exchange, wants_file ? 409 : 404, "there is no such directory");
    if (target->directory < 0)
        http_files_refuse(exchange, target->directory);
    return target->directory >= 0;
}

/* Whether there is, as far as anybody knows, room for what is announced. */
static bool has_room(struct http_exchange *exchange, int directory)
{
    struct statvfs disk;
    if (exchange->request->framing != HTTP_FRAMING_LENGTH || fstatvfs(directory, &disk) < 0)
        return true;
    if (exchange->request->content_length / (disk.f_frsize ? disk.f_frsize : 1) <= disk.f_bavail)
        return true;
    return refuse(exchange, 507, "the disk has no room for it");
}

/* An upload into the target's directory, which it takes. */
static struct http_upload *new_upload(struct http_exchange *exchange, const struct target *target)
{
    const struct http_options *options = &exchange->loop->server->options;
    struct http_upload *upload = malloc(sizeof(*upload));
    if (!upload) {
        close(target->directory);
        http_respond_status(exchange, 503, NULL, NULL);
        return NULL;
    }
    memset(upload, 0, offsetof(struct http_upload, buffer));
    upload->loop = exchange->loop;
    upload->directory = target->directory;
    upload->overwrite = options->overwrite;
    upload->dotfiles = options->dotfiles;
    upload->file.fd = -1;
    return upload;
}

static void receive(struct http_upload *upload, struct http_exchange *exchange)
{
    uint64_t max = exchange->loop->server->options.max_upload;
    http_upload_receive(upload, exchange, max > 0 ? max : UINT64_MAX);
}

/* ---- PUT ---- */

/* Whether what stands there is what the client wants to change (RFC 9110 13.1); else it is
 * answered. Only files have an entity tag. */
static bool meets_conditions(struct http_exchange *exchange, const struct target *target)
{
    const struct http_request *request = exchange->request;
    const uint64_t now = nk_event_loop_wall_seconds(exchange->loop->loop);
    struct http_file file = {.modified = 0};
    if (!target->exists && http_request_header(request, "If-Match"))
        return refuse(exchange, 412, "there is no such file");
    if (!target->exists)
        return true;
    if (S_ISREG(target->status.st_mode))
        http_file_describe(&file, &target->status, NULL, HTTP_CODING_IDENTITY, now);
    const struct http_validators validators = http_file_validators(&file);
    if (http_conditions_judge(request, &validators, now) == HTTP_VERDICT_GO_ON)
        return true;
    return refuse(exchange, 412, "what is there is not what the condition wants");
}

/* Whether the name is free, or may be taken; else it is answered. */
static bool may_stand_there(struct http_exchange *exchange, struct target *target)
{
    const char *name = target->base.data;
    target->exists = fstatat(target->directory, name, &target->status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!meets_conditions(exchange, target))
        return false;
    if (!target->exists)
        return true;
    if (!S_ISREG(target->status.st_mode))
        return refuse(exchange, 409, "what stands there is no file");
    if (!exchange->loop->server->options.overwrite)
        return refuse(exchange, 409, "there is one already");
    return true;
}

/* The range of the file that the body is; answers and returns false if that cannot be. */
static bool read_range(struct http_exchange *exchange, struct http_upload *upload)
{
    const struct http_request *request = exchange->request;
    const struct nk_slice *value = http_request_header(request, "Content-Range");
    const uint64_t max = exchange->loop->server->options.max_upload;
    struct http_content_range *range = &upload->range;
    if (!value)
        return true;
    if (http_content_range_parse(*value, range) < 0)
        return refuse(exchange, 400, "Content-Range is not \"bytes A-B/TOTAL\" (RFC 9110 14.4)");
    if (max > 0 && range->total > max)
        return refuse(exchange, 413, "the file is above the limit (RFC 9110 15.5.14)");
    if (request->framing == HTTP_FRAMING_LENGTH &&
        request->content_length != range->last - range->first + 1)
        return refuse(exchange, 400,
                      "the body is not as long as its Content-Range (RFC 9110 14.4)");
    upload->has_range = true;
    return true;
}

/* The conditions have to hold when the file appears, too. */
static void expect(struct http_upload_file *file, const struct target *target)
{
    file->is_conditional = true;
    if (target->exists)
        http_stamp_of(&file->expected, &target->status);
}

static void handle_put(struct http_exchange *exchange)
{
    struct target target;
    struct http_upload_result result = {.status = 0};
    if (!find_target(exchange, true, &target))
        return;
    if (!http_upload_accepts(target.base, true, &result))
        refuse(exchange, result.status, result.detail);
    else if (may_stand_there(exchange, &target) && has_room(exchange, target.directory))
        result.status = 200;
    struct http_upload *upload = NULL;
    if (result.status == 200)
        upload = new_upload(exchange, &target);
    else
        close(target.directory);
    if (!upload)
        return;
    http_upload_file_init(&upload->file, target.directory, target.base);
    if (http_request_asks(exchange->request) & HTTP_ASKS_CONDITION)
        expect(&upload->file, &target);
    if (read_range(exchange, upload))
        receive(upload, exchange);
    else
        http_upload_free(upload);
}

/* How much of an interrupted upload is there. */
static void respond_offset(struct http_exchange *exchange)
{
    struct target target;
    char offset[sizeof("Upload-Offset: \r\nCache-Control: no-store\r\n") + 20];
    if (!find_target(exchange, true, &target))
        return;
    int64_t size = -ENOENT;
    if (http_upload_name_is_good(target.base))
        size = http_upload_part_size(target.directory, target.base.data);
    close(target.directory);
    if (size < 0) {
        http_respond_status(exchange, 404, "there is no interrupted upload", NULL);
        return;
    }
    snprintf(offset, sizeof(offset), "Upload-Offset: %lld\r\nCache-Control: no-store\r\n",
             (long long)size);
    http_respond_status(exchange, 204, NULL, offset);
}

/* ---- POST ---- */

static void handle_post(struct http_exchange *exchange)
{
    static const struct nk_slice none = NK_SLICE("");
    const struct nk_slice *type = http_request_header(exchange->request, "Content-Type");
    struct http_problem problem;
    struct target target;
    if (!find_target(exchange, false, &target))
        return;
    if (!has_room(exchange, target.directory)) {
        close(target.directory);
        return;
    }
    struct http_upload *upload = new_upload(exchange, &target);
    if (!upload)
        return;
    upload->is_form = true;
    if (http_multipart_init(&upload->form, type ? *type : none, &problem) < 0) {
        http_respond_status(exchange, problem.status, problem.rule, NULL);
        http_upload_free(upload);
        return;
    }
    receive(upload, exchange);
}

bool http_upload_handle(struct http_exchange *exchange)
{
    static const struct nk_slice query = NK_SLICE("upload");
    const enum http_method method = exchange->request->method;
    const bool is_question = (method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD) &&
                             nk_slice_equal(exchange->request->query, query);
    if (!is_question && method != HTTP_METHOD_PUT && method != HTTP_METHOD_POST)
        return false;
    if (is_question)
        respond_offset(exchange);
    else if (is_foreign(exchange->request))
        http_respond_status(exchange, 403, "sent by a page of another site", NULL);
    else if (is_coded(exchange->request))
        http_respond_status(exchange, 415, "no content coding is taken (RFC 9110 15.5.16)",
                            "Accept-Encoding: identity\r\n");
    else if (method == HTTP_METHOD_PUT)
        handle_put(exchange);
    else
        handle_post(exchange);
    return true;
}

/* ---- behind the body ---- */

/* The path of the request, as it was sent. */
static const char *print_location(const struct http_request *request, char *line, size_t size)
{
    struct nk_slice path = nk_slice_first(request->target, nk_slice_find(request->target, '?'));
    int len = snprintf(line, size, "Location: %.*s\r\n", (int)path.len, path.data);
    return len > 0 && (size_t)len < size ? line : NULL;
}

/* A browser that has sent a form by itself shows the directory again. */
static bool wants_page(const struct http_request *request)
{
    static const struct nk_slice html = NK_SLICE("text/html");
    const struct nk_slice *accept = http_request_header(request, "Accept");
    return accept && nk_slice_starts_with(*accept, html);
}

static void respond_part(struct http_upload *upload, struct http_exchange *exchange)
{
    const struct http_upload_result *result = &upload->result;
    char offset[sizeof("Upload-Offset: \r\n") + 20];
    snprintf(offset, sizeof(offset), "Upload-Offset: %llu\r\n", (unsigned long long)result->offset);
    if (result->status != 0)
        http_respond_status(exchange, result->status, result->detail, offset);
    else
        http_respond_status(exchange, 202, "the rest is still to come", offset);
}

/* The tag of the new state, for the condition of the next change (RFC 9110 9.3.4: the bytes
 * are kept as they came). */
static void print_tag(const struct http_upload *upload, char *line, size_t size)
{
    struct http_file file;
    line[0] = '\0';
    if (upload->file.appeared.st_ino == 0)
        return;
    http_file_describe(&file, &upload->file.appeared, NULL, HTTP_CODING_IDENTITY,
                       nk_event_loop_wall_seconds(upload->loop->loop));
    snprintf(line, size, "ETag: %s\r\n", file.etag);
}

static void respond_put(struct http_upload *upload, struct http_exchange *exchange)
{
    char line[LOCATION_MAX];
    char tag[sizeof("ETag: \r\n") + HTTP_ETAG_SIZE];
    char fields[LOCATION_MAX + sizeof(tag)];
    const char *location = print_location(exchange->request, line, sizeof(line));
    print_tag(upload, tag, sizeof(tag));
    snprintf(fields, sizeof(fields), "%s%s", location ? location : "", tag);
    http_respond_status(exchange, upload->result.replaced > 0 ? 204 : 201, NULL, fields);
}

static void respond_form(struct http_upload *upload, struct http_exchange *exchange)
{
    const struct http_upload_result *result = &upload->result;
    char line[LOCATION_MAX];
    char detail[64];
    const char *location = print_location(exchange->request, line, sizeof(line));
    snprintf(detail, sizeof(detail), "%u new, %u replaced", result->created, result->replaced);
    if (wants_page(exchange->request))
        http_respond_status(exchange, 303, NULL, location);
    else
        http_respond_status(exchange, 201, detail, location);
}

void http_upload_respond(struct http_upload *upload, struct http_exchange *exchange)
{
    const struct http_upload_result *result = &upload->result;
    if (result->is_part)
        respond_part(upload, exchange);
    else if (result->status != 0)
        http_respond_status(exchange, result->status, result->detail, NULL);
    else if (upload->is_form)
        respond_form(upload, exchange);
    else
        respond_put(upload, exchange);
}
