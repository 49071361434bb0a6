#include "http/http_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/http_listing.h"
#include "http/http_path.h"
#include "service/open_beneath.h"

/* Two threads list directories; one that hangs (a dead network mount) leaves
 * the other. Further listings queue up to this and are then answered 503. */
#define LISTING_THREADS 2
#define LISTING_QUEUE 64

/* A request target is at most a few KiB; the name is no longer than that. */
#define NAME_SIZE 32768

/* O_NONBLOCK: a FIFO opens at once instead of waiting for its writer; it has no
 * effect on regular files and directories. */
#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY)

int http_files_open(struct http_files *files, const char *root)
{
    files->workers = NULL;
    files->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return files->root < 0 ? -errno : 0;
}

void http_files_close(struct http_files *files)
{
    if (files->root >= 0)
        close(files->root);
    files->root = -1;
}

int http_files_start(struct http_files *files)
{
    return nk_worker_pool_start(&files->workers, LISTING_THREADS, LISTING_QUEUE);
}

void http_files_stop(struct http_files *files)
{
    nk_worker_pool_stop(files->workers);
    files->workers = NULL;
}

/* ---- listings ---- */

struct listing_job {
    struct nk_job job;
    struct http_suspended suspended;
    struct http_loop *loop;
    int directory;
    int page; /* or -errno */
    uint64_t size;
    bool dotfiles;
    char name[];
};

static void make_listing(struct nk_job *job)
{
    struct listing_job *listing = nk_container_of(job, struct listing_job, job);
    listing->page =
        http_listing_make(listing->directory, listing->name, listing->dotfiles, &listing->size);
}

static void send_listing(struct nk_job *job)
{
    struct listing_job *listing = nk_container_of(job, struct listing_job, job);
    struct http_exchange exchange;
    if (!http_exchange_resume(&exchange, &listing->suspended, listing->loop)) {
        if (listing->page >= 0)
            close(listing->page);
    } else {
        if (listing->page >= 0)
            http_respond_file(&exchange, listing->page, listing->size, "text/html; charset=utf-8");
        else
            http_respond_status(&exchange, 500, NULL, NULL);
        http_exchange_finish(&exchange);
    }
    close(listing->directory);
    free(listing);
}

/* Takes the descriptor of the directory. */
static void respond_listing(struct http_exchange *exchange, int directory, const char *name)
{
    const struct http_server *server = exchange->loop->server;
    const struct http_files *files = server->content;
    size_t len = strlen(name) + 1;
    struct listing_job *listing = calloc(1, sizeof(*listing) + len);
    int error = listing ? 0 : -ENOMEM;
    if (!error) {
        listing->job.work = make_listing;
        listing->job.complete = send_listing;
        listing->job.loop = exchange->loop->loop;
        listing->loop = exchange->loop;
        listing->directory = directory;
        listing->dotfiles = server->options.dotfiles;
        memcpy(listing->name, name, len);
        error = nk_worker_pool_submit(files->workers, &listing->job);
    }
    if (!error) {
        http_exchange_suspend(exchange, &listing->suspended);
        return;
    }
    close(directory);
    free(listing);
    http_respond_status(exchange, 503, "too many directories are being listed",
                        "Retry-After: 1\r\n");
}

/* ---- files ---- */

static void respond_error(struct http_exchange *exchange, int error)
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

/* "/dir" -> "/dir/" with what the client sent re-encoded from the decoded name,
 * so that nothing in it can end the header line or change the host. */
static void respond_redirect(struct http_exchange *exchange, const char *name)
{
    char location[NAME_SIZE];
    size_t len = 0;
    char path[NAME_SIZE - 64];
    struct nk_slice query = exchange->request->query;
    if (http_path_encode(nk_slice_of_string(name), path, sizeof(path), &len) < 0) {
        http_respond_status(exchange, 414, NULL, NULL);
        return;
    }
    int written = snprintf(location, sizeof(location), "Location: /%.*s/%s%.*s\r\n", (int)len, path,
                           query.len > 0 ? "?" : "", (int)query.len, query.data);
    if (written < 0 || (size_t)written >= sizeof(location))
        http_respond_status(exchange, 414, NULL, NULL);
    else
        http_respond_status(exchange, 301, NULL, location);
}

/* Whether `name` names a directory by its last byte; the root does. */
static bool ends_in_slash(const char *name)
{
    size_t len = strlen(name);
    return len == 0 || name[len - 1] == '/';
}

static int open_name(struct http_exchange *exchange, const char *name, struct stat *status)
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

static void respond_directory(struct http_exchange *exchange, int directory, const char *name)
{
    char index[NAME_SIZE];
    struct stat status;
    if (!ends_in_slash(name)) {
        close(directory);
        respond_redirect(exchange, name);
        return;
    }
    int written = snprintf(index, sizeof(index), "%sindex.html", name);
    int fd = -ENOENT;
    if (written > 0 && (size_t)written < sizeof(index))
        fd = open_name(exchange, index, &status);
    if (fd >= 0 && S_ISREG(status.st_mode)) {
        close(directory);
        http_respond_file(exchange, fd, (uint64_t)status.st_size, "text/html; charset=utf-8");
        return;
    }
    if (fd >= 0)
        close(fd);
    if (fd == -ENOENT) {
        respond_listing(exchange, directory, name);
        return;
    }
    /* An index that may not be served is no reason to show what lies around it. */
    close(directory);
    respond_error(exchange, fd < 0 ? fd : -EACCES);
}

static void respond_name(struct http_exchange *exchange, const char *name)
{
    struct stat status;
    int fd = open_name(exchange, name, &status);
    if (fd < 0) {
        respond_error(exchange, fd);
    } else if (S_ISDIR(status.st_mode)) {
        respond_directory(exchange, fd, name);
    } else if (S_ISREG(status.st_mode)) {
        http_respond_file(exchange, fd, (uint64_t)status.st_size,
                          http_media_type(nk_slice_of_string(name)));
    } else {
        close(fd);
        http_respond_status(exchange, 403, NULL, NULL);
    }
}

void http_files_handle(struct http_exchange *exchange)
{
    const struct http_request *request = exchange->request;
    char name[NAME_SIZE];
    struct http_problem problem;
    if (http_respond_method(exchange))
        return;
    if (http_path_decode(request->path, name, sizeof(name), &problem) < 0)
        http_respond_status(exchange, problem.status, problem.rule, NULL);
    else if (http_path_has_dotfile(name) && !exchange->loop->server->options.dotfiles)
        http_respond_status(exchange, 404, NULL, NULL);
    else
        respond_name(exchange, name);
}
