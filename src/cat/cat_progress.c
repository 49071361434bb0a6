#include "cat/cat_progress.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/* In floating point, because the product of bytes and ns is large and the result is
 * for people. */
static uint64_t scale(uint64_t amount, uint64_t by, uint64_t per)
{
    return (uint64_t)((double)amount * (double)by / (double)per);
}

struct cat_progress cat_progress_measure(struct cat_progress_meter *meter, uint64_t sent,
                                         uint64_t received, uint64_t elapsed)
{
    struct cat_progress progress = {
        .sent = sent, .received = received, .elapsed = elapsed, .left = NK_NEVER};
    uint64_t moved = sent + received;
    if (elapsed > meter->elapsed && moved > meter->moved)
        progress.rate =
            scale(moved - meter->moved, NK_NANOSECONDS_PER_SECOND, elapsed - meter->elapsed);
    if (meter->expected > 0 && sent >= meter->expected)
        progress.left = 0;
    else if (meter->expected > 0 && sent > 0)
        progress.left = scale(meter->expected - sent, elapsed, sent);
    meter->moved = moved;
    meter->elapsed = elapsed;
    return progress;
}

uint64_t cat_progress_expected(int fd)
{
    struct stat status;
    off_t offset = lseek(fd, 0, SEEK_CUR);
    if (offset < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return 0;
    return status.st_size > offset ? (uint64_t)(status.st_size - offset) : 0;
}
