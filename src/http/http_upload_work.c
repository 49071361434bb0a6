/* Uploads on a worker thread: bytes into files. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "http/http_files.h"
#include "http/http_upload_private.h"

/* ---- how it failed ---- */

static const struct {
    int error;
    int status;
    const char *detail;
} failures[] = {
    {-ENOSPC, 507, "the disk is full"},
    {-EDQUOT, 507, "the quota is used up"},
    {-EFBIG, 413, "the file system has no files so large"},
    {-EEXIST, 409, "there is one already"},
    {-ECANCELED, 412, "it was changed meanwhile"},
    {-EBUSY, 409, "somebody else continues this upload"},
    {-ENOENT, 409, "there is no interrupted upload to continue"},
    {-ENAMETOOLONG, 400, "the name is too long"},
    {-EINVAL, 400, "the file system has no such names"},
    {-EACCES, 403, "no permission to write there"},
    {-EPERM, 403, "no permission to write there"},
    {-EROFS, 403, "the file system is read-only"},
    {-EMFILE, 503, "too many open files"},
    {-ENFILE, 503, "too many open files"},
    {-ENOMEM, 503, "out of memory"},
};

static void fail(struct http_upload *upload, int status, const char *detail)
{
    struct http_upload_result *result = &upload->result;
    http_upload_file_discard(&upload->file);
    result->status = status;
    snprintf(result->detail, sizeof(result->detail), "%s", detail);
}

/* A file of a form has a name that the client did not see in the request. */
static void fail_with(struct http_upload *upload, int error)
{
    size_t i = 0;
    while (i < NK_ARRAY_LENGTH(failures) && failures[i].error != error)
        i++;
    const bool is_known = i < NK_ARRAY_LENGTH(failures);
    char detail[sizeof(upload->result.detail)];
    snprintf(detail, sizeof(detail), "%s%s%s", upload->is_form ? upload->file.name : "",
             upload->is_form ? ": " : "", is_known ? failures[i].detail : "cannot be written");
    fail(upload, is_known ? failures[i].status : 500, detail);
}

/* ---- one file ---- */

static int64_t seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

static void commit(struct http_upload *upload)
{
    int rc = http_upload_file_commit(&upload->file, upload->overwrite);
    if (rc < 0) {
        fail_with(upload, rc);
        return;
    }
    upload->result.replaced += rc > 0;
    upload->result.created += rc == 0;
    http_files_tell_change(upload->loop->server->content);
}

/* What earlier uploads have left in the directory. The file of this one is open by now: a
 * part that it goes on with is not removed. */
static void clean(struct http_upload *upload)
{
    struct http_files *files = upload->loop->server->content;
    http_upload_clean_at_times(&files->cleaner, upload->directory, seconds_now());
}

static void keep_part(struct http_upload *upload)
{
    http_upload_file_keep(&upload->file);
    http_upload_clean(upload->directory, seconds_now());
}

/* ---- PUT ---- */

/* The first bytes are here, or the end without any. */
static int open_put(struct http_upload *upload)
{
    if (!upload->has_range || upload->range.first == 0)
        return http_upload_file_create(&upload->file);
    int error = http_upload_file_continue(&upload->file);
    if (!error && upload->file.size != upload->range.first) {
        upload->result.offset = upload->file.size;
        upload->result.is_part = true;
        http_upload_file_keep(&upload->file);
        fail(upload, 409, "the range does not begin where the upload was interrupted");
    }
    return error;
}

/* Whether so many bytes more lead behind the end of the range: a body in chunks may. */
static bool is_too_long(const struct http_upload *upload, size_t len)
{
    return upload->has_range && len > upload->range.last + 1 - upload->file.size;
}

