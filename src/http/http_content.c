#include "http/http_content.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http_coded.h"
#include "http/http_file_response.h"
#include "http/http_files.h"

/* How long what is in memory is taken for true. */
#define FRESH_FOR NK_NANOSECONDS_PER_SECOND

#define NANOSECONDS ((int64_t)NK_NANOSECONDS_PER_SECOND)

/* ---- codings ---- */

/* All codings that the server makes. */
#define MADE_CODINGS                                                                               \
    (HTTP_CODING_BIT(HTTP_CODING_GZIP) | HTTP_CODING_BIT(HTTP_CODING_ZSTD) |                       \
     HTTP_CODING_BIT(HTTP_CODING_BROTLI))

/* The coding in which the client gets the file. */
static enum http_coding choose_coding(const struct http_exchange *exchange,
                                      const struct http_file *file, unsigned asks)
{
    const struct http_request *request = exchange->request;
    struct http_accepted accepted;
    unsigned available = file->siblings;
    if (file->is_coded && (asks & HTTP_ASKS_RANGE) == 0)
        available |= MADE_CODINGS;
    if ((asks & HTTP_ASKS_CODING) == 0 || available == 0)
        return HTTP_CODING_IDENTITY;
    http_accepted_init(&accepted);
    for (size_t i = 0; i < request->header_count; i++) {
        static const struct nk_slice name = NK_SLICE("accept-encoding");
        if (nk_slice_equal_ignoring_case(request->headers[i].name, name))
            http_accepted_read(&accepted, request->headers[i].value);
    }
    return http_accepted_choose(&accepted, available);
}

/* Opens the file that holds `name` in a coding, if it is one that counts beside a file
 * of that state. Returns the descriptor or -1. */
static int open_sibling(struct http_exchange *exchange, const struct http_stamp *stamp,
                        const char *name, enum http_coding coding, struct stat *status)
{
    char sibling[HTTP_FILES_NAME_SIZE];
    struct http_stamp own;
    int len = snprintf(sibling, sizeof(sibling), "%s%s", name, http_coding_names[coding].suffix);
    if (len < 0 || (size_t)len >= sizeof(sibling))
        return -1;
    int fd = http_files_open_name(exchange, sibling, status);
    if (fd < 0)
        return -1;
    http_stamp_of(&own, status);
    /* In seconds: brotli(1) gives its output the time of its input without the rest. */
    if (S_ISREG(status->st_mode) && own.modified / NANOSECONDS >= stamp->modified / NANOSECONDS)
        return fd;
    close(fd);
    return -1;
}

/* ---- memory ---- */

static bool is_fresh(const struct http_exchange *exchange, const struct http_cached *cached)
{
    struct http_files *files = exchange->loop->server->content;
    return nk_event_loop_now(exchange->loop->loop) - cached->checked < FRESH_FOR &&
           cached->checked > atomic_load_explicit(&files->changed, memory_order_relaxed);
}

/* What a look at the same file has found less than a second ago; returns whether one
 * has. */
static bool remember_siblings(struct http_exchange *exchange, struct http_file *file,
                              const char *name)
{
    const struct http_cached *cached =
        http_cache_find(&exchange->loop->cache, nk_slice_of_string(name), HTTP_CODING_IDENTITY);
    if (!cached || !cached->file.has_looked || !is_fresh(exchange, cached) ||
        !http_stamp_equal(&cached->file.stamp, &file->stamp))
        return false;
    file->siblings = cached->file.siblings;
    return true;
}

static void open_siblings(struct http_exchange *exchange, struct http_file *file, const char *name)
{
    struct stat status;
    for (unsigned coding = 1; coding < HTTP_CODING_COUNT; coding++) {
        int fd = open_sibling(exchange, &file->stamp, name, (enum http_coding)coding, &status);
        if (fd < 0)
            continue;
        close(fd);
        file->siblings |= HTTP_CODING_BIT(coding);
    }
}

/* Finds out in which codings a file lies beside itself. A type that nobody knows is
 * worth the look only when the client asks for codings. */
