#include "http/http_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error_text.h"
#include "base/log.h"

#define BLOCK_SIZE ((size_t)65536)

/* Blocks of one loop: one is filled while the others are being written. Together they
 * hold some thousand lines. */
#define BLOCKS 8

/* Blocks of all loops that may wait: the limit is that of each loop. */
#define QUEUE_MAX (BLOCKS * 1024)

/* A line is in the file after this time at the latest, and that of the writing. */
#define FLUSH_INTERVAL (NK_NANOSECONDS_PER_SECOND / 2)

struct block {
    struct nk_job job;
    struct http_log_buffer *owner;
    struct block *next; /* in owner->idle */
    size_t len;
    uint64_t lines;
    char text[BLOCK_SIZE];
};

struct http_log_buffer {
    struct http_log *log;
    struct nk_event_loop *loop;
    struct block *filling; /* NULL = none has begun */
    struct block *idle;
    size_t made; /* blocks that exist */
    struct nk_timer timer;
    struct http_log_time time;
};

/* ---- the file ---- */

/* A pipe without a reader is -ENXIO instead of waited for; writing to it may wait. */
static int open_path(const char *path)
{
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
    int file = open(path, flags | O_NONBLOCK, 0640);
    if (file >= 0)
        (void)fcntl(file, F_SETFL, O_APPEND);
    return file;
}

static int open_file(const char *path)
{
    int file = strcmp(path, "-") == 0 ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) : open_path(path);
    return file < 0 ? -errno : file;
}

int http_log_open(struct http_log *log, const char *path, enum http_log_format format)
{
    *log = (struct http_log){.format = format, .path = path, .file = open_file(path)};
    return log->file < 0 ? log->file : 0;
}

void http_log_close(struct http_log *log)
{
    if (log->file >= 0)
        close(log->file);
    log->file = -1;
}

void http_log_reopen(struct http_log *log)
{
    atomic_store(&log->reopen_wanted, true);
}

static void complain(const struct http_log *log, const char *what, int error)
{
    char text[NK_ERROR_TEXT_MAX];
    nk_log(NK_LOG_WARNING, "cannot %s the access log '%s': %s", what, log->path,
           nk_error_text(error, text));
}

/* Where there cannot be a new file the old one stays in use. */
static void reopen_if_wanted(struct http_log *log)
{
    if (!atomic_exchange(&log->reopen_wanted, false))
        return;
    int file = open_file(log->path);
    if (file < 0) {
        complain(log, "reopen", file);
        return;
    }
    close(log->file);
    log->file = file;
    log->has_failed = false;
}

/* Writes all of it. 0 or -errno. */
static int write_all(int file, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t written = write(file, text, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        text += written;
        len -= (size_t)written;
    }
    return 0;
}

/* ---- on the writing thread ---- */

static void write_block(struct nk_job *job)
{
    struct block *block = nk_container_of(job, struct block, job);
    struct http_log *log = block->owner->log;
    reopen_if_wanted(log);
    int error = write_all(log->file, block->text, block->len);
    if (error) {
        atomic_fetch_add(&log->lost, block->lines);
        if (!log->has_failed)
            complain(log, "write to", error);
    }
    log->has_failed = error != 0;
}

/* ---- on the loop ---- */

static void reuse(struct http_log_buffer *buffer, struct block *block)
{
    block->len = 0;
    block->lines = 0;
    block->next = buffer->idle;
    buffer->idle = block;
}

static void on_written(struct nk_job *job)
{
    struct block *block = nk_container_of(job, struct block, job);
    reuse(block->owner, block);
}

void http_log_flush(struct http_log_buffer *buffer)
{
    struct block *block = buffer->filling;
    nk_event_loop_cancel_timer(buffer->loop, &buffer->timer);
    if (!block)
        return;
    buffer->filling = NULL;
    block->job = (struct nk_job){.work = write_block, .complete = on_written, .loop = buffer->loop};
    if (nk_worker_pool_submit(buffer->log->writer, &block->job) == 0)
        return;
    atomic_fetch_add(&buffer->log->lost, block->lines);
    reuse(buffer, block);
}

static void on_timer(struct nk_timer *timer)
{
    http_log_flush(nk_container_of(timer, struct http_log_buffer, timer));
}

static struct block *make_block(struct http_log_buffer *buffer)
{
    struct block *block = buffer->made < BLOCKS ? malloc(sizeof(*block)) : NULL;
    if (!block)
        return NULL;
    buffer->made++;
    *block = (struct block){.owner = buffer};
    return block;
}

/* The block that the next line goes into, with room for it; NULL when all wait to be
 * written. */
static struct block *block_with_room(struct http_log_buffer *buffer)
{
    if (buffer->filling && BLOCK_SIZE - buffer->filling->len < HTTP_LOG_LINE_MAX)
        http_log_flush(buffer);
    if (buffer->filling)
        return buffer->filling;
    struct block *block = buffer->idle;
    if (block)
        buffer->idle = block->next;
    else
        block = make_block(buffer);
    if (!block)
        return NULL;
    buffer->filling = block;
    uint64_t due = nk_event_loop_now(buffer->loop) + FLUSH_INTERVAL;
    if (nk_event_loop_set_timer(buffer->loop, &buffer->timer, due) < 0)
        return NULL; /* it would wait for ever: another line may be luckier */
    return block;
}

void http_log_add(struct http_log_buffer *buffer, const struct http_log_entry *entry)
{
    struct block *block = block_with_room(buffer);
    if (!block) {
        atomic_fetch_add(&buffer->log->lost, 1);
        return;
    }
    block->len +=
        http_log_line(buffer->log->format, entry, &buffer->time, block->text + block->len);
    block->lines++;
}

/* ---- life ---- */

int http_log_buffer_new(struct http_log_buffer **out, struct http_log *log,
                        struct nk_event_loop *loop)
{
    struct http_log_buffer *buffer = calloc(1, sizeof(*buffer));
    if (!buffer)
        return -ENOMEM;
    buffer->log = log;
    buffer->loop = loop;
    nk_timer_init(&buffer->timer, on_timer);
    *out = buffer;
    return 0;
}

void http_log_buffer_free(struct http_log_buffer *buffer)
{
    if (!buffer)
        return;
    free(buffer->filling);
    while (buffer->idle) {
        struct block *block = buffer->idle;
        buffer->idle = block->next;
        free(block);
    }
    free(buffer);
}

int http_log_start(struct http_log *log)
{
    return nk_worker_pool_start(&log->writer, 1, QUEUE_MAX);
}

void http_log_stop(struct http_log *log)
{
    nk_worker_pool_stop(log->writer);
    log->writer = NULL;
    uint64_t lost = atomic_exchange(&log->lost, 0);
    if (lost > 0)
        nk_log(NK_LOG_WARNING, "%" PRIu64 " lines are missing in the access log '%s'", lost,
               log->path);
}
