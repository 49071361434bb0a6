/* What a test writes to standard error, as a string. */
#ifndef UNIT_CAPTURE_H
#define UNIT_CAPTURE_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct capture {
    int file;
    int saved;
    char text[16 * 1024];
};

/* From here on standard error goes into memory. */
static inline void capture_start(struct capture *capture)
{
    fflush(stderr);
    capture->file = memfd_create("stderr", MFD_CLOEXEC);
    assert_true(capture->file >= 0);
    capture->saved = dup(STDERR_FILENO);
    assert_true(capture->saved >= 0);
    assert_true(dup2(capture->file, STDERR_FILENO) >= 0);
}

/* Standard error is what it was. Returns what was written meanwhile. */
static inline const char *capture_stop(struct capture *capture)
{
    ssize_t len;

    fflush(stderr);
    assert_true(dup2(capture->saved, STDERR_FILENO) >= 0);
    len = pread(capture->file, capture->text, sizeof capture->text - 1, 0);
    assert_true(len >= 0);
    capture->text[len] = '\0';
    close(capture->file);
    close(capture->saved);
    return capture->text;
}

#endif