static void write_put(struct http_upload *upload, struct nk_slice bytes)
{
    const bool is_first = upload->file.fd < 0;
    int error = is_first ? open_put(upload) : 0;
    if (is_first)
        clean(upload);
    if (!error && upload->result.status == 0 && is_too_long(upload, bytes.len))
        fail(upload, 400, "the body is longer than its Content-Range (RFC 9110 14.4)");
    if (!error && upload->result.status == 0)
        error = http_upload_file_write(&upload->file, bytes);
    if (error)
        fail_with(upload, error);
}

/* What of a range is here stays, to be continued. */
static void finish_range(struct http_upload *upload)
{
    const struct http_content_range *range = &upload->range;
    upload->result.offset = upload->file.size;
    if (upload->file.size == range->total) {
        commit(upload);
        return;
    }
    keep_part(upload);
    upload->result.is_part = true;
    if (upload->file.size != range->last + 1)
        fail(upload, 400, "the body is shorter than its Content-Range (RFC 9110 14.4)");
}

static void finish_put(struct http_upload *upload)
{
    if (upload->has_range)
        finish_range(upload);
    else
        commit(upload);
}

/* ---- POST ---- */

static void begin_part(struct http_upload *upload, const struct http_multipart_event *event)
{
    static const struct nk_slice field = NK_SLICE("file");
    upload->skips =
        !event->has_filename || event->filename.len == 0 || !nk_slice_equal(event->name, field);
    if (upload->skips)
        return;
    if (!http_upload_accepts(event->filename, upload->dotfiles, &upload->result))
        return;
    http_upload_file_init(&upload->file, upload->directory, event->filename);
    int error = http_upload_file_create(&upload->file);
    clean(upload);
    if (error)
        fail_with(upload, error);
}

static void take_event(struct http_upload *upload, const struct http_multipart_event *event)
{
    if (event->kind == HTTP_MULTIPART_PART) {
        begin_part(upload, event);
    } else if (upload->skips) {
        return;
    } else if (event->kind == HTTP_MULTIPART_DATA) {
        int error = http_upload_file_write(&upload->file, event->data);
        if (error)
            fail_with(upload, error);
    } else if (event->kind == HTTP_MULTIPART_CLOSE) {
        commit(upload);
    }
}

static void write_form(struct http_upload *upload, struct nk_slice bytes)
{
    struct http_multipart_event event;
    struct http_problem problem;
    do {
        ssize_t used = http_multipart_next(&upload->form, bytes, &event, &problem);
        if (used < 0) {
            fail(upload, problem.status, problem.rule);
            return;
        }
        bytes = nk_slice_from(bytes, (size_t)used);
        take_event(upload, &event);
    } while (event.kind != HTTP_MULTIPART_NOTHING && upload->result.status == 0);
}

static void finish_form(struct http_upload *upload)
{
    const struct http_upload_result *result = &upload->result;
    if (!http_multipart_is_complete(&upload->form))
        fail(upload, 400, "the form ends before its last boundary (RFC 2046 5.1)");
    else if (result->created + result->replaced == 0)
        fail(upload, 400, "no file in the field \"file\" of the form");
}

/* ---- both ---- */

static void write_bytes(struct http_upload *upload)
{
    struct nk_slice bytes = nk_slice_make(upload->buffer, upload->len);
    upload->len = 0;
    if (upload->is_form)
        write_form(upload, bytes);
    else
        write_put(upload, bytes);
}

/* A form is sent again as a whole, so that nothing of its last file is kept. */
static void abandon(struct http_upload *upload)
{
    if (upload->is_form || upload->result.status != 0) {
        http_upload_file_discard(&upload->file);
        return;
    }
    if (upload->len > 0)
        write_bytes(upload);
    keep_part(upload);
}

void http_upload_work(struct http_upload *upload)
{
    if (upload->task == HTTP_UPLOAD_ABANDON) {
        abandon(upload);
        return;
    }
    write_bytes(upload);
    if (upload->task != HTTP_UPLOAD_FINISH || upload->result.status != 0)
        return;
    if (upload->is_form)
        finish_form(upload);
    else
        finish_put(upload);
}
