#include "cat/cat_pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void cat_pipes_init(struct cat_pipes *pipes, size_t max)
{
    pipes->max = max;
    pipes->open = 0;
    pipes->kept = 0;
}

static void close_pipe(struct cat_pipes *pipes, int ends[2])
{
    close(ends[0]);
    close(ends[1]);
    pipes->open--;
}

void cat_pipes_close_kept(struct cat_pipes *pipes)
{
    while (pipes->kept > 0)
        close_pipe(pipes, pipes->ends[--pipes->kept]);
}

/* The one given back last is the one whose memory is still in the cache. */
int cat_pipes_take(struct cat_pipes *pipes, int ends[2])
{
    int made[2];
    if (pipes->kept > 0) {
        pipes->kept--;
        memcpy(ends, pipes->ends[pipes->kept], sizeof(made));
        return 0;
    }
    if (pipes->open >= pipes->max)
        return -EMFILE;
    if (pipe2(made, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    memcpy(ends, made, sizeof(made));
    pipes->open++;
    return 0;
}

void cat_pipes_give(struct cat_pipes *pipes, int ends[2], bool is_empty)
{
    if (is_empty && pipes->kept < CAT_PIPES_KEPT) {
        memcpy(pipes->ends[pipes->kept], ends, sizeof(pipes->ends[0]));
        pipes->kept++;
    } else {
        close_pipe(pipes, ends);
    }
    ends[0] = -1;
    ends[1] = -1;
}
