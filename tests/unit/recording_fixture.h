/* Files in the format of cat/record.h. Include cmocka.h first. */
#ifndef TESTS_UNIT_RECORDING_FIXTURE_H
#define TESTS_UNIT_RECORDING_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cat/cat_recording.h"

static char recording_path[64];

/* Writes a file with those lines behind the header. */
static inline void write_recording(const char *lines)
{
    snprintf(recording_path, sizeof recording_path, "/tmp/netkit-recording-XXXXXX");
    int fd = mkstemp(recording_path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    fprintf(file, "netkit-record 1\n%s", lines);
    fclose(file);
}

static inline void remove_recording(void)
{
    unlink(recording_path);
}

static inline struct cat_recording *open_recording(const char *lines)
{
    struct cat_recording_problem problem;
    struct cat_recording *recording;

    write_recording(lines);
    assert_int_equal(cat_recording_open(&recording, recording_path, &problem), 0);
    remove_recording();
    return recording;
}

#endif