static void look_for_siblings(struct http_exchange *exchange, struct http_file *file,
                              const char *name, unsigned asks)
{
    enum http_compressing compressing = http_media_type_compressing(file->type);
    file->has_looked = compressing != HTTP_COMPRESSING_UNKNOWN || (asks & HTTP_ASKS_CODING) != 0;
    if (!file->has_looked || compressing == HTTP_COMPRESSING_USELESS)
        return;
    if (!remember_siblings(exchange, file, name))
        open_siblings(exchange, file, name);
    file->is_coded = http_coded_is_for(exchange->loop->server, file);
    file->varies = file->siblings != 0 || file->is_coded;
}

/* Brings what is kept up to date with what was just found to be so. Returns false when
 * the content has to be read again: the state is another one, or the content was read
 * so soon after a change that a second one may not show. */
static bool refresh(struct http_cached *cached, const struct http_file *file)
{
    if (!cached->is_settled || !http_stamp_equal(&cached->file.stamp, &file->stamp))
        return false;
    cached->file = *file;
    cached->head_second = 0;
    return true;
}

/* Reads the content of a new entry. Returns false when the file changed meanwhile. */
static bool fill(struct http_cached *cached, int fd)
{
    if (!cached->has_body)
        return true;
    ssize_t len = http_file_read(fd, 0, cached->body, (size_t)cached->file.size);
    return len >= 0 && http_file_is_unchanged(&cached->file, fd, (size_t)len);
}

/* Keeps the file, with its content if it is small. Returns the entry or NULL. */
static struct http_cached *keep(struct http_exchange *exchange, int fd,
                                const struct http_file *file, struct nk_slice name)
{
    struct http_loop *loop = exchange->loop;
    struct http_cached *cached = http_cache_find(&loop->cache, name, file->coding);
    if (cached && !refresh(cached, file)) {
        http_cache_drop(&loop->cache, cached);
        cached = NULL;
    }
    if (!cached) {
        cached = http_cache_add(&loop->cache, name, file, file->size < HTTP_SMALL_FILE);
        if (!cached)
            return NULL;
        if (!fill(cached, fd)) {
            http_cache_drop(&loop->cache, cached);
            return NULL;
        }
        cached->is_settled =
            http_stamp_is_settled(&file->stamp, nk_event_loop_wall_seconds(loop->loop));
    }
    /* What is still fresh may have been believed, and does not get younger by that. */
    if (!is_fresh(exchange, cached))
        cached->checked = nk_event_loop_now(loop->loop);
    return cached;
}

/* ---- open files ---- */

static void on_close_timer(struct nk_timer *timer)
{
    struct http_loop *loop = nk_container_of(timer, struct http_loop, close_timer);
    const uint64_t now = nk_event_loop_now(loop->loop);
    const uint64_t next = http_cache_close_older(&loop->cache, now - FRESH_FOR);
    if (next != NK_NEVER && nk_event_loop_set_timer(loop->loop, timer, next + FRESH_FOR) != 0)
        (void)http_cache_close_older(&loop->cache, now);
}

void http_content_init(struct http_loop *loop)
{
    nk_timer_init(&loop->close_timer, on_close_timer);
}

/* Keeps a large file open, too, if it can be closed again in time. */
static void keep_open(struct http_exchange *exchange, struct http_cached *cached, int fd)
{
    struct http_loop *loop = exchange->loop;
    const uint64_t now = nk_event_loop_now(loop->loop);
    if (loop->cache.open_count == 0 &&
        nk_event_loop_set_timer(loop->loop, &loop->close_timer, now + FRESH_FOR) != 0)
        return;
    int kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (kept >= 0)
        http_cache_keep_open(&loop->cache, cached, kept, now);
}

/* A descriptor of a file that is kept open, if it is still what it was, or -1. */
static int reopen(struct http_exchange *exchange, struct http_cached *cached)
{
    struct stat status;
    struct http_stamp stamp;
    if (cached->content < 0 || fstat(cached->content, &status) < 0)
        return -1;
    http_stamp_of(&stamp, &status);
    if (http_stamp_equal(&stamp, &cached->file.stamp))
        return fcntl(cached->content, F_DUPFD_CLOEXEC, 0);
    http_cache_drop(&exchange->loop->cache, cached);
    return -1;
}

