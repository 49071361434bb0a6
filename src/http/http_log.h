/* The access log: lines of all loops into one file.
 *
 * Each loop gathers its lines in blocks of its own. A full block, and twice a second
 * one that is not, goes to a thread that writes it: no loop ever waits for a disk, and
 * lines never mix. What cannot be written in time, or at all, is dropped and counted.
 */
#ifndef HTTP_HTTP_LOG_H
#define HTTP_HTTP_LOG_H

#include <stdatomic.h>

#include "http/http_log_line.h"
#include "reactor/event_loop.h"
#include "threads/worker_pool.h"

struct http_log {
    enum http_log_format format;
    const char *path; /* "-": standard error */
    /* private */
    int file; /* -1 = it is not open */
    struct nk_worker_pool *writer;
    atomic_bool reopen_wanted;
    bool has_failed;           /* the writer's: the last block was not written */
    atomic_uint_fast64_t lost; /* lines that are missing in the file */
};

struct http_log_buffer;

/* Opens the file for appending, or makes it. 0 or -errno. */
int http_log_open(struct http_log *log, const char *path, enum http_log_format format);

/* Starts the writing thread. 0 or -errno. */
int http_log_start(struct http_log *log);

/* Writes what has been handed over, ends the thread and says how many lines were lost.
 * Every buffer has been flushed. A log that was not started is fine. */
void http_log_stop(struct http_log *log);
void http_log_close(struct http_log *log);

/* Goes on in a new file of that name: the old one was moved away. Any thread. */
void http_log_reopen(struct http_log *log);

/* The buffer of one loop. Returns 0 or -ENOMEM. */
int http_log_buffer_new(struct http_log_buffer **out, struct http_log *log,
                        struct nk_event_loop *loop);
void http_log_buffer_free(struct http_log_buffer *buffer); /* NULL is fine */

/* Loop thread. */
void http_log_add(struct http_log_buffer *buffer, const struct http_log_entry *entry);
void http_log_flush(struct http_log_buffer *buffer);

#endif
