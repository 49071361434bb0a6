#include "shell/shell_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_text.h"
#include "base/log.h"
#include "shell/shell_path.h"
#include "shell/shell_text.h"

#define WHAT_MAX ((size_t)1024)

/* Time, number, address, and both texts with every byte escaped. */
#define LINE_SIZE (512 + SHELL_ESCAPED_MAX * (SHELL_PATH_SIZE + WHAT_MAX))

static int open_file(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
    return file < 0 ? -errno : file;
}

int shell_log_open(struct shell_log *log, const char *path)
{
    int file = path ? open_file(path) : -1;
    if (path && file < 0)
        return file;
    log->file = file;
    log->path = path;
    atomic_store(&log->has_failed, false);
    return 0;
}

void shell_log_close(struct shell_log *log)
{
    if (log->file >= 0)
        close(log->file);
    log->file = -1;
}

static void complain(const struct shell_log *log, const char *what, int error)
{
    char text[NK_ERROR_TEXT_MAX];
    nk_log(NK_LOG_WARNING, "cannot %s the session log '%s': %s", what, log->path,
           nk_error_text(error, text));
}

void shell_log_reopen(struct shell_log *log)
{
    if (log->file < 0)
        return;
    int file = open_file(log->path);
    /* The number stays the same: another thread may be writing to it. */
    if (file < 0 || dup3(file, log->file, O_CLOEXEC) < 0)
        complain(log, "reopen", file < 0 ? file : -errno);
    else
        atomic_store(&log->has_failed, false);
    if (file >= 0)
        close(file);
}

static size_t print_time(char *out, size_t size)
{
    uint64_t now = nk_clock_wall(nk_clock_system());
    char date[SHELL_DATE_SIZE];
    shell_text_date((time_t)(now / NK_NANOSECONDS_PER_SECOND), date);
    unsigned milliseconds = (unsigned)(now / NK_NANOSECONDS_PER_MILLISECOND % 1000);
    return (size_t)snprintf(out, size, "%s.%03uZ", date, milliseconds);
}

void shell_log_write(struct shell_log *log, uint64_t number, const char *who, const char *where,
                     struct nk_slice what)
{
    char line[LINE_SIZE];
    if (log->file < 0)
        return;
    size_t len = print_time(line, sizeof(line));
    len += (size_t)snprintf(line + len, sizeof(line) - len, " %" PRIu64 " %.200s ", number, who);
    if (where) {
        len += shell_text_escape(nk_slice_of_string(where), SHELL_ESCAPE_NAME, line + len);
        line[len++] = ':';
        line[len++] = ' ';
    }
    len += shell_text_escape(nk_slice_first(what, WHAT_MAX), SHELL_ESCAPE_NAME, line + len);
    if (what.len > WHAT_MAX)
        len += (size_t)snprintf(line + len, sizeof(line) - len, "...");
    line[len++] = '\n';
    ssize_t written = write(log->file, line, len);
    if (written != (ssize_t)len && !atomic_exchange(&log->has_failed, true))
        complain(log, "write to", written < 0 ? -errno : -ENOSPC);
}
