#include "terminal/line_history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a file that grew by other means only the end is read. */
#define FILE_MAX (1 << 20)

/* ---- where it is ---- */

/* "DIRECTORY/netkit/NAME" with all directories made, in memory of the caller's, or
 * NULL. As the XDG specification has it a relative directory does not count. */
static char *path_of(const char *name)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *path = NULL;
    int len = -1;
    if (state && state[0] == '/')
        len = asprintf(&path, "%s/netkit/%s", state, name);
    else if (home && home[0] == '/')
        len = asprintf(&path, "%s/.local/state/netkit/%s", home, name);
    if (len < 0)
        return NULL;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool is_there = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!is_there)
            break; /* opening it will fail */
    }
    return path;
}

static int open_file(const char *path, int flags)
{
    struct stat status;
    int fd = open(path, flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    return fd;
}

/* ---- reading ---- */

/* At most the last FILE_MAX bytes, terminated; NULL when there are none. */
static char *read_end(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0 || status.st_size == 0)
        return NULL;
    off_t start = status.st_size > FILE_MAX ? status.st_size - FILE_MAX : 0;
    size_t size = (size_t)(status.st_size - start);
    char *text = malloc(size + 1);
    if (!text)
        return NULL;
    ssize_t got = pread(fd, text, size, start);
    text[got > 0 ? got : 0] = '\0';
    return text;
}

static void enter(struct line_history *history, const char *text)
{
    HistEventW event;
    size_t size = strlen(text) + 1;
    wchar_t *line = calloc(size, sizeof(*line));
    /* A line in another encoding is left out. */
    if (line && mbstowcs(line, text, size) < size)
        history_w(history->entries, &event, H_ENTER, line);
    free(line);
}

/* Returns how many lines the text had. */
static size_t enter_lines(struct line_history *history, char *text)
{
    size_t count = 0;
    for (char *end = strchr(text, '\n'); end; end = strchr(text, '\n')) {
        *end = '\0';
        enter(history, text);
        text = end + 1;
        count++;
    }
    return count;
}

/* ---- writing ---- */

static bool write_line(int fd, const wchar_t *line)
{
    char *text = NULL;
    size_t size = wcslen(line) * MB_CUR_MAX + 2;
    ssize_t put = -1;
    text = malloc(size);
    size_t len = text ? wcstombs(text, line, size - 1) : (size_t)-1;
    if (len != (size_t)-1) {
        text[len] = '\n';
        put = write(fd, text, len + 1);
    }
    free(text);
    return put > 0;
}

/* Writes what is remembered to a new file, which then takes the old one's place. */
static void rewrite(struct line_history *history)
{
    HistEventW event;
    char *path = NULL;
    if (asprintf(&path, "%s.%d", history->path, (int)getpid()) < 0)
        return;
    int fd = open_file(path, O_WRONLY | O_APPEND | O_EXCL);
    bool is_written = fd >= 0;
    for (int more = history_w(history->entries, &event, H_LAST); more != -1 && is_written;
         more = history_w(history->entries, &event, H_PREV))
        is_written = write_line(fd, event.str);
    if (is_written && rename(path, history->path) == 0) {
        close(history->fd);
        history->fd = fd;
    } else if (fd >= 0) {
        unlink(path);
        close(fd);
    }
    free(path);
}

/* ---- life ---- */

static void open_named(struct line_history *history, const char *name)
{
    history->path = path_of(name);
    if (history->path)
        history->fd = open_file(history->path, O_RDWR | O_APPEND);
    if (history->fd < 0)
        return;
    char *text = read_end(history->fd);
    if (text && enter_lines(history, text) > 2 * LINE_HISTORY_MAX)
        rewrite(history);
    free(text);
}

int line_history_open(struct line_history *history, const char *name)
{
    HistEventW event;
    *history = (struct line_history){.fd = -1, .entries = history_winit()};
    if (!history->entries)
        return -ENOMEM;
    history_w(history->entries, &event, H_SETSIZE, LINE_HISTORY_MAX);
    history_w(history->entries, &event, H_SETUNIQUE, 1);
    if (name)
        open_named(history, name);
    return 0;
}

void line_history_close(struct line_history *history)
{
    if (!history->entries)
        return;
    history_wend(history->entries);
    history->entries = NULL;
    if (history->fd >= 0)
        close(history->fd);
    free(history->path);
}

void line_history_add(struct line_history *history, const wchar_t *line)
{
    HistEventW event;
    if (line[0] == L'\0' || line[0] == L' ')
        return;
    if (history_w(history->entries, &event, H_FIRST) != -1 && wcscmp(event.str, line) == 0)
        return;
    history_w(history->entries, &event, H_ENTER, line);
    if (history->fd >= 0)
        (void)write_line(history->fd, line);
}
