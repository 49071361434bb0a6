#include "http/http_files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http_content.h"
#include "http/http_directory.h"
#include "http/http_path.h"
#include "http/http_upload.h"
#include "service/open_beneath.h"

/* O_NONBLOCK: a FIFO opens at once instead of waiting for its writer; it has no
 * effect on regular files and directories. */
#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY)

int http_files_open(struct http_files *files, const char *root)
{
    atomic_init(&files->changed, 0);
    files->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->root < 0)
        return -errno;
    http_media_types_init(&files->types, HTTP_MEDIA_TYPES_FILE);
    http_upload_cleaner_init(&files->cleaner);
    return 0;
}

void http_files_close(struct http_files *files)
{
    if (files->root < 0)
        return;
    http_media_types_deinit(&files->types);
    http_upload_cleaner_deinit(&files->cleaner);
    close(files->root);
    files->root = -1;
}

/* The clock itself: what a loop takes for now may have been before the change. */
void http_files_tell_change(struct http_files *files)
{
    const uint64_t now = nk_clock_monotonic(nk_clock_system());
    uint_fast64_t told = atomic_load_explicit(&files->changed, memory_order_relaxed);
    while (told < now &&
           !atomic_compare_exchange_weak_explicit(&files->changed, &told, now, memory_order_relaxed,
                                                  memory_order_relaxed))
        continue;
}

void http_files_refuse(struct http_exchange *exchange, int error)
{
    static const struct {
        int error;
        int status;
    } table[] = {
        {-ENOENT, 404}, {-ENOTDIR, 404}, {-ENAMETOOLONG, 404}, {-EACCES, 403}, {-EPERM, 403},
        {-EXDEV, 403},  {-ELOOP, 403},   {-ENXIO, 403},        {-ENODEV, 403}, {-EMFILE, 503},
        {-ENFILE, 503}, {-ENOMEM, 503},  {-EAGAIN, 503},
    };
    int status = 500;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        if (table[i].error == error)
            status = table[i].status;
    }
    http_respond_status(exchange, status, NULL, NULL);
}

int http_files_open_name(struct http_exchange *exchange, const char *name, struct stat *status)
{
    const struct http_server *server = exchange->loop->server;
    const struct http_files *files = server->content;
    int fd = open_beneath(files->root, name, OPEN_FLAGS,
                          server->options.follow_symlinks ? OPEN_LINKS_ANY : OPEN_LINKS_INSIDE);
    if (fd >= 0 && fstat(fd, status) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

/* Whether a page that finds its own way (--spa) may have made up the name. What
 * has an extension is a file that is missing; whoever asks below /_/ or for a
 * name with a dot in front, as in .well-known, is a program that has to know. */
static bool may_be_route(const char *name)
{
    const char *part = name;
    size_t len = strcspn(part, "/");
    if (len == 1 && part[0] == '_')
        return false;
    while (part[0] != '.' && strspn(part + len, "/") < strlen(part + len)) {
        part += len + strspn(part + len, "/");
        len = strcspn(part, "/");
    }
    return !memchr(part, '.', len);
}

/* Opens the name, or with --spa what stands for it, which *name then is. */
static int open_name_or_page(struct http_exchange *exchange, const char **name, struct stat *status)
{
    int fd = http_files_open_name(exchange, *name, status);
    if ((fd == -ENOENT || fd == -ENOTDIR) && exchange->loop->server->options.spa &&
        may_be_route(*name)) {
        *name = HTTP_FILES_INDEX;
        fd = http_files_open_name(exchange, *name, status);
    }
    return fd;
}

static void respond_name(struct http_exchange *exchange, const char *name)
{
    struct stat status;
    int fd = open_name_or_page(exchange, &name, &status);
    if (fd < 0) {
        http_files_refuse(exchange, fd);
    } else if (S_ISDIR(status.st_mode)) {
        http_directory_respond(exchange, fd, name);
    } else if (S_ISREG(status.st_mode)) {
        http_content_respond(exchange, fd, &status, name);
    } else {
        close(fd);
        http_respond_status(exchange, 403, NULL, NULL);
    }
}

/* Answers from memory, if it can; returns whether it did. */
static bool respond_known(struct http_exchange *exchange, char *name, size_t len)
{
    static const struct nk_slice index = NK_SLICE(HTTP_FILES_INDEX);
    if (len > 0 && name[len - 1] != '/')
        return http_content_respond_known(exchange, nk_slice_make(name, len));
    if (len + index.len >= HTTP_FILES_NAME_SIZE)
        return false;
    memcpy(name + len, index.data, index.len);
    bool is_known = http_content_respond_known(exchange, nk_slice_make(name, len + index.len));
    name[len] = '\0';
    return is_known;
}

void http_files_handle(struct http_exchange *exchange)
{
    const struct http_request *request = exchange->request;
    char name[HTTP_FILES_NAME_SIZE];
    struct http_problem problem;
    if (exchange->loop->server->options.upload && http_upload_handle(exchange))
        return;
    if (http_respond_method(exchange))
        return;
    ssize_t len = http_path_decode(request->path, name, sizeof(name), &problem);
    if (len < 0)
        http_respond_status(exchange, problem.status, problem.rule, NULL);
    else if (http_path_has_dotfile(name) && !exchange->loop->server->options.dotfiles)
        http_respond_status(exchange, 404, NULL, NULL);
    else if (!respond_known(exchange, name, (size_t)len))
        respond_name(exchange, name);
}
