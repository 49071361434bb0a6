#include "http/http_directory.h"

#include <errno.h>
#include <unistd.h>

#include "http/http_accept.h"
#include "http/http_conditions.h"
#include "http/http_content.h"
#include "http/http_files.h"
#include "http/http_listing.h"
#include "http/http_path.h"

/* ---- listings ---- */

/* A page that nobody reads, and some 300 MiB of memory while it is made and sent. */
#define LISTING_MAX 1000000

struct listing_errand {
    struct http_errand errand;
    struct http_listing listing;
    int page; /* or -errno */
    uint64_t size;
    char name[];
};

static void make_listing(struct http_errand *errand)
{
    struct listing_errand *own = nk_container_of(errand, struct listing_errand, errand);
    own->page = http_listing_make(&own->listing, &own->size);
}

static void free_listing(struct listing_errand *own)
{
    close(own->listing.place.directory);
    free(own);
}

static void send_listing(struct http_errand *errand, struct http_exchange *exchange)
{
    struct listing_errand *own = nk_container_of(errand, struct listing_errand, errand);
    const struct http_response response = {
        .status = 200,
        .type = http_listing_type(&own->listing),
        .extra = http_listing_fields(&own->listing),
    };
    if (own->page >= 0 && exchange)
        http_respond_page(exchange, &response, own->page, own->size);
    else if (own->page >= 0)
        close(own->page);
    else if (exchange)
        http_respond_status(exchange, 500,
                            own->page == -E2BIG ? "the directory has too many entries" : NULL,
                            NULL);
    free_listing(own);
}

/* Programs say that they would rather have JSON; people's browsers do not. */
static bool wants_json(const struct http_request *request)
{
    const struct nk_slice *accept = http_request_header(request, "Accept");
    return accept && http_accept_weight(*accept, "application/json") >
                         http_accept_weight(*accept, "text/html");
}

static struct http_listing listing_of(const struct http_exchange *exchange, int directory,
                                      const char *name)
{
    const struct http_server *server = exchange->loop->server;
    const struct http_files *files = server->content;
    const struct http_options *options = &server->options;
    return (struct http_listing){
        .place = {.root = files->root,
                  .directory = directory,
                  .name = name,
                  .dotfiles = options->dotfiles,
                  .links = options->follow_symlinks ? OPEN_LINKS_ANY : OPEN_LINKS_INSIDE,
                  .max = LISTING_MAX},
        .order = http_order_of_query(exchange->request->query),
        .is_json = wants_json(exchange->request),
        .has_upload = options->upload,
    };
}

/* Takes the descriptor of the directory. */
static void respond_listing(struct http_exchange *exchange, int directory, const char *name)
{
    size_t len = strlen(name) + 1;
    if (http_conditions_need_tag(exchange->request)) {
        close(directory);
        http_respond_status(exchange, 412, "a listing has no entity tag", NULL);
        return;
    }
    struct listing_errand *own = calloc(1, sizeof(*own) + len);
    if (!own) {
        close(directory);
        http_respond_status(exchange, 503, NULL, NULL);
        return;
    }
    memcpy(own->name, name, len);
    own->errand.run = make_listing;
    own->errand.answer = send_listing;
    own->listing = listing_of(exchange, directory, own->name);
    if (http_errand_start(&own->errand, exchange) == 0)
        return;
    free_listing(own);
    http_respond_status(exchange, 503, "too many directories are being listed",
                        "Retry-After: 1\r\n");
}

/* ---- redirects and indexes ---- */

/* "/dir" -> "/dir/" with what the client sent re-encoded from the decoded name,
 * so that nothing in it can end the header line or change the host. */
static void respond_redirect(struct http_exchange *exchange, const char *name)
{
    char location[HTTP_FILES_NAME_SIZE];
    size_t len = 0;
    char path[HTTP_FILES_NAME_SIZE - 64];
    struct nk_slice query = exchange->request->query;
    if (http_path_encode(nk_slice_of_string(name), path, sizeof(path), &len) < 0) {
        http_respond_status(exchange, 414, NULL, NULL);
        return;
    }
    int written = snprintf(location, sizeof(location), "Location: %s/%.*s/%s%.*s\r\n",
                           exchange->loop->server->base, (int)len, path, query.len > 0 ? "?" : "",
                           (int)query.len, query.data);
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

void http_directory_respond(struct http_exchange *exchange, int directory, const char *name)
{
    char index[HTTP_FILES_NAME_SIZE];
    struct stat status;
    if (!ends_in_slash(name)) {
        close(directory);
        respond_redirect(exchange, name);
        return;
    }
    int written = snprintf(index, sizeof(index), "%s" HTTP_FILES_INDEX, name);
    int fd = -ENOENT;
    if (written > 0 && (size_t)written < sizeof(index))
        fd = http_files_open_name(exchange, index, &status);
    if (fd >= 0 && S_ISREG(status.st_mode)) {
        close(directory);
        http_content_respond(exchange, fd, &status, index);
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
    http_files_refuse(exchange, fd < 0 ? fd : -EACCES);
}
