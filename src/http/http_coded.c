#include "http/http_coded.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "http/http_compress.h"
#include "http/http_encoder.h"
#include "http/http_file_response.h"

/* One content in one coding, while it is made. */
struct coding_errand {
    struct http_errand errand;
    struct nk_list_node node; /* in `running` */
    struct http_loop *loop;
    struct http_file file; /* as it is */
    int fd;
    enum http_coding coding;
    int memory; /* the result, or -errno */
    uint64_t made;
    size_t name_len;
    char name[];
};

void http_coded_init(struct http_coded *coded, size_t capacity)
{
    http_cache_init(&coded->results, capacity);
    nk_list_init(&coded->running);
}

void http_coded_deinit(struct http_coded *coded)
{
    http_cache_deinit(&coded->results);
}

bool http_coded_is_for(const struct http_server *server, const struct http_file *file)
{
    return server->options.compress && file->size >= HTTP_CODED_MIN &&
           file->size <= HTTP_CODED_MAX &&
           http_media_type_compressing(file->type) == HTTP_COMPRESSING_USEFUL;
}

/* ---- results ---- */

/* What is known of this state of the file in a coding, or NULL. */
static struct http_cached *find_result(struct http_loop *loop, const struct http_file *file,
                                       struct nk_slice name, enum http_coding coding)
{
    struct http_cache *results = &loop->coded.results;
    struct http_cached *cached = http_cache_find(results, name, coding);
    if (cached && (!cached->is_settled || !http_stamp_equal(&cached->file.stamp, &file->stamp))) {
        http_cache_drop(results, cached);
        cached = NULL;
    }
    return cached;
}

static void describe(struct http_file *coded, const struct http_file *file, enum http_coding coding,
                     uint64_t size)
{
    char version[HTTP_ENCODER_VERSION_SIZE];
    http_encoder_version(coding, version);
    http_file_describe_coded(coded, file, coding, version, size);
    http_file_print_fields(coded);
}

/* Keeps the result of an errand, small ones as bytes, or that there is none worth
 * keeping. Does not take the descriptor. */
static void keep_result(struct coding_errand *own, const struct http_file *coded)
{
    struct http_cache *results = &own->loop->coded.results;
    const struct nk_slice name = nk_slice_make(own->name, own->name_len);
    struct http_cached *cached = http_cache_find(results, name, own->coding);
    if (cached)
        http_cache_drop(results, cached);
    cached = NULL;
    if (own->memory >= 0 && coded->size < HTTP_SMALL_FILE) {
        cached = http_cache_add(results, name, coded, true);
        if (cached && http_file_read(own->memory, 0, cached->body, (size_t)coded->size) !=
                          (ssize_t)coded->size) {
            http_cache_drop(results, cached);
            cached = NULL;
        }
    } else if (own->memory >= 0) {
        int content = fcntl(own->memory, F_DUPFD_CLOEXEC, 0);
        if (content < 0)
            return; /* too many are open: it is made again, rather than given up */
        cached = http_cache_add_content(results, name, coded, content);
    }
    if (!cached)
        cached = http_cache_add(results, name, coded, false);
    if (cached)
        cached->is_settled =
            http_stamp_is_settled(&own->file.stamp, nk_event_loop_wall_seconds(own->loop->loop));
}

bool http_coded_is_given_up(struct http_exchange *exchange, const struct http_file *file,
                            struct nk_slice name, enum http_coding coding)
{
    const struct http_cached *cached = find_result(exchange->loop, file, name, coding);
    return cached && !cached->has_body && cached->content < 0;
}

bool http_coded_respond_kept(struct http_exchange *exchange, const struct http_file *file,
                             struct nk_slice name, enum http_coding coding, unsigned asks)
{
    struct http_cached *cached = find_result(exchange->loop, file, name, coding);
    if (cached && cached->has_body) {
        http_file_respond_cached(exchange, cached, asks);
        return true;
    }
    int content = cached && cached->content >= 0 ? fcntl(cached->content, F_DUPFD_CLOEXEC, 0) : -1;
    if (content < 0)
        return false;
    http_file_respond(exchange, &cached->file, content);
    return true;
}

/* ---- making ---- */

static bool is_running(struct http_loop *loop, struct nk_slice name, enum http_coding coding)
{
    struct nk_list_node *head = &loop->coded.running;
    for (struct nk_list_node *node = head->next; node != head; node = node->next) {
        const struct coding_errand *own = nk_container_of(node, struct coding_errand, node);
        if (own->coding == coding && nk_slice_equal(nk_slice_make(own->name, own->name_len), name))
            return true;
    }
    return false;
}

static void compress(struct http_errand *errand)
{
    struct coding_errand *own = nk_container_of(errand, struct coding_errand, errand);
    own->memory = http_compress_file(own->fd, own->file.size, own->coding, &own->made);
}

/* With the result, or with the file as it is when there is none. */
static void answer(struct http_errand *errand, struct http_exchange *exchange)
{
    struct coding_errand *own = nk_container_of(errand, struct coding_errand, errand);
    struct http_file coded;
    nk_list_remove(&own->node);
    if (own->memory >= 0 && !http_file_is_unchanged(&own->file, own->fd, (size_t)own->file.size)) {
        close(own->memory);
        own->memory = -EAGAIN;
    }
    describe(&coded, &own->file, own->coding, own->made);
    if (own->memory >= 0 || own->memory == -EFBIG)
        keep_result(own, &coded);
    if (exchange && own->memory >= 0)
        http_file_respond(exchange, &coded, own->memory);
    else if (exchange)
        http_file_respond(exchange, &own->file, own->fd);
    else if (own->memory >= 0)
        close(own->memory);
    if (!exchange || own->memory >= 0)
        close(own->fd);
    free(own);
}

bool http_coded_respond(struct http_exchange *exchange, const struct http_file *file, int fd,
                        struct nk_slice name, enum http_coding coding, unsigned asks)
{
    struct http_loop *loop = exchange->loop;
    if (http_coded_respond_kept(exchange, file, name, coding, asks)) {
        close(fd);
        return true;
    }
    if (http_coded_is_given_up(exchange, file, name, coding) || is_running(loop, name, coding))
        return false;
    struct coding_errand *own = calloc(1, sizeof(*own) + name.len);
    if (!own)
        return false;
    own->errand.run = compress;
    own->errand.answer = answer;
    own->loop = loop;
    own->file = *file;
    own->fd = fd;
    own->coding = coding;
    own->name_len = name.len;
    memcpy(own->name, name.data, name.len);
    if (http_errand_start(&own->errand, exchange) != 0) {
        free(own);
        return false;
    }
    nk_list_append(&loop->coded.running, &own->node);
    return true;
}