static bool respond_open(struct http_exchange *exchange, struct http_cached *cached)
{
    int fd = reopen(exchange, cached);
    if (fd >= 0)
        http_file_respond(exchange, &cached->file, fd);
    return fd >= 0;
}

/* ---- answering ---- */

/* Keeps the file, unless the request is for a part of it, and answers with it. Takes
 * the descriptor. */
static void respond_opened(struct http_exchange *exchange, int fd, const struct http_file *file,
                           struct nk_slice name, unsigned asks)
{
    struct http_cached *cached = NULL;
    if ((asks & HTTP_ASKS_RANGE) == 0)
        cached = keep(exchange, fd, file, name);
    if (cached && cached->has_body) {
        close(fd);
        http_file_respond_cached(exchange, cached, asks);
    } else {
        if (cached)
            keep_open(exchange, cached, fd);
        http_file_respond(exchange, file, fd);
    }
}

/* Answers with the file that holds a coding; returns false when it is gone. */
static bool respond_sibling(struct http_exchange *exchange, const struct http_file *original,
                            const char *name, enum http_coding coding, unsigned asks)
{
    struct http_file file;
    struct stat status;
    int fd = open_sibling(exchange, &original->stamp, name, coding, &status);
    if (fd < 0)
        return false;
    http_file_describe(&file, &status, original->type, coding,
                       nk_event_loop_wall_seconds(exchange->loop->loop));
    file.varies = true;
    http_file_print_fields(&file);
    respond_opened(exchange, fd, &file, nk_slice_of_string(name), asks);
    return true;
}

static bool is_sibling(const struct http_file *file, enum http_coding coding)
{
    return (file->siblings & HTTP_CODING_BIT(coding)) != 0;
}

bool http_content_respond_known(struct http_exchange *exchange, struct nk_slice name)
{
    const unsigned asks = http_request_asks(exchange->request);
    struct http_cache *cache = &exchange->loop->cache;
    struct http_cached *cached = http_cache_find(cache, name, HTTP_CODING_IDENTITY);
    if (!cached || !is_fresh(exchange, cached) || (asks & HTTP_ASKS_RANGE) != 0 ||
        (!cached->file.has_looked && (asks & HTTP_ASKS_CODING) != 0))
        return false;
    const enum http_coding coding = choose_coding(exchange, &cached->file, asks);
    if (is_sibling(&cached->file, coding))
        cached = http_cache_find(cache, name, coding);
    else if (coding != HTTP_CODING_IDENTITY &&
             !http_coded_is_given_up(exchange, &cached->file, name, coding))
        return http_coded_respond_kept(exchange, &cached->file, name, coding, asks);
    if (!cached || !is_fresh(exchange, cached))
        return false;
    if (!cached->has_body)
        return respond_open(exchange, cached);
    http_file_respond_cached(exchange, cached, asks);
    return true;
}

/* Answers in a coding; returns whether it did, and then it has taken the descriptor. */
static bool respond_coded(struct http_exchange *exchange, int fd, const struct http_file *file,
                          const char *name, enum http_coding coding, unsigned asks)
{
    const struct nk_slice key = nk_slice_of_string(name);
    (void)keep(exchange, fd, file, key);
    if (!is_sibling(file, coding))
        return http_coded_respond(exchange, file, fd, key, coding, asks);
    if (!respond_sibling(exchange, file, name, coding, asks))
        return false;
    close(fd);
    return true;
}

void http_content_respond(struct http_exchange *exchange, int fd, const struct stat *status,
                          const char *name)
{
    const unsigned asks = http_request_asks(exchange->request);
    struct http_files *files = exchange->loop->server->content;
    const char *type = http_media_types_find(&files->types, nk_slice_of_string(name));
    struct http_file file;
    http_file_describe(&file, status, type, HTTP_CODING_IDENTITY,
                       nk_event_loop_wall_seconds(exchange->loop->loop));
    look_for_siblings(exchange, &file, name, asks);
    http_file_print_fields(&file);
    const enum http_coding coding = choose_coding(exchange, &file, asks);
    if (coding == HTTP_CODING_IDENTITY || !respond_coded(exchange, fd, &file, name, coding, asks))
        respond_opened(exchange, fd, &file, nk_slice_of_string(name), asks);
}
