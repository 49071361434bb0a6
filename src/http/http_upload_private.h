/* One request that brings files. Private to http_upload.c (whether it may, and the
 * answer), http_upload_transfer.c (its way from the connection to a worker) and
 * http_upload_work.c (what the worker does).
 */
#ifndef HTTP_HTTP_UPLOAD_PRIVATE_H
#define HTTP_HTTP_UPLOAD_PRIVATE_H

#include "http/http_content_range.h"
#include "http/http_multipart.h"
#include "http/http_sink.h"
#include "http/http_upload_file.h"

/* Bytes that are handed to a worker at once. */
#define HTTP_UPLOAD_BUFFER ((size_t)256 * 1024)

enum http_upload_task {
    HTTP_UPLOAD_WRITE,   /* what is in the buffer */
    HTTP_UPLOAD_FINISH,  /* the same, and it is the end of the body */
    HTTP_UPLOAD_ABANDON, /* the body will never be complete */
};

/* How an upload failed, or how it ended: what the answer says. */
struct http_upload_result {
    int status; /* 0 = nothing is wrong so far */
    char detail[NAME_MAX + 128];
    unsigned created; /* files */
    unsigned replaced;
    bool is_part; /* the file is not complete yet; `offset` bytes are there */
    uint64_t offset;
};

struct http_upload {
    struct http_sink sink;
    struct http_loop *loop;
    struct nk_job job;
    struct nk_timer retry; /* the workers were busy */
    struct http_suspended suspended;
    bool is_working;   /* the job is queued or runs: only the worker may touch what follows */
    bool is_abandoned; /* the connection has gone */
    enum http_upload_task task;

    /* ---- the worker's ---- */

    int directory;
    bool overwrite;
    bool dotfiles;
    bool is_form;
    bool has_range; /* of a PUT: it goes on with a part, or leaves one */
    struct http_content_range range;
    bool skips; /* this part of the form is no file */
    struct http_upload_file file;
    struct http_upload_result result;
    struct http_multipart form;
    size_t len;
    char buffer[HTTP_UPLOAD_BUFFER];
};

/* ---- http_upload_transfer.c ---- */

/* Receives the body of `exchange` for `upload`, which is owned from here on, also when it
 * is refused. */
void http_upload_receive(struct http_upload *upload, struct http_exchange *exchange, uint64_t max);

void http_upload_free(struct http_upload *upload);

/* ---- http_upload_work.c ---- */

/* Does upload->task; on a worker thread. */
void http_upload_work(struct http_upload *upload);

/* ---- http_upload.c ---- */

/* Whether a file of that name may be uploaded; else the reason is in *result. */
bool http_upload_accepts(struct nk_slice name, bool dotfiles, struct http_upload_result *result);

/* The upload is over: says so. */
void http_upload_respond(struct http_upload *upload, struct http_exchange *exchange);

#endif
