#include "cat/cat_recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct cursor {
    struct record_reader reader;
    off_t offset; /* of what is read next */
    size_t used;  /* of the bytes in `input` */
    size_t len;   /* of them */
    char input[65536];
};

struct cat_recording {
    int fd;
    struct cat_recording_summary summary;
    struct cursor cursors[2];
};

static void rewind_cursor(struct cursor *cursor)
{
    record_reader_init(&cursor->reader);
    cursor->offset = 0;
    cursor->used = 0;
    cursor->len = 0;
}

/* Returns 1 when there are bytes in `input`, 0 at the end of the file, or -errno. */
static int fill(const struct cat_recording *recording, struct cursor *cursor)
{
    if (cursor->used < cursor->len)
        return 1;
    ssize_t got;
    do {
        got = pread(recording->fd, cursor->input, sizeof(cursor->input), cursor->offset);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    cursor->offset += got;
    cursor->used = 0;
    cursor->len = (size_t)got;
    return got > 0;
}

int cat_recording_next(struct cat_recording *recording, enum cat_recording_cursor which,
                       struct record_event *event)
{
    struct cursor *cursor = &recording->cursors[which];
    bool is_complete = false;
    while (!is_complete) {
        int filled = fill(recording, cursor);
        if (filled == 0 && !record_reader_may_end(&cursor->reader))
            return -EBADMSG;
        if (filled <= 0)
            return filled;
        struct nk_slice rest =
            nk_slice_make(cursor->input + cursor->used, cursor->len - cursor->used);
        ssize_t used = record_read(&cursor->reader, rest, event, &is_complete);
        if (used < 0)
            return (int)used;
        cursor->used += (size_t)used;
    }
    return 1;
}

/* Reads it to the end. */
static int check(struct cat_recording *recording, struct cat_recording_problem *problem)
{
    struct cat_recording_summary *summary = &recording->summary;
    struct cursor *cursor = &recording->cursors[CAT_RECORDING_FIRST];
    struct record_event event;
    int result;
    while ((result = cat_recording_next(recording, CAT_RECORDING_FIRST, &event)) > 0) {
        summary->duration = event.time;
        if (event.is_end)
            continue;
        summary->chunks[event.direction]++;
        summary->bytes[event.direction] += event.bytes.len;
    }
    if (result == -EBADMSG)
        problem->text = record_reader_problem(&cursor->reader, &problem->line);
    rewind_cursor(cursor);
    return result;
}

/* Never waits, as opening a named pipe would. */
static int open_regular(const char *path, struct cat_recording_problem *problem)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        return fd;
    close(fd);
    problem->text = "it is not a regular file";
    return -EINVAL;
}

int cat_recording_open(struct cat_recording **out, const char *path,
                       struct cat_recording_problem *problem)
{
    *problem = (struct cat_recording_problem){0};
    struct cat_recording *recording = malloc(sizeof(*recording));
    if (!recording)
        return -ENOMEM;
    recording->summary = (struct cat_recording_summary){0};
    rewind_cursor(&recording->cursors[CAT_RECORDING_FIRST]);
    rewind_cursor(&recording->cursors[CAT_RECORDING_SECOND]);
    recording->fd = open_regular(path, problem);
    int error = recording->fd < 0 ? recording->fd : check(recording, problem);
    if (error) {
        cat_recording_close(recording);
        return error;
    }
    *out = recording;
    return 0;
}

void cat_recording_close(struct cat_recording *recording)
{
    if (!recording)
        return;
    if (recording->fd >= 0)
        close(recording->fd);
    free(recording);
}

const struct cat_recording_summary *cat_recording_summary(const struct cat_recording *recording)
{
    return &recording->summary;
}
